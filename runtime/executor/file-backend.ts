/**
 * What the executor does itself in a `file://` backend, because a process of the engine for it would cost more than the
 * update: make an empty stack, read a checkpoint, look at locks, prune history, remove a stack. The layout is Pulumi's.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { writeDurably } from "./durable-file";
import { projectName } from "./installation";
import { deploymentSchema, type Deployment } from "./stack-state";

const checkpointSchema = z.object({
  /** 4 where resources have hooks. */
  version: z.literal([3, 4]),
  checkpoint: z.object({ latest: deploymentSchema.nullish() }),
});
const lockSchema = z.object({ pid: z.int(), username: z.string(), hostname: z.string(), timestamp: z.string() });

export interface Lock {
  readonly file: string;
  readonly id: string;
  readonly pid: number;
  readonly isOfThisHost: boolean;
  /** For people: who took it and when. */
  readonly owner: string;
}

export class FileBackend {
  private readonly folder: string;

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

  /** The same file as `pulumi stack init` writes. */
  async initialiseStack(stack: string): Promise<void> {
    if (this.hasStack(stack)) return;
    await mkdir(join(this.folder, "stacks", projectName), { recursive: true });
    const meta = join(this.folder, "meta.yaml");
    if (!existsSync(meta)) await writeDurably(meta, "version: 1\n");
    const checkpoint = { version: 3, checkpoint: { stack: `organization/${projectName}/${stack}`, latest: null } };
    await writeDurably(this.stackFile(stack), JSON.stringify(checkpoint));
  }

  /** Undefined when there is no such stack or nothing was ever deployed. Throws when the file can't be read. */
  async readDeployment(stack: string): Promise<Deployment | undefined> {
    if (!this.hasStack(stack)) return undefined;
    const plain = this.stackFile(stack);
    const text = existsSync(plain)
      ? await readFile(plain, "utf8")
      : gunzipSync(await readFile(`${plain}.gz`)).toString("utf8");
    return checkpointSchema.parse(JSON.parse(text)).checkpoint.latest ?? undefined;
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
    const belongs = (name: string) => name === `${stack}.json` || name.startsWith(`${stack}.json.`);
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

async function readLock(file: string, id: string): Promise<Lock | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  // Released between the listing and the reading.
  if (text === undefined) return undefined;
  const parsed = lockSchema.safeParse(parseJson(text));
  if (!parsed.success) return { file, id, pid: 0, isOfThisHost: false, owner: "an unknown process" };
  const { pid, username, hostname: host, timestamp } = parsed.data;
  const owner = `${username}@${host} (pid ${pid}) at ${timestamp}`;
  return { file, id, pid, isOfThisHost: host === hostname(), owner };
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
