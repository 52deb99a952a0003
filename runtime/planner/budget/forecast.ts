/**
 * What a budget will have come to when its period ends. With a week or more in the ledger the rest of the period is taken to
 * cost what the same times of the last whole weeks, up to four, have cost on average; before that, what VMs cost now.
 */
import { isInScope } from "../../model/budget";
import type { EpochMs } from "../../model/clock";
import { rateOf } from "../../model/node-cost";
import type { Snapshot } from "../../model/snapshot";
import { quarterMs, quartersOfDay } from "../../model/spend";
import type { BudgetPosition } from "./position";

export interface BudgetForecast {
  /** When the period ends, in the budget's currency. */
  readonly spent: number;
  readonly basis: "rate" | "lastWeeks";
  /** Whole weeks that it is made from; 0 = the present rate. */
  readonly weeks: number;
}

/** What exists now in a budget's scope. */
export interface BudgetNow {
  readonly nodes: number;
  /** Of them without a price in the budget's currency. */
  readonly uncountedNodes: number;
  readonly ratePerHour: number;
}

const hourMs = 3_600_000;
const quartersOfWeek = 7 * quartersOfDay;
const weeksMax = 4;

export function nowOf({ budget }: BudgetPosition, { vmLives, vmProviderConfigs }: Snapshot): BudgetNow {
  let [nodes, uncountedNodes, ratePerHour] = [0, 0, 0];
  for (const life of vmLives.values()) {
    if (!isInScope(budget, life)) continue;
    nodes += 1;
    const price = vmProviderConfigs.get(life.vmProvider);
    const rate = rateOf(life.power, price);
    if (rate === undefined || price?.currency !== budget.currency) uncountedNodes += 1;
    else ratePerHour += rate;
  }
  return { nodes, uncountedNodes, ratePerHour };
}

export function forecastOf(position: BudgetPosition, snapshot: Snapshot, nowMs: EpochMs): BudgetForecast {
  const { spent, endMs } = position;
  const sinceMs = snapshot.spendMark?.sinceMs ?? nowMs;
  const weeks = Math.min(weeksMax, Math.floor((nowMs - sinceMs) / (quartersOfWeek * quarterMs)));
  if (weeks >= 1) {
    const costs = costsOfWeek(position, snapshot, { nowQuarter: Math.floor(nowMs / quarterMs), weeks });
    return { spent: spent + restOf(costs, nowMs, endMs), basis: "lastWeeks", weeks };
  }
  const { ratePerHour } = nowOf(position, snapshot);
  return { spent: spent + (ratePerHour * Math.max(0, endMs - nowMs)) / hourMs, basis: "rate", weeks: 0 };
}

/** What each quarter of an hour of a week has cost on average, counted from 1970 on. */
function costsOfWeek(
  { budget }: BudgetPosition,
  { spendDays }: Snapshot,
  { nowQuarter, weeks }: { readonly nowQuarter: number; readonly weeks: number },
): number[] {
  const costs = Array.from({ length: quartersOfWeek }, () => 0);
  const firstQuarter = nowQuarter - weeks * quartersOfWeek;
  for (const row of spendDays.values()) {
    if (row.currency !== (budget.currency ?? "") || !isInScope(budget, row)) continue;
    for (const [index, amount] of Object.entries(row.amounts)) {
      const quarter = row.day * quartersOfDay + Number(index);
      if (quarter >= firstQuarter && quarter < nowQuarter) costs[quarter % quartersOfWeek]! += amount / weeks;
    }
  }
  return costs;
}

function restOf(costs: readonly number[], nowMs: EpochMs, endMs: EpochMs): number {
  let rest = 0;
  for (let atMs = nowMs; atMs < endMs;) {
    const quarter = Math.floor(atMs / quarterMs);
    const nextMs = Math.min(endMs, (quarter + 1) * quarterMs);
    rest += (costs[quarter % quartersOfWeek]! * (nextMs - atMs)) / quarterMs;
    atMs = nextMs;
  }
  return rest;
}
