/**
 * How many sessions are asked for at which time of the week: a rate for each five minutes of it, by the local clock. Older
 * weeks count less and less. A time that was seen in few weeks borrows from the same time of like days (Monday to Friday,
 * or the weekend), so that a young forecast knows mornings before it knows Tuesdays.
 */
import type { EpochMs } from "../../model/clock";

export const binMinutes = 5;
const binsPerDay = (24 * 60) / binMinutes;
export const binsPerWeek = 7 * binsPerDay;
/** What the newest week counts at least: about five weeks are remembered. */
const newestShare = 0.2;
/** Neighbours on each side that a bin is smoothed with, each half as heavy as the bin itself. */
const neighbours = 2;
/** Weeks that the like days together weigh. */
const likeDaysWeigh = 1;

export interface SeasonState {
  /** Arrivals per bin of the week, smoothed over the weeks. */
  readonly rates: number[];
  /** Weeks in which the bin was seen open, up to 9. */
  readonly weeks: number[];
}

export function emptySeason(): SeasonState {
  return { rates: new Array<number>(binsPerWeek).fill(0), weeks: new Array<number>(binsPerWeek).fill(0) };
}

/** Index of the bin of the week by a local clock, Monday 00:00 = 0. `localMs` is the wall clock read as if it were UTC. */
export function binOf(localMs: EpochMs): number {
  const bins = Math.floor(localMs / (binMinutes * 60_000));
  // 1970-01-01 was a Thursday.
  return (((bins + 3 * binsPerDay) % binsPerWeek) + binsPerWeek) % binsPerWeek;
}

/** A whole bin passed, during all of which the config was open. */
export function learnBin({ rates, weeks }: SeasonState, bin: number, arrivals: number): void {
  const seen = Math.min(9, weeks[bin]! + 1);
  weeks[bin] = seen;
  const share = Math.max(newestShare, 1 / seen);
  rates[bin] = round(rates[bin]! + share * (arrivals - rates[bin]!));
}

/**
 * Arrivals that are usual per bin around this one; undefined while nothing like it was seen. A neighbour counts as far as
 * its difference may be chance: the minutes before a lesson are not like those after its start.
 */
export function usualOf(season: SeasonState, bin: number): number | undefined {
  const own = rateWithLikeDays(season, bin);
  let [sum, weight] = own === undefined ? [0, 0] : [own, 1];
  for (let near = -neighbours; near <= neighbours; near += 1) {
    if (near === 0) continue;
    const at = (bin + near + binsPerWeek) % binsPerWeek;
    const rate = rateWithLikeDays(season, at);
    if (rate === undefined) continue;
    const share = 0.5 * (own === undefined ? 1 : likeness(rate, own, season.weeks[bin]!));
    sum += share * rate;
    weight += share;
  }
  return weight > 0 ? sum / weight : undefined;
}

/** 1 = the same; near 0 = more apart than chance makes averages over so many weeks. */
function likeness(rate: number, own: number, weeks: number): number {
  const chance = (rate + own + 0.2) / Math.max(1, weeks);
  return Math.exp(-((rate - own) ** 2) / (4 * chance));
}

function rateWithLikeDays({ rates, weeks }: SeasonState, bin: number): number | undefined {
  const own = weeks[bin]!;
  // Five weeks of its own are enough.
  if (own >= 5) return rates[bin]!;
  const day = Math.floor(bin / binsPerDay);
  const [firstDay, lastDay] = day < 5 ? [0, 4] : [5, 6];
  let [sum, days] = [0, 0];
  for (let like = firstDay; like <= lastDay; like += 1) {
    const at = like * binsPerDay + (bin % binsPerDay);
    if (like === day || weeks[at] === 0) continue;
    sum += rates[at]!;
    days += 1;
  }
  if (days === 0) return own > 0 ? rates[bin]! : undefined;
  return (own * rates[bin]! + likeDaysWeigh * (sum / days)) / (own + likeDaysWeigh);
}

function round(rate: number): number {
  return Math.round(rate * 10_000) / 10_000;
}
