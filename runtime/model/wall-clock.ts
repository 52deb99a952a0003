/** The wall clock of a time zone. The only place that knows the calendar. */
import { Temporal } from "temporal-polyfill";
import type { EpochMs } from "./clock";
import { weekdays, type Weekday } from "./config";

export interface WallTime {
  readonly weekday: Weekday;
  readonly secondOfDay: number;
  readonly msOfSecond: number;
}

export function wallTimeAt(timezone: string, atMs: EpochMs): WallTime {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(timezone);
  return {
    weekday: weekdays[local.dayOfWeek - 1]!,
    secondOfDay: local.hour * 3600 + local.minute * 60 + local.second,
    msOfSecond: local.millisecond,
  };
}

/**
 * The next time after `afterMs`, within eight days, when the wall clock of one of the days reads `secondOfDay`. A time
 * that daylight saving skips that day counts as the first one after the gap.
 */
export function nextWallTimeMs(
  { timezone, days, secondOfDay }: { timezone: string; days: readonly Weekday[]; secondOfDay: number },
  afterMs: EpochMs,
): EpochMs | undefined {
  const today = Temporal.Instant.fromEpochMilliseconds(Math.floor(afterMs)).toZonedDateTimeISO(timezone).toPlainDate();
  const plainTime = new Temporal.PlainTime().add({ seconds: secondOfDay });
  for (let ahead = 0; ahead <= 8; ahead += 1) {
    const date = today.add({ days: ahead });
    if (!days.includes(weekdays[date.dayOfWeek - 1]!)) continue;
    const atMs = date.toZonedDateTime({ timeZone: timezone, plainTime }).epochMilliseconds;
    if (atMs > afterMs) return atMs;
  }
  return undefined;
}
