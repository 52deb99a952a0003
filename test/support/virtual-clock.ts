/** Time and chance under the control of a test. */
import type { Clock, EpochMs } from "../../runtime/model/clock";

export { SeededRng } from "../../runtime/sim/rng";

interface Timer {
  atMs: EpochMs;
  readonly order: number;
  /** Undefined once cancelled or run. */
  run: (() => void) | undefined;
}

/** Noon UTC on a Wednesday. */
export const startMs = Date.UTC(2026, 0, 14, 12, 0, 0);

/** Stands still until {@link VirtualClock.advance} moves it; timers run at their own time, in order. */
export class VirtualClock implements Clock {
  private nowMs: EpochMs;
  /** A heap: a parent is due before its children. */
  private readonly timers: Timer[] = [];
  private count = 0;

  constructor(nowMs: EpochMs = startMs) {
    this.nowMs = nowMs;
  }

  now(): EpochMs {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer: Timer = { atMs: this.nowMs + Math.max(0, delayMs), order: (this.count += 1), run };
    this.push(timer);
    return () => (timer.run = undefined);
  }

  /** Moves on, and lets what each timer began come to rest before the next one runs. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settle();
    for (let next = this.timers[0]; next && next.atMs <= endMs; next = this.timers[0]) {
      this.pop();
      if (!next.run) continue;
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

  /** The wall clock is set by this much, forward or back; timers keep their pace. */
  set(ms: number): void {
    this.nowMs += ms;
    for (const timer of this.timers) timer.atMs += ms;
  }

  private push(timer: Timer): void {
    const { timers } = this;
    let index = timers.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, timers[parent]!)) break;
      timers[index] = timers[parent]!;
      index = parent;
    }
    timers[index] = timer;
  }

  private pop(): void {
    const { timers } = this;
    const last = timers.pop();
    if (timers.length === 0 || !last) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= timers.length) break;
      if (child + 1 < timers.length && isBefore(timers[child + 1]!, timers[child]!)) child += 1;
      if (!isBefore(timers[child]!, last)) break;
      timers[index] = timers[child]!;
      index = child;
    }
    timers[index] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.order < b.order;
}

/** Turns of the event loop in which work in memory comes to rest; a commit takes two. */
const turnsToSettle = 8;

export async function settle(): Promise<void> {
  for (let turn = 0; turn < turnsToSettle; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
