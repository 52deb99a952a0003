/**
 * What the executor does itself in a `file://` backend, because a process of the engine for it would cost more than the
 * update: make an empty stack, read a checkpoint, look at locks, prune history, remove a stack. The layout is Pulumi's.
 */
import { existsSync, statSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { EpochMs } from "../model/clock";
import { SetupError } from "../model/errors";
import { layoutProblem } from "../model/state-layout";
import { writeDurably } from "./durable-file";
import { projectName } from "./installation";
import { DamagedState, parseCheckpoint } from "./checkpoint";
import type { Deployment } from "./stack-state";

const lockSchema = z.object({ pid: z.int(), username: z.string(), hostname: z.string(), timestamp: z.string() });

/** What was done with a damaged state file. */
export interface Mended {
  /** An older state took its place: what it holds may be gone. */
  readonly hasBackup: boolean;
  /** Names the files. */
  readonly message: string;
}

export interface Lock {
  readonly file: string;
  readonly id: string;
  readonly pid: number;
  /** Name of its host when it was taken; undefined when the lock can't be read. */
  readonly host: string | undefined;
  /** For people: who took it and when. */
  readonly owner: string;
}

export class FileBackend {
  readonly folder: string;

  private constructor(root: string) {
    this.folder = join(root, ".pulumi");
  }

  /** Undefined for every other kind of backend. */
  static of(backendUrl: string): FileBackend | undefined {
    if (!backendUrl.startsWith("file://")) return undefined;
    const path = decodeURI(backendUrl.slice("file://".length).replace(/\?.*$/, ""));
    return path.startsWith("/") ? new FileBackend(path) : undefined;
  }

  hasStack(stack: string): boolean {
    return existsSync(this.stackFile(stack)) || existsSync(`${this.stackFile(stack)}.gz`);
  }

  /** Before the backend is marked as one of the present layout: stacks of the old one would not be found any more. */
  private async requireLayout(): Promise<void> {
    const [metaFile, stacksFolder] = [join(this.folder, "meta.yaml"), join(this.folder, "stacks")];
    const meta = existsSync(metaFile) ? await readFile(metaFile, "utf8") : undefined;
    const problem = layoutProblem({ metaFile, meta, stacksFolder, stackNames: await listFolder(stacksFolder) });
    if (problem !== undefined) throw new SetupError(`the Pulumi backend can't be used: it has ${problem}`);
  }

  /** The same file as `pulumi stack init` writes. */
  async initialiseStack(stack: string): Promise<void> {
    await this.requireLayout();
    if (this.hasStack(stack)) return;
    await mkdir(join(this.folder, "stacks", projectName), { recursive: true });
    const meta = join(this.folder, "meta.yaml");
    if (!existsSync(meta)) await writeDurably(meta, "version: 1\n");
    const checkpoint = { version: 3, checkpoint: { stack: `organization/${projectName}/${stack}`, latest: null } };
    await writeDurably(this.stackFile(stack), JSON.stringify(checkpoint));
  }

  /**
   * Undefined when there is no such stack or nothing was ever deployed. Throws {@link DamagedState} for a file that is
   * not its state, and another error for one that a newer version wrote.
   */
  async readDeployment(stack: string): Promise<Deployment | undefined> {
    const file = this.fileInUse(stack);
    return file === undefined ? undefined : parseCheckpoint(await readFile(file), file, urnStart(stack));
  }

  /**
   * Sets a damaged state file aside under a name of its own and puts the one before it in its place, if that is whole.
   * Undefined when nothing is damaged.
   */
  async mend(
    stack: string,
    nowMs: EpochMs,
    before: (hasBackup: boolean) => Promise<void>,
  ): Promise<Mended | undefined> {
    try {
      await this.readDeployment(stack);
      return undefined;
    } catch (error) {
      if (!(error instanceof DamagedState)) throw error;
      const { file, message } = error;
      const keptAs = `${file}.damaged-${new Date(nowMs).toISOString().replaceAll(":", "")}`;
      const hasBackup = await this.isWhole(`${file}.bak`, stack);
      await before(hasBackup);
      await rename(file, keptAs);
      if (hasBackup) await copyFile(`${file}.bak`, file);
      const then = hasBackup ? "the state before it is used" : "the clouds are asked for all of it";
      return { hasBackup, message: `${message}; it is kept as ${keptAs}, and ${then}` };
    }
  }

  private async isWhole(file: string, stack: string): Promise<boolean> {
    try {
      return parseCheckpoint(await readFile(file), file, urnStart(stack)) !== undefined;
    } catch {
      return false;
    }
  }

  /** Of a packed and a plain file the newer counts, as for Pulumi. */
  private fileInUse(stack: string): string | undefined {
    const plain = this.stackFile(stack);
    const files = [plain, `${plain}.gz`].filter((file) => existsSync(file));
    return files.toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  }

  async locks(stack: string): Promise<Lock[]> {
    const folder = this.lockFolder(stack);
    const names = (await listFolder(folder)).filter((name) => name.endsWith(".json"));
    const locks = await Promise.all(names.map((name) => readLock(join(folder, name), name.replace(/\.json$/, ""))));
    return locks.filter((lock) => lock !== undefined);
  }

  /** Removes this one lock; another one that was taken meanwhile stays. */
  async removeLock(lock: Lock): Promise<void> {
    await rm(lock.file, { force: true });
    await rm(`${lock.file}.attrs`, { force: true });
  }

  /** Keeps the newest `kept` updates of the history; without this it grows with every update. */
  async prune(stack: string, kept: number): Promise<void> {
    for (const [kind, filesPerUpdate] of [
      ["history", 2],
      ["backups", 1],
    ] as const) {
      const folder = join(this.folder, kind, projectName, stack);
      const names = (await listFolder(folder)).filter((name) => !name.endsWith(".attrs")).sort();
      const old = names.slice(0, Math.max(0, names.length - kept * filesPerUpdate));
      await Promise.all(
        old.flatMap((name) => [name, `${name}.attrs`]).map((name) => rm(join(folder, name), { force: true })),
      );
    }
  }

  /** Removes every file of the stack. The caller made sure that it is empty. */
  async removeStack(stack: string): Promise<void> {
    const folder = join(this.folder, "stacks", projectName);
    const belongs = (name: string) =>
      name === `${stack}.json` || (name.startsWith(`${stack}.json.`) && !name.includes(".damaged-"));
    for (const name of (await listFolder(folder)).filter(belongs)) await rm(join(folder, name), { force: true });
    for (const kind of ["history", "backups"]) {
      await rm(join(this.folder, kind, projectName, stack), { recursive: true, force: true });
    }
    await rm(this.lockFolder(stack), { recursive: true, force: true });
  }

  private stackFile(stack: string): string {
    return join(this.folder, "stacks", projectName, `${stack}.json`);
  }

  private lockFolder(stack: string): string {
    return join(this.folder, "locks", "organization", projectName, stack);
  }
}

/** What every URN of a stack of ours begins with. */
function urnStart(stack: string): string {
  return `urn:pulumi:${stack}::${projectName}::`;
}

async function readLock(file: string, id: string): Promise<Lock | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  // Released between the listing and the reading.
  if (text === undefined) return undefined;
  const parsed = lockSchema.safeParse(parseJson(text));
  if (!parsed.success) return { file, id, pid: 0, host: undefined, owner: "an unknown process" };
  const { pid, username, hostname: host, timestamp } = parsed.data;
  const owner = `${username}@${host} (pid ${pid}) at ${timestamp}`;
  return { file, id, pid, host, owner };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
