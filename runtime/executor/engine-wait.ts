/**
 * Waits for processes of a lane's engines to end by themselves, for as long as there is something to wait for.
 *
 *   a create or a delete is on its way     → `engineWaitMs`; then it is interrupted, and at last killed
 *   nothing is on its way                  → `idleWaitMs`; then it is interrupted: it finishes nothing that counts
 *   a process stands still (SIGSTOP,       → `stoppedWaitMs`; then it is killed, because it answers nothing else. What
 *   a debugger)                              its engine had begun is looked up in the cloud
 *
 * Time is counted in looks, so that a process that was held itself blames nobody for that time.
 */
import { setTimeout as pause } from "node:timers/promises";
import { isStopped, signal } from "./processes";

export interface EngineWaitLimits {
  /** How long an engine that still runs may go on. Default 15 min: longer than any create of a VM. */
  readonly engineWaitMs: number;
  /** How long an engine may go on that makes and deletes nothing. Default 2 min: it may compare many VMs one by one. */
  readonly idleWaitMs: number;
  /** How long a process may stand still before it is killed. Default 60 s. */
  readonly stoppedWaitMs: number;
}

export interface Waited {
  /** Those that are waited for and live. */
  readonly living: () => readonly number[];
  /** Those that stop the former when they stand still. Default the former. */
  readonly needed?: () => readonly number[];
  /** Whether something is on its way that must not be broken off. Default always. */
  readonly isBusy?: () => Promise<boolean>;
}

/** After a SIGINT the engine ends when its running steps do; it gets no more time than this. */
const interruptWaitMs = 60_000;
const pollMs = 100;
/** Looking at states of processes and of the stack costs more than asking whether somebody lives. */
const lookMs = 1_000;

export async function waitForEnd(waited: Waited, limits: EngineWaitLimits): Promise<void> {
  const { living } = waited;
  const watch = new Watch(waited, limits);
  if (await watch.waitWhile(limits.engineWaitMs, true)) return;
  for (const pid of living()) signal(pid, "SIGINT");
  if (await watch.waitWhile(Math.min(limits.engineWaitMs, interruptWaitMs), false)) return;
  for (const pid of living()) signal(pid, "SIGKILL");
  await watch.waitWhile(interruptWaitMs, false);
}

class Watch {
  /** How long each has stood still at every look. */
  private readonly stoppedMs = new Map<number, number>();
  private idleMs = 0;

  constructor(
    private readonly waited: Waited,
    private readonly limits: EngineWaitLimits,
  ) {}

  /** True when all have ended; false when the time is over, or before when nothing is on its way. */
  async waitWhile(limitMs: number, endsWhenIdle: boolean): Promise<boolean> {
    for (let waitedMs = 0; this.waited.living().length > 0; waitedMs += pollMs) {
      if (waitedMs >= limitMs) return false;
      if (waitedMs > 0 && waitedMs % lookMs === 0) {
        this.killStopped();
        if (endsWhenIdle && (await this.hasBeenIdle())) return false;
      }
      await pause(pollMs);
    }
    return true;
  }

  private killStopped(): void {
    const { living, needed = living } = this.waited;
    for (const pid of needed()) {
      const stoppedMs = isStopped(pid) ? (this.stoppedMs.get(pid) ?? 0) + lookMs : 0;
      this.stoppedMs.set(pid, stoppedMs);
      if (stoppedMs >= this.limits.stoppedWaitMs) signal(pid, "SIGKILL");
    }
  }

  private async hasBeenIdle(): Promise<boolean> {
    const isBusy = (await this.waited.isBusy?.()) ?? true;
    this.idleMs = isBusy ? 0 : this.idleMs + lookMs;
    return this.idleMs >= this.limits.idleWaitMs;
  }
}
