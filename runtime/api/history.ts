/** Samples in steps of time. A step without a sample stays empty: nothing is made up for a gap. */
import { ConfigError } from "../model/errors";
import { sampleValueNames, type SampleSeries, type SampleValueName } from "../model/sample";
import type { Leader } from "./backend";
import type { HistoryQuery, HistoryView } from "./history-contracts";
import { isWanted, pastSamples } from "./past-samples";
import { timeSteps, type TimeSteps } from "./time-steps";

const dayMs = 86_400_000;

/** Numbers of one answer: about 3 MB. */
const numbersMax = 500_000;

type Statistic = HistoryQuery["of"];

export async function viewHistory(
  query: HistoryQuery,
  { store, clock }: Pick<Leader, "store" | "clock">,
): Promise<HistoryView> {
  const nowMs = clock.now();
  const steps = timeSteps(query, nowMs, dayMs);
  const names = query.values ?? sampleValueNames;
  const lines = new Map<string, Line>();
  const minutes = steps.timesMs.map(() => 0);
  if (query.by === "total") lineOf(lines, {}, names, steps);
  for await (const { atMs, series } of pastSamples(store.history, steps)) {
    const step = Math.floor((atMs - steps.fromMs) / steps.stepMs);
    minutes[step]! += 1;
    const wanted = series.filter((each) => isWanted(each, query));
    if (query.by === "total") lineOf(lines, {}, names, steps).add(step, totalOf(wanted, names));
    else for (const each of wanted) lineOf(lines, each, names, steps).add(step, each.values);
  }
  const recordedFromMs = await store.history.firstSampleMs();
  return {
    ...{ nowMs, fromMs: steps.fromMs, toMs: steps.toMs, stepSeconds: steps.stepMs / 1000 },
    ...(recordedFromMs === undefined ? {} : { recordedFromMs }),
    timesMs: [...steps.timesMs],
    minutes,
    series: [...lines.values()].map((line) => line.view(query.of)),
  };
}

type SeriesName = Pick<SampleSeries, "autoscaleConfig" | "pool" | "zone">;
type Numbers = Readonly<Partial<Record<SampleValueName, number | null>>>;

function lineOf(lines: Map<string, Line>, name: SeriesName, names: readonly SampleValueName[], steps: TimeSteps): Line {
  const { autoscaleConfig, pool, zone } = name;
  const key = JSON.stringify([autoscaleConfig, pool, zone]);
  const known = lines.get(key);
  if (known) return known;
  if ((lines.size + 1) * names.length * steps.timesMs.length > numbersMax) {
    const message = `would be more than ${numbersMax} numbers; ask for fewer values, a longer step or one config`;
    throw ConfigError.of([{ path: "values", message }]);
  }
  const line = new Line({ autoscaleConfig, pool, zone }, names, steps.timesMs.length);
  lines.set(key, line);
  return line;
}

/** Limits and prices that none of them has are null; of everything else nothing is 0. */
function totalOf(series: readonly SampleSeries[], names: readonly SampleValueName[]): Numbers {
  const total: Partial<Record<SampleValueName, number | null>> = {};
  for (const name of names) {
    let sum: number | null = name === "nodesMax" || name === "costPerHour" ? null : 0;
    for (const { values } of series) if (values[name] !== null) sum = (sum ?? 0) + values[name];
    total[name] = sum;
  }
  return total;
}

/** One series in the making. */
class Line {
  private readonly sums: number[][];
  private readonly maxima: number[][];
  private readonly counts: number[][];

  constructor(
    private readonly name: { readonly [Field in keyof SeriesName]: string | undefined },
    private readonly names: readonly SampleValueName[],
    steps: number,
  ) {
    const columns = (start: number): number[][] => names.map(() => new Array<number>(steps).fill(start));
    [this.sums, this.maxima, this.counts] = [columns(0), columns(-Infinity), columns(0)];
  }

  add(step: number, numbers: Numbers): void {
    for (const [index, name] of this.names.entries()) {
      const number = numbers[name] ?? null;
      if (number === null) continue;
      this.sums[index]![step]! += number;
      this.maxima[index]![step] = Math.max(this.maxima[index]![step]!, number);
      this.counts[index]![step]! += 1;
    }
  }

  view(statistic: Statistic): HistoryView["series"][number] {
    const { autoscaleConfig, pool, zone } = this.name;
    const columns = this.names.map((name, index): [string, (number | null)[]] => {
      const ofStep = (count: number, step: number): number | null => {
        if (count === 0) return null;
        const number = statistic === "max" ? this.maxima[index]![step]! : this.sums[index]![step]! / count;
        return Math.round(number * 1000) / 1000;
      };
      return [name, this.counts[index]!.map(ofStep)];
    });
    return {
      ...(autoscaleConfig === undefined ? {} : { autoscaleConfig }),
      ...(pool === undefined ? {} : { pool }),
      ...(zone === undefined ? {} : { zone }),
      values: Object.fromEntries(columns),
    };
  }
}
