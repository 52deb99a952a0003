/**
 * Schedules, worked out a second time: by the texts that `Intl.DateTimeFormat` shows as the wall clock, minute by minute,
 * from the documents as users write them. Shares nothing with the runtime, and knows no offsets, only clock faces.
 */
import type { DefinitionDocOf } from "../../runtime/model/config";

export type ScheduleDoc = DefinitionDocOf<"schedule">;

export const minuteMs = 60_000;
export const dayMs = 86_400_000;

export interface ClockFace {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** `HH:MM:SS`. */
  readonly time: string;
}

/** The wall clock of one time zone. */
export class Clock {
  private readonly format: Intl.DateTimeFormat;

  constructor(readonly timezone: string) {
    const [year, two] = ["numeric", "2-digit"] as const;
    const date = { year, month: two, day: two, hour: two, minute: two, second: two } as const;
    this.format = new Intl.DateTimeFormat("en-US", { ...date, hourCycle: "h23", timeZone: timezone });
  }

  at(atMs: number): ClockFace {
    const shown = this.format.format(atMs); // 05/06/2029, 23:58:56
    return {
      date: `${shown.slice(6, 10)}-${shown.slice(0, 2)}-${shown.slice(3, 5)}`,
      time: shown.slice(12, 20),
    };
  }

  /** Difference of the clock face from that of UTC. */
  aheadMs(atMs: number): number {
    const { date, time } = this.at(atMs);
    return Date.parse(`${date}T${time}Z`) - atMs;
  }

  /** Minutes at which the clock is set, forward or back. No zone sets its clock twice within a week. */
  changes(fromMs: number, toMs: number): { readonly atMs: number; readonly aheadMs: number }[] {
    const found = [];
    for (let startMs = fromMs; startMs < toMs; startMs += 7 * dayMs) {
      const aheadMs = this.aheadMs(startMs + 7 * dayMs);
      if (this.aheadMs(startMs) === aheadMs) continue;
      let [still, already] = [startMs, startMs + 7 * dayMs];
      while (already - still > minuteMs) {
        const middle = still + Math.round((already - still) / 2 / minuteMs) * minuteMs;
        if (this.aheadMs(middle) === aheadMs) already = middle;
        else still = middle;
      }
      found.push({ atMs: already, aheadMs });
    }
    return found;
  }
}

const names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** One schedule's rules, by comparing texts. */
export class Rules {
  private readonly start: string;
  private readonly end: string;
  private readonly goesOn: boolean;
  private face = "";
  private startsToday = false;
  private startedYesterday = false;

  constructor(private readonly doc: ScheduleDoc) {
    const whole = (text: string) => (text.length === 5 ? `${text}:00` : text);
    const [start, end] = [whole(doc.start), whole(doc.end)];
    this.goesOn = start >= end;
    this.start = start;
    this.end = start !== end && (end === "23:59:00" || end === "23:59:59") ? "24:00:00" : end;
  }

  isOpen({ date, time }: ClockFace): boolean {
    if (date !== this.face) {
      this.face = date;
      this.startsToday = this.startsOn(date);
      this.startedYesterday = this.startsOn(dateBefore(date));
    }
    if (!this.goesOn) return this.startsToday && time >= this.start && time < this.end;
    return (this.startsToday && time >= this.start) || (this.startedYesterday && time < this.end);
  }

  private startsOn(date: string): boolean {
    if (this.doc.exceptDates?.includes(date)) return false;
    const name = names[new Date(`${date}T12:00:00Z`).getUTCDay()]!;
    return Boolean(this.doc.dates?.includes(date) || this.doc.days?.includes(name));
  }
}

function dateBefore(date: string): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) - dayMs).toISOString().slice(0, 10);
}

/** Every minute of a span of time; the faces are read once for all schedules. */
export class Minutes {
  private readonly faces: ClockFace[] = [];

  constructor(
    private readonly clock: Clock,
    /** On a whole minute. */
    readonly fromMs: number,
    /** Minutes to be judged. */
    readonly count: number,
    /** Minutes read beyond, for leads. */
    beyond: number,
  ) {
    const toMs = fromMs + (count + beyond) * minuteMs;
    for (let atMs = fromMs; atMs < toMs; atMs += 60 * minuteMs)
      this.readHour(atMs, Math.min(60, (toMs - atMs) / minuteMs));
  }

  /** When an hour on the clock takes an hour and ends on the same day, the minutes in it are counted, else each is read. */
  private readHour(atMs: number, minutes: number): void {
    const [first, last] = [this.clock.at(atMs), this.clock.at(atMs + 59 * minuteMs)];
    const isEven = first.date === last.date && minuteOf(last) - minuteOf(first) === 59;
    for (let index = 0; index < minutes; index += 1) {
      const time = isEven ? timesOfDay[minuteOf(first) + index]! : undefined;
      this.faces.push(time === undefined ? this.clock.at(atMs + index * minuteMs) : { date: first.date, time });
    }
  }

  /** Minute by minute: active now, because open now or within the lead. */
  activity(rules: Rules, leadMinutes: number): Uint8Array {
    const open = this.faces.map((face) => rules.isOpen(face));
    const active = new Uint8Array(this.faces.length);
    let untilOpen = Infinity;
    for (let index = this.faces.length - 1; index >= 0; index -= 1) {
      untilOpen = open[index] ? 0 : untilOpen + 1;
      active[index] = untilOpen <= leadMinutes ? 1 : 0;
    }
    return active;
  }
}

const two = (part: number) => String(part).padStart(2, "0");
const timesOfDay = Array.from({ length: 1440 }, (_, of) => `${two(Math.floor(of / 60))}:${two(of % 60)}:00`);

function minuteOf({ time }: ClockFace): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}
