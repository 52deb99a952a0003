/** What a simulated run tells, for its report: variants beside each other, hours by use, lines over time. */
import type { Series, SimulationResult, VariantResult } from "../../runtime/simulate/result";
import type { ChartData, ChartLine } from "./chart-data";
import { formatNumber, formatSpan } from "./clock-text";
import type { StackedBar, StackPart } from "./stacked-bars";

type Hours = VariantResult["vmHours"];

/** In the order of the cost page. */
export const hourParts: readonly (StackPart & { readonly use: keyof Hours })[] = [
  { use: "session", label: "with a session", look: "good" },
  { use: "standby", label: "kept ready", look: "coming" },
  { use: "excess", label: "more than needed", look: "trouble" },
  { use: "booting", label: "booting", look: "quiet" },
  { use: "leaving", label: "leaving", look: "leaving" },
];

export function hourBars({ variants }: SimulationResult): StackedBar[] {
  return variants.map(({ name, vmHours }) => ({ name, values: hourParts.map(({ use }) => vmHours[use]) }));
}

/** Share of all hours in which no session was there; undefined = there was no VM. */
export function idleShare({ total, session }: Hours): number | undefined {
  return total > 0 ? (total - session) / total : undefined;
}

/** `41.2 EUR`; what has no price is said, and never counted as nothing. */
export function costText({ amounts, unpricedHours }: VariantResult["cost"]): string {
  const priced = Object.entries(amounts).map(([currency, amount]) => `${formatNumber(amount)} ${currency}`.trim());
  const told = priced.length === 0 ? "not known" : priced.join(" + ");
  return unpricedHours > 0 && priced.length > 0
    ? `${told}, and ${formatNumber(unpricedHours)} VM-hours without a price`
    : told;
}

export function secondsText(seconds: number): string {
  return seconds < 1 ? "at once" : formatSpan(seconds * 1000);
}

export function percentText(share: number | undefined): string {
  return share === undefined ? "–" : `${formatNumber(100 * share)} %`;
}

export function sessionsChart(series: Series): ChartData {
  return chartOf(series, [
    { label: "sessions that run or wait", values: series.demand, colour: "coming", isDashed: false, isArea: true },
    { label: "of them waiting", values: series.waiting, colour: "trouble", isDashed: false, isArea: false },
  ]);
}

export function nodesChart(series: Series): ChartData {
  const coming = series.ready.map((ready, step) => ready + series.booting[step]!);
  return chartOf(series, [
    { label: "ready", values: series.ready, colour: "ready", isDashed: false, isArea: true },
    { label: "ready + booting", values: coming, colour: "coming", isDashed: false, isArea: false },
    { label: "of them without a session", values: series.standby, colour: "quiet", isDashed: true, isArea: false },
  ]);
}

function chartOf({ fromMs, stepSeconds, demand }: Series, lines: readonly ChartLine[]): ChartData {
  const times = demand.map((_value, step) => fromMs / 1000 + step * stepSeconds);
  return { times, lines: times.length === 0 ? [] : lines };
}
