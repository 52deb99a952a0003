/** Times and spans as people say them. Every time is shown in a zone that is named beside it. */

import { formatSpan } from "../../runtime/model/units";

export { formatSpan };

/** `in 40 s` or `3 min ago`. */
export function formatDistance(atMs: number, nowMs: number): string {
  return atMs > nowMs ? `in ${formatSpan(atMs - nowMs)}` : `${formatSpan(nowMs - atMs)} ago`;
}

/** `14:05:10` today, else with its day: `Thu 26 Nov, 14:05`. */
export function formatClock(atMs: number, nowMs: number, timeZone: string): string {
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone };
  if (dayOf(atMs, timeZone) === dayOf(nowMs, timeZone)) {
    return new Intl.DateTimeFormat("en-GB", { ...time, second: "2-digit" }).format(atMs);
  }
  const day: Intl.DateTimeFormatOptions = { weekday: "short", day: "numeric", month: "short" };
  return new Intl.DateTimeFormat("en-GB", { ...day, ...time }).format(atMs);
}

/** `2026-11-26` where the zone's clock shows that day. */
export function dayOf(atMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone }).format(atMs);
}

/** `Europe/Berlin (UTC+1)`, by the offset of that time. */
export function nameZone(timeZone: string, atMs: number): string {
  if (timeZone === "UTC") return "UTC";
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "shortOffset" }).formatToParts(atMs);
  const offset = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  return `${timeZone} (${offset.replace("GMT", "UTC")})`;
}

/** `1 node`, `3 nodes`. */
export function formatCount(count: number, noun: string): string {
  const many =
    noun.endsWith("s") || noun.endsWith("x") ? `${noun}es` : noun.replace(/([^aeiou])y$/, "$1ie").concat("s");
  return `${count.toLocaleString("en-GB")} ${count === 1 ? noun : many}`;
}

/** At most two digits behind the point; `–` for what is not known, which is never shown as 0. */
export function formatNumber(value: number | null | undefined): string {
  if (value === undefined || value === null) return "–";
  return value.toLocaleString("en-GB", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1 });
}

/** How long somebody waited: `at once` below a second; undefined stays so. */
export function formatWait(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : ms < 1_000 ? "at once" : formatSpan(ms);
}
