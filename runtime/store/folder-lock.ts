/**
 * A lock on a folder, held by a process for as long as it lives: a socket file in that folder, on which the holder
 * listens. Whoever wants the lock calls: an answer means that it is held, also when the holder lives in another
 * container, with process numbers and a network of its own, because a socket file is reached through the file system.
 * A file that nobody answers was left behind, by a crash or by copying the folder.
 *
 * It works between processes of one machine. A network file system that two machines share carries no calls.
 */
import { randomBytes } from "node:crypto";
import { closeSync, linkSync, lstatSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface FolderLock {
  /** Safe to call again. */
  release(): Promise<void>;
}

/** After it was taken over from one who is gone, the lock is looked at again: others may have tried at the same moment. */
const lookAgainMs = 100;

/** The lock called `name`; undefined when another process holds it. */
export async function takeFolderLock(folder: string, name: string): Promise<FolderLock | undefined> {
  removeLeftovers(folder, name);
  const own = `${name}.${process.pid.toString(36)}${randomBytes(4).toString("hex")}`;
  const server = await listenIn(folder, own);
  const file = join(folder, name);
  const inode = lstatSync(join(folder, own)).ino;
  const release = async (): Promise<void> => {
    if (inodeOf(file) === inode) rmSync(file, { force: true });
    rmSync(join(folder, own), { force: true });
    await new Promise<void>((done) => server.close(() => done()));
  };
  if (await isTaken({ folder, name, own, inode })) {
    await release();
    return undefined;
  }
  // Only the well-known name is looked at; the other one has served.
  rmSync(join(folder, own), { force: true });
  return { release };
}

/** Whether a living process, in whatever container, listens on this socket file. */
export function isAnswered(folder: string, name: string): Promise<boolean> {
  return withShortPath(folder, name, (path) => {
    const socket = connect(path);
    return new Promise<boolean>((done) => {
      socket.once("connect", () => done(true));
      // Only these mean that nobody is there; whatever else it is, somebody may be.
      socket.once("error", (error: NodeJS.ErrnoException) => {
        done(!["ECONNREFUSED", "ENOENT", "ENOTSOCK"].includes(error.code ?? ""));
      });
    }).finally(() => socket.destroy());
  });
}

/** Tries to give our socket the well-known name, in which a hard link either succeeds or finds it in use. */
async function isTaken(lock: { folder: string; name: string; own: string; inode: number }): Promise<boolean> {
  const { folder, name, own, inode } = lock;
  const file = join(folder, name);
  for (;;) {
    if (linkOrFind(join(folder, own), file)) break;
    const found = inodeOf(file);
    if (await isAnswered(folder, name)) return true;
    if (found === undefined) continue;
    // Taken away under a name of its own, so that what was put there meanwhile is seen, and put back.
    const taken = join(folder, `${own}.left`);
    try {
      renameSync(file, taken);
    } catch (error) {
      if (codeOf(error) === "ENOENT") continue;
      throw error;
    }
    if (inodeOf(taken) !== found) linkOrFind(taken, file);
    rmSync(taken, { force: true });
  }
  await delay(lookAgainMs);
  return inodeOf(file) !== inode;
}

/** False when the name is in use. */
function linkOrFind(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function inodeOf(file: string): number | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.ino;
}

/** Sockets of processes that were killed before they had the lock, older than any attempt takes. */
function removeLeftovers(folder: string, name: string): void {
  for (const entry of readdirSync(folder)) {
    if (!entry.startsWith(`${name}.`)) continue;
    const stat = lstatSync(join(folder, entry), { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > leftoverAgeMs) rmSync(join(folder, entry), { force: true });
  }
}
const leftoverAgeMs = 3_600_000;

function listenIn(folder: string, name: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  return withShortPath(folder, name, (path) => {
    return new Promise((done, fail) => {
      server.once("error", fail);
      server.listen(path, () => {
        server.unref();
        done(server);
      });
    });
  });
}

/** Socket paths have a fixed length in the kernel, 103 characters; on Linux an open folder has a short name of its own. */
async function withShortPath<Result>(
  folder: string,
  name: string,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = join(folder, name);
  if (process.platform !== "linux" || Buffer.byteLength(path) <= socketPathMax) return use(path);
  const opened = openSync(folder, "r");
  try {
    return await use(join("/proc/self/fd", String(opened), name));
  } finally {
    closeSync(opened);
  }
}
/** 108 on Linux, 104 on macOS and BSD, with the closing zero. */
export const socketPathMax = 103;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
