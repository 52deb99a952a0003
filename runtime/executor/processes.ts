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
  return !isZombie(pid);
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

/** Undefined when there is no such process or it can't be read. */
export function parentOf(pid: number): number | undefined {
  try {
    const text =
      process.platform === "linux"
        ? statFields(pid)[1]
        : execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" });
    return text === undefined ? undefined : Number(text);
  } catch {
    return undefined;
  }
}

/**
 * Living processes that inherited this environment variable with this value: an engine, and every plugin it started, also
 * after the engine died. Only Linux tells; elsewhere the answer is empty.
 */
export function processesWith(variable: string, value: string): number[] {
  if (process.platform !== "linux") return [];
  const mark = `\0${variable}=${value}\0`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid).includes(mark) && isAlive(pid));
}

/** An environment variable as it was when the process started; undefined where it has none or nobody tells. */
export function environmentValueOf(pid: number, variable: string): string | undefined {
  const start = `${variable}=`;
  return environmentOf(pid)
    .split("\0")
    .find((entry) => entry.startsWith(start))
    ?.slice(start.length);
}

/** Sends a signal; false when there is nobody to receive it. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** True while a signal or a debugger holds it: it does nothing, and answers nothing but SIGKILL and SIGCONT. */
export function isStopped(pid: number): boolean {
  try {
    const state =
      process.platform === "linux"
        ? statFields(pid)[0]
        : execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" });
    return state?.trim().toUpperCase().startsWith("T") ?? false;
  } catch {
    return false;
  }
}

/** Living children. Only Linux tells; elsewhere the answer is empty. */
export function childrenOf(pid: number): number[] {
  try {
    // Each thread has those that it started.
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8"));
    return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number)).filter(isAlive);
  } catch {
    return [];
  }
}

function isZombie(pid: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    return statFields(pid)[0] === "Z";
  } catch {
    return false;
  }
}

/** State, parent and so on: what Linux tells after the command's name, which may hold spaces and brackets. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** As it was when the program started, with a zero byte before each variable; empty when it is not ours to read. */
function environmentOf(pid: number): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`;
  } catch {
    return "";
  }
}
