/**
 * Rows as they stand in the database. Of a row that may hold secrets each secret value reads `[sealed]`, and all of them
 * together are sealed beside the row's own fields:
 *
 *   { ...row, "sealed": { "key": id of the key, "paths": [["spec", "startupScript"]], "text": sealed list of values } }
 *
 * Table, id and paths are authenticated with the text, so it is of no use in the place of another one. Older versions
 * wrote secrets in clear, and accounts as one sealed text; both are read, and written anew by `resealing.ts`.
 */
import type { Rows, TableName } from "../model/changes";
import { BugError } from "../model/errors";
import { sealedTables, type FieldPath, type SealedFieldsOf } from "../model/sealed-fields";
import type { Node } from "../model/state";
import { createSealer, type KeyRing, type Sealer } from "./sealer";

/** What stands in the place of a secret. */
const placeholder = "[sealed]";

interface SealedPart {
  readonly key: string;
  /** Absent, as the text is: the row has no secrets. */
  readonly paths?: readonly FieldPath[];
  readonly text?: string;
}

/** A row as it stands in the database. */
export type StoredRow<Row = Rows[TableName]> = Row & { readonly sealed?: SealedPart | string };

export type OpenedRow =
  /** `isCurrent`: sealed with the newest key, and nothing in it that is secret stands in clear. */
  | { readonly kind: "opened"; readonly row: Rows[TableName]; readonly isCurrent: boolean }
  /** No key of this runtime opens it. `rest`: what is left without its secrets; undefined = nothing of use. */
  | { readonly kind: "unopenable"; readonly sealedBy: SealedBy; readonly rest: Rows[TableName] | undefined };

/** With what a row was sealed: a secrets key, or by older versions a key made from the passphrase of the stacks. */
export type SealedBy = "secrets-key" | "passphrase";

export interface RowSealer {
  /** Id of the key that seals now. */
  readonly keyId: string;
  seal(table: TableName, id: string, row: Rows[TableName]): StoredRow;
  open(table: TableName, id: string, stored: StoredRow): OpenedRow;
}

export interface RowSealerOptions {
  readonly ring: KeyRing;
  readonly pathsOf: SealedFieldsOf;
  /** Opens the accounts of older versions. Default: nothing does. */
  readonly ofPassphrase?: Sealer;
}

export function createRowSealer({ ring, pathsOf, ofPassphrase }: RowSealerOptions): RowSealer {
  const sealers = new Map<string, Sealer>();
  const sealerOf = (keyId: string): Sealer | undefined => {
    const key = ring.keys.find(({ id }) => id === keyId);
    if (key === undefined) return undefined;
    const sealer = sealers.get(keyId) ?? createSealer(key.bytes);
    sealers.set(keyId, sealer);
    return sealer;
  };
  const currentKey = (): string => ring.keys[0]?.id ?? "";
  return {
    get keyId() {
      return currentKey();
    },
    seal(table, id, row) {
      const key = currentKey();
      const sealer = sealerOf(key);
      if (sealer === undefined) throw new BugError("there is no secrets key to seal with");
      const paths = pathsOf(table, row);
      if (paths.length === 0) return mayBeSealed(table) ? { ...row, sealed: { key } } : row;
      const values = paths.map((path) => valueAt(row, path));
      const text = sealer.seal(JSON.stringify(values), placeOf(table, id, paths));
      return { ...replaceAll(row, paths, () => placeholder), sealed: { key, paths, text } };
    },
    open(table, id, stored) {
      const { sealed, ...rest } = stored;
      const row = rest as Rows[TableName];
      if (sealed === undefined) return { kind: "opened", row, isCurrent: !mayBeSealed(table) };
      if (typeof sealed === "string") return openWhole(sealed, `${table}/${id}`, ofPassphrase);
      const { key, paths = [], text } = sealed;
      if (text === undefined) return openedRow(table, row, key, []);
      const values = sealerOf(key)?.open(text, placeOf(table, id, paths));
      if (values === undefined) {
        return { kind: "unopenable", sealedBy: "secrets-key", rest: withoutSecrets(table, row, paths) };
      }
      const secrets = JSON.parse(values) as readonly unknown[];
      return openedRow(
        table,
        replaceAll(row, paths, (index) => secrets[index]),
        key,
        paths,
      );
    },
  };

  function openedRow(table: TableName, row: Rows[TableName], key: string, paths: readonly FieldPath[]): OpenedRow {
    const sealedPaths = new Set(paths.map(keyOf));
    const isWhole = pathsOf(table, row).every((path) => isBelow(path, sealedPaths));
    return { kind: "opened", row, isCurrent: isWhole && key === currentKey() };
  }
}

