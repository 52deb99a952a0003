/**
 * How many of the sessions that run will end soon, by how long such sessions last: what ends gives its place to the next.
 * Kept as counts by age, never by session, so that the size does not depend on the load.
 */

/** Minutes of one bin of starts. */
const startMinutes = 5;
/** Twelve hours of starts are kept; who runs longer is not expected to end. */
const startBins = (12 * 60) / startMinutes;
const ageBuckets = 60;
/** What is forgotten in a day: about a month is remembered. */
const keptPerDay = 1 - 1 / 30;

export interface DeparturesState {
  /** Number of the newest bin of starts since 1970. */
  newestBin: number;
  /** Running sessions by the bin of their start, as a ring. */
  readonly started: number[];
  /** By age: sessions that ended, and minutes that sessions ran at that age. */
  readonly ended: number[];
  readonly minutes: number[];
}

export function emptyDepartures(): DeparturesState {
  return {
    newestBin: 0,
    started: new Array<number>(startBins).fill(0),
    ended: new Array<number>(ageBuckets).fill(0),
    minutes: new Array<number>(ageBuckets).fill(0),
  };
}

export function sessionStarted(departures: DeparturesState, atMs: number): void {
  moveTo(departures, atMs);
  departures.started[departures.newestBin % startBins]! += 1;
}

export function sessionEnded(departures: DeparturesState, atMs: number, durationSeconds: number): void {
  moveTo(departures, atMs);
  departures.ended[bucketOf(durationSeconds / 60)]! += 1;
  const bin = Math.floor((atMs - durationSeconds * 1000) / (startMinutes * 60_000));
  if (bin <= departures.newestBin - startBins || bin > departures.newestBin) return;
  const at = ((bin % startBins) + startBins) % startBins;
  departures.started[at] = Math.max(0, departures.started[at]! - 1);
}

/** So many minutes passed; answers how many sessions are expected to end in the next `horizonMinutes`. */
export function passMinutes(
  departures: DeparturesState,
  atMs: number,
  { passed, horizonMinutes }: { readonly passed: number; readonly horizonMinutes: number },
): number {
  moveTo(departures, atMs);
  const { newestBin, started, ended, minutes } = departures;
  let expected = 0;
  for (let back = 0; back < startBins; back += 1) {
    const count = started[(newestBin - back + startBins) % startBins]!;
    if (count === 0) continue;
    const age = Math.max(0.5, atMs / 60_000 - (newestBin - back + 0.5) * startMinutes);
    const bucket = bucketOf(age);
    minutes[bucket]! += count * passed;
    const hazard = hazardAt(ended, minutes, bucket) + hazardAt(ended, minutes, bucketOf(age + horizonMinutes / 2));
    expected += count * (1 - Math.exp((-horizonMinutes * hazard) / 2));
  }
  return expected;
}

export function forgetDay({ ended, minutes }: DeparturesState): void {
  for (let bucket = 0; bucket < ageBuckets; bucket += 1) {
    ended[bucket] = Math.round(ended[bucket]! * keptPerDay * 100) / 100;
    minutes[bucket] = Math.round(minutes[bucket]! * keptPerDay * 10) / 10;
  }
}

/** Ends per minute at that age, as if 10 minutes without any had been seen before. */
function hazardAt(ended: readonly number[], minutes: readonly number[], bucket: number): number {
  return ended[bucket]! / (minutes[bucket]! + 10);
}

/** Four buckets for each doubling of the age. */
function bucketOf(ageMinutes: number): number {
  return Math.min(ageBuckets - 1, Math.floor(4 * Math.log2(1 + Math.max(0, ageMinutes))));
}

function moveTo(departures: DeparturesState, atMs: number): void {
  const bin = Math.floor(atMs / (startMinutes * 60_000));
  if (bin <= departures.newestBin) return;
  const steps = Math.min(startBins, bin - departures.newestBin);
  for (let step = 0; step < steps; step += 1) departures.started[(bin - step) % startBins] = 0;
  departures.newestBin = bin;
}
