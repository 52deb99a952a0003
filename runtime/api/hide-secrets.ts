/**
 * Hides in a text what is secret of the things it is about. Engines hide what they know to be secret, but a cloud's answer
 * or a script's line may come back in an error, so what an engine printed is never shown as it is.
 */
import { knownFacts, secretFields, type CloudCatalog } from "../model/config";
import { hidden, hidePasswordsInAddresses } from "../model/secret-paths";
import { sealedFields, type FieldPath } from "../model/sealed-fields";
import type { Rows, TableName } from "../model/changes";
import type { Account } from "../model/accounts";
import type { Snapshot } from "../model/snapshot";

/** A shorter text is no secret that anybody could hide: it is part of half the words. */
const secretCharactersMin = 4;
/** Lines of scripts and keys that are shorter are like those of everybody's. */
const lineCharactersMin = 8;

/** What is secret by its form, whoever it belongs to: tokens, our API keys, private keys. */
const secretForms: readonly RegExp[] = [
  /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g,
  /\bhr_[\w-]{43}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(?<=\b(?:bearer|basic) )[\w.~+/=-]{8,}/gi,
];

export function hideKnownSecrets(text: string, secrets: ReadonlySet<string>): string {
  let shown = text;
  // The longest first: what is left of it must not be taken for another.
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) shown = shown.replaceAll(secret, hidden);
  for (const form of secretForms) shown = shown.replace(form, hidden);
  return hidePasswordsInAddresses(shown);
}

/** Every text that is secret of a lane's nodes, of the accounts that they may be in, and of the definitions behind them. */
export function secretsOfLane(laneId: string, snapshot: Snapshot, catalog: CloudCatalog): ReadonlySet<string> {
  const found = new Set<string>();
  const pathsOf = sealedFields(catalog);
  const take = <T extends TableName>(table: T, row: Rows[T] | undefined): void => {
    for (const path of row === undefined ? [] : pathsOf(table, row)) addTexts(valueAt(row, path), found);
  };
  for (const node of snapshot.nodesOfLane(laneId).values()) {
    take("node", node);
    take("nodeSecrets", snapshot.nodeSecrets.get(node.nodeId));
    for (const account of snapshot.sessionAccountsOf(node.nodeId).values()) take("sessionAccount", account);
  }
  for (const definition of snapshot.definitions.values()) take("definition", definition);
  for (const account of snapshot.accounts.values()) addTexts(secretsOf(account, catalog), found);
  return found;
}

/** Of how to get into an account what is secret; of a cloud that this version does not know, everything. */
function secretsOf({ service, kind, settings, confirmed = {} }: Account, catalog: CloudCatalog): unknown[] {
  const facts =
    service === "directory" ? undefined : knownFacts<{ secretFields: readonly string[] }>(catalog[service], kind);
  const fields = service === "directory" ? (secretFields.ldapConfig ?? []) : facts?.secretFields;
  return [settings, confirmed].flatMap((given) =>
    Object.entries(given).flatMap(([field, value]) => (fields === undefined || fields.includes(field) ? [value] : [])),
  );
}

function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown> | undefined)?.[step], value);
}

/** Each text in the value: whole, line by line, and as it stands in JSON, in an address and in base64. */
function addTexts(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) return value.forEach((inner) => addTexts(inner, found));
  if (typeof value === "object" && value !== null) return addTexts(Object.values(value), found);
  if (typeof value !== "string") return;
  const text = value.trim();
  if (text.length >= secretCharactersMin) {
    const forms = [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text.replace(/\p{Surrogate}/gu, ""))];
    for (const form of [...forms, Buffer.from(value).toString("base64")]) found.add(form);
  }
  if (!text.includes("\n")) return;
  for (const line of text.split("\n").map((each) => each.trim())) if (line.length >= lineCharactersMin) found.add(line);
}