/** Of who has no key: rows with secrets are neither written nor read. */
export const noSealer: RowSealer = {
  keyId: "",
  seal(table, _id, row) {
    if (!mayBeSealed(table)) return row;
    throw new BugError(`rows of table ${table} may hold secrets and are only written with a sealer`);
  },
  open(table, _id, stored) {
    if (!mayBeSealed(table)) return { kind: "opened", row: stored, isCurrent: true };
    return { kind: "unopenable", sealedBy: "secrets-key", rest: undefined };
  },
};

function mayBeSealed(table: TableName): boolean {
  return (sealedTables as readonly TableName[]).includes(table);
}

/** As older versions sealed accounts. */
function openWhole(sealed: string, place: string, sealer: Sealer | undefined): OpenedRow {
  const text = sealer?.open(sealed, place);
  if (text === undefined) return { kind: "unopenable", sealedBy: "passphrase", rest: undefined };
  return { kind: "opened", row: JSON.parse(text) as Rows[TableName], isCurrent: false };
}

function placeOf(table: TableName, id: string, paths: readonly FieldPath[]): string {
  return JSON.stringify([table, id, paths]);
}

function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}

/** Whether the path, or one above it, is among those. */
function isBelow(path: FieldPath, paths: ReadonlySet<string>): boolean {
  return path.some((_part, index) => paths.has(keyOf(path.slice(0, index + 1))));
}

function valueAt(row: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string | number, unknown>)[part], row);
}

/** A copy with other values at the paths; the row itself, and what it shares with others, stays as it is. */
function replaceAll<Row extends object>(
  row: Row,
  paths: readonly FieldPath[],
  valueOf: (index: number) => unknown,
): Row {
  type Fields = Record<string | number, unknown>;
  const copies = new Set<unknown>();
  const copyOf = (value: unknown): Fields => {
    if (copies.has(value)) return value as Fields;
    const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as Fields) };
    copies.add(copy);
    return copy as Fields;
  };
  const result = copyOf(row);
  for (const [index, path] of paths.entries()) {
    let inner = result;
    for (const part of path.slice(0, -1)) inner = (inner[part] = copyOf(inner[part])) as Fields;
    inner[path.at(-1)!] = valueOf(index);
  }
  return result as Row;
}

/**
 * What a row is worth whose secrets are lost. A definition can't be read until it is declared anew, which keeps all that
 * rests on it; a node stays as its stack knows it, and can't be made; an account is made anew from its definition.
 * Of what lets somebody into a server nothing is left.
 */
function withoutSecrets(
  table: TableName,
  row: Rows[TableName],
  paths: readonly FieldPath[],
): Rows[TableName] | undefined {
  if (table !== "definition" && table !== "node") return undefined;
  // A document without its name could not even be shown.
  const nothing = (path: FieldPath | undefined): unknown =>
    path?.length === 1 && "name" in row ? { name: row.name, secretsAreLost: true } : null;
  if (table !== "node") return replaceAll(row, paths, (index) => nothing(paths[index]));
  const rest = replaceAll(row, paths, () => undefined) as Node;
  if (rest.spec === undefined) return rest;
  // Settings with a field that no cloud knows are those of another version: see `executor/kept-nodes.ts`.
  const settings = { ...rest.spec.settings, secretsAreLost: true };
  const dns = rest.spec.dns && { ...rest.spec.dns, settings: { ...rest.spec.dns.settings, secretsAreLost: true } };
  return { ...rest, spec: { ...rest.spec, settings, startupScript: "", ...(dns ? { dns } : {}) } };
}
