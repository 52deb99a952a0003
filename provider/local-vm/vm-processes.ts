/**
 * The processes of a VM, found by the mark that each inherits: the environment variable {@link vmMark} with the VM's
 * folder. A pid alone proves nothing, since the system gives it to another process later; the mark does.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "./vm-folder";

export const vmMark = "HEADROOM_VM";

/** True when `pid` runs and belongs to the VM of this folder. */
export function isProcessOf(folder: string, pid: number): boolean {
  if (process.platform === "linux") return environmentOf(pid)?.includes(`\0${vmMark}=${folder}\0`) ?? false;
  return findProcesses(folder).includes(pid);
}

/**
 * Waits until a process that was just started bears its mark, a second at most: the system shows no environment of it
 * before it is loaded, and till then it would pass for one that has ended.
 */
export async function waitForMark(folder: string, pid: number): Promise<void> {
  for (let step = 0; step < stepsPolite && !isProcessOf(folder, pid); step++) await delay(stepMs);
}

/** Every process of the VM, also those that its startup script put into sessions of their own. */
export function findProcesses(folder: string): number[] {
  if (process.platform !== "linux") return findByCommandLine(`${folder} `);
  return findByEnvironment(`\0${vmMark}=${folder}\0`);
}

/** Processes of all VMs whose folders are below this one. */
export function findProcessesBelow(folder: string): number[] {
  if (process.platform !== "linux") return findByCommandLine(`${folder}/`);
  return findByEnvironment(`\0${vmMark}=${folder}/`);
}

function findByEnvironment(mark: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => environmentOf(pid)?.includes(mark));
}

/**
 * Ends all processes of the VM: asked first, forced after a second. Answers false when some still run after that.
 * Looks again each time, because a process may have started another one meanwhile.
 */
export async function endProcesses(folder: string): Promise<boolean> {
  for (let step = 0; step < stepsMax; step++) {
    const pids = findProcesses(folder);
    if (pids.length === 0) return true;
    const signal = step === 0 ? "SIGTERM" : step >= stepsPolite ? "SIGKILL" : undefined;
    for (const pid of pids) if (signal) sendSignal(pid, signal);
    await delay(stepMs);
  }
  return false;
}
const stepMs = 25;
const stepsPolite = 40;
const stepsMax = 240;

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error;
  }
}

/** With a leading zero byte, so that each variable stands between two. Undefined: gone, a zombie, or not ours. */
function environmentOf(pid: number): string | undefined {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`;
  } catch {
    return undefined;
  }
}

/** Where there is no /proc: the guest, by its own command line, and what is in its process group. */
function findByCommandLine(mark: string): number[] {
  const table = execFileSync("ps", ["-axww", "-o", "pid=,pgid=,command="], {
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  const rows = table.split("\n").map((line) => /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line));
  const processes = rows.flatMap((row) =>
    row ? [{ pid: Number(row[1]), group: Number(row[2]), command: row[3]! }] : [],
  );
  const groups = processes.filter(({ command }) => `${command} `.includes(`guest.js ${mark}`)).map(({ pid }) => pid);
  return processes.filter(({ group }) => groups.includes(group)).map(({ pid }) => pid);
}
