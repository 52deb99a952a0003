/**
 * A short day of session requests: a quiet morning, a class that starts at once, a long tail. The same on every run.
 * One "hour" of the day is three seconds of the demo.
 */

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
  return visits;
}
