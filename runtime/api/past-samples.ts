/** Reads samples of the past, some hours at a time: neither memory nor the event loop is held for long. */
import type { EpochMs } from "../model/clock";
import { minuteMs, type Sample, type SampleSeries } from "../model/sample";
import type { HistoryStore } from "../store/history-store";
import { SampleReader, wholeEveryMinutes } from "../store/sample-rows";

/** Six hours. */
const pageRows = 360;

/** Each sample from `fromMs` (included) to `toMs` (not included) that is known, in order. */
export async function* pastSamples(
  history: Pick<HistoryStore, "samples">,
  { fromMs, toMs }: { readonly fromMs: EpochMs; readonly toMs: EpochMs },
): AsyncGenerator<Sample> {
  const reader = new SampleReader();
  // The row before which everything is whole may lie so far back.
  let nextMs = fromMs - wholeEveryMinutes * minuteMs;
  for (;;) {
    const rows = await history.samples({ fromMs: nextMs, toMs, limit: pageRows });
    for (const row of rows) {
      const sample = reader.read(row);
      if (sample && sample.atMs >= fromMs) yield sample;
    }
    if (rows.length < pageRows) return;
    nextMs = rows.at(-1)!.atMs + 1;
  }
}

export interface SeriesFilter {
  readonly config?: string | undefined;
  readonly pool?: string | undefined;
  readonly zone?: string | undefined;
}

export function isWanted({ autoscaleConfig, pool, zone }: SampleSeries, wanted: SeriesFilter): boolean {
  const is = (name: string | undefined, has: string | undefined): boolean => name === undefined || name === has;
  return is(wanted.config, autoscaleConfig) && is(wanted.pool, pool) && is(wanted.zone, zone);
}
