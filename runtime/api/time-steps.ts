/** Spans of time that are told in steps. */
import type { EpochMs } from "../model/clock";
import { ConfigError } from "../model/errors";
import { minuteMs, minuteOf } from "../model/sample";

export interface TimeSteps {
  /** On a whole minute. */
  readonly fromMs: EpochMs;
  /** Not included; a whole number of steps later. */
  readonly toMs: EpochMs;
  readonly stepMs: number;
  /** Start of each step. */
  readonly timesMs: readonly EpochMs[];
}

export interface AskedSpan {
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
  /** Seconds. */
  readonly step?: number | undefined;
}

/** Steps of one answer: more than a screen has columns. */
export const stepsMax = 2_000;
/** Steps where none is asked for. */
const stepsDefault = 500;
/** What reads well on an axis. Unit: minutes. */
const roundMinutes = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440] as const;

/** Refuses a span that ends before it begins and one with too many steps. */
export function timeSteps({ from, to, step }: AskedSpan, nowMs: EpochMs, spanDefaultMs: number): TimeSteps {
  const endMs = to ?? nowMs;
  const fromMs = minuteOf(from ?? Math.max(0, endMs - spanDefaultMs));
  if (endMs <= fromMs) throw ConfigError.of([{ path: "to", message: `must be after \`from\` (${fromMs})` }]);
  const stepMs = step === undefined ? roundStepMs(endMs - fromMs) : step * 1000;
  const count = Math.ceil((endMs - fromMs) / stepMs);
  if (count > stepsMax) {
    const message = `makes ${count} steps, at most ${stepsMax} are told; ask for a longer step or a shorter span`;
    throw ConfigError.of([{ path: "step", message }]);
  }
  const timesMs = Array.from({ length: count }, (_nothing, index) => fromMs + index * stepMs);
  return { fromMs, toMs: fromMs + count * stepMs, stepMs, timesMs };
}

function roundStepMs(spanMs: number): number {
  const minutes = roundMinutes.find((each) => spanMs / (each * minuteMs) <= stepsDefault);
  return (minutes ?? Math.ceil(spanMs / stepsDefault / (1440 * minuteMs)) * 1440) * minuteMs;
}
