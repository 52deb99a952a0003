/**
 * The best day/night schedule of two static pools, chosen in hindsight: a standby for the day's hours and one for the rest,
 * with the hours, found by looking around the best so far until nothing near it is better.
 */
import type { TraceSession } from "../../runtime/model/demand-trace";
import { between, type Baseline, type StaticScores } from "./baselines";
import { play, type PlayOptions, type Policy, type Score } from "./play";

interface DayNight {
  readonly dayFree: number;
  readonly nightFree: number;
  /** Hours of the local clock; the day is [from, to). */
  readonly fromHour: number;
  readonly toHour: number;
}

const backoffSeconds = 900;

export function dayNightStandby({ dayFree, nightFree, fromHour, toHour }: DayNight, startLocalMs: number): Policy {
  const startSeconds = startLocalMs / 1000;
  const day = { free: dayFree, ready: 0, backoffSeconds };
  const night = { free: nightFree, ready: 0, backoffSeconds };
  return {
    wanted(atSeconds) {
      const hour = ((startSeconds + atSeconds) / 3600) % 24;
      return hour >= fromHour && hour < toHour ? day : night;
    },
  };
}

export class ScheduleSearch {
  private readonly scores = new Map<string, Score>();

  constructor(
    private readonly sessions: readonly TraceSession[],
    private readonly options: PlayOptions,
    private readonly startLocalMs: number,
    private readonly statics: StaticScores,
  ) {}

  at(waitingShare: number): Baseline {
    const free = this.statics.smallestFor(waitingShare);
    let best = this.costOf({ dayFree: free, nightFree: free, fromHour: 7, toHour: 22 }, waitingShare);
    for (let step = 4; step >= 1; step = Math.floor(step / 2)) {
      for (let isBetter = true; isBetter;) {
        isBetter = false;
        for (const near of around(best.choice, step)) {
          const found = this.costOf(near, waitingShare);
          if (found.idleHours >= best.idleHours) continue;
          best = found;
          isBetter = true;
        }
      }
    }
    const { nightFree, dayFree, fromHour, toHour } = best.choice;
    const chosen = `${dayFree} from ${fromHour}:00 to ${toHour}:00, else ${nightFree}`;
    return { idleHours: best.idleHours, idleOverhead: best.idleOverhead, chosen };
  }

  /** With the standby by day that keeps the share, given the other three. */
  private costOf(choice: DayNight, waitingShare: number) {
    let dayFree = choice.dayFree;
    const scoreOf = (free: number): Score => this.score({ ...choice, dayFree: free });
    while (scoreOf(dayFree).waitingShare > waitingShare && dayFree < 4 * choice.dayFree + 8) dayFree += 1;
    if (scoreOf(dayFree).waitingShare > waitingShare) return { choice, idleHours: Infinity, idleOverhead: Infinity };
    while (dayFree > 0 && scoreOf(dayFree - 1).waitingShare <= waitingShare) dayFree -= 1;
    const more = scoreOf(dayFree);
    const cost = dayFree === 0 ? more : between(scoreOf(dayFree - 1), more, waitingShare);
    return { choice: { ...choice, dayFree }, idleHours: cost.idleHours, idleOverhead: cost.idleOverhead };
  }

  private score(choice: DayNight): Score {
    const key = JSON.stringify(choice);
    const known = this.scores.get(key);
    if (known) return known;
    const score = play(this.sessions, dayNightStandby(choice, this.startLocalMs), this.options);
    this.scores.set(key, score);
    return score;
  }
}

function around(choice: DayNight, step: number): DayNight[] {
  const { nightFree, fromHour, toHour } = choice;
  return [
    { ...choice, nightFree: Math.max(0, nightFree - step) },
    { ...choice, nightFree: nightFree + step },
    { ...choice, fromHour: Math.max(0, fromHour - step) },
    { ...choice, fromHour: Math.min(toHour - 1, fromHour + step) },
    { ...choice, toHour: Math.max(fromHour + 1, toHour - step) },
    { ...choice, toHour: Math.min(24, toHour + step) },
  ];
}
