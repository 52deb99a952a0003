/**
 * Everything that an installation is, in one file. The state of the stacks is copied first and the rows are read after it:
 * what a stack lacks that a row tells of is asked from its cloud by node id when the restored lane is recovered, as after any
 * crash. The other way round there would be VMs in stacks of which no row tells.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SetupError } from "../model/errors";
import { BackupWriter } from "./backup-writer";
import { mayHaveDatabase, withDatabaseOf, type DatabaseChoice } from "./database-in-use";
import { readInstallation, readRows } from "./database-rows";
import { formatName, formatVersion, secretFiles, type Header } from "./format";
import { sealSecrets, type SecretTexts } from "./sealed-secrets";
import { folderOf, readStateFiles } from "./state-files";

export interface BackUpOptions extends DatabaseChoice {
  /** The file to write. */
  readonly file: string;
  /** Seals the secret files; absent = they are left out. */
  readonly password?: string;
  /** Where the stacks are. Default: where the installation has them. */
  readonly backendUrl?: string;
  /** Of this `headroom`. */
  readonly version: string;
  readonly nowMs: number;
  /** Called before each part, with what is read now: `state`, or a table's name. */
  readonly onPart?: (part: string) => void;
}

export interface BackupReport {
  readonly file: string;
  /** Unit: bytes. */
  readonly size: number;
  readonly installationId: string;
  readonly backend: string;
  /** Stacks whose state is in the file; undefined = the backend is no folder, and its state stays there. */
  readonly stacks: number | undefined;
  /** By table, of those that have any. */
  readonly rows: Readonly<Record<string, number>>;
  readonly hasSecrets: boolean;
}

/** Writes the whole file or none. The installation may serve meanwhile. */
export async function backUp(options: BackUpOptions): Promise<BackupReport> {
  const dataFolder = resolve(options.dataFolder);
  if (!mayHaveDatabase({ ...options, dataFolder })) {
    throw new SetupError(
      `the data folder ${dataFolder} has no database; name the runtime's with --data-folder, or its database with --database`,
    );
  }
  const secrets = options.password === undefined ? undefined : readSecrets(dataFolder);
  return withDatabaseOf({ ...options, dataFolder }, async (connectionString) => {
    const { installationId, backend } = await readInstallation(connectionString);
    const folder = folderOf(options.backendUrl ?? backend);
    const header: Header = {
      ...{ kind: "header", format: formatName, formatVersion, version: options.version },
      ...{ installationId, backend, hasState: folder !== undefined, createdAtMs: options.nowMs },
    };
    const writer = await BackupWriter.create(resolve(options.file));
    try {
      return await writeAll(writer, header, { ...options, connectionString, folder, secrets });
    } catch (error) {
      await writer.discard();
      throw error;
    }
  });
}

interface Sources extends BackUpOptions {
  readonly connectionString: string;
  readonly folder: string | undefined;
  readonly secrets: SecretTexts | undefined;
}

async function writeAll(writer: BackupWriter, header: Header, sources: Sources): Promise<BackupReport> {
  const { folder, connectionString, secrets, password, onPart = () => undefined } = sources;
  await writer.add(header);
  let stacks = 0;
  if (folder !== undefined) {
    onPart("state");
    for await (const entry of readStateFiles(folder, header.installationId)) {
      await writer.add(entry);
      if (entry.path.includes("/stacks/")) stacks += 1;
    }
  }
  const rows: Record<string, number> = {};
  for await (const entry of readRows(connectionString)) {
    if (entry.kind === "rows") {
      if (rows[entry.table] === undefined) onPart(entry.table);
      rows[entry.table] = (rows[entry.table] ?? 0) + entry.rows.length;
    }
    await writer.add(entry);
  }
  if (secrets !== undefined && password !== undefined) {
    await writer.add(await sealSecrets(secrets, { password, digestBefore: writer.digest }));
  }
  const size = await writer.finish();
  const { installationId, backend } = header;
  const told = { installationId, backend, stacks: folder === undefined ? undefined : stacks };
  return { file: sources.file, size, ...told, rows, hasSecrets: secrets !== undefined };
}

/** The admin key may be gone: keys live in the database. */
function readSecrets(dataFolder: string): SecretTexts {
  const found = secretFiles.flatMap((name) => {
    const file = join(dataFolder, name);
    if (existsSync(file)) return [[name, readFileSync(file, "utf8")] as const];
    if (name === "admin-key") return [];
    throw new SetupError(
      `${file} is missing; name the runtime's data folder with --data-folder, or leave the secrets out with --without-secrets`,
    );
  });
  return Object.fromEntries(found);
}
