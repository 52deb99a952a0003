/** A database with the rows of an earlier version's set, and a data folder for it: quickly made, and real enough for a backup. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BackendIdentity } from "../../runtime/executor/backend-identity";
import { connect } from "../../runtime/store/postgres-connection";
import { restoreFolder, type KeptFolder } from "../cli/versions/data-folder";
import { newDatabase } from "../support/postgres";
import type { Place } from "./site";

const kept = join(__dirname, "..", "..", "..", "test", "cli", "versions", "0.1.0", "data-folder.json");

/** @param folder New; the installation is in its folder `old`. */
export async function keptInstallation(folder: string): Promise<Place & { readonly backendUrl: string }> {
  const dataFolder = join(folder, "old");
  mkdirSync(folder, { recursive: true });
  const databaseUrl = await newDatabase();
  await restoreFolder(JSON.parse(readFileSync(kept, "utf8")) as KeptFolder, dataFolder, databaseUrl);
  // Versions of that time had no such key.
  const secretsKey = join(dataFolder, "secrets-key");
  if (!existsSync(secretsKey)) writeFileSync(secretsKey, randomBytes(32).toString("base64url"), { mode: 0o600 });
  // The set was written before it was known on which machine it is opened.
  const backendUrl = `file://${join(dataFolder, "state")}`;
  const client = await connect(databaseUrl);
  const { rows } = await client.query<{ id: string }>(
    "select doc ->> 'installationId' as id from headroom.installation",
  );
  await client.end();
  await new BackendIdentity(backendUrl).setMark(rows[0]!.id);
  return { dataFolder, databaseUrl, backendUrl };
}

/** All tables as text, by name: two databases with the same rows give the same. */
export async function tablesOf(databaseUrl: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const client = await connect(databaseUrl);
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'headroom' order by 1",
    );
    const texts: Record<string, readonly string[]> = {};
    for (const { name } of tables.filter((table) => !["lease", "migration"].includes(table.name))) {
      const { rows } = await client.query<{ text: string }>(
        `select t::text as text from headroom."${name}" t order by 1`,
      );
      texts[name] = rows.map(({ text }) => text);
    }
    return texts;
  } finally {
    await client.end();
  }
}

/** Undefined = nothing of headroom is there. */
export async function schemaOf(databaseUrl: string): Promise<string | undefined> {
  const client = await connect(databaseUrl);
  const { rows } = await client.query<{ name: string | null }>("select to_regnamespace('headroom')::text as name");
  await client.end();
  return rows[0]!.name ?? undefined;
}
