/**
 * A user's whole manifest of a VirtualMachine: read, checked as far as can be known before a cluster sees it, and filled in
 * for one node. What each VM must have for itself, and what says whose it is, is set over it; all else stays as it is.
 */
import { messageOf } from "../../../runtime/model/errors";
import { isRecord, type Inputs } from "../../frame/inputs";
import { isYamlTooDeep, yamlDepthMax } from "../../frame/yaml-nesting";
import { dnsLabelPattern } from "./names";

/** As users write it. */
export type ManifestSource = string | Readonly<Record<string, unknown>>;

/** What stands for the node's id in it: as Kasm spells it, as startup scripts do, and in the words of this project. */
const nodeNames = /\$KASM_NAME\b|\$\{KASM_NAME\}|\{server_id\}|\{node_id\}/g;

/** Stands for the id of a node where a manifest is checked before there is one. No manifest has this word. */
const sampleName = "node-of-the-check";

export interface ManifestProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The manifest for one node, with its id in every place that asks for it. Call it with a source without problems. */
export function manifestFor(source: ManifestSource, nodeId: string): Inputs {
  const { document } = readManifest(source, nodeId);
  return document as Inputs;
}

export function manifestProblems(source: ManifestSource): ManifestProblem[] {
  const { document, problem } = readManifest(source, sampleName);
  if (problem !== undefined) return [{ path: [], message: problem }];
  if (!isRecord(document)) return [{ path: [], message: "it is no object: use the manifest of a VirtualMachine" }];
  return [...headProblems(document), ...bodyProblems(document), ...diskProblems(document)];
}

interface ReadManifest {
  readonly document?: unknown;
  readonly problem?: string;
}

function readManifest(source: ManifestSource, nodeId: string): ReadManifest {
  if (typeof source !== "string") return { document: named(source, nodeId) };
  if (isYamlTooDeep(source)) return { problem: `it is nested deeper than ${yamlDepthMax} levels` };
  const { LineCounter, parseAllDocuments } = require("yaml") as typeof import("yaml");
  const lines = new LineCounter();
  // In the text, as it may be a part of any word, and as `{node_id}` alone would be a map in YAML.
  const parsed = parseAllDocuments(source.replace(nodeNames, nodeId), { lineCounter: lines });
  if (!Array.isArray(parsed)) return { problem: "it is empty" };
  for (const document of parsed) {
    const [error] = document.errors;
    if (error) {
      const { line, col } = lines.linePos(error.pos[0]);
      return {
        problem: `it is neither YAML nor JSON: line ${line}, column ${col}: ${error.message.split(" at line ")[0]}`,
      };
    }
  }
  let documents: unknown[];
  try {
    documents = parsed.map((document) => document.toJS() as unknown).filter((document) => document !== null);
  } catch (error) {
    // Aliases that would make more of it than anybody can hold.
    return { problem: `it can't be read: ${messageOf(error)}` };
  }
  if (documents.length !== 1) {
    return {
      problem: `it has ${documents.length} documents; use one, the VirtualMachine, with its volumes in spec.dataVolumeTemplates: what stands beside it would stay when the VM goes`,
    };
  }
  return { document: documents[0] };
}

function named(value: unknown, nodeId: string): unknown {
  if (typeof value === "string") return value.replace(nodeNames, nodeId);
  if (Array.isArray(value)) return value.map((item) => named(item, nodeId));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name.replace(nodeNames, nodeId), named(inner, nodeId)]),
  );
}

const takeOut = "take it out";

/** What the cluster writes, as it stands in a manifest that was read from one. */
const writtenByCluster = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];

