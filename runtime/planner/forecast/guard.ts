/**
 * Whether the forecast has been worse than plain standby on the last days, both reckoned on the same demand: idle time and
 * waits together, a wait at the price that keeps the objective. Then plain standby holds until the forecast has been better
 * for some days in a row. Never by one bad day, and not to and fro.
 *
 * Example: at a price of 5,000 s the forecast had 100 idle hours and 60 waits, plain standby 150 hours and 20 waits:
 * 100 + 60 * 1.39 = 183 hours against 150 + 20 * 1.39 = 178: 3 % worse, which is within the slack.
 */
import type { Outcome } from "./reckoned-pool";

export interface GuardState {
  isSteppedBack: boolean;
  /** Days in a row on which the other side was better. */
  days: number;
}

/** Days in a row until the guard changes its mind. */
const daysToStepBack = 2;
const daysToReturn = 3;
/** How much dearer than plain standby the forecast must have been to step back; to return it must be no dearer. */
const slack = 1.1;
/** Sessions without which a record says nothing. */
const sessionsMin = 30;

export function emptyGuard(): GuardState {
  return { isSteppedBack: false, days: 0 };
}

/** At the end of a day, with what both would have done on the last days, and what a wait costs in seconds of an idle place. */
export function judgeDay(guard: GuardState, forecast: Outcome, plain: Outcome, price: number): void {
  if (forecast.sessions < sessionsMin || forecast.isSpoilt || plain.isSpoilt) return;
  const cost = ({ idleSeconds, waited }: Outcome): number => idleSeconds + price * waited;
  const isWorse = cost(forecast) > cost(plain) * (guard.isSteppedBack ? 1 : slack);
  guard.days = isWorse === guard.isSteppedBack ? 0 : guard.days + 1;
  if (guard.days < (guard.isSteppedBack ? daysToReturn : daysToStepBack)) return;
  guard.isSteppedBack = isWorse;
  guard.days = 0;
}
