/** How old what is shown is, and whether it may still be believed. */

/** Answers in a row that did not come before a page turns grey. */
export const missesMax = 3;

export interface Freshness {
  /** When the runtime was last heard, by this browser's clock; undefined = never. */
  readonly heardAtMs: number | undefined;
  readonly misses: number;
  /** Why the last answer did not come. */
  readonly why: string | undefined;
}

export const neverHeard: Freshness = { heardAtMs: undefined, misses: 0, why: undefined };

export function heard(nowMs: number): Freshness {
  return { heardAtMs: nowMs, misses: 0, why: undefined };
}

export function missed(freshness: Freshness, why: string): Freshness {
  return { ...freshness, misses: freshness.misses + 1, why };
}

export function isStale({ misses }: Freshness): boolean {
  return misses >= missesMax;
}
