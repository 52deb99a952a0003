/** The wall clocks of time zones. The only place that knows the calendar and daylight saving. */
import { Temporal } from "temporal-polyfill";
import type { EpochMs } from "./clock";

/** Days since 1970-01-01, of a date that belongs to no time zone. */
export type EpochDay = number;

/**
 * From `startMs` (included) to `endMs` (not included). On a wall clock the milliseconds count from 1970-01-01 00:00 as
 * that clock shows it; in real time they are {@link EpochMs}.
 */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export const dayMs = 86_400_000;

/** True for the names of time zones that {@link WallClocks} can read. */
export function isTimeZone(text: string): boolean {
  try {
    offsetMsAt(text, 0);
    return /^[A-Za-z]/.test(text);
  } catch {
    return false;
  }
}

/** Day of an ISO date such as `"2026-12-24"`. */
export function epochDayOf(isoDate: string): EpochDay {
  return Date.parse(`${isoDate}T00:00:00Z`) / dayMs;
}

/** 0 = Monday … 6 = Sunday. 1970-01-01 was a Thursday. */
export function weekdayIndexOf(day: EpochDay): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** Facts remembered at most; a fleet's schedules ask for the same few days. */
const factsMax = 10_000;

/** Reads wall clocks. Remembers offsets and their changes, which are slow to find out. */
export class WallClocks {
  private readonly facts = new Map<string, number>();

  /**
   * When the clock shows a time of this span, in order: usually one span of real time; none for a span that daylight
   * saving skips; two when the clock goes back behind the end and passes the span again.
   *
   * Each side of a change of the offset is taken for itself. There is at most one change in the days around a span:
   * no zone has two within a week.
   */
  realSpans(timezone: string, { startMs, endMs }: Span): Span[] {
    const around = { startMs: Math.floor(startMs / dayMs - 1) * dayMs, endMs: Math.ceil(endMs / dayMs + 1) * dayMs };
    const [before, after] = [this.offsetMs(timezone, around.startMs), this.offsetMs(timezone, around.endMs)];
    if (before === after) return [{ startMs: startMs - before, endMs: endMs - before }];
    const changeMs = this.changeMs(timezone, around);
    const spans = [
      { startMs: startMs - before, endMs: Math.min(endMs - before, changeMs) },
      { startMs: Math.max(startMs - after, changeMs), endMs: endMs - after },
    ].filter((span) => span.startMs < span.endMs);
    const [first, second] = spans;
    if (!first || !second || first.endMs < second.startMs) return spans;
    return [{ startMs: first.startMs, endMs: second.endMs }];
  }

  private offsetMs(timezone: string, atMs: EpochMs): number {
    return this.remember(`${timezone}@${atMs}`, () => offsetMsAt(timezone, atMs));
  }

  /** When the offset at the start of the span of real time becomes another one, to the second. */
  private changeMs(timezone: string, { startMs, endMs }: Span): EpochMs {
    return this.remember(`${timezone}@${startMs}-${endMs}`, () => {
      const before = offsetMsAt(timezone, startMs);
      let [still, already] = [startMs, endMs];
      while (already - still > 1000) {
        const middle = still + Math.floor((already - still) / 2000) * 1000;
        if (offsetMsAt(timezone, middle) === before) still = middle;
        else already = middle;
      }
      return already;
    });
  }

  private remember(key: string, find: () => number): number {
    const known = this.facts.get(key);
    if (known !== undefined) return known;
    if (this.facts.size >= factsMax) this.facts.clear();
    const found = find();
    this.facts.set(key, found);
    return found;
  }
}

/** What the zone's wall clock is ahead of UTC. */
export function offsetMsAt(timezone: string, atMs: EpochMs): number {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timezone).offsetNanoseconds / 1e6;
}

/** e.g. `2026-01-19 08:00 Europe/Berlin`. */
export function showWallTime(timezone: string, atMs: EpochMs): string {
  const face = new Date(atMs + offsetMsAt(timezone, atMs)).toISOString();
  return `${face.slice(0, 10)} ${face.slice(11, 16)} ${timezone}`;
}

/** ISO 8601 with the offset of that zone then, e.g. `2026-01-19T08:00:00+01:00`. */
export function showLocalTime(timezone: string, atMs: EpochMs): string {
  const offsetMinutes = Math.round(offsetMsAt(timezone, atMs) / 60_000);
  const face = new Date(atMs + offsetMinutes * 60_000).toISOString().slice(0, 19);
  const two = (count: number): string => String(count).padStart(2, "0");
  const size = Math.abs(offsetMinutes);
  return `${face}${offsetMinutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
