/**
 * Today against what is usual: sessions that were asked for lately over those that were expected, over about the last hour
 * and the last six hours. Also how much the demand scatters around what is expected, from which follows how much to keep
 * for surprises.
 */

/** Minutes after which something counts e times less. */
const shortMinutes = 45;
const longMinutes = 240;
/** Arrivals that the belief in a usual day weighs. */
const shortBelief = 2;
const longBelief = 4;
/** What a bin counts less when the next one comes: about two weeks are remembered. */
const scatterKept = 1 - 1 / 4000;
/** Of what is seen in five minutes so much is believed of a boot: bursts are shorter than that. */
const scatterBelieved = 0.1;
const scatterMax = 0.5;

export interface LevelState {
  shortSeen: number;
  shortExpected: number;
  longSeen: number;
  longExpected: number;
  /** Sums over bins: squared surprise beyond that of pure chance, and squared expectation. */
  surprise: number;
  squares: number;
}

export function emptyLevel(): LevelState {
  // As if a scatter of 0.05 had been seen for a while.
  return { shortSeen: 0, shortExpected: 0, longSeen: 0, longExpected: 0, surprise: 1, squares: 20 };
}

/** A minute passed in which so many came, and so many were usual. */
export function learnMinute(level: LevelState, arrivals: number, usual: number): void {
  const [short, long] = [Math.exp(-1 / shortMinutes), Math.exp(-1 / longMinutes)];
  level.shortSeen = level.shortSeen * short + arrivals;
  level.shortExpected = level.shortExpected * short + usual;
  level.longSeen = level.longSeen * long + arrivals;
  level.longExpected = level.longExpected * long + usual;
}

/** 1 = as usual. */
export function todayLevel({ shortSeen, shortExpected, longSeen, longExpected }: LevelState): number {
  const short = (shortSeen + shortBelief) / (shortExpected + shortBelief);
  const long = (longSeen + longBelief) / (longExpected + longBelief);
  return Math.sqrt(short * long);
}

/** A bin passed: so many came, where so many were expected when it began. */
export function learnScatter(level: LevelState, arrivals: number, expected: number): void {
  level.surprise = level.surprise * scatterKept + (arrivals - expected) ** 2 - expected;
  level.squares = level.squares * scatterKept + expected ** 2;
}

/** Variance of the demand beyond chance, as a share of its square: variance = m + scatter * m * m. */
export function scatterOf({ surprise, squares }: LevelState): number {
  return Math.min(scatterMax, Math.max(0, (scatterBelieved * surprise) / Math.max(1e-6, squares)));
}
