/** A week as a calendar: days of a zone, which have 23 or 25 hours twice a year, and bars in them. */
import { dayOf } from "./clock-text";

export interface CalendarDay {
  /** `2026-11-26`. */
  readonly date: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const hourMs = 3_600_000;

/** The first instant of the zone's day in which this time is. */
export function startOfDay(atMs: number, timeZone: string): number {
  const date = dayOf(atMs, timeZone);
  // Days begin on a quarter of an hour in every zone, and none has more than 25 hours.
  const quarterMs = hourMs / 4;
  let [before, within] = [Math.floor((atMs - 26 * hourMs) / quarterMs), Math.floor(atMs / quarterMs)];
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (dayOf(middle * quarterMs, timeZone) === date) within = middle;
    else before = middle;
  }
  return within * quarterMs;
}

/** So many days from the one that holds the time. */
export function daysFrom(atMs: number, count: number, timeZone: string): CalendarDay[] {
  const days: CalendarDay[] = [];
  let fromMs = startOfDay(atMs, timeZone);
  while (days.length < count) {
    const toMs = startOfDay(fromMs + 26 * hourMs, timeZone);
    days.push({ date: dayOf(fromMs, timeZone), fromMs, toMs });
    fromMs = toMs;
  }
  return days;
}

/** The part of a span that lies in the day, as shares of the day from 0 to 1; undefined = none does. */
export function partOfDay(
  { fromMs, toMs }: { fromMs: number; toMs: number },
  day: CalendarDay,
): { readonly start: number; readonly end: number } | undefined {
  const start = Math.max(fromMs, day.fromMs);
  const end = Math.min(toMs, day.toMs);
  if (end <= start) return undefined;
  const length = day.toMs - day.fromMs;
  return { start: (start - day.fromMs) / length, end: (end - day.fromMs) / length };
}
