/** The injected sources of time and chance. Only the composition root and the simulator create them. */

/** Milliseconds since 1970-01-01 UTC by the clock of this process. */
export type EpochMs = number;

export interface Clock {
  now(): EpochMs;
  /** Calls `run` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

export interface Rng {
  /** A whole number from 0 up to and not including `limit`. */
  below(limit: number): number;
  /** `length` characters of `[0-9a-z]`, for ids. */
  id(length: number): string;
}
