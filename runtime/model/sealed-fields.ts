/**
 * Which values of the stored rows are secret. They are sealed before they reach the database; everything else stays
 * readable there. A new secret field of a document needs no line here: those that `secretFields` names are found.
 */
import { knownFacts, secretFields, type CloudCatalog, type DnsProviderFacts, type FactsByKind } from "./config";
import type { Rows, TableName } from "./changes";
import type { StoredDefinition } from "./state";
import { documentReader } from "./unreadable";

/** From the row down: names of fields, and places in lists. */
export type FieldPath = readonly (string | number)[];

/** Where a row holds secrets; of those that are not there now nothing is said. */
export type SealedFieldsOf = <T extends TableName>(table: T, row: Rows[T]) => FieldPath[];

/** Tables whose rows may hold secrets; each row of them says with which key it was sealed. */
export const sealedTables = [
  "definition",
  "node",
  "account",
  "nodeSecrets",
  "sessionAccount",
  "userKey",
] as const satisfies readonly TableName[];

type PathsByTable = { readonly [T in (typeof sealedTables)[number]]: (row: Rows[T]) => FieldPath[] };

/** Without a catalog all settings of clouds count as secret. */
export function sealedFields(catalog?: CloudCatalog): SealedFieldsOf {
  const problemsIn = documentReader(catalog);
  const vm = catalog?.vm ?? {};
  const dns = catalog?.dns ?? {};
  const byTable: PathsByTable = {
    definition: (row) => {
      // Which fields of what can't be read are secret is not known.
      if (problemsIn(row.kind, row.doc).length > 0) return [["doc"]];
      return definitionPaths(row, row.kind === "vmProviderConfig" ? vm : dns);
    },
    node: ({ spec, fetchedScript }) => {
      const fetched: FieldPath[] = fetchedScript === undefined ? [] : [["fetchedScript"]];
      if (spec === undefined) return fetched;
      const record = spec.dns && pathsOfSettings(spec.dns, knownFacts(dns, spec.dns.kind), ["spec", "dns", "settings"]);
      const settings = pathsOfSettings(spec, knownFacts(vm, spec.kind), ["spec", "settings"]);
      const join: FieldPath[] = spec.computerRecord ? [["spec", "computerRecord", "joinPassword"]] : [];
      return [["spec", "startupScript"], ...fetched, ...settings, ...(record ?? []), ...join];
    },
    account: (row) => fieldsIn(row, ["settings", "confirmed"]),
    nodeSecrets: (row) => fieldsIn(row, Object.keys(row)).filter(([field]) => field !== "nodeId"),
    sessionAccount: (row) => fieldsIn(row, ["password"]),
    userKey: (row) => fieldsIn(row, ["privateKey", "passphrase"]),
  };
  const ofAnyTable: { readonly [T in TableName]?: (row: Rows[T]) => FieldPath[] } = byTable;
  return (table, row) => ofAnyTable[table]?.(row) ?? [];
}

function fieldsIn(row: object, fields: readonly string[]): FieldPath[] {
  return fields.flatMap((field) => pathsIn(row, field, []));
}

function definitionPaths({ kind, doc }: StoredDefinition, facts: FactsByKind<DnsProviderFacts>): FieldPath[] {
  const paths = (secretFields[kind] ?? []).flatMap((field) => pathsIn(doc, field, ["doc"]));
  if (kind !== "vmProviderConfig" && kind !== "dnsProviderConfig") return paths;
  const { settings = {} } = doc as { settings?: Readonly<Record<string, unknown>> };
  return [...paths, ...pathsOfSettings({ settings }, knownFacts(facts, String(doc["kind"])), ["doc", "settings"])];
}

function pathsOfSettings(
  { settings }: { readonly settings: Readonly<Record<string, unknown>> },
  facts: Pick<DnsProviderFacts, "secretFields"> | undefined,
  at: FieldPath,
): FieldPath[] {
  // Of a cloud that this version does not know any field may be secret.
  if (facts === undefined) return [at];
  return facts.secretFields.flatMap((field) => pathsIn(settings, field, at));
}

/** Places of a field such as `nginxKey`, `startupScript.text` or `staticMembers[].connectionPassword` that have a value. */
function pathsIn(value: unknown, field: string, at: FieldPath): FieldPath[] {
  const [name = "", ...rest] = field.split(".");
  if (typeof value !== "object" || value === null) return [];
  const isList = name.endsWith("[]");
  const key = isList ? name.slice(0, -2) : name;
  const inner = (value as Readonly<Record<string, unknown>>)[key];
  if (inner === undefined) return [];
  const found: [FieldPath, unknown][] =
    isList && Array.isArray(inner)
      ? inner.map((entry: unknown, index) => [[...at, key, index], entry])
      : [[[...at, key], inner]];
  if (rest.length === 0) return found.map(([path]) => path);
  return found.flatMap(([path, entry]) => pathsIn(entry, rest.join("."), path));
}
