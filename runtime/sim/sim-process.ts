/** A process of the runtime under virtual time: it can be killed, held, and given a wrong clock, between any two events. */
import type { Clock, EpochMs } from "../model/clock";
import type { Timeline } from "./timeline";

interface Pending {
  run: (() => void) | undefined;
}

export class SimProcess implements Clock {
  isAlive = true;
  isPaused = false;
  /** Called once when it is killed: its connections and children notice. */
  readonly onKilled: (() => void)[] = [];
  private held: Pending[] = [];
  private offsetMs = 0;

  constructor(
    readonly name: string,
    private readonly timeline: Timeline,
  ) {}

  /** The wall clock of this machine, which may be wrong. */
  now(): EpochMs {
    return this.timeline.nowMs + this.offsetMs;
  }

  /** Timers follow true time, as real ones follow the monotonic clock. */
  after(delayMs: number, run: () => void): () => void {
    return this.receive(delayMs, "timer", run);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Something that reaches this process after `delayMs`: never when it is dead by then, later when it is held. */
  receive(delayMs: number, kind: string, run: () => void): () => void {
    const pending: Pending = { run };
    this.timeline.after(delayMs, kind, () => this.take(pending));
    return () => {
      pending.run = undefined;
    };
  }

  jumpClock(ms: number): void {
    this.offsetMs += ms;
  }

  pause(): void {
    this.isPaused = true;
  }

  /** Everything that came meanwhile is handled in the order in which it came. */
  resume(): void {
    if (!this.isPaused || !this.isAlive) return;
    this.isPaused = false;
    for (const pending of this.held.splice(0)) this.timeline.after(0, "held back", () => this.take(pending));
  }

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.held = [];
    for (const tell of this.onKilled) tell();
  }

  private take(pending: Pending): void {
    if (!this.isAlive || !pending.run) return;
    if (this.isPaused) this.held.push(pending);
    else pending.run();
  }
}
