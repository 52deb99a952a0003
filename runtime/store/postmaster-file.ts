/** Reads `postmaster.pid`, by which a PostgreSQL server says that it runs on a data folder, and how to reach it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  /** Folder of the Unix socket; empty = TCP on loopback. */
  readonly socketFolder: string;
  /** `ready` once it takes connections. */
  readonly status: string;
}

/** The server that runs on the data folder now. A file left behind by a crash is not one. */
export function readPostmaster(dataFolder: string): RunningServer | undefined {
  const text = readIfThere(join(dataFolder, "postmaster.pid"));
  const [pid, , , port, socketFolder, , , status] = text.split("\n").map((line) => line.trim());
  if (!Number(pid) || !isPostgres(Number(pid))) return undefined;
  return { pid: Number(pid), port: Number(port), socketFolder: socketFolder ?? "", status: status ?? "" };
}

/**
 * Process numbers are used again, after a restart of the machine or the container above all. On Linux the program of a
 * process can be read (a dead one that nobody waited for has none); elsewhere a live process of that number counts.
 */
function isPostgres(pid: number): boolean {
  if (process.platform === "linux") {
    const [program = ""] = readIfThere(`/proc/${pid}/cmdline`).split("\0");
    return program.includes("postgres");
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
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
