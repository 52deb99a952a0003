/**
 * The ledger of spend: what the VMs of each autoscale config have cost, by quarter of an hour. It is counted from the lives
 * of nodes, from the beginning of a VM's provisioning until it is gone, at the price of that time.
 *
 * What was counted stays: each instant of the wall clock counts once for each node. A clock that is set back counts nothing
 * anew until it has caught up; the time for which a runtime was down counts as any other. Of a VM that goes while the clock is
 * behind, what it cost since the last count, five minutes at most, is lost.
 */
import type { Budgeted } from "./budget";
import type { EpochMs } from "./clock";
import { paidUntil, rateOf, type NodePower, type Price } from "./node-cost";

/** A VM that exists, since its power changed last. */
export interface VmLife extends Budgeted {
  readonly nodeId: string;
  readonly power: NodePower;
  /** Since when. */
  readonly sinceMs: EpochMs;
  /** Counted up to here when the row was written. */
  readonly countedMs: EpochMs;
  /** Paid for up to here, then: a begun hour is paid whole, say. */
  readonly paidMs: EpochMs;
  /** {@link SpendMark.count} when the row was written. */
  readonly count: number;
}

/** How far all VMs are counted. One row, from the first price or budget on. */
export interface SpendMark {
  /** What was before is not known. */
  readonly sinceMs: EpochMs;
  readonly countedMs: EpochMs;
  /** How often all were counted. */
  readonly count: number;
}

/** What the VMs of one config, place and VM provider config cost on one day of UTC, in one currency. */
export interface SpendDay extends Budgeted {
  readonly spendId: string;
  /** Days since 1970-01-01. */
  readonly day: number;
  /** `""` = that of prices that name none. */
  readonly currency: string;
  /** Amounts by quarter of an hour of the day, 0 to 95; those without any are left out. */
  readonly amounts: Readonly<Record<string, number>>;
  /** Seconds of VMs without a price, likewise. */
  readonly unpricedSeconds: Readonly<Record<string, number>>;
}

export const quarterMs = 900_000;
export const quartersOfDay = 96;

/** Days are kept for so long: a month, and some weeks to forecast from. */
export const spendDaysKept = 40;

/** What is told of a budget once in a period, and what its webhook was not told yet. */
export interface BudgetState {
  readonly budget: string;
  readonly periodStartMs: EpochMs;
  /** A changed amount makes a new beginning. */
  readonly amount: number;
  /** Percents. */
  readonly told: readonly number[];
  /** Calls of its webhook that are due, oldest first. */
  readonly calls?: readonly WebhookCall[];
}

export interface WebhookCall {
  /** The same for every try. */
  readonly eventId: string;
  /** JSON. */
  readonly body: string;
  readonly atMs: EpochMs;
  /** Tries that failed. */
  readonly failures: number;
  readonly nextTryMs: EpochMs;
}

/** Where a life stands. */
export interface Counted {
  readonly countedMs: EpochMs;
  readonly paidMs: EpochMs;
}

/** How far a life is counted and paid for by now. */
export function countedOf(life: VmLife, mark: SpendMark | undefined, price: Price | undefined): Counted {
  if (mark === undefined || mark.count <= life.count || mark.countedMs <= life.countedMs) return life;
  const { countedMs } = mark;
  return { countedMs, paidMs: Math.max(life.paidMs, paidUntil(life, countedMs, price)) };
}

/** Receives one part of what a life costs: within one quarter of an hour. */
export type TakePart = (quarter: number, amount: number, unpricedSeconds: number) => void;

const hourMs = 3_600_000;

/** Tells what a life costs from where it stands until `untilMs`, in parts; answers where it stands then. */
export function countLife(
  life: VmLife,
  from: Counted,
  untilMs: EpochMs,
  price: Price | undefined,
  take: TakePart,
): Counted {
  const rate = rateOf(life.power, price);
  let { countedMs, paidMs } = from;
  while (countedMs < untilMs) {
    const quarter = Math.floor(countedMs / quarterMs);
    const nextMs = Math.min(untilMs, (quarter + 1) * quarterMs);
    const nextPaidMs = Math.max(paidMs, paidUntil(life, nextMs, price));
    if (rate === undefined) take(quarter, 0, (nextMs - countedMs) / 1000);
    else take(quarter, (rate * (nextPaidMs - paidMs)) / hourMs, 0);
    [countedMs, paidMs] = [nextMs, nextPaidMs];
  }
  return { countedMs, paidMs };
}

/** Number of the day and of its quarter. */
export function splitQuarter(quarter: number): { readonly day: number; readonly index: number } {
  const day = Math.floor(quarter / quartersOfDay);
  return { day, index: quarter - day * quartersOfDay };
}

export function spendIdOf({
  day,
  autoscaleConfig,
  pool,
  zone,
  vmProvider,
  currency,
}: Omit<SpendDay, "spendId" | "amounts" | "unpricedSeconds">): string {
  return [day, autoscaleConfig, pool, zone, vmProvider, currency].join("/");
}