function headProblems(document: Inputs): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const note = (path: readonly string[], message: string) => problems.push({ path, message });
  if (document["kind"] !== "VirtualMachine") note(["kind"], 'use "VirtualMachine": it is the manifest of one');
  if (document["apiVersion"] !== "kubevirt.io/v1") note(["apiVersion"], 'use "kubevirt.io/v1"');
  for (const field of Object.keys(document)) {
    if (field === "status") note([field], `${takeOut}: the cluster writes it`);
    else if (!["kind", "apiVersion", "metadata", "spec"].includes(field)) {
      note([field], "unknown field; known here: apiVersion, kind, metadata, spec");
    }
  }
  const metadata = document["metadata"] ?? {};
  if (!isRecord(metadata)) return [...problems, { path: ["metadata"], message: "use an object" }];
  for (const field of writtenByCluster) {
    if (field in metadata) note(["metadata", field], `${takeOut}: the cluster writes it`);
  }
  if ("generateName" in metadata) note(["metadata", "generateName"], `${takeOut}: a VM's name is its node's id`);
  if ("finalizers" in metadata) note(["metadata", "finalizers"], `${takeOut}: they could keep a VM that is to go`);
  if ("ownerReferences" in metadata) {
    note(["metadata", "ownerReferences"], `${takeOut}: the VMs would go with their owner, whoever uses them`);
  }
  return [...problems, ...textMapProblems(metadata, ["labels", "annotations"])];
}

function textMapProblems(metadata: Inputs, fields: readonly string[]): ManifestProblem[] {
  return fields.flatMap((field) => {
    const map = metadata[field];
    if (map === undefined || map === null) return [];
    if (!isRecord(map)) return [{ path: ["metadata", field], message: "use an object" }];
    return Object.entries(map)
      .filter(([, value]) => typeof value !== "string")
      .map(([name]) => ({ path: ["metadata", field, name], message: 'use text: put it into quotes, e.g. "true"' }));
  });
}

function bodyProblems(document: Inputs): ManifestProblem[] {
  const spec = document["spec"];
  if (!isRecord(spec)) return [{ path: ["spec"], message: "required: an object" }];
  const template = spec["template"];
  const inner = isRecord(template) ? template["spec"] : undefined;
  if (!isRecord(inner)) return [{ path: ["spec", "template", "spec"], message: "required: an object" }];
  const domain = inner["domain"];
  if (!isRecord(domain)) return [{ path: ["spec", "template", "spec", "domain"], message: "required: an object" }];
  const devices = domain["devices"] ?? {};
  if (!isRecord(devices)) {
    return [{ path: ["spec", "template", "spec", "domain", "devices"], message: "use an object" }];
  }
  return [
    ...listProblems(inner, ["volumes", "networks"], ["spec", "template", "spec"]),
    ...listProblems(devices, ["disks", "interfaces", "gpus"], ["spec", "template", "spec", "domain", "devices"]),
    ...listProblems(spec, ["dataVolumeTemplates"], ["spec"]),
    ...secureBootProblems(domain),
  ];
}

/** Lists of named objects; names of disks, volumes, networks and interfaces are labels, and each is there once. */
function listProblems(holder: Inputs, fields: readonly string[], path: readonly string[]): ManifestProblem[] {
  return fields.flatMap((field) => {
    const list = holder[field];
    if (list === undefined || list === null) return [];
    if (!Array.isArray(list)) return [{ path: [...path, field], message: "use a list" }];
    const seen = new Set<unknown>();
    return list.flatMap((item: unknown, index): ManifestProblem[] => {
      const at = [...path, field, index];
      if (!isRecord(item)) return [{ path: at, message: "use an object" }];
      if (field === "dataVolumeTemplates") return [];
      const { name } = item;
      if (typeof name !== "string" || !dnsLabelPattern.test(name)) {
        return [{ path: [...at, "name"], message: "use 1 to 63 lower-case letters, digits and dashes, no dots" }];
      }
      if (seen.has(name)) return [{ path: [...at, "name"], message: `"${name}" is there twice` }];
      seen.add(name);
      return [];
    });
  });
}

function secureBootProblems(domain: Inputs): ManifestProblem[] {
  const efi = recordAt(domain, "firmware", "bootloader", "efi");
  // KubeVirt takes it for true where EFI is there and it is left out.
  if (efi === undefined || efi["secureBoot"] === false) return [];
  if (recordAt(domain, "features", "smm")?.["enabled"] === true) return [];
  const path = ["spec", "template", "spec", "domain", "features", "smm", "enabled"];
  return [{ path, message: "true with EFI, whose secure boot needs it; or set efi.secureBoot to false" }];
}

