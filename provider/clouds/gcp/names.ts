/**
 * How Google Cloud writes projects, zones, paths, labels and tags: what it would refuse only when a VM is made is refused when it
 * is declared. Sources: the discovery document of compute v1 (patterns of names and tags); "Labels for resources" and "Set
 * and remove custom metadata" of its documentation.
 */
import { z } from "zod";
import { valueHidden } from "../../../runtime/model/shown-value";
import { identityKeysMax } from "../../frame/identity";

const name = String.raw`[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?`;
const project = String.raw`(?:(?:[-a-z0-9]{1,63}\.)*${name}:)?${name}`;
/** What stands before a path in links that the console and the API give. */
const host = String.raw`(?:https://[a-z0-9.-]+/(?:compute/)?v1/)?`;
/** A path, of which everything before the name may be left out. */
const pathTo = (place: string, named: string): RegExp =>
  new RegExp(`^(?:${host}(?:projects/(?<project>${project})/)?${place}/)?${named}$`);
const typeInZone = (kind: string): RegExp =>
  pathTo(`(?:zones/(?<zone>[a-z0-9-]+)/)?${kind}`, "(?<name>[a-z][a-z0-9-]{0,62})");

export const projectId = z
  .string()
  .regex(
    new RegExp(`^${project}$`),
    'use the id of a project such as "pensive-voice-547511": lower-case letters, digits and dashes',
  );
export const serviceAccountEmail = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*@[a-z0-9.-]+\.gserviceaccount\.com$/, 'use "<name>@<project>.iam.gserviceaccount.com"');
/** Of a VM. `default`: that of Compute Engine in the project. */
export const instanceAccount = z
  .string()
  .regex(
    /^(?:default|[a-z0-9][a-z0-9-]*@[a-z0-9.-]+\.[a-z]{2,})$/,
    'use "<name>@<project>.iam.gserviceaccount.com", or "default" for that of Compute Engine',
  );
export const regionName = z.string().regex(/^[a-z]+-[a-z]+\d+$/, 'use a region such as "us-east4"');
export const zoneName = z.string().regex(/^[a-z]+-[a-z]+\d+-[a-z]+$/, 'use a zone such as "us-east4-b"');
export const resourceName = z.string().regex(new RegExp(`^${name}$`), "use lower-case letters, digits and dashes");

/** @example regionOf("us-east4-b") // "us-east4" */
export function regionOf(zone: string): string {
  return zone.replace(/-[a-z]+$/, "");
}

const machineTypePath = typeInZone("machineTypes");
/** By its name; a path is cut to it. */
export const machineTypeName = z
  .string()
  .regex(machineTypePath, 'use a machine type such as "e2-standard-2" or "n2-custom-4-8192"')
  .transform((path) => machineTypePath.exec(path)?.groups?.["name"] ?? path);

const imagePath = pathTo("global/images", `(?<family>family/)?(?<name>${name})`);
export const imageText = z
  .string()
  .regex(/^(?!.*machineImages\/)/, {
    error: "a machine image can't be taken: it holds a whole VM; name the image of a disk",
    abort: true,
  })
  .regex(
    imagePath,
    'use "projects/<project>/global/images/<image>", or "projects/<project>/global/images/family/<family>" for the newest of a family',
  );

/** Whole, with the project that it is in. */
export interface ImagePath {
  readonly project: string;
  readonly isFamily: boolean;
  readonly name: string;
  /** `projects/labs/global/images/family/agents` */
  readonly path: string;
}

export function imageAt(text: string, ownProject: string): ImagePath {
  const { project: given, family, name: image = text } = imagePath.exec(text)?.groups ?? {};
  const of = given ?? ownProject;
  const path = `projects/${of}/global/images/${family ?? ""}${image}`;
  return { project: of, isFamily: family !== undefined, name: image, path };
}

const networkPath = pathTo("global/networks", `(?<name>${name})`);
const subnetworkPath = pathTo("regions/(?<region>[a-z0-9-]+)/subnetworks", `(?<name>${name})`);
export const networkText = z
  .string()
  .regex(networkPath, 'use "projects/<project>/global/networks/<network>", or the name of a network of the project');
