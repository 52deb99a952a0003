/**
 * An installation made anew from a backup: in a new data folder, a new database and, when its stacks were in a folder, a new
 * folder for them. Cut off at whatever point it leaves nothing that serves: the data folder carries the mark `restoring`
 * until all is there, and the database is filled by one transaction, which is the last that happens.
 */
import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BackendIdentity } from "../executor/backend-identity";
import { writeDurably } from "../executor/durable-file";
import { openDataFolder } from "../main/data-folder";
import { readRestoringMark, removeRestoringMark, setRestoringMark, type RestoringMark } from "../main/restoring-mark";
import { ConfigError, ConflictError, SetupError } from "../model/errors";
import { readBackup } from "./backup-reader";
import { withDatabaseOf, type DatabaseChoice } from "./database-in-use";
import { occupantOf, requireEmpty, RowsWriter } from "./database-rows";
import { sharedSecretFiles } from "./format";
import { inspectBackup, type InspectedBackup } from "./inspect-backup";
import { folderOf, requireNoState, writeStateFile } from "./state-files";

export interface RestoreOptions extends DatabaseChoice {
  readonly file: string;
  /** Needed when the backup holds secrets. */
  readonly password?: string;
  /** Where the stacks go when the backup holds them: `file:///...`. Default: the folder `state` of the data folder. */
  readonly backendUrl?: string;
  /** Looks at file and target and changes nothing. */
  readonly isDry: boolean;
  /** Of this `headroom`. */
  readonly version: string;
  /** Called before each part, with what is written now: `state`, or a table's name. */
  readonly onPart?: (part: string) => void;
}

export interface RestoreReport {
  readonly installationId: string;
  readonly createdAtMs: number;
  /** Of the `headroom` that made the backup. */
  readonly version: string;
  /** Where the stacks are now; the URL of old when the backup holds none. */
  readonly backend: string;
  readonly stacks: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly hasSecrets: boolean;
  readonly isDry: boolean;
}

/** Fails before anything is changed when the backup can't be used or the target is not empty. */
export async function restore(given: RestoreOptions): Promise<RestoreReport> {
  const options = { ...given, dataFolder: resolve(given.dataFolder) };
  const backup = await inspectBackup(options.file, options);
  const folder = backup.header.hasState ? stateFolderOf(options) : undefined;
  const target: Target = { ...options, backup, folder };
  await lookAtTarget(target);
  const { header, stacks, rows, secrets } = backup;
  const { installationId, createdAtMs, version } = header;
  const backend = folder === undefined ? header.backend : fileUrl(folder);
  const report = { installationId, createdAtMs, version, backend, stacks, rows, hasSecrets: secrets !== undefined };
  if (options.isDry) return { ...report, isDry: true };
  const held = await openDataFolder(options.dataFolder, "restoring");
  try {
    // Once more: from here on nobody else can write there.
    const mark = (await lookAtTarget(target)) ?? (await setRestoringMark(options.dataFolder, backup.digest));
    await writeAll(target, mark);
    await removeRestoringMark(options.dataFolder);
  } finally {
    await held.release();
  }
  return { ...report, isDry: false };
}

interface Target extends RestoreOptions {
  readonly backup: InspectedBackup;
  /** Where the stacks go; undefined = they stay where they are. */
  readonly folder: string | undefined;
}

function stateFolderOf({ backendUrl, dataFolder }: RestoreOptions): string {
  if (backendUrl === undefined) return join(dataFolder, "state");
  const folder = folderOf(backendUrl);
  if (folder !== undefined) return folder;
  throw new ConfigError(
    `--backend: got ${new BackendIdentity(backendUrl).url}; the backup holds the stacks of a folder, which go into a folder: file:///...`,
  );
}

function fileUrl(folder: string): string {
  return `file://${encodeURI(folder)}`;
}

/** Refuses a target that holds anything. Answers the mark of this same restore when it was cut off there. */
async function lookAtTarget(target: Target): Promise<RestoringMark | undefined> {
  const { dataFolder, backup, folder } = target;
  const mark = readRestoringMark(dataFolder);
  if (mark === undefined) {
    requireUnused(target);
    if (folder !== undefined) await requireNoState(folder);
  } else if (mark.digest !== backup.digest) {
    throw new ConflictError(
      `a restore of another backup into ${dataFolder} was cut off; run that one again, or restore into a new folder`,
    );
  }
  const isThere = target.databaseUrl !== undefined;
  if (isThere) requireEmpty(await occupantOf(target.databaseUrl, holderOf(mark)));
  return mark;
}

/** Without secrets of its own a backup needs those that the operator put there. */
function requireUnused({ dataFolder, backup }: Target): void {
  const found = existsSync(dataFolder) ? readdirSync(dataFolder).filter((name) => !lockPattern.test(name)) : [];
  const expected: readonly string[] = backup.secrets === undefined ? sharedSecretFiles : [];
  const others = found.filter((name) => !expected.includes(name));
  if (others.length > 0) {
    throw new ConflictError(
      `the data folder ${dataFolder} holds ${others.slice(0, 5).join(", ")} already, and nothing of it is replaced; name a new one with --data-folder`,
    );
  }
  const missing = expected.filter((name) => !found.includes(name));
  if (missing.length > 0) {
    throw new SetupError(
      `the backup holds no secrets, and ${dataFolder} lacks ${missing.join(", ")}; copy them there from where you keep them`,
    );
  }
}
const lockPattern = /^(runtime\.lock|\.write-test-)/;

function holderOf(mark: RestoringMark | undefined): string | undefined {
  return mark && `restored from a backup (${mark.restoreId})`;
}

async function writeAll(target: Target, mark: RestoringMark): Promise<void> {
  const { dataFolder, backup, folder } = target;
  for (const [name, text] of Object.entries(backup.secrets ?? {})) await writeDurably(join(dataFolder, name), text);
  if (folder !== undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const laneId of backup.lanes) await noteUnverified(dataFolder, laneId);
  }
  await withDatabaseOf(target, async (connectionString) => {
    const holder = holderOf(mark)!;
    const occupant = await occupantOf(connectionString, holder);
    requireEmpty(occupant);
    if (occupant === "empty") await fill(connectionString, target, holder);
  });
}

/** A state that is as old as the backup may hold VMs that are gone: each lane asks its clouds before its first update. */
async function noteUnverified(dataFolder: string, laneId: string): Promise<void> {
  const lane = join(dataFolder, "lanes", laneId);
  await mkdir(lane, { recursive: true, mode: 0o700 });
  await writeDurably(join(lane, "state-unverified"), "");
}

async function fill(connectionString: string, target: Target, holder: string): Promise<void> {
  const { file, backup, folder, onPart = () => undefined } = target;
  let writer: RowsWriter | undefined;
  let [part, digest] = ["", ""];
  const begin = (name: string): void => {
    if (name !== part) onPart(name);
    part = name;
  };
  try {
    for await (const { entry, digestBefore } of readBackup(file)) {
      digest = digestBefore;
      if (entry.kind === "stateFile" && folder !== undefined) {
        begin("state");
        await writeStateFile(folder, entry);
      } else if (entry.kind === "database") writer = await RowsWriter.begin(connectionString, entry, holder);
      else if (entry.kind === "rows") {
        begin(entry.table);
        await writer?.add(entry);
      }
    }
    if (digest !== backup.digest) throw new ConflictError(`${file} changed while it was restored; restore it again`);
    if (folder !== undefined) await new BackendIdentity(fileUrl(folder)).setMark(backup.header.installationId);
    await writer?.commit();
  } catch (error) {
    await writer?.rollBack();
    throw error;
  }
}
