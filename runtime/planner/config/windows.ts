/**
 * When a config's schedules are open: windows on the wall clock of each schedule's own time zone. A window starts on its `days` and `dates`, except on `exceptDates`:
 *   start < end   on that day, [start, end)
 *   start > end   from start until end of the following day, which need not be named
 *   start = end   24 hours from start
 * An end of 23:59, 23:59:59 or 24:00 is the end of the day, so that two windows that meet at midnight leave no hole.
 * Daylight saving needs no rule of its own: a skipped hour is never on the wall clock, a repeated one is there twice.
 *
 * With a `leadTime` a window opens earlier by that time, in every respect: its floor and standby count, nodes are made,
 * and sessions are placed on nodes that are ready.
 */
import type { EpochMs } from "../../model/clock";
import { weekdays, type AutoscaleConfig, type Schedule } from "../../model/config";
import type { ConfigState } from "../../model/state";
import { dayMs, epochDayOf, WallClocks, weekdayIndexOf, type EpochDay, type Span } from "../../model/wall-clock";
import type { Snapshot } from "../../model/snapshot";
import { usualBootSeconds } from "./boot-times";

/** The config's values that an open window may replace; with several open windows the highest value counts. */
export interface WindowOverrides {
  readonly minNodes?: number;
  readonly standbyCores?: number;
  readonly standbyGpus?: number;
  readonly standbyMemory?: number;
  readonly standbySlots?: number;
  readonly minimumAvailableSessions?: number;
}

export interface Window extends WindowOverrides {
  readonly isActive: boolean;
  /** The time that was asked for. */
  readonly sinceMs: EpochMs;
  /** Until then nothing about the answer changes; undefined = it never does. */
  readonly validUntilMs?: EpochMs;
  /** Only when inactive: when it opens; undefined = never again. */
  readonly opensAtMs?: EpochMs;
  /** Start of the coming window for which the config is open already because of `leadTime: auto`. */
  readonly earlyForMs?: EpochMs;
}

/** How long before its start a window with `leadTime: auto` opens. */
export interface Lead {
  readonly autoSeconds: number;
  /** Start of the window that is open early already: it stays open, however short the lead has become meanwhile. */
  readonly earlyForMs?: EpochMs | undefined;
}

const daySeconds = 86_400;
/** A window that started so many days ago may still be open: it lasts up to 24 hours, and time zones differ by a day. */
export const daysBack = 3;
export const overridable = [
  "minNodes",
  "standbyCores",
  "standbyGpus",
  "standbyMemory",
  "standbySlots",
  "minimumAvailableSessions",
] as const;

/** Whether a config with these schedules is active; without any it always is. */
export function windowAt(
  schedules: readonly Schedule[],
  nowMs: EpochMs,
  lead: Lead,
  clocks: WallClocks = new WallClocks(),
): Window {
  if (schedules.length === 0) return { isActive: true, sinceMs: nowMs };
  const edges = new Edges(nowMs);
  let isActive = false;
  let earlyForMs = Infinity;
  const overrides: { -readonly [K in keyof WindowOverrides]: number } = {};
  for (const schedule of schedules) {
    for (const { startMs, endMs } of openSpans(schedule, nowMs, clocks)) {
      const isPinned = schedule.leadTime === "auto" && startMs === lead.earlyForMs;
      const opensMs = isPinned ? nowMs : startMs - leadMs(schedule, lead);
      if (edges.isBehind(opensMs)) break;
      edges.note(opensMs, startMs, endMs);
      if (nowMs < opensMs || nowMs >= endMs) continue;
      isActive = true;
      if (nowMs < startMs && schedule.leadTime === "auto") earlyForMs = Math.min(earlyForMs, startMs);
      for (const key of overridable) {
        const value = schedule[key];
        if (value !== undefined) overrides[key] = Math.max(value, overrides[key] ?? 0);
      }
    }
  }
  const { nextMs } = edges;
  return {
    isActive,
    sinceMs: nowMs,
    ...(nextMs === Infinity ? {} : { validUntilMs: nextMs, ...(isActive ? {} : { opensAtMs: nextMs }) }),
    ...(earlyForMs === Infinity ? {} : { earlyForMs }),
    ...overrides,
  };
}

/** Windows looked at to find the next change: adjacent windows make no change where they meet. */
const changeStepsMax = 100;

/** When a config with these schedules becomes active or inactive next; undefined = not within a hundred windows. */
export function nextChangeMs(
  schedules: readonly Schedule[],
  nowMs: EpochMs,
  lead: Lead,
  clocks: WallClocks = new WallClocks(),
): EpochMs | undefined {
  const now = windowAt(schedules, nowMs, lead, clocks);
  let atMs = now.validUntilMs;
  for (let step = 0; step < changeStepsMax && atMs !== undefined; step += 1) {
    const then = windowAt(schedules, atMs, lead, clocks);
    if (then.isActive !== now.isActive) return atMs;
    atMs = then.validUntilMs;
  }
  return undefined;
}

