/** What the operating system knows of a process that another process of ours started. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** True for a process that exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return statOf(pid)?.state !== "Z";
}

/** Command line with spaces between the arguments; undefined when there is no such process or it can't be read. */
export function commandLineOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

/**
 * Living processes whose session was opened by `leader`, without the leader. An engine is started as the leader of its
 * own session, so these are the plugins it left behind. Only Linux tells; elsewhere the answer is empty.
 */
export function sessionMembers(leader: number): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== leader && statOf(pid)?.session === leader && isAlive(pid));
}

/** Sends a signal; false when there is nobody to receive it. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Fields of `/proc/PID/stat`; the command's name in it may hold spaces and brackets. */
function statOf(pid: number): { readonly state: string; readonly session: number } | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", session: Number(fields[3]) };
  } catch {
    return undefined;
  }
}
