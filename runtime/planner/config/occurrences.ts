/** The windows of one schedule in a span of time, also those that an exception leaves out. */
import type { EpochMs } from "../../model/clock";
import { weekdays, type Schedule } from "../../model/config";
import { dayMs, epochDayOf, WallClocks, weekdayIndexOf, type EpochDay, type Span } from "../../model/wall-clock";
import { daysBack, leadMs, spansFrom, type Lead } from "./windows";

export interface Occurrence {
  /** The day on which the window starts, by the schedule's clock. */
  readonly day: EpochDay;
  /** One of `exceptDates`: it does not open. */
  readonly isExcepted: boolean;
  /** With the lead, as it is now. */
  readonly opensAtMs: EpochMs;
  readonly startsAtMs: EpochMs;
  readonly endsAtMs: EpochMs;
}

/** Those that are open at any time of the span, in order. A window that daylight saving skips is not there, one that it repeats twice. */
export function occurrencesOf(
  schedule: Schedule,
  span: Span,
  lead: Lead,
  clocks: WallClocks = new WallClocks(),
): Occurrence[] {
  const excepted = new Set(schedule.exceptDates.map(epochDayOf));
  const earlyMs = leadMs(schedule, lead);
  const found: Occurrence[] = [];
  const lastDay = Math.ceil((span.endMs + earlyMs) / dayMs) + 1;
  for (let day = Math.floor(span.startMs / dayMs) - daysBack; day <= lastDay; day += 1) {
    if (!startsOn(schedule, day)) continue;
    for (const { startMs, endMs } of spansFrom(schedule, day, clocks)) {
      const opensAtMs = startMs - earlyMs;
      if (endMs <= span.startMs || opensAtMs >= span.endMs) continue;
      found.push({ day, isExcepted: excepted.has(day), opensAtMs, startsAtMs: startMs, endsAtMs: endMs });
    }
  }
  return found.sort((a, b) => a.startsAtMs - b.startsAtMs);
}

/** Also on days that are excepted. */
function startsOn({ days, dates }: Schedule, day: EpochDay): boolean {
  return days.includes(weekdays[weekdayIndexOf(day)]!) || dates.some((date) => epochDayOf(date) === day);
}
