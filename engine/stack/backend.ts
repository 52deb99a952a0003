/**
 * The self-managed file backend in Pulumi's own layout below `.pulumi`:
 * `stacks/PROJECT/STACK.json` (+ `.bak`), `locks/organization/PROJECT/STACK/UUID.json`, `history/PROJECT/STACK/`,
 * `backups/PROJECT/STACK/`, `meta.yaml`.
 * The rule kept: a file appears under its name only when all of it is on the disk (temporary file, fsync, rename), and
 * a lock is released only by the one who took it, or by `cancel`.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { copyFile, link, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { layoutProblem } from "../../runtime/model/state-layout";
import { CommandFailure, exitCodes, NotSupported } from "../failure";
import { homeFolder, userName } from "./home";
import { readJson } from "./json-file";

/** A stack of this backend; organizations do not exist here, the word is always "organization". */
export interface StackName {
  project: string;
  stack: string;
}

export function qualifiedName({ project, stack }: StackName): string {
  return `organization/${project}/${stack}`;
}

/** Reads `STACK`, `organization/STACK` or `organization/PROJECT/STACK`. */
export function parseStackName(text: string, currentProject: string): StackName {
  const parts = text.split("/");
  const stack = parts.at(-1) ?? "";
  const project = parts.length === 3 ? (parts[1] ?? "") : currentProject;
  if (parts.length > 3 || (parts.length > 1 && parts[0] !== "organization")) {
    throw new CommandFailure(`organization name must be 'organization', got ${parts[0]}`);
  }
  if (project === "") throw new CommandFailure("a project name may not be empty");
  const position = stack.search(/[^A-Za-z0-9_.-]/);
  if (position >= 0 || stack === "" || stack.length > 100) {
    const rule = "a stack name may only contain alphanumeric, hyphens, underscores, or periods";
    if (stack === "") throw new CommandFailure("a stack name may not be empty");
    if (position < 0) throw new CommandFailure("a stack name cannot exceed 100 characters");
    throw new CommandFailure(`${rule}: invalid character '${stack[position]}' at position ${position}`);
  }
  return { project, stack };
}

export class FileBackend {
  private readonly root: string;
  private readonly lockId = randomUUID();

  constructor(readonly url: string) {
    if (!url.startsWith("file://")) throw new NotSupported(`the backend ${url || "of Pulumi Cloud"} (only file://)`);
    const path = url.slice("file://".length).replace(/\?.*$/, "");
    const folder = path.startsWith("~")
      ? join(homeFolder("HOME, or name the backend by its whole path"), path.slice(1))
      : resolve(decodeURI(path));
    // A mistyped path must not become a new, empty set of stacks.
    if (!existsSync(folder)) {
      throw new CommandFailure(`unable to open state directory "${url}": stat ${folder}: no such file or directory`);
    }
    this.root = join(folder, ".pulumi");
    const stacks = join(this.root, "stacks");
    const problem = layoutProblem({
      metaFile: join(this.root, "meta.yaml"),
      meta: existsSync(join(this.root, "meta.yaml")) ? readFileSync(join(this.root, "meta.yaml"), "utf8") : undefined,
      stacksFolder: stacks,
      stackNames: existsSync(stacks) ? readdirSync(stacks) : [],
    });
    if (problem !== undefined) throw new NotSupported(problem);
  }

  stackFile({ project, stack }: StackName): string {
    const file = join(this.root, "stacks", project, `${stack}.json`);
    const packed = [".gz", ".zst"].find((extension) => existsSync(file + extension));
    if (packed) throw new NotSupported(`compressed states (${stack}.json${packed})`);
    return file;
  }

