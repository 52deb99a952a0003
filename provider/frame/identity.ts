/**
 * Which node a VM belongs to, written into the cloud in whatever form it has a place for: tags, labels, flat tags, a
 * description, a name. After a crash a VM is found by it and adopted or removed, so every form reads itself back, and what
 * a user wrote in the same place never wins.
 */
import { BugError, ConfigError } from "../../runtime/model/errors";
import type { DesiredNode } from "../../runtime/model/state";
import { inputsAt, isRecord, mergeInputs, valueAt, type Inputs } from "./inputs";

export interface NodeIdentity {
  readonly nodeId: string;
  /** Absent for nodes of older versions, and for those that no runtime knows. */
  readonly installation?: string;
  readonly zone: string;
  readonly pool: string;
  readonly config: string;
}

/** Without settings, account and script. */
export function identityOf(node: Omit<DesiredNode, "settings">): NodeIdentity {
  const { nodeId, installation, zone, pool, autoscaleConfig: config } = node;
  return { nodeId, ...(installation === undefined ? {} : { installation }), zone, pool, config };
}

/** Names under which clouds keep it. VMs of older versions carry them: they never change. */
export const identityKeys = {
  nodeId: "headroom-node",
  installation: "headroom-installation",
  zone: "headroom-zone",
  pool: "headroom-pool",
  config: "headroom-config",
} as const satisfies Readonly<Record<keyof NodeIdentity, string>>;

/** So many places of a cloud's limit on tags are taken by identity. */
export const identityKeysMax = Object.keys(identityKeys).length;

/** Whose a VM is, as far as the cloud's answer tells. */
export type ReadIdentity = Pick<Partial<NodeIdentity>, "nodeId" | "installation">;

/** How one kind of place holds an identity. */
export interface IdentityForm<Placed> {
  /** What stands in the place afterwards. `present`: what a user wants there; undefined = nothing. */
  write(identity: NodeIdentity, present?: unknown): Placed;
  /** Of what the cloud answers for that place. Nothing of ours there = an empty answer. */
  read(placed: Placed | undefined): ReadIdentity;
}

/** A form by which a cloud can be asked for VMs. */
export interface SearchableForm<Placed> extends IdentityForm<Placed> {
  /** What a VM of this node has there. */
  ofNode(nodeId: string): Placed;
  /** What every VM of this installation has there. */
  ofInstallation(installation: string): Placed;
}

type Texts = Readonly<Record<string, string>>;

/**
 * Tags with key and value, which take any text, e.g. of EC2, Azure and OCI, or metadata.
 *
 * @param nameKey A further tag that holds the node id, where the console of the cloud shows it as the VM's name.
 */
export function asTags({ nameKey }: { readonly nameKey?: string } = {}): SearchableForm<Texts> {
  const named = (nodeId: string): Texts => (nameKey === undefined ? {} : { [nameKey]: nodeId });
  return keyedForm(
    (identity) => ({ ...named(identity.nodeId), ...keyed(identity) }),
    (value) => value,
  );
}

/** What labels have after a value that would end in a dash. No name of ours has an underscore. */
const afterDash = "_0";

/**
 * Labels, whose values are at most 63 lower-case letters, digits, dashes and underscores and end in a letter or digit, e.g. of
 * GCP and Kubernetes. Names of ours fit, but for a dash at their end.
 */
export function asLabels(): SearchableForm<Texts> {
  const label = (value: string) => (value.endsWith("-") ? `${value}${afterDash}` : value);
  const labels = (identity: Partial<NodeIdentity>) => mapValues(keyed(identity), label);
  return keyedForm(labels, (value) => value.replace(new RegExp(`${afterDash}$`), ""));
}

function keyedForm(
  ours: (identity: Partial<NodeIdentity> & Pick<NodeIdentity, "nodeId">) => Texts,
  valueOf: (text: string) => string,
): SearchableForm<Texts> {
  const only = (field: "nodeId" | "installation", value: string): Texts => {
    const key = identityKeys[field];
    const { [key]: text = "" } = ours({ nodeId: value, installation: value });
    return { [key]: text };
  };
  return {
    write: (identity, present) => ({ ...withoutOurs(recordIn(present)), ...ours(identity) }),
    read: (placed = {}) => readKeyed(mapValues(placed, valueOf)),
    ofNode: (nodeId) => only("nodeId", nodeId),
    ofInstallation: (installation) => only("installation", installation),
  };
}

/**
 * Tags without values, which hold key and value in one: `headroom-node:n1`.
 *
 * @param separator One that the cloud takes in a tag and that names of ours don't have: a colon, dot or underscore.
 */
