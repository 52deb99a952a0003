/**
 * What a session that waits costs, in seconds of an idle place, steered so that the declared share waits: each session that
 * waits makes waiting dearer, each that does not makes it a little cheaper. Whatever the forecast gets wrong, the steps up
 * and down cancel out only at the objective: over many sessions the waiting share is that of the objective, and differs by
 * no more than the price has moved, divided by `gain * sessions`.
 */

const priceMin = 50;
const priceMax = 5_000_000;
/** How far the price falls in a day in which nobody waits: exp(-0.08); faster while it is young. */
const driftPerDay = 0.08;
const driftYoung = 0.3;
/** How far the price may be from the usual one, as a power of e. */
const reachYoung = 0.7;
const reachPerWeek = 0.25;
const gainMin = 0.001;
const gainMax = 0.5;

/** What is known of the demand when a price is judged. */
export interface PriceBasis {
  readonly objectiveShare: number;
  readonly bootSeconds: number;
  readonly sessionsPerDay: number;
}

/** A price to begin with: what kept such an objective on usual demand. With more sessions chance matters less. */
export function usualLogPrice({ objectiveShare, bootSeconds, sessionsPerDay }: PriceBasis): number {
  const traffic = 0.5 * Math.log(500 / Math.max(1, sessionsPerDay));
  return Math.log(2500) + 1.6 * Math.log(0.05 / objectiveShare) + 0.45 * Math.log(bootSeconds / 300) + traffic;
}

export interface SessionOutcome extends PriceBasis {
  readonly waited: boolean;
  readonly weeksKnown: number;
}

/**
 * The logarithm of the price after one more session. The less is known, the closer it stays to the usual one: waits of the
 * first weeks come from what is not learned yet, and would make the price too high for long.
 */
export function nextLogPrice(logPrice: number, outcome: SessionOutcome): number {
  const { waited, objectiveShare, sessionsPerDay, weeksKnown } = outcome;
  const drift = driftPerDay + driftYoung / (1 + weeksKnown);
  const gain = Math.min(gainMax, Math.max(gainMin, drift / (objectiveShare * Math.max(1, sessionsPerDay))));
  const next = logPrice + gain * ((waited ? 1 : 0) - objectiveShare);
  const usual = usualLogPrice(outcome);
  const reach = reachYoung + reachPerWeek * weeksKnown;
  const [low, high] = [Math.max(Math.log(priceMin), usual - reach), Math.min(Math.log(priceMax), usual + reach)];
  return Math.min(high, Math.max(low, next));
}