  /** The text of the state file, or the error official Pulumi reports for a stack that is not there. */
  read(name: StackName): string {
    try {
      return readFileSync(this.stackFile(name), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      throw new CommandFailure(`no stack named '${name.stack}' found`, exitCodes.stackNotFound);
    }
  }

  exists(name: StackName): boolean {
    return existsSync(this.stackFile(name));
  }

  /** Stacks of a project, by name. */
  list(project: string): StackName[] {
    const folder = join(this.root, "stacks", project);
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
    return files.sort().map((file) => ({ project, stack: file.slice(0, -".json".length) }));
  }

  /** Replaces the state file, keeping the one before as `.bak`. */
  async write(name: StackName, text: string): Promise<void> {
    const file = this.stackFile(name);
    await mkdir(dirname(file), { recursive: true });
    await this.writeMeta();
    await keepAs(`${file}.bak`, file);
    await writeAtomic(file, text);
  }

  private async writeMeta(): Promise<void> {
    const file = join(this.root, "meta.yaml");
    if (!existsSync(file)) await writeAtomic(file, "version: 1\n");
  }

  async remove(name: StackName): Promise<void> {
    const file = this.stackFile(name);
    await rename(file, `${file}.bak`);
    await rm(this.historyFolder(name), { recursive: true, force: true });
  }

  private lockFolder(name: StackName): string {
    return join(this.root, "locks", qualifiedName(name));
  }

  private lockFile(name: StackName): string {
    return join(this.lockFolder(name), `${this.lockId}.json`);
  }

  /** Does `work` while this process holds the stack's lock; lets go of it however that ends. */
  async withLock(name: StackName, work: () => Promise<void>): Promise<void> {
    await this.lock(name);
    try {
      await work();
    } finally {
      this.unlock(name);
    }
  }

  /** Of two that try at once both may fail, never both succeed. */
  private async lock(name: StackName): Promise<void> {
    await this.refuseWhenLocked(name);
    const content = {
      pid: process.pid,
      username: userName(),
      hostname: hostname(),
      timestamp: new Date().toISOString(),
    };
    await mkdir(this.lockFolder(name), { recursive: true });
    // Not atomic on purpose: a temporary file left behind in this folder would count as a lock.
    await writeFile(this.lockFile(name), JSON.stringify(content));
    try {
      await this.refuseWhenLocked(name);
    } catch (error) {
      this.unlock(name);
      throw error;
    }
  }

  private unlock(name: StackName): void {
    rmSync(this.lockFile(name), { force: true });
  }

  private async refuseWhenLocked(name: StackName): Promise<void> {
    const folder = this.lockFolder(name);
    const files = await readdir(folder).catch(() => []);
    const others = files.filter((file) => file.endsWith(".json") && file !== `${this.lockId}.json`);
    if (others.length === 0) return;
    const lines = others.map((file) => {
      const lock = readLock(join(folder, file));
      const location = `${this.url.replace(/\/$/, "").replace(/\?.*$/, "")}/.pulumi/locks/${qualifiedName(name)}/${file}?no_tmp_dir=true`;
      return `\n  ${location}: created by ${lock.username}@${lock.hostname} (pid ${lock.pid}) at ${lock.timestamp}`;
    });
    throw new CommandFailure(
      `the stack is currently locked by ${others.length} lock(s). Either wait for the other process(es) to end or ` +
        `delete the lock file with \`pulumi cancel\`.${lines.join("")}`,
    );
  }

  /** Removes every lock of the stack, whoever holds it. */
  async cancel(name: StackName): Promise<void> {
    const folder = this.lockFolder(name);
    for (const file of await readdir(folder).catch(() => [])) await rm(join(folder, file), { force: true });
  }

  private historyFolder({ project, stack }: StackName): string {
    return join(this.root, "history", project, stack);
  }

  /** Adds an ended update to the history and, unless switched off, a backup of the state it left. */
  async addHistory(name: StackName, entry: unknown): Promise<void> {
    const prefix = join(this.historyFolder(name), `${name.stack}-${nanoseconds()}`);
    await mkdir(dirname(prefix), { recursive: true });
    await writeAtomic(`${prefix}.history.json`, JSON.stringify(entry));
    await copyFile(this.stackFile(name), `${prefix}.checkpoint.json`);
    if (isTrue(process.env.PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS)) return;
    const backups = join(this.root, "backups", name.project, name.stack);
    await mkdir(backups, { recursive: true });
    await copyFile(this.stackFile(name), join(backups, `${name.stack}.${nanoseconds()}.json`));
  }

  /** Entries of the history, newest first. */
  history(name: StackName): unknown[] {
    const folder = this.historyFolder(name);
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".history.json")) : [];
    return files
      .sort()
      .reverse()
      .map((file) => readJson<unknown>(join(folder, file)));
  }
}

export function isTrue(text: string | undefined): boolean {
  return text === "1" || text?.toLowerCase() === "true";
}

/** Hard-links `file` as `copy` where the file system can, else copies it. A missing file is no error. */
async function keepAs(copy: string, file: string): Promise<void> {
  const temporary = `${copy}.${randomUUID()}.tmp`;
  try {
    await link(file, temporary);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    await copyFile(file, temporary);
  }
  await rename(temporary, copy);
}

async function writeAtomic(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  const handle = await open(temporary, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  const folder = await open(dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

interface LockContent {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

/** A lock file that cannot be read (being written or removed just now) still counts as a lock. */
function readLock(file: string): LockContent {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LockContent;
  } catch {
    return { pid: 0, username: "unknown", hostname: "unknown", timestamp: "an unknown time" };
  }
}

function nanoseconds(): string {
  return `${BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n}`;
}
