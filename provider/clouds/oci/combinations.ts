/** What OCI refuses of settings and overrides together, though each field by itself is fine. */
import { valueAt, type Inputs } from "../../frame/inputs";
import { ownMetadata } from "./override-shapes";
import { fieldOf, wholeTemplate } from "./instance-args";
import { mayBeIn, regionOfDomain, regionOfOcid } from "./names";
import { scriptBytesMax, metadataBytesMax } from "./script";
import { hasNoBaseline, isFlexible, memoryPerOcpu, shapeRequestOf } from "./shapes";
import type { Template } from "./template";

interface Found {
  /** Of the field that says it last. */
  readonly path: PropertyKey[];
  readonly message: string;
}

export function combinationProblems(settings: Template): Found[] {
  const template = wholeTemplate(settings);
  const pathOf = (input: string, setting: string): PropertyKey[] => fieldOf(settings, input, setting).split(".");
  return [
    ...shapeProblems(settings, template, pathOf),
    ...networkProblems(settings, template, pathOf),
    ...placeProblems(settings, template, pathOf),
    ...metadataProblems(template, pathOf),
  ];
}

type PathOf = (input: string, setting: string) => PropertyKey[];

function shapeProblems(settings: Template, template: Inputs, pathOf: PathOf): Found[] {
  const { name, ocpus, memory, baseline } = shapeRequestOf(template);
  const found: Found[] = [];
  const add = (input: string, setting: string, message: string) =>
    found.push({ path: pathOf(`shapeConfig.${input}`, setting), message });
  if (!isFlexible(name)) {
    const given = (["ocpus", "memory"] as const).filter((field) => settings[field] !== undefined);
    for (const field of given)
      found.push({ path: [field], message: `only with a flexible shape; "${name}" has its own` });
    if (settings.baselineOcpuUtilization !== "BASELINE_1_1") {
      found.push({ path: ["baselineOcpuUtilization"], message: `only with a flexible shape, and "${name}" is none` });
    }
    for (const input of ["ocpus", "memoryInGbs", "baselineOcpuUtilization"]) {
      if (valueAt(template, `shapeConfig.${input}`) === undefined) continue;
      add(input, "shape", `${input}: only with a flexible shape, and "${name}" is none`);
    }
    return found;
  }
  if (ocpus === undefined) add("ocpus", "ocpus", `required with the flexible shape "${name}"`);
  if (memory === undefined) add("memoryInGbs", "memory", `required with the flexible shape "${name}"`);
  if (ocpus !== undefined && memory !== undefined) {
    const [least, most] = [ocpus * memoryPerOcpu.least, ocpus * memoryPerOcpu.most];
    if (memory < least || memory > most) {
      add("memoryInGbs", "memory", `from ${least} to ${most} GiB with ${ocpus} OCPUs: 1 to 64 for each`);
    }
  }
  if (baseline !== undefined && baseline !== "BASELINE_1_1" && hasNoBaseline(name)) {
    add("baselineOcpuUtilization", "baselineOcpuUtilization", `"${name}" can't be burstable; leave it out`);
  }
  return found;
}

function networkProblems(settings: Template, template: Inputs, pathOf: PathOf): Found[] {
  const isPublic = valueAt(template, "createVnicDetails.assignPublicIp");
  if (settings.addressType !== "public" || isPublic === "true") return [];
  const path = pathOf("createVnicDetails.assignPublicIp", "assignPublicIp");
  return [{ path, message: "not false with addressType public" }];
}

/** Preemptible VMs are made of what nobody has reserved. */
const reserved = ["capacityReservationId", "dedicatedVmHostId"] as const;

function placeProblems(settings: Template, template: Inputs, pathOf: PathOf): Found[] {
  const { region } = settings;
  const isElsewhere = (of: string | undefined) => !mayBeIn(region, of);
  const elsewhere = (of: string | undefined) => `is of region "${of}", and the VMs are in "${region}"`;
  const ids: readonly (readonly [string, string])[] = [
    ["sourceDetails.sourceId", "imageOcid"],
    ["sourceDetails.kmsKeyId", "kmsKeyOcid"],
    ["createVnicDetails.subnetId", "subnetOcid"],
  ];
  const lists = valueAt(template, "createVnicDetails.nsgIds");
  const groups = (Array.isArray(lists) ? lists : []) as readonly string[];
  return [
    ...ids.flatMap(([input, setting]) => {
      const of = regionOfOcid(String(valueAt(template, input)));
      return isElsewhere(of) ? [{ path: pathOf(input, setting), message: elsewhere(of) }] : [];
    }),
    ...groups.flatMap((group, index) => {
      const of = regionOfOcid(group);
      const path = pathOf("createVnicDetails.nsgIds", "nsgOcids");
      const at = path.length === 1 && path[0] === "nsgOcids" ? [...path, index] : path;
      return isElsewhere(of) ? [{ path: at, message: elsewhere(of) }] : [];
    }),
    ...settings.availabilityDomains.flatMap((domain, index) => {
      const of = regionOfDomain(domain);
      return isElsewhere(of) ? [{ path: ["availabilityDomains", index], message: elsewhere(of) }] : [];
    }),
    ...reserved
      .filter((input) => template[input] !== undefined && template["preemptibleInstanceConfig"] !== undefined)
      .map((input) => ({ path: pathOf(input, "preemptible"), message: `${input}: not with preemptible VMs` })),
  ];
}

/** What stands beside the script in the metadata, as much as is left of OCI's limit. */
function metadataProblems(template: Inputs, pathOf: PathOf): Found[] {
  const { metadata = {}, extendedMetadata = {} } = template as Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  const others = Object.entries({ ...metadata, ...extendedMetadata });
  const bytes = others.reduce((sum, [key, value]) => sum + Buffer.byteLength(`${key}${value}`) + jsonBytesPerEntry, 0);
  const bytesMax = metadataBytesMax - scriptBytesMax;
  if (bytes <= bytesMax) return [];
  const isOwn = others.every(([key]) => (ownMetadata as readonly string[]).includes(key));
  const input = Object.keys(extendedMetadata).length > 0 ? "extendedMetadata" : "metadata";
  const path = isOwn ? ["sshPublicKey"] : pathOf(input, "sshPublicKey");
  const message = `keys and metadata have ${bytes} bytes; at most ${bytesMax}, because OCI takes ${metadataBytesMax} with the script`;
  return [{ path, message }];
}

/** Quotes, colon and comma. */
const jsonBytesPerEntry = 6;