/** The lead while no boot was measured. A Windows VM takes about twice as long as a Linux VM. */
const leadDefaultSeconds = { linux: 300, windows: 600 };
/** The longest automatic lead: a node that takes longer to boot is not worth waiting for. */
const leadMaxSeconds = 3600;

/**
 * `leadTime: auto` is the time in which nine of the last ten boots were done (90th percentile of up to 20), at most an
 * hour; before the first one 5 minutes, 10 for Windows.
 */
export function leadOf(config: AutoscaleConfig, state: ConfigState | undefined): Lead {
  const autoSeconds =
    usualBootSeconds(state?.bootSeconds) ?? leadDefaultSeconds[config.startupScript?.osType ?? "linux"];
  return { autoSeconds: Math.min(leadMaxSeconds, autoSeconds), earlyForMs: state?.earlyForMs };
}

/** A remembered window, with what it was worked out from. */
interface KnownWindow {
  readonly config: AutoscaleConfig;
  readonly schedules: readonly Schedule[];
  readonly bootSeconds: readonly number[] | undefined;
  readonly earlyForMs: EpochMs | undefined;
  readonly window: Window;
}

/** Remembers each config's window while it is valid, so that asking per request costs one map look-up. */
export class WindowCache {
  private readonly clocks = new WallClocks();
  private readonly known = new Map<string, KnownWindow>();

  at(config: AutoscaleConfig, snapshot: Pick<Snapshot, "schedulesOf" | "configStates">, nowMs: EpochMs): Window {
    const schedules = snapshot.schedulesOf(config.name);
    if (schedules.length === 0) return { isActive: true, sinceMs: nowMs };
    const state = snapshot.configStates.get(config.name);
    const { bootSeconds, earlyForMs } = state ?? {};
    const known = this.known.get(config.name);
    if (
      known?.schedules === schedules &&
      known.config === config &&
      known.bootSeconds === bootSeconds &&
      known.earlyForMs === earlyForMs &&
      nowMs >= known.window.sinceMs &&
      nowMs < (known.window.validUntilMs ?? Infinity)
    ) {
      return known.window;
    }
    const window = windowAt(schedules, nowMs, leadOf(config, state), this.clocks);
    this.known.set(config.name, { config, schedules, bootSeconds, earlyForMs, window });
    return window;
  }
}

/** The next time after now at which anything starts or ends. */
class Edges {
  nextMs = Infinity;

  constructor(private readonly nowMs: EpochMs) {}

  note(...edgesMs: readonly EpochMs[]): void {
    for (const edgeMs of edgesMs) if (edgeMs > this.nowMs) this.nextMs = Math.min(this.nextMs, edgeMs);
  }

  /** True when no later window can come first. A repeated hour may put two of them out of order, by less than a day. */
  isBehind(opensMs: EpochMs): boolean {
    return opensMs > this.nextMs + dayMs;
  }
}

export function leadMs({ leadTime }: Schedule, { autoSeconds }: Lead): number {
  return (leadTime === "auto" ? autoSeconds : leadTime) * 1000;
}

/** The times of a schedule's windows without the lead, in order: first those that may be open now, then coming ones. */
function* openSpans(schedule: Schedule, nowMs: EpochMs, clocks: WallClocks): Iterable<Span> {
  for (const day of startDays(schedule, Math.floor(nowMs / dayMs) - daysBack)) {
    yield* spansFrom(schedule, day, clocks);
  }
}

/** When the window that starts on this day is open; none or two when daylight saving skips or repeats it. */
export function spansFrom({ start, end, timezone }: Schedule, day: EpochDay, clocks: WallClocks): Span[] {
  const endOfDay = end === daySeconds - 60 || end === daySeconds - 1 ? daySeconds : end;
  const seconds = start < end ? endOfDay : daySeconds + (start === end ? end : endOfDay);
  const midnightMs = day * dayMs;
  return clocks.realSpans(timezone, { startMs: midnightMs + start * 1000, endMs: midnightMs + seconds * 1000 });
}

/**
 * Days on which the window starts, in order. Weekly days are listed for so many weeks that one is left however many are
 * exceptions.
 */
function* startDays({ days, dates, exceptDates }: Schedule, fromDay: EpochDay): Iterable<EpochDay> {
  const hidden = new Set(exceptDates.map(epochDayOf));
  const single = new Set(dates.map(epochDayOf));
  const weekly = new Set(days.map((day) => weekdays.indexOf(day)));
  const lastWeekly = fromDay + 7 * (hidden.size + 3);
  for (let day = fromDay; day <= lastWeekly; day += 1) {
    if (!hidden.has(day) && (single.has(day) || weekly.has(weekdayIndexOf(day)))) yield day;
  }
  yield* [...single].filter((day) => day > lastWeekly).sort((a, b) => a - b);
}
