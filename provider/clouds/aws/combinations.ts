/** What EC2 refuses of settings and overrides together, though each field by itself is fine. */
import type { Problem } from "../../../runtime/model/errors";
import { mergeInputs, type Inputs } from "../../frame/inputs";
import { areTooManyTags, tooManyTags } from "./names";
import { volumeProblems, type Volume } from "./volumes";

interface Found {
  /** Of the field that says it last. */
  readonly path: PropertyKey[];
  readonly message: string;
}

interface Given {
  readonly instanceType: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly ebsVolumeSize?: number | undefined;
  readonly ebsVolumeType: string;
  readonly ebsIops?: number | undefined;
  readonly ebsThroughput?: number | undefined;
  readonly configOverride: { readonly instance_config: Inputs };
  readonly inputOverride: Inputs;
}

const settingOf = {
  volumeType: "ebsVolumeType",
  volumeSize: "ebsVolumeSize",
  iops: "ebsIops",
  throughput: "ebsThroughput",
} as const satisfies Record<keyof Volume, string>;

const requestPath = ["configOverride", "instance_config"];

/** Of the root disk and of each further one. */
export function diskProblems(settings: Given): Found[] {
  const layers = [
    { path: requestPath, within: "BlockDeviceMappings", inputs: settings.configOverride.instance_config },
    { path: ["inputOverride"], within: undefined, inputs: settings.inputOverride },
  ];
  const own: Volume = {
    volumeType: settings.ebsVolumeType,
    // One of a part of a GiB is still in bytes, and told by its own rule.
    volumeSize: (settings.ebsVolumeSize ?? 0) < 2 ** 30 ? settings.ebsVolumeSize : undefined,
    iops: settings.ebsIops,
    throughput: settings.ebsThroughput,
  };
  const roots = layers.map(({ inputs }) => (inputs["rootBlockDevice"] ?? {}) as Inputs);
  const merged = roots.reduce(mergeInputs, own as Inputs) as Volume;
  const last = layers.filter((_layer, index) => Object.keys(roots[index]!).length > 0).at(-1);
  const ofRoot = volumeProblems(merged, { isRoot: true }).map(({ field, message }): Found => {
    if (last === undefined) return { path: [settingOf[field]], message };
    return { path: [...last.path, last.within ?? "rootBlockDevice"], message: `${field} of the root disk: ${message}` };
  });
  const ofOthers = layers.flatMap(({ path, within, inputs }) => {
    const disks = (inputs["ebsBlockDevices"] ?? []) as readonly (Volume & { readonly deviceName: string })[];
    const twice = within === undefined ? namedTwice(disks.map(({ deviceName }) => deviceName)) : [];
    const at = [...path, within ?? "ebsBlockDevices"];
    return [
      ...twice.map((deviceName) => ({ path: at, message: `has ${deviceName} twice` })),
      ...disks.flatMap((disk) =>
        // Of a disk whose type is not given EC2 makes a gp2 one.
        volumeProblems({ volumeType: "gp2", ...disk }, { isRoot: false }).map(({ field, message }) => ({
          path: at,
          message: `${field} of ${disk.deviceName}: ${message}`,
        })),
      ),
    ];
  });
  return [...ofRoot, ...ofOthers];
}

function namedTwice(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.has(name) || !seen.add(name));
}

/** Families of types that burst, and so have credits. */
const burstable = /^t(?:2|3|3a|4g)\./;
/** What the metadata service can tell of a tag's key. */
const readableKey = /^(?!\.{1,2}$|_index$)[\p{L}\p{N}+\-=.,_:@]+$/u;

/** Of options that only some types of instances have, or only some tags. */
export function optionProblems({ instanceType, tags, configOverride, inputOverride }: Given): Found[] {
  const request = configOverride.instance_config;
  const merged = [request, inputOverride].reduce(mergeInputs, { instanceType, tags } as Inputs);
  const pathOf = (field: string): PropertyKey[] => (field in inputOverride ? ["inputOverride", field] : requestPath);
  const found: Found[] = [];
  const type = String(merged["instanceType"]);
  if (merged["creditSpecification"] !== undefined && !burstable.test(type)) {
    const message = `"${type}" has no CPU credits; only t2, t3, t3a and t4g have`;
    found.push({ path: pathOf("creditSpecification"), message });
  }
  // The setting by itself is judged by its own rule.
  for (const field of ["tags", "volumeTags"].filter((name) => name in request || name in inputOverride)) {
    const all = [{ [field]: tags }, request, inputOverride].reduce(mergeInputs);
    if (areTooManyTags(all[field] as Inputs)) found.push({ path: pathOf(field), message: `${field}: ${tooManyTags}` });
  }
  const options = (merged["metadataOptions"] ?? {}) as Inputs;
  if (options["instanceMetadataTags"] !== "enabled") return found;
  const unreadable = Object.keys(merged["tags"] as Inputs).find((key) => !readableKey.test(key));
  if (unreadable !== undefined) {
    const message = `the metadata service can't tell the tag "${unreadable}": with instanceMetadataTags use letters, digits and + - = . , _ : @`;
    found.push({ path: pathOf("metadataOptions"), message });
  }
  return found;
}

/** Addresses that one VM alone can have. */
const oneVmOnly = ["privateIp", "ipv6Addresses", "secondaryPrivateIps"];

/** Of settings that make many VMs, but name an address that one of them can have: the second one would be refused. */
export function sharedAddressProblems(
  { configOverride, inputOverride }: Readonly<Record<string, unknown>>,
  { maxInstances = 1 }: { readonly maxInstances?: number },
): Problem[] {
  if (maxInstances <= 1) return [];
  const request = ((configOverride ?? {}) as { readonly instance_config?: Inputs }).instance_config ?? {};
  const interfaces = (request["NetworkInterfaces"] ?? []) as readonly Inputs[];
  const found = [
    ...("PrivateIpAddress" in request ? ["configOverride.instance_config.PrivateIpAddress"] : []),
    ...interfaces.flatMap((each, index) =>
      "PrivateIpAddress" in each ? [`configOverride.instance_config.NetworkInterfaces[${index}].PrivateIpAddress`] : [],
    ),
    ...oneVmOnly.filter((name) => name in ((inputOverride ?? {}) as Inputs)).map((name) => `inputOverride.${name}`),
  ];
  const message = `only with maxInstances 1, got ${maxInstances}: no two VMs can have one address`;
  return found.map((path) => ({ path, message }));
}
