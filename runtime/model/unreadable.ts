/**
 * Definitions in the store that this version can't read, because another version wrote them. They stay as they are until
 * they are declared anew or deleted. What is not known is never taken for "not declared": what rests on them is kept.
 */
import { definitionKinds, definitionSchemas, findProblems, problemsOf, secretFields } from "./config";
import type { AutoscaleConfig, CloudCatalog, DefinitionKind } from "./config";
import type { Problem } from "./errors";
import type { StoredDefinition } from "./state";

export interface UnreadableDefinition {
  /** May be one that this version does not know. */
  readonly kind: string;
  readonly name: string;
  readonly problems: readonly Problem[];
}

/** Finds what is wrong with a stored document; empty = it can be read. */
export type DocumentReader = (kind: DefinitionKind, doc: unknown) => readonly Problem[];

/** Without a catalog the settings of clouds are not looked at. */
export function documentReader(catalog: CloudCatalog | undefined): DocumentReader {
  return (kind, doc) => {
    if (!definitionKinds.includes(kind)) {
      return [{ path: "", message: `this version knows no definitions of kind "${kind}"` }];
    }
    if (catalog !== undefined) return findProblems(kind, doc, catalog);
    const parsed = definitionSchemas[kind].safeParse(doc);
    return parsed.success ? [] : problemsOf(parsed.error, doc, secretFields[kind]);
  };
}

/** `zone "eu" can't be read: upstreamAuthAddress is missing; ...`: what is wrong and, with it, what to do. */
export function describeUnreadable({ kind, name, problems }: UnreadableDefinition): string {
  const texts = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return `${kind} "${name}" can't be read by this version (${texts.join("; ")}); declare it anew or delete it`;
}

interface Definitions {
  readonly unreadable: ReadonlyMap<string, UnreadableDefinition>;
  readonly definitions: ReadonlyMap<string, StoredDefinition>;
}

/** The same one in whatever order the rows came; undefined when all can be read. */
export function firstUnreadable({ unreadable }: Pick<Definitions, "unreadable">): UnreadableDefinition | undefined {
  return unreadable.size === 0 ? undefined : inOrder(unreadable)[0]?.[1];
}

function inOrder(unreadable: Definitions["unreadable"]): [string, UnreadableDefinition][] {
  return [...unreadable].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The unreadable definitions without which it can't be said how many nodes the config should have. */
export function unreadableBelow(
  config: AutoscaleConfig,
  { unreadable, definitions }: Definitions,
): UnreadableDefinition[] {
  if (unreadable.size === 0) return [];
  const { zone, pool, dnsProvider } = config;
  const names: Readonly<Record<string, readonly (string | undefined)[]>> = {
    zone: [zone],
    pool: [pool],
    dnsProviderConfig: [config.registerDns ? dnsProvider : undefined],
    ldapConfig: [config.type === "server" && config.createAdComputerRecord ? config.ldapConfig : undefined],
    workspace: [config.type === "dockerAgent" ? config.standbySlots?.workspace : undefined],
  };
  return inOrder(unreadable).flatMap(([id, found]) => {
    const isNamed = names[found.kind]?.includes(found.name) ?? false;
    if (found.kind !== "schedule") return isNamed ? [found] : [];
    const owner = definitions.get(id)?.doc["autoscaleConfig"];
    return typeof owner !== "string" || owner === config.name ? [found] : [];
  });
}

/** The unreadable definitions that name this one somewhere: they may refer to it, so it must stay. */
export function unreadableReferrers(
  { kind, name }: { readonly kind: string; readonly name: string },
  { unreadable, definitions }: Definitions,
): string[] {
  return [...unreadable]
    .filter(([id, found]) => !(found.kind === kind && found.name === name) && mentions(definitions.get(id)?.doc, name))
    .map(([, found]) => `${found.kind} "${found.name}", which can't be read`);
}

function mentions(value: unknown, name: string): boolean {
  if (typeof value !== "object" || value === null) return value === name;
  return Object.values(value).some((inner) => mentions(inner, name));
}
