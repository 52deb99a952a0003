/** The score as a table for people. */
import { basename } from "node:path";
import type { ScoreRow } from "./score-trace";

export type Means = ScoreRow["ratios"];

export function geometricMean(rows: readonly ScoreRow[]): Means {
  const mean = (values: readonly number[]): number =>
    Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
  const schedules = rows.flatMap(({ ratios }) => ratios.schedule ?? []);
  return {
    static: mean(rows.map(({ ratios }) => ratios.static)),
    ...(schedules.length > 0 ? { schedule: mean(schedules) } : {}),
    bound: mean(rows.map(({ ratios }) => ratios.bound)),
    objective: mean(rows.map(({ ratios }) => ratios.objective)),
  };
}

const columns = [
  ..."trace|boot s|objective|waited|idle VM-hours|idle overhead|static|schedule|bound".split("|"),
  ..."/ static|/ schedule|/ bound|/ objective|plain".split("|"),
];

export function showTable(rows: readonly ScoreRow[], means: Means): string {
  const percent = (share: number | undefined, digits = 1): string =>
    share === undefined ? "-" : `${(share * 100).toFixed(digits)} %`;
  const factor = (value: number | undefined): string => (value === undefined ? "-" : value.toFixed(3));
  const ratios = (of: Means): string[] => [of.static, of.schedule, of.bound, of.objective].map(factor);
  const cells = rows.map((row) => [
    basename(row.trace).replace(/(\.csv)?(\.gz)?$/, ""),
    String(row.bootSeconds),
    percent(row.objectiveShare),
    percent(row.forecast.waitingShare, 2),
    row.forecast.idleHours.toFixed(0),
    percent(row.forecast.idleOverhead),
    percent(row.static.idleOverhead),
    percent(row.schedule?.idleOverhead),
    percent(row.bound.idleOverhead),
    ...ratios(row.ratios),
    percent(row.steppedBackShare, 0),
  ]);
  const last = ["geometric mean", ...new Array<string>(8).fill(""), ...ratios(means), ""];
  return [columns, columns.map(() => "---"), ...cells, last].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
