/**
 * Rows that hold credentials stand in the database sealed: AES-256-GCM, with a key that never reaches the database. The
 * table and the id are authenticated with the row, so a sealed row is of no use in another one's place.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { BugError } from "../model/errors";
import type { Rows, TableName } from "../model/changes";

export const sealedTables: readonly TableName[] = ["account", "nodeSecrets", "sessionAccount", "userKey"];

export interface Sealer {
  /** @param place What the text belongs to; {@link Sealer.open} must be given the same. */
  seal(text: string, place: string): string;
  /** Undefined: sealed with another key, for another place, or changed since. */
  open(sealed: string, place: string): string | undefined;
}

/** The row of a sealed table as it stands in the database. */
export interface SealedRow {
  readonly sealed: string;
}

const cipher = "aes-256-gcm";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** @param key 32 bytes. */
export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== keyBytes) throw new BugError(`a sealing key has ${keyBytes} bytes, not ${key.length}`);
  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes);
      const seal = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(place));
      const content = Buffer.concat([seal.update(text, "utf8"), seal.final()]);
      return Buffer.concat([nonce, seal.getAuthTag(), content]).toString("base64");
    },
    open(sealed, place) {
      const bytes = Buffer.from(sealed, "base64");
      if (bytes.length < nonceBytes + tagBytes) return undefined;
      const nonce = bytes.subarray(0, nonceBytes);
      const opener = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(place));
      opener.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      const content = opener.update(bytes.subarray(nonceBytes + tagBytes));
      try {
        return Buffer.concat([content, opener.final()]).toString("utf8");
      } catch {
        // The only failure of `final` is that the tag does not fit.
        return undefined;
      }
    },
  };
}

/** What to write for a row: itself, or sealed when its table is. */
export function sealRow(
  table: TableName,
  id: string,
  row: Rows[TableName],
  sealer: Sealer | undefined,
): Rows[TableName] | SealedRow {
  if (!sealedTables.includes(table)) return row;
  if (!sealer) throw new BugError(`rows of table ${table} hold credentials and are only written with a sealer`);
  return { sealed: sealer.seal(JSON.stringify(row), `${table}/${id}`) };
}

/** The row that {@link sealRow} was given; undefined when this sealer can't open it. */
export function openRow(
  table: TableName,
  id: string,
  doc: Rows[TableName] | SealedRow,
  sealer: Sealer | undefined,
): Rows[TableName] | undefined {
  if (!sealedTables.includes(table)) return doc as Rows[TableName];
  const text = "sealed" in doc ? sealer?.open(doc.sealed, `${table}/${id}`) : undefined;
  return text === undefined ? undefined : (JSON.parse(text) as Rows[TableName]);
}