export function asFlatTags(separator: ":" | "." | "_"): SearchableForm<readonly string[]> {
  const flat = (identity: Partial<NodeIdentity>) =>
    Object.entries(keyed(identity)).map(([key, value]) => `${key}${separator}${value}`);
  const starts = Object.values(identityKeys).map((key) => `${key}${separator}`);
  const isOurs = (tag: string) => starts.some((start) => tag.toLowerCase().startsWith(start));
  return {
    // Sorted, as some clouds answer them: else they would seem to change.
    write: (identity, present) =>
      [...new Set([...listIn(present).filter((tag) => !isOurs(tag)), ...flat(identity)])].sort(),
    read: (placed = []) =>
      readKeyed(Object.fromEntries(placed.filter(isOurs).map((tag) => splitAt(tag, tag.indexOf(separator))))),
    ofNode: (nodeId) => flat({ nodeId }),
    ofInstallation: (installation) => flat({ installation }),
  };
}

/**
 * The last line of a description or annotation, for clouds without tags of their own: `headroom-node=n1 headroom-...`.
 *
 * @param lengthMax Characters that the cloud takes; what a user wrote is cut so that the identity fits.
 */
export function asDescription(lengthMax: number): IdentityForm<string> {
  return {
    write(identity, present = "") {
      const line = Object.entries(keyed(identity))
        .map(([key, value]) => `${key}=${value}`)
        .join(" ");
      if (typeof present !== "string") throw new BugError(`a description is ${JSON.stringify(present)}`);
      const lines = present.split("\n").filter((each) => !each.startsWith(`${identityKeys.nodeId}=`));
      const rest = lines
        .join("\n")
        .slice(0, Math.max(0, lengthMax - line.length - 1))
        .trimEnd();
      return rest === "" ? line : `${rest}\n${line}`;
    },
    read(placed = "") {
      const line = placed.trimEnd().split("\n").at(-1)!;
      return readKeyed(Object.fromEntries(line.split(" ").map((word) => splitAt(word, word.indexOf("=")))));
    },
  };
}

/**
 * The VM's own name, for clouds whose VMs are looked up by name: a letter, then letters, digits and dashes, no dash at the end.
 * Whose installation it is must stand elsewhere.
 *
 * @param lengthMax Characters that the cloud takes.
 */
export function asVmName(lengthMax: number): IdentityForm<string> {
  return {
    write({ nodeId }) {
      if (nodeId.length <= lengthMax && !nodeId.endsWith("-")) return nodeId;
      const message = `got "${nodeId}"; the cloud takes at most ${lengthMax} characters, and no dash at the end`;
      throw ConfigError.of([{ path: "nodeId", message }]);
    },
    read: (placed) => (placed === undefined || placed === "" ? {} : { nodeId: placed }),
  };
}

/** Puts an identity into a VM's inputs, over whatever a user wrote there. */
export type PlaceIdentity = (inputs: Inputs, identity: NodeIdentity) => Inputs;

/**
 * The place is each of these fields, and every field of the same name wherever a user has one, e.g. `tags` of a disk.
 *
 * @param paths In dots: `tags`, `metadata.labels`.
 */
export function inFields(form: IdentityForm<unknown>, ...paths: readonly string[]): PlaceIdentity {
  const names = new Set(paths.map((path) => path.split(".").at(-1)!));
  return (inputs, identity) => {
    const within = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(within);
      if (!isRecord(value)) return value;
      const inner = Object.entries(value).map(([name, field]) => {
        const isPlace = names.has(name) && field !== undefined && field !== null;
        return [name, isPlace ? form.write(identity, field) : within(field)];
      });
      return Object.fromEntries(inner) as Inputs;
    };
    const placed = paths.map((path) => inputsAt(path, form.write(identity, valueAt(inputs, path))));
    return placed.reduce(mergeInputs, within(inputs) as Inputs);
  };
}

/** Key and value of all that is known of it. */
function keyed(identity: Partial<NodeIdentity>): Texts {
  const entries = Object.entries(identityKeys).map(([field, key]) => [key, identity[field as keyof NodeIdentity]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Texts;
}

function readKeyed(texts: Texts): ReadIdentity {
  const [nodeId, installation] = [texts[identityKeys.nodeId], texts[identityKeys.installation]];
  return { ...(nodeId && { nodeId }), ...(installation && { installation }) };
}

function mapValues(texts: Texts, change: (value: string) => string): Texts {
  return Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, change(value)]));
}

function splitAt(text: string, at: number): [string, string] {
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** A node that is of no installation must not seem to be of one either. */
function withoutOurs(present: Inputs): Texts {
  const keys: readonly string[] = Object.values(identityKeys);
  return Object.fromEntries(Object.entries(present).filter(([key]) => !keys.includes(key))) as Texts;
}

/** Shapes of overrides are checked when they are declared: anything else here is a fault of ours. */
function recordIn(present: unknown): Inputs {
  if (present === undefined || isRecord(present)) return present ?? {};
  throw new BugError(`tags are ${JSON.stringify(present)}`);
}

function listIn(present: unknown): string[] {
  if (present === undefined || Array.isArray(present)) return ((present ?? []) as unknown[]).map(String);
  throw new BugError(`tags are ${JSON.stringify(present)}`);
}