/** Every VM needs disks of its own, made with it and gone with it. */
function diskProblems(document: Inputs): ManifestProblem[] {
  const spec = recordAt(document, "spec");
  const inner = recordAt(document, "spec", "template", "spec");
  if (spec === undefined || inner === undefined) return [];
  const templates = listAt(spec, "dataVolumeTemplates").map((item) => recordAt(item, "metadata")?.["name"]);
  const claims = harvesterClaims(document);
  const own = new Set([...templates, ...claims]);
  const problems = templates.flatMap((name, index): ManifestProblem[] =>
    isOwnName(name)
      ? []
      : [{ path: ["spec", "dataVolumeTemplates", index, "metadata", "name"], message: ownNameWanted }],
  );
  const foreign = claims.filter((name) => !isOwnName(name));
  for (const name of foreign) {
    problems.push({ path: ["metadata", "annotations", claimTemplatesKey], message: `"${name}": ${ownNameWanted}` });
  }
  const shared = new Set(
    listAt(recordAt(inner, "domain", "devices") ?? {}, "disks")
      .filter(({ shareable }) => shareable === true)
      .map(({ name }) => name),
  );
  const volumes = listAt(inner, "volumes");
  return [
    ...problems,
    ...volumes.flatMap((volume, index) => volumeProblems(volume, index, { own, shared })),
    ...cloudInitProblems(volumes),
  ];
}

const ownNameWanted = 'each VM needs one of its own: have the node\'s id in it, such as "$KASM_NAME-pvc"';

function volumeProblems(
  volume: Inputs,
  index: number,
  { own, shared }: { readonly own: ReadonlySet<unknown>; readonly shared: ReadonlySet<unknown> },
): ManifestProblem[] {
  const path = ["spec", "template", "spec", "volumes", index];
  const claim = recordAt(volume, "persistentVolumeClaim");
  if (claim !== undefined) {
    const { claimName, readOnly } = claim;
    // A disk that many may read or write at once is the user's own affair.
    if (own.has(claimName) || readOnly === true || shared.has(volume["name"])) return [];
    const message = isOwnName(claimName)
      ? "nothing makes this PVC: have it in spec.dataVolumeTemplates, in Harvester in the annotation harvesterhci.io/volumeClaimTemplates"
      : `${ownNameWanted}, and have it made by spec.dataVolumeTemplates`;
    return [{ path: [...path, "persistentVolumeClaim", "claimName"], message }];
  }
  const dataVolume = recordAt(volume, "dataVolume");
  if (dataVolume === undefined || own.has(dataVolume["name"])) return [];
  return [{ path: [...path, "dataVolume", "name"], message: "there is no such name in spec.dataVolumeTemplates" }];
}

/** KubeVirt takes one cloud-init disk for a VM, and the startup script is in it. */
function cloudInitProblems(volumes: readonly Inputs[]): ManifestProblem[] {
  return volumes.flatMap((volume, index) => {
    const kind = cloudInitKinds.find((each) => each in volume);
    const given = Object.keys(recordAt(volume, kind ?? "") ?? {}).filter((field) =>
      /^(userData|secretRef)/.test(field),
    );
    return given.map((field) => ({
      path: ["spec", "template", "spec", "volumes", index, kind!, field],
      message: `${takeOut}: the autoscale config's startup script is the user data`,
    }));
  });
}

export const cloudInitKinds = ["cloudInitNoCloud", "cloudInitConfigDrive"] as const;

/** PVCs that Harvester makes of the VM's annotation. */
export function harvesterClaims(document: Inputs): string[] {
  const text = recordAt(document, "metadata", "annotations")?.[claimTemplatesKey];
  if (typeof text !== "string") return [];
  const templates = parsedList(text);
  return templates.map((item) => String(recordAt(item, "metadata")?.["name"]));
}

function parsedList(text: string): Inputs[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter(isRecord) : [];
  } catch {
    // Harvester's webhook says what is wrong with it.
    return [];
  }
}

export const claimTemplatesKey = "harvesterhci.io/volumeClaimTemplates";

function isOwnName(name: unknown): boolean {
  return typeof name === "string" && name.includes(sampleName);
}

export function recordAt(value: unknown, ...path: readonly string[]): Inputs | undefined {
  const found = path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);
  return isRecord(found) ? found : undefined;
}

export function listAt(holder: Inputs, field: string): Inputs[] {
  const list = holder[field];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
