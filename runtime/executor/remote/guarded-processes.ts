/** The processes that work for one registration of a worker, found by the mark that each inherits: see `engine-guard.ts`. */
import { processesWith, signal } from "../processes";

/** An environment variable of workers' processes, engines and plugins, with the worker's id. VMs of kind `local` lack it. */
export const workerMark = "HEADROOM_WORKER";

/** Those that live: engines, plugins, and the processes that run the programs of updates. Linux only. */
export function guardedProcesses(workerId: string): number[] {
  return processesWith(workerMark, workerId).filter((pid) => pid !== process.pid);
}

/** One may start another while it is killed, so it takes as many rounds as that happens. */
export function killGuarded(workerId: string): void {
  for (let found = guardedProcesses(workerId); found.length > 0; found = guardedProcesses(workerId)) {
    for (const pid of found) signal(pid, "SIGKILL");
  }
}
