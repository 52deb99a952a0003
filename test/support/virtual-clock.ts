/** Time and chance under the control of a test. */
import type { Clock, EpochMs } from "../../runtime/model/clock";

export { SeededRng } from "../../runtime/sim/rng";

interface Timer {
  readonly atMs: EpochMs;
  readonly order: number;
  readonly run: () => void;
}

/** Noon UTC on a Wednesday. */
export const startMs = Date.UTC(2026, 0, 14, 12, 0, 0);

/** Stands still until {@link VirtualClock.advance} moves it; timers run at their own time, in order. */
export class VirtualClock implements Clock {
  private nowMs: EpochMs;
  private readonly timers = new Set<Timer>();
  private count = 0;

  constructor(nowMs: EpochMs = startMs) {
    this.nowMs = nowMs;
  }

  now(): EpochMs {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + Math.max(0, delayMs), order: (this.count += 1), run };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** Moves on, and lets what each timer began come to rest before the next one runs. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settle();
    for (let next = this.nextUntil(endMs); next; next = this.nextUntil(endMs)) {
      this.timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      await settle();
    }
    this.nowMs = endMs;
  }

  /** Moves the time without running timers: for tests of code that has none. */
  jump(ms: number): void {
    this.nowMs += ms;
  }

  private nextUntil(endMs: EpochMs): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.atMs > endMs) continue;
      if (!next || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order)) next = timer;
    }
    return next;
  }
}

/** Turns of the event loop in which work in memory comes to rest; a commit takes two. */
const turnsToSettle = 8;

export async function settle(): Promise<void> {
  for (let turn = 0; turn < turnsToSettle; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
