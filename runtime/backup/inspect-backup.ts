/** Reads a whole backup before anything is made of it: what is in it, and that all of it is there. */
import { ConfigError } from "../model/errors";
import { newestSchemaVersion } from "../store/postgres-migrations";
import { readBackup } from "./backup-reader";
import type { EntryOf, Header } from "./format";
import { openSecrets, type SecretTexts } from "./sealed-secrets";

export interface InspectedBackup {
  readonly header: Header;
  /** Ids of the lanes, whose stacks are recovered. */
  readonly lanes: readonly string[];
  readonly stacks: number;
  readonly rows: Readonly<Record<string, number>>;
  /** Undefined when they were left out. */
  readonly secrets: SecretTexts | undefined;
  /** Of the whole file, but for its end. */
  readonly digest: string;
}

/**
 * Fails with `ConfigError` for a file that is damaged, of a newer version, or whose secrets the password does not open.
 * @param version Of this `headroom`.
 */
export async function inspectBackup(
  file: string,
  { password, version }: { readonly password?: string; readonly version: string },
): Promise<InspectedBackup> {
  let header: Header | undefined;
  let database: EntryOf<"database"> | undefined;
  let sealed: { entry: EntryOf<"secrets">; digestBefore: string } | undefined;
  let [stacks, digest] = [0, ""];
  const rows: Record<string, number> = {};
  const lanes: string[] = [];
  for await (const { entry, digestBefore } of readBackup(file)) {
    digest = digestBefore;
    if (entry.kind === "header") header = requireOlder(file, entry, version);
    else if (entry.kind === "database") database = requireKnown(file, entry);
    else if (entry.kind === "secrets") sealed = { entry, digestBefore };
    else if (entry.kind === "stateFile") stacks += entry.path.includes("/stacks/") ? 1 : 0;
    else {
      if (database === undefined) throw new ConfigError(`${file} is damaged: its rows come before their schema`);
      rows[entry.table] = (rows[entry.table] ?? 0) + entry.rows.length;
      if (entry.table === "lane") lanes.push(...entry.rows.map((row) => row[entry.columns.indexOf("id")] ?? ""));
    }
  }
  if (header === undefined || database === undefined) throw new ConfigError(`${file} is damaged: it holds no database`);
  const secrets = sealed && (await openSecrets(sealed.entry, { password: required(password), ...sealed }));
  return { header, lanes, stacks, rows, secrets, digest };
}

function required(password: string | undefined): string {
  if (password !== undefined) return password;
  throw new ConfigError("the backup holds sealed secrets; give its password with --password-file");
}

function requireOlder(file: string, header: Header, version: string): Header {
  const [made, own] = [header.version, version].map((text) => text.split(/[.-]/).slice(0, 3).map(Number));
  const difference = [0, 1, 2].map((index) => made![index]! - own![index]!).find((part) => part !== 0) ?? 0;
  if (difference <= 0) return header;
  throw new ConfigError(
    `${file} was made by headroom ${header.version} and this is ${version}; restore it with that version or a newer one`,
  );
}

function requireKnown(file: string, database: EntryOf<"database">): EntryOf<"database"> {
  if (database.schemaVersion <= newestSchemaVersion) return database;
  throw new ConfigError(
    `${file} has schema version ${database.schemaVersion} and this version knows ${newestSchemaVersion}; restore it with the version that made it or a newer one`,
  );
}
