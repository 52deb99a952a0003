/**
 * What a VM costs: by the price that its VM provider config declares, for the times in which it ran and was stopped.
 * Everything that speaks of money (spend, budgets, cost by day, samples, simulated days) reckons by these functions.
 * What has no price is told as time without a price, and never as 0.
 */
import type { EpochMs } from "./clock";

/** What a VM provider config says of its price; a field that is absent is not known. */
export interface Price {
  /** Of a VM that runs. */
  readonly hourlyCost?: number | undefined;
  /** Of a VM that is stopped, suspended or hibernated: its disks, mostly. */
  readonly stoppedHourlyCost?: number | undefined;
  /** ISO 4217; absent = the one currency of prices that name none. */
  readonly currency?: string | undefined;
  /** A begun one is paid whole. Absent = second. */
  readonly billingGranularity?: BillingGranularity | undefined;
  /** Each start is paid for this long at least, in seconds. Absent = 0. */
  readonly billingMinimum?: number | undefined;
}

export const billingGranularities = ["second", "minute", "hour"] as const;
export type BillingGranularity = (typeof billingGranularities)[number];

export type NodePower = "running" | "stopped";

/** One stretch of a node's life without a change of its power. */
export interface NodeRun {
  readonly power: NodePower;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

export interface LifeCost {
  readonly amount: number;
  /** Time of the life for which there is no price: the amount lacks it. */
  readonly unpricedMs: number;
}

const hourMs = 3_600_000;
const granularityMs: Readonly<Record<BillingGranularity, number>> = { second: 1_000, minute: 60_000, hour: hourMs };

/**
 * What a node's life has cost at this price. Runs of one power that follow each other without a gap are one: only a start
 * begins a new billing unit.
 *
 * @example
 * // 90 minutes at 0.10 an hour, billed by the hour: two hours.
 * costOfLife([{ power: "running", fromMs: 0, toMs: 5_400_000 }], { hourlyCost: 0.1, billingGranularity: "hour" });
 * // { amount: 0.2, unpricedMs: 0 }
 */
export function costOfLife(runs: readonly NodeRun[], price: Price | undefined): LifeCost {
  let [amount, unpricedMs] = [0, 0];
  for (const { power, fromMs, toMs } of joined(runs)) {
    const rate = rateOf(power, price);
    if (rate === undefined) unpricedMs += Math.max(0, toMs - fromMs);
    else amount += (rate * (paidUntil({ power, sinceMs: fromMs }, toMs, price) - fromMs)) / hourMs;
  }
  return { amount, unpricedMs };
}

/** What a VM costs in an hour; undefined = not known. */
export function rateOf(power: NodePower, price: Price | undefined): number | undefined {
  return power === "running" ? price?.hourlyCost : price?.stoppedHourlyCost;
}

/** Those that any of the prices is in, in order; `""` stands for prices that name none. */
export function currenciesOf(prices: Iterable<Price>): string[] {
  const named = [...prices].flatMap(({ hourlyCost, stoppedHourlyCost, currency = "" }) =>
    hourlyCost === undefined && stoppedHourlyCost === undefined ? [] : [currency],
  );
  return [...new Set(named)].sort();
}

/**
 * Until when a run that lasts at `atMs` is paid for: behind that time where a begun unit is paid whole, or where the
 * minimum is not over. Stopped VMs are paid by the second, since nothing of them starts.
 */
export function paidUntil(
  { power, sinceMs }: { readonly power: NodePower; readonly sinceMs: EpochMs },
  atMs: EpochMs,
  price: Price | undefined,
): EpochMs {
  if (atMs <= sinceMs) return sinceMs;
  if (power === "stopped") return atMs;
  const { billingGranularity = "second", billingMinimum = 0 } = price ?? {};
  // A second more or less is nothing to whom is billed by the second; left exact, sums of parts are the whole.
  if (billingGranularity === "second") return Math.max(atMs, sinceMs + billingMinimum * 1000);
  const unitMs = granularityMs[billingGranularity];
  return sinceMs + Math.max(billingMinimum * 1000, Math.ceil((atMs - sinceMs) / unitMs) * unitMs);
}

/** In time, with neighbours of one power made one. */
function joined(runs: readonly NodeRun[]): NodeRun[] {
  const whole: NodeRun[] = [];
  for (const run of [...runs].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = whole.at(-1);
    if (last?.power === run.power && last.toMs === run.fromMs) whole.splice(-1, 1, { ...last, toMs: run.toMs });
    else if (run.toMs > run.fromMs) whole.push(run);
  }
  return whole;
}

/** `12.50 EUR`; without a currency `12.50`. */
export function formatAmount(amount: number, currency: string | undefined): string {
  const digits = Math.abs(amount) < 0.1 && amount !== 0 ? amount.toPrecision(2) : amount.toFixed(2);
  return currency === undefined || currency === "" ? digits : `${digits} ${currency}`;
}
