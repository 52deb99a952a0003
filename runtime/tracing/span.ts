/** Spans as plain data: what made a request wait, told when it is over. */
import type { EpochMs } from "../model/clock";

export interface FinishedSpan {
  readonly name: string;
  readonly startMs: EpochMs;
  /** At least `startMs`. */
  readonly endMs: EpochMs;
  /** Ids and names of definitions; never a secret, a user or what a cloud has said. */
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Class of what went wrong; absent = nothing did. */
  readonly error?: string;
  readonly children?: readonly FinishedSpan[];
}

/** Takes whole traces, at once and without waiting for anybody. */
export interface SpanSink {
  send(root: FinishedSpan): void;
  /** Sends what is left, for a moment at most. */
  stop(): Promise<void>;
}
