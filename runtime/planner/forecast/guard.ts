/**
 * Whether the forecast has been worse than plain standby on the last days, both reckoned on the same demand: idle time and
 * those waits together that are beyond the objective, a wait at the price that keeps it. Then plain standby holds until the
 * forecast has been no dearer for some days in a row. Never by one bad day, and not to and fro.
 *
 * Example: of 1,000 sessions 50 may wait and a wait costs 5,000 s. The forecast had 100 idle hours and 60 waits, plain
 * standby 120 hours and 20 waits: 100 + 10 * 1.39 = 114 hours against 120: the forecast is better.
 */
import type { Outcome } from "./reckoned-pool";

export interface GuardState {
  isSteppedBack: boolean;
  /** Days in a row on which the other side was better. */
  days: number;
}

/** Days in a row until the guard changes its mind. */
const daysToStepBack = 4;
const daysToReturn = 3;
/** How much dearer than plain standby the forecast must have been to step back; to return it must be no dearer. */
const slack = 1.5;
/** Sessions without which a record says nothing. */
const sessionsMin = 30;

export function emptyGuard(): GuardState {
  return { isSteppedBack: false, days: 0 };
}

/** What a wait costs, in seconds of an idle place, and the share of sessions that may wait for nothing. */
export interface WaitCost {
  readonly price: number;
  readonly objectiveShare: number;
}

/** At the end of a day, with what both would have done on the last days. */
export function judgeDay(guard: GuardState, forecast: Outcome, plain: Outcome, wait: WaitCost): void {
  if (forecast.sessions < sessionsMin || forecast.isSpoilt || plain.isSpoilt) return;
  const isWorse = costOf(forecast, wait) > costOf(plain, wait) * (guard.isSteppedBack ? 1 : slack);
  guard.days = isWorse === guard.isSteppedBack ? 0 : guard.days + 1;
  if (guard.days < (guard.isSteppedBack ? daysToReturn : daysToStepBack)) return;
  guard.isSteppedBack = isWorse;
  guard.days = 0;
}

/** Waits that the objective allows cost nothing. */
function costOf({ sessions, waited, idleSeconds }: Outcome, { price, objectiveShare }: WaitCost): number {
  return idleSeconds + price * Math.max(0, waited - objectiveShare * sessions);
}
