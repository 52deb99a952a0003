/**
 * Samples as rows, one for each minute. A row has only the series that differ from those of the minute before, or it is
 * whole: the first of a term, the first after a gap, and one in an hour, so that a reader need not begin at the beginning.
 * At rest a row is a few bytes; a minute without a row is a gap.
 */
import { minuteMs, sampleValueNames, type Sample, type SampleSeries, type SampleValues } from "../model/sample";
import type { EpochMs } from "../model/clock";

export interface SampleRow {
  /** Start of the minute. */
  readonly atMs: EpochMs;
  readonly isWhole: boolean;
  readonly doc: SampleDoc;
}

/** What is kept as JSON. */
export interface SampleDoc {
  readonly series?: readonly PackedSeries[];
  /** Series that the minute before had. */
  readonly gone?: readonly PackedName[];
}

/** Autoscale config, pool, zone; empty = absent. */
type PackedName = readonly [string, string, string];
/** Name and values in the order of {@link sampleValueNames}; null = none. Values that came with a later version may lack. */
type PackedSeries = readonly [...PackedName, ...(number | null)[]];

/** So many minutes at most lie between a row and the whole one before it. */
export const wholeEveryMinutes = 60;

/** @param before The sample of the minute before, written by this term; undefined = there is none. */
export function packSample(sample: Sample, before: Sample | undefined): SampleRow {
  const { atMs, series } = sample;
  const isDue = (atMs / minuteMs) % wholeEveryMinutes === 0;
  if (before === undefined || before.atMs !== atMs - minuteMs || isDue) {
    return { atMs, isWhole: true, doc: { series: series.map(pack) } };
  }
  const known = new Map(before.series.map((each) => [keyOf(nameOf(each)), JSON.stringify(pack(each))]));
  const packed = series.map(pack);
  const changed = packed.filter((each) => known.get(keyOf(nameIn(each))) !== JSON.stringify(each));
  const present = new Set(packed.map((each) => keyOf(nameIn(each))));
  const gone = before.series.map(nameOf).filter((name) => !present.has(keyOf(name)));
  const doc = { ...(changed.length > 0 ? { series: changed } : {}), ...(gone.length > 0 ? { gone } : {}) };
  return { atMs, isWhole: false, doc };
}

/** Reads rows in the order of time. */
export class SampleReader {
  private readonly present = new Map<string, SampleSeries>();
  private lastMs: EpochMs | undefined;

  /** Undefined when what came before the row is not known. */
  read({ atMs, isWhole, doc }: SampleRow): Sample | undefined {
    if (isWhole) this.present.clear();
    else if (this.lastMs !== atMs - minuteMs) return undefined;
    this.lastMs = atMs;
    for (const name of doc.gone ?? []) this.present.delete(keyOf(name));
    for (const packed of doc.series ?? []) this.present.set(keyOf(nameIn(packed)), unpack(packed));
    return { atMs, series: [...this.present.values()] };
  }
}

function pack(series: SampleSeries): PackedSeries {
  return [...nameOf(series), ...sampleValueNames.map((name) => rounded(series.values[name]))];
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10_000) / 10_000;
}

function unpack(packed: PackedSeries): SampleSeries {
  const [autoscaleConfig, pool, zone] = nameIn(packed);
  const numbers = packed.slice(3) as (number | null | undefined)[];
  const values = Object.fromEntries(sampleValueNames.map((name, index) => [name, numbers[index] ?? null]));
  return {
    ...(autoscaleConfig === "" ? {} : { autoscaleConfig }),
    ...(pool === "" ? {} : { pool }),
    ...(zone === "" ? {} : { zone }),
    values: values as SampleValues,
  };
}

function nameOf({ autoscaleConfig = "", pool = "", zone = "" }: SampleSeries): PackedName {
  return [autoscaleConfig, pool, zone];
}

function nameIn([autoscaleConfig, pool, zone]: PackedSeries): PackedName {
  return [autoscaleConfig, pool, zone];
}

function keyOf(name: PackedName): string {
  return name.join("/");
}
