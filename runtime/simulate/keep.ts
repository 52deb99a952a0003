/** The wait that a suggestion has to keep: `p95 <= 30s`, `longest <= 2m`, or `5% within 0s`. */
import { ConfigError } from "../model/errors";
import { parseDuration } from "../model/units";
import type { Waits } from "./result";

export interface Keep {
  readonly text: string;
  isKept(waits: Waits): boolean;
}

type Measure = "p50Seconds" | "p95Seconds" | "p99Seconds" | "longestSeconds";
const measures: Readonly<Record<string, Measure>> = {
  p50: "p50Seconds",
  p95: "p95Seconds",
  p99: "p99Seconds",
  longest: "longestSeconds",
};

/** Somebody who was refused, or never served, was not served in time: nothing with one of those is kept. */
export function parseKeep(text: string): Keep {
  const [, measure = "", limit = ""] = /^(p50|p95|p99|longest)\s*<=\s*(\S+)$/.exec(text.trim()) ?? [];
  const field = measures[measure];
  const limitSeconds = parseDuration(limit);
  if (field && limitSeconds !== undefined) {
    return { text, isKept: (waits) => isEverybodyServed(waits) && waits[field] <= limitSeconds };
  }
  const [, share] = /^(\d{1,2}(?:\.\d{1,3})?)\s*%(?:\s+within\s+0s)?$/.exec(text.trim()) ?? [];
  if (share !== undefined) {
    return { text, isKept: (waits) => isEverybodyServed(waits) && waits.shareWaited <= Number(share) / 100 };
  }
  const message = `got "${text}"; use "p95 <= 30s" (or p50, p99, longest), or "5% within 0s": at most 5 % wait at all`;
  throw ConfigError.of([{ path: "--keep", message }]);
}

function isEverybodyServed({ refused, unfinished }: Waits): boolean {
  return refused === 0 && unfinished === 0;
}
