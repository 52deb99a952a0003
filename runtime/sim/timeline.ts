/**
 * Virtual time: a queue of events, one dispatched after the other. What an event begins (promises) comes to rest before
 * the next one, so the order of everything is the order of this queue and nothing else.
 */
import type { EpochMs } from "../model/clock";
import { mix } from "./rng";

interface Entry {
  readonly atMs: EpochMs;
  /** Breaks ties: first come, first served. */
  readonly order: number;
  readonly kind: string;
  /** Undefined once cancelled. */
  run: (() => void) | undefined;
}

export class Timeline {
  /** Events dispatched so far. */
  events = 0;
  readonly eventsByKind = new Map<string, number>();
  /** Of the time and kind of every event dispatched, and of what was {@link Timeline.note}d. */
  hash = 2166136261;
  private readonly heap: Entry[] = [];
  private count = 0;

  constructor(private currentMs: EpochMs) {}

  get nowMs(): EpochMs {
    return this.currentMs;
  }

  /** Dispatches `run` after `delayMs`; the returned function cancels it. */
  after(delayMs: number, kind: string, run: () => void): () => void {
    this.count += 1;
    const entry: Entry = { atMs: this.currentMs + Math.max(0, delayMs), order: this.count, kind, run };
    this.push(entry);
    return () => {
      entry.run = undefined;
    };
  }

  sleep(delayMs: number, kind: string): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, kind, resolve));
  }

  /** Makes the hash depend on something that happened. */
  note(text: string): void {
    this.hash = mix(this.hash, text);
  }

  /** Dispatches the next event and lets it come to rest. False when nothing is left. */
  async step(): Promise<boolean> {
    let next = this.pop();
    while (next && !next.run) next = this.pop();
    if (!next?.run) return false;
    this.currentMs = Math.max(this.currentMs, next.atMs);
    this.events += 1;
    this.eventsByKind.set(next.kind, (this.eventsByKind.get(next.kind) ?? 0) + 1);
    this.hash = (mix(this.hash, next.kind) ^ (this.currentMs | 0)) >>> 0;
    next.run();
    await rest();
    return true;
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  private pop(): Entry | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || !last) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.order < b.order;
}

/** One turn of the event loop: every promise that can settle does so before it ends. */
function rest(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
