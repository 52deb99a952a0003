/**
 * The file of a backup: JSON lines, packed with gzip. In this order, so that it is written and read in one go:
 *
 *   header      whose it is, when and by which version it was made
 *   stateFile   one for each file of the Pulumi backend, when that is a folder
 *   database    from here on rows of one moment
 *   rows        some rows of one table, columns as PostgreSQL writes them as text
 *   secrets     the secret files of the data folder, sealed with the operator's password; absent if left out
 *   end         digest of all lines before: a file without it, or with another one, is not used at all
 */
import { z } from "zod";

/** Raised when an older version could not read what is written. */
export const formatVersion = 1;
export const formatName = "headroom-backup";

/** Every line but the last counts, with its line break. */
export const digestName = "sha256";

/** Files of the data folder that nobody can make again; all but the last are what runtimes on one database share. */
export const secretFiles = ["passphrase", "encryption-salt", "node-token-secret", "secrets-key", "admin-key"] as const;
export const sharedSecretFiles = secretFiles.slice(0, 4);

/** Only this of the first line is read before it is known that this version can read the rest. */
export const originSchema = z.object({
  kind: z.literal("header"),
  format: z.literal(formatName),
  formatVersion: z.int(),
  /** Of the `headroom` that made it. */
  version: z.string(),
});

const headerSchema = originSchema.extend({
  installationId: z.string(),
  /** URL of the Pulumi backend, without credentials. */
  backend: z.string(),
  /** Its files are in the backup. */
  hasState: z.boolean(),
  createdAtMs: z.number(),
});

/** Below the backend's folder: nothing that a backup names may lead out of it. */
const statePath = z.string().regex(/^\.pulumi\/(meta\.yaml|stacks\/(?!\.)[^/\\]+\/(?!\.)[^/\\]+)$/);

/** A table's or column's name, which goes into SQL. */
const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);

const entrySchema = z.discriminatedUnion("kind", [
  headerSchema,
  z.object({ kind: z.literal("stateFile"), path: statePath, modifiedMs: z.number(), base64: z.string() }),
  z.object({ kind: z.literal("database"), schemaVersion: z.int().positive(), epoch: z.int().nonnegative() }),
  z.object({
    kind: z.literal("rows"),
    table: name,
    columns: z.array(name).min(1),
    rows: z.array(z.array(z.string().nullable())),
  }),
  z.object({ kind: z.literal("secrets"), salt: z.string(), sealed: z.string() }),
  z.object({ kind: z.literal("end"), digest: z.string() }),
]);

export type Entry = z.infer<typeof entrySchema>;
export type Header = z.infer<typeof headerSchema>;
export type EntryOf<Kind extends Entry["kind"]> = Extract<Entry, { kind: Kind }>;

/** Undefined when the line is no entry. */
export function parseEntry(line: string): Entry | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
