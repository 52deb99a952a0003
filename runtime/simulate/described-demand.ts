/**
 * Demand in words: `30 students, Mondays 13:00, 90 minutes, within 5 minutes`. How many, on which days at what time, how
 * long each stays, and over how long they come; `workspace NAME` where several are declared.
 */
import { ConfigError } from "../model/errors";
import { epochDayOf, isTimeZone, WallClocks, weekdayIndexOf } from "../model/wall-clock";
import type { EpochMs } from "../model/clock";
import type { SeededRng } from "../sim/rng";
import type { DemandSession } from "./demand";

export interface DescribedDemand {
  readonly people: number;
  /** Who they are, for their user names. */
  readonly who: string;
  /** 0 = Monday. */
  readonly weekdays: readonly number[];
  readonly minuteOfDay: number;
  readonly staySeconds: number;
  readonly withinSeconds: number;
  /** Undefined = the only one that is declared. */
  readonly workspace?: string;
}

const grammar =
  'say how many, when, how long and within what time, such as "30 students, Mondays 13:00, 90 minutes, within 5 minutes"; ' +
  "days: daily, weekdays, weekends, or names such as Mondays and Tuesdays; times: minutes or hours; " +
  'then, if several are declared, "workspace NAME"';

const dayNames = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const groups: Readonly<Record<string, readonly number[]>> = {
  daily: [0, 1, 2, 3, 4, 5, 6],
  weekdays: [0, 1, 2, 3, 4],
  weekends: [5, 6],
};
const peopleMax = 100_000;

export function parseDemand(text: string): DescribedDemand {
  const [people = "", when = "", stay = "", within = "", ...more] = text.split(",").map((part) => part.trim());
  const refuse = (part: string): never => {
    throw ConfigError.of([{ path: "--demand", message: `"${part}" of "${text}" is not understood; ${grammar}` }]);
  };
  const [, count = "", who = "user"] = /^(\d{1,6})\s+([\p{L}\d-]{1,40})$/u.exec(people) ?? refuse(people);
  if (Number(count) < 1 || Number(count) > peopleMax) refuse(people);
  const [, days = "", hours = "", minutes = ""] = /^(.+?)\s+(?:at\s+)?(\d{1,2}):(\d{2})$/.exec(when) ?? refuse(when);
  if (Number(hours) > 23 || Number(minutes) > 59) refuse(when);
  const weekdays = weekdaysOf(days) ?? refuse(when);
  const staySeconds = secondsOf(stay) ?? refuse(stay);
  const withinSeconds = within === "" ? 0 : (secondsOf(/^within\s+(.*)$/i.exec(within)?.[1] ?? "") ?? refuse(within));
  const [, workspace] = more[0] === undefined ? [] : (/^workspace\s+(\S+)$/i.exec(more[0]) ?? refuse(more[0]));
  if (more.length > 1) refuse(more[1]!);
  return {
    ...{ people: Number(count), who, weekdays, minuteOfDay: Number(hours) * 60 + Number(minutes) },
    ...{ staySeconds, withinSeconds, ...(workspace === undefined ? {} : { workspace }) },
  };
}

function weekdaysOf(text: string): readonly number[] | undefined {
  const words = text.toLowerCase().split(/\s+and\s+|\s+/);
  const found = words.map((word) => groups[word] ?? dayOf(word));
  return found.some((days) => days === undefined)
    ? undefined
    : [...new Set(found.flatMap((days) => days ?? []))].sort();
}

function dayOf(word: string): readonly number[] | undefined {
  const index = dayNames.findIndex((name) => [name, `${name}s`, name.slice(0, 3)].includes(word));
  return index < 0 ? undefined : [index];
}

function secondsOf(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,5}(?:\.\d{1,3})?)\s+(second|minute|hour)s?$/i.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const factors: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600 };
  return Math.round(Number(amount) * factors[unit.toLowerCase()]!);
}

export interface DemandSpan {
  /** ISO date of the first day. */
  readonly firstDay: string;
  readonly days: number;
  readonly timeZone: string;
}

/** When the span begins and ends, in real time. */
export function realSpan({ firstDay, days, timeZone }: DemandSpan): {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
} {
  if (!isTimeZone(timeZone)) {
    const message = `got "${timeZone}"; use the name of a time zone such as "Europe/Berlin"`;
    throw ConfigError.of([{ path: "--time-zone", message }]);
  }
  const startMs = epochDayOf(firstDay) * dayMs;
  const [span] = new WallClocks().realSpans(timeZone, { startMs, endMs: startMs + days * dayMs });
  return { fromMs: span!.startMs, toMs: span!.endMs };
}

/** Sessions of all the descriptions, in order. Each comes at a moment of its own that the chance gives. */
export function describedSessions(
  demands: readonly DescribedDemand[],
  span: DemandSpan,
  { rng, onlyWorkspace }: { readonly rng: SeededRng; readonly onlyWorkspace: string | undefined },
): DemandSession[] {
  const clocks = new WallClocks();
  const sessions: DemandSession[] = [];
  for (const [index, demand] of demands.entries()) {
    const workspace = demand.workspace ?? onlyWorkspace;
    if (workspace === undefined) {
      throw ConfigError.of([
        { path: "--demand", message: 'several workspaces are declared; end with ", workspace NAME"' },
      ]);
    }
    const chance = rng.fork(`demand ${index}`);
    for (let day = epochDayOf(span.firstDay); day < epochDayOf(span.firstDay) + span.days; day += 1) {
      if (!demand.weekdays.includes(weekdayIndexOf(day))) continue;
      const startMs = day * dayMs + demand.minuteOfDay * 60_000;
      const [at] = clocks.realSpans(span.timeZone, { startMs, endMs: startMs + 60_000 });
      if (!at) continue;
      for (let person = 1; person <= demand.people; person += 1) {
        const afterMs = Math.floor(chance.next() * demand.withinSeconds * 1000);
        const of = { atMs: at.startMs + afterMs, holdMs: demand.staySeconds * 1000 };
        sessions.push({ ...of, workspace, userId: `${demand.who}-${index + 1}-${person}` });
      }
    }
  }
  return sessions.sort((a, b) => a.atMs - b.atMs);
}

const dayMs = 86_400_000;
