/** Chance that repeats: the same seed gives the same numbers, and every part of the world has a stream of its own. */
import type { Rng } from "../model/clock";

const idCharacters = "0123456789abcdefghijklmnopqrstuvwxyz";

/** The same numbers for the same seed (mulberry32). */
export class SeededRng implements Rng {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  id(length: number): string {
    let text = "";
    for (let index = 0; index < length; index += 1) text += idCharacters[this.below(36)];
    return text;
  }

  /** 0 to 1, without 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A stream that depends on this one's seed and the name only, so that one part can't shift the chance of another. */
  fork(name: string): SeededRng {
    return new SeededRng(mix(mix(2166136261, name), String(this.seed)));
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in this share of the cases, 0 to 1. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Whole milliseconds until the next event of a process that knows no memory. */
  exponentialMs(meanMs: number): number {
    return Math.round(-Math.log(1 - this.next()) * meanMs);
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let index = shuffled.length - 1; index > 0; index -= 1) {
      const other = this.below(index + 1);
      [shuffled[index], shuffled[other]] = [shuffled[other]!, shuffled[index]!];
    }
    return shuffled;
  }
}

/** FNV-1a over the characters of a text, 32 bits. */
export function mix(hash: number, text: string): number {
  let mixed = hash;
  for (let index = 0; index < text.length; index += 1) mixed = Math.imul(mixed ^ text.charCodeAt(index), 16777619);
  return mixed >>> 0;
}
