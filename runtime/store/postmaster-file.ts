/** Reads `postmaster.pid`, by which a PostgreSQL server says that it runs on a data folder, and how to reach it. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  /** Folder of the Unix socket; empty = TCP on loopback. */
  readonly socketFolder: string;
  /** `ready` once it takes connections. */
  readonly status: string;
}

/** The server that runs on the data folder now. A file left behind by a crash, or copied with its folder, is not one. */
export function readPostmaster(dataFolder: string): RunningServer | undefined {
  const text = readIfThere(join(dataFolder, "postmaster.pid"));
  const [pid, , , port, socketFolder, , , status] = text.split("\n").map((line) => line.trim());
  if (!Number(pid) || !isServerOf(Number(pid), dataFolder)) return undefined;
  return { pid: Number(pid), port: Number(port), socketFolder: socketFolder ?? "", status: status ?? "" };
}

/**
 * Process numbers are used again, after a restart of the machine or the container above all, and a copied folder names
 * the server of the original. On Linux the program of a process can be read, and a server works in its data folder (a
 * dead one that nobody waited for has neither); elsewhere a live process of that number counts.
 */
function isServerOf(pid: number, dataFolder: string): boolean {
  if (process.platform === "linux") {
    const [program = ""] = readIfThere(`/proc/${pid}/cmdline`).split("\0");
    return program.includes("postgres") && isSameFolder(`/proc/${pid}/cwd`, dataFolder);
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** By what the file system has, not by name: containers mount one folder in different places. */
function isSameFolder(path: string, other: string): boolean {
  try {
    const [one, two] = [statSync(path), statSync(other)];
    return one.ino === two.ino && one.dev === two.dev;
  } catch (error) {
    // It ended meanwhile, or is a process of another account: ours would be readable.
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Empty when there is no such file, also when it goes while it is read, as those of processes do. */
export function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
