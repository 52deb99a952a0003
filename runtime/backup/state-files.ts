/**
 * The files of a Pulumi backend that is a folder: the state of each stack of ours, and what says how the folder is laid out.
 * Locks and histories stay behind. A state file is replaced as a whole by whichever engine writes it, so that copies made
 * while engines run are whole, each of its own moment.
 */
import { existsSync } from "node:fs";
import { mkdir, open, readdir, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeDurably } from "../executor/durable-file";
import { projectName } from "../executor/installation";
import { ConflictError, SetupError } from "../model/errors";
import { BackendIdentity } from "../executor/backend-identity";
import type { EntryOf } from "./format";

const stacksFolder = join(".pulumi", "stacks", projectName);
const stateFilePattern = /\.json(\.gz)?$/;

/** The folder of a backend; undefined for every other kind. */
export function folderOf(backendUrl: string): string | undefined {
  if (!backendUrl.startsWith("file:///")) return undefined;
  return decodeURI(backendUrl.slice("file://".length).replace(/\?.*$/, ""));
}

/** A stack that goes meanwhile is left out. Fails when the folder is another installation's, or not here. */
export async function* readStateFiles(folder: string, installationId: string): AsyncGenerator<EntryOf<"stateFile">> {
  const mark = await new BackendIdentity(`file://${encodeURI(folder)}`).mark();
  if (mark !== installationId) {
    const whose = mark === undefined ? "carries no installation's mark" : `is that of installation ${mark}`;
    throw new SetupError(
      `the backend's folder ${folder} ${whose}, and the database is that of ${installationId}; run the backup where the folder is, or name it with --backend`,
    );
  }
  const stacks = existsSync(join(folder, stacksFolder)) ? await readdir(join(folder, stacksFolder)) : [];
  const paths = stacks.filter((name) => stateFilePattern.test(name)).sort();
  for (const path of [join(".pulumi", "meta.yaml"), ...paths.map((name) => join(stacksFolder, name))]) {
    const file = await readIfThere(join(folder, path));
    if (file) yield { kind: "stateFile", path, ...file };
  }
}

/** Refuses a folder that stacks are in already. */
export async function requireNoState(folder: string): Promise<void> {
  const mark = existsSync(folder) ? await new BackendIdentity(`file://${encodeURI(folder)}`).mark() : undefined;
  if (mark === undefined && !existsSync(join(folder, ".pulumi"))) return;
  const whose = mark === undefined ? "stacks" : `the stacks of installation ${mark}`;
  throw new ConflictError(
    `the folder ${folder} holds ${whose} already, and nothing of it is replaced; name another one with --backend`,
  );
}

export async function writeStateFile(
  folder: string,
  { path, modifiedMs, base64 }: EntryOf<"stateFile">,
): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeDurably(file, Buffer.from(base64, "base64"));
  // Of a packed and a plain state the newer counts.
  await utimes(file, modifiedMs / 1000, modifiedMs / 1000);
}

async function readIfThere(file: string): Promise<{ modifiedMs: number; base64: string } | undefined> {
  try {
    // Both of the same file, though another one takes its name meanwhile.
    const handle = await open(file, "r");
    try {
      const { mtimeMs } = await handle.stat();
      return { modifiedMs: mtimeMs, base64: (await handle.readFile()).toString("base64") };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
