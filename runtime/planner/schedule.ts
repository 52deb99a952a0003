/**
 * Weekly windows on the wall clock of their own time zone. A window is open when the local time of day lies in it:
 *   start < end   the named days, [start, end)
 *   start > end   from start on the named days until end of the following day, which need not be named
 *   start = end   24 hours from start on the named days
 * An end of 23:59, 23:59:59 or 24:00 is the end of the day, so that two windows that meet at midnight leave no hole.
 * Daylight saving needs no rule of its own: a skipped hour is never on the wall clock, a repeated one is there twice.
 */
import type { EpochMs } from "../model/clock";
import { weekdays, type Schedule, type Weekday } from "../model/config";
import { nextWallTimeMs, wallTimeAt, type WallTime } from "../model/wall-clock";

/** The config's values that an open window may replace; with several open windows the highest value counts. */
export interface WindowOverrides {
  readonly minNodes?: number;
  readonly standbyCores?: number;
  readonly standbyGpus?: number;
  readonly standbyMemory?: number;
  readonly minimumAvailableSessions?: number;
}

export interface Window extends WindowOverrides {
  readonly isActive: boolean;
  /** The time that was asked for. */
  readonly sinceMs: EpochMs;
  /** This answer stays true at least until then; ask again at that time. */
  readonly validUntilMs: EpochMs;
}

const daySeconds = 86_400;
/** Time zones change their offset only at whole quarters of an hour UTC, so the wall clock runs evenly inside one. */
const quarterMs = 15 * 60_000;
const overridable = ["minNodes", "standbyCores", "standbyGpus", "standbyMemory", "minimumAvailableSessions"] as const;

/** Whether a config with these schedules is active; without any it always is. */
export function windowAt(schedules: readonly Schedule[], nowMs: EpochMs): Window {
  if (schedules.length === 0) return { isActive: true, sinceMs: nowMs, validUntilMs: Number.MAX_SAFE_INTEGER };
  let validUntilMs = (Math.floor(nowMs / quarterMs) + 1) * quarterMs;
  let isActive = false;
  const overrides: { -readonly [K in keyof WindowOverrides]: number } = {};
  for (const schedule of schedules) {
    const local = wallTimeAt(schedule.timezone, nowMs);
    validUntilMs = Math.min(validUntilMs, nowMs + msToNextEdge(schedule, local.secondOfDay) - local.msOfSecond);
    if (!isOpen(schedule, local)) continue;
    isActive = true;
    for (const key of overridable) {
      const value = schedule[key];
      if (value !== undefined) overrides[key] = Math.max(value, overrides[key] ?? 0);
    }
  }
  return { isActive, sinceMs: nowMs, validUntilMs, ...overrides };
}

/** Start of the next window after `nowMs`, at most eight days ahead; undefined when there is no schedule. */
export function nextOpeningMs(schedules: readonly Schedule[], nowMs: EpochMs): EpochMs | undefined {
  let nextMs: EpochMs | undefined;
  for (const { timezone, days, start } of schedules) {
    const startMs = nextWallTimeMs({ timezone, days, secondOfDay: start }, nowMs);
    if (startMs !== undefined) nextMs = Math.min(nextMs ?? startMs, startMs);
  }
  return nextMs;
}

/** Remembers each config's window while it is valid, so that asking per request costs one map look-up. */
export class WindowCache {
  private readonly known = new Map<string, { readonly schedules: readonly Schedule[]; readonly window: Window }>();

  at(autoscaleConfig: string, schedules: readonly Schedule[], nowMs: EpochMs): Window {
    const known = this.known.get(autoscaleConfig);
    const isFresh = known !== undefined && known.schedules === schedules && nowMs < known.window.validUntilMs;
    if (isFresh && nowMs >= known.window.sinceMs) return known.window;
    const window = windowAt(schedules, nowMs);
    this.known.set(autoscaleConfig, { schedules, window });
    return window;
  }
}

function isOpen({ days, start, end }: Schedule, { weekday, secondOfDay }: WallTime): boolean {
  const isNamed = days.includes(weekday);
  if (start < end) return isNamed && secondOfDay >= start && secondOfDay < endOfWindow(end);
  const followsNamed = days.includes(dayBefore(weekday));
  const endNextDay = start === end ? end : endOfWindow(end);
  return (isNamed && secondOfDay >= start) || (followsNamed && secondOfDay < endNextDay);
}

/** 23:59 and later mean the end of the day. */
function endOfWindow(end: number): number {
  return end === daySeconds - 60 || end === daySeconds - 1 ? daySeconds : end;
}

function msToNextEdge({ start, end }: Schedule, secondOfDay: number): number {
  const edges = [start, endOfWindow(end), end, daySeconds].filter((edge) => edge > secondOfDay);
  return (Math.min(...edges) - secondOfDay) * 1000;
}

function dayBefore(weekday: Weekday): Weekday {
  return weekdays[(weekdays.indexOf(weekday) + 6) % 7]!;
}
