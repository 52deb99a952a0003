/**
 * A short day of session requests: a quiet morning, a class that starts at once, a long tail. The same on every run.
 * One "hour" of the day is three seconds of the demo.
 */

import type { OvernightWindow } from "./declarations";

/** One user's visit. */
export interface Visit {
  /** Seconds after the start of the day. */
  readonly atSeconds: number;
  readonly holdSeconds: number;
  readonly workspace: string;
  readonly userId: string;
}

/** Visits in order of time. */
export function shortDay(): Visit[] {
  const visits: Visit[] = [];
  const add = (atSeconds: number, holdSeconds: number, workspace: string) =>
    visits.push({ atSeconds, holdSeconds, workspace, userId: `user-${visits.length + 1}` });

  // The first users of the morning: one browser, one desktop, on cold pools.
  add(0, 9, "browser");
  add(1, 12, "desktop");
  add(3, 10, "browser");
  // Two jobs in the night lab; the second is still at work when the lab's window closes, and is not cut off.
  add(2, 4, "render");
  add(4, 20, "render");
  // 13:00: ten students at once.
  for (let student = 0; student < 10; student++) add(10 + student * 0.1, 7 + (student % 4), "browser");
  add(11, 9, "desktop");
  add(12, 8, "desktop");
  // The afternoon: fits on what is there.
  add(16, 6, "browser");
  add(17, 5, "browser");
  add(19, 4, "desktop");
  // The last one of the evening.
  add(24, 4, "browser");
  return visits.sort((a, b) => a.atSeconds - b.atSeconds);
}

/**
 * A window from ten minutes after this time of day until `closesInSeconds` from now, on the following day: overnight,
 * and open now. Told in a zone where it is around noon, so that neither end comes near midnight.
 */
export function overnightWindow(nowMs: number, closesInSeconds: number): OvernightWindow {
  const offsetHours = 12 - new Date(nowMs).getUTCHours();
  // In these names the sign is the other way round: Etc/GMT-5 is five hours ahead of UTC.
  const timezone = offsetHours === 0 ? "Etc/GMT" : `Etc/GMT${offsetHours > 0 ? "-" : "+"}${Math.abs(offsetHours)}`;
  const clock = (atMs: number) => new Date(atMs + offsetHours * 3_600_000).toISOString().slice(11, 19);
  return { start: clock(nowMs + 600_000), end: clock(nowMs + closesInSeconds * 1000), timezone };
}
