/**
 * What a session that waits costs, in seconds of an idle place, steered so that the declared share waits: each session that
 * waits makes waiting dearer, each that does not makes it a little cheaper. Whatever the forecast gets wrong, the steps up
 * and down cancel out only at the objective: over many sessions the waiting share is that of the objective, and differs by
 * no more than the price has moved, divided by `gain * sessions`.
 */

const priceMin = 50;
const priceMax = 5_000_000;
/** How far the price falls in a day in which nobody waits: exp(-0.25). */
const driftPerDay = 0.25;
const gainMin = 0.02;
const gainMax = 0.5;

/** A price to begin with: what keeps such an objective on usual office demand. */
export function firstLogPrice(objectiveShare: number, bootSeconds: number): number {
  return Math.log(2500) + 1.6 * Math.log(0.05 / objectiveShare) + 0.45 * Math.log(bootSeconds / 300);
}

/** The logarithm of the price after one more session. */
export function nextLogPrice(
  logPrice: number,
  {
    waited,
    objectiveShare,
    sessionsPerDay,
  }: {
    readonly waited: boolean;
    readonly objectiveShare: number;
    readonly sessionsPerDay: number;
  },
): number {
  const gain = Math.min(gainMax, Math.max(gainMin, driftPerDay / (objectiveShare * Math.max(1, sessionsPerDay))));
  const next = logPrice + gain * ((waited ? 1 : 0) - objectiveShare);
  return Math.min(Math.log(priceMax), Math.max(Math.log(priceMin), next));
}
