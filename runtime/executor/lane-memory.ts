/** What this process knows about a lane beyond its row, and how long the lane waits because of it. Pure. */
import type { EpochMs } from "../model/clock";
import type { Lane } from "../model/state";
import type { PresentNode } from "./node-updater";

/** The nodes in a stack by their ids. */
export type Presence = ReadonlyMap<string, Pick<PresentNode, "isRemnant" | "vmId">>;

export interface LaneMemory {
  /** Nodes in the stack; undefined until an update or a recovery told. */
  readonly present?: Presence | undefined;
  readonly emptySinceMs?: EpochMs | undefined;
  readonly retry: Retry;
}

/** Attempts that did not get through. */
export interface Retry {
  /** In a row. */
  readonly failures: number;
  /** Updates in a row of which only recovery could tell how they ended. */
  readonly unknownEnds: number;
  /** No attempt before this time, unless more is wanted than revision `revision`. */
  readonly atMs: EpochMs;
  readonly revision: number;
}

export const newLaneMemory: LaneMemory = { retry: { failures: 0, unknownEnds: 0, atMs: 0, revision: 0 } };

const retryMsMax = 300_000;

/** After `firstMs`, then after twice as long each time, 5 min at most. */
export function retryLater(
  retry: Retry,
  { nowMs, revision, firstMs }: { nowMs: EpochMs; revision: number; firstMs: number },
): Retry {
  const delayMs = Math.min(retryMsMax, firstMs * 2 ** Math.min(20, retry.failures));
  return { ...retry, failures: retry.failures + 1, atMs: nowMs + delayMs, revision };
}

/** How long the lane is left alone after what failed; 0 = not at all. */
export function retryWaitMs(
  { desiredRevision }: Pick<Lane, "desiredRevision">,
  { atMs, revision }: Retry,
  nowMs: EpochMs,
): number {
  return desiredRevision > revision ? 0 : Math.max(0, atMs - nowMs);
}