export const subnetworkText = z
  .string()
  .regex(
    subnetworkPath,
    'use "projects/<project>/regions/<region>/subnetworks/<subnetwork>", or the name of a subnetwork of the project',
  );

export function networkAt(text: string, ownProject: string): string {
  const { project: given = ownProject, name: network = text } = networkPath.exec(text)?.groups ?? {};
  return `projects/${given}/global/networks/${network}`;
}

export interface SubnetworkPath {
  readonly project: string;
  /** Undefined: a name alone, which is of the nodes' region. */
  readonly region: string | undefined;
  readonly name: string;
}

export function subnetworkAt(text: string, ownProject: string): SubnetworkPath {
  const { project: given = ownProject, region, name: subnetwork = text } = subnetworkPath.exec(text)?.groups ?? {};
  return { project: given, region, name: subnetwork };
}

const acceleratorPath = typeInZone("acceleratorTypes");
const diskTypePath = typeInZone("diskTypes");
export const acceleratorText = z
  .string()
  .regex(
    acceleratorPath,
    'use "nvidia-tesla-t4", or "projects/<project>/zones/<zone>/acceleratorTypes/nvidia-tesla-t4"',
  );
export function acceleratorAt(text: string): { readonly zone: string | undefined; readonly name: string } {
  const { zone, name: type = text } = acceleratorPath.exec(text)?.groups ?? {};
  return { zone, name: type };
}

/** Of disks that no VM starts from. */
const dataDiskTypes = /^hyperdisk-(?:throughput|ml)$/;
export const diskTypeName = z
  .string()
  .regex(diskTypePath, 'use a disk type such as "pd-ssd" or "hyperdisk-balanced"')
  .transform((path) => diskTypePath.exec(path)?.groups?.["name"] ?? path)
  .refine(
    (type) => !dataDiskTypes.test(type),
    "no VM starts from a disk of this type; use pd-balanced, pd-ssd or hyperdisk-balanced",
  );

const keyPath =
  /^projects\/[^/]+\/locations\/(?<location>[a-z0-9-]+)\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}(?:\/cryptoKeyVersions\/\d+)?$/;
export const kmsKeyText = z
  .string()
  .regex(keyPath, 'use "projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>"');

/** @example locationOfKey("projects/p/locations/global/keyRings/r/cryptoKeys/k") // "global" */
export function locationOfKey(path: string): string | undefined {
  return keyPath.exec(path)?.groups?.["location"];
}

export const networkTag = z
  .string()
  .regex(
    new RegExp(`^${name}$`),
    "use tags of 1 to 63 lower-case letters, digits and dashes that begin with a letter and end in no dash",
  );
/** Of one VM. */
export const networkTagsMax = 64;
export const networkTagList = z
  .array(networkTag)
  .max(networkTagsMax)
  .refine((tags) => new Set(tags).size === tags.length, "name each tag once");

/** Of one VM, with those that say whose it is. */
const labelsMax = 64;
const labelKey = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const labelValue = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;
const ownLabelsMax = labelsMax - identityKeysMax;

/** What stands in it is not shown: nobody knows what somebody has put there. */
export const labelMap = z.record(z.string(), z.string()).superRefine((labels, context) => {
  const add = (path: string[], message: string) =>
    context.addIssue({ code: "custom", path, message, params: valueHidden });
  for (const [key, value] of Object.entries(labels)) {
    const keyProblem = labelKeyProblem(key);
    if (keyProblem !== undefined) add([key], keyProblem);
    else if (!labelValue.test(value)) add([key], 'a value has at most 63 lower-case letters, digits, "_" and "-"');
  }
  if (Object.keys(labels).length <= ownLabelsMax) return;
  add([], `at most ${ownLabelsMax} labels: Google Cloud takes ${labelsMax}, and the others say whose the VM is`);
});

function labelKeyProblem(key: string): string | undefined {
  if (key.startsWith("headroom-")) return 'a key must not begin with "headroom-": such labels say whose the VM is';
  if (labelKey.test(key)) return undefined;
  return 'a key has 1 to 63 lower-case letters, digits, "_" and "-", and begins with a letter';
}
