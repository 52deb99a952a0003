/** In which day, week or month of a budget a moment lies. */
import type { EpochMs } from "../../model/clock";
import type { Budget } from "../../model/budget";
import { dayMs, showLocalTime, weekdayIndexOf, WallClocks, type EpochDay } from "../../model/wall-clock";

export interface Period {
  readonly startMs: EpochMs;
  /** Not included: the next one begins. */
  readonly endMs: EpochMs;
}

/** Remembers the period of each budget while it lasts. */
export class Periods {
  private readonly clocks = new WallClocks();
  private readonly known = new Map<string, Period>();

  at({ per, timezone }: Pick<Budget, "per" | "timezone">, nowMs: EpochMs): Period {
    const key = `${per} ${timezone}`;
    const known = this.known.get(key);
    if (known && nowMs >= known.startMs && nowMs < known.endMs) return known;
    const [first, next] = daysOf(per, dayAt(timezone, nowMs));
    const period = { startMs: this.startOf(timezone, first), endMs: this.startOf(timezone, next) };
    this.known.set(key, period);
    return period;
  }

  /** A calendar may leave out a whole day, as Samoa's did: then it starts with the next one. */
  private startOf(timezone: string, day: EpochDay): EpochMs {
    const [span] = this.clocks.realSpans(timezone, { startMs: day * dayMs, endMs: (day + 1) * dayMs });
    return span?.startMs ?? this.startOf(timezone, day + 1);
  }
}

function dayAt(timezone: string, atMs: EpochMs): EpochDay {
  return Date.parse(showLocalTime(timezone, atMs).slice(0, 10)) / dayMs;
}

/** The first day of the period that the day is in, and of the next one. */
function daysOf(per: Budget["per"], day: EpochDay): readonly [EpochDay, EpochDay] {
  switch (per) {
    case "day":
      return [day, day + 1];
    case "week": {
      const monday = day - weekdayIndexOf(day);
      return [monday, monday + 7];
    }
    case "month": {
      const date = new Date(day * dayMs);
      const firstOf = (months: number): EpochDay =>
        Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months) / dayMs;
      return [firstOf(0), firstOf(1)];
    }
  }
}
