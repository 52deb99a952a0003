/** Where each budget stands, for people and programs. */
import { budgetActions, describeScope } from "../model/budget";
import { budgetWarnings } from "../model/budget-references";
import type { EpochMs } from "../model/clock";
import { formatAmount } from "../model/node-cost";
import type { Snapshot } from "../model/snapshot";
import { formatCount } from "../model/units";
import { showWallTime } from "../model/wall-clock";
import { rounded } from "../planner/budget/caps";
import { forecastOf, nowOf } from "../planner/budget/forecast";
import { BudgetBook, type BudgetPosition } from "../planner/budget/position";
import type { BudgetView } from "./budget-contracts";

/** By name. */
export function viewBudgets(snapshot: Snapshot, nowMs: EpochMs): BudgetView[] {
  return new BudgetBook().positions(snapshot, nowMs).map((position) => viewBudget(position, snapshot, nowMs));
}

function viewBudget(position: BudgetPosition, snapshot: Snapshot, nowMs: EpochMs): BudgetView {
  const { budget, startMs, endMs, spent, isReached, unpricedSeconds, foreign } = position;
  const { name, zone, pool, autoscaleConfig, vmProvider, currency, webhook, ...declared } = budget;
  const { amount, per, timezone, onReached, thresholds } = declared;
  const state = snapshot.budgetStates.get(name);
  const sinceMs = snapshot.spendMark?.sinceMs;
  const { ratePerHour, ...nodes } = nowOf(position, snapshot);
  const forecast = forecastOf(position, snapshot, nowMs);
  const configs = { autoscaleConfig: snapshot.autoscaleConfigs, vmProviderConfig: snapshot.vmProviderConfigs };
  const calls = state?.calls ?? [];
  return {
    budget: name,
    ...withoutUndefined({ zone, pool, autoscaleConfig, vmProvider, currency }),
    scope: describeScope(budget),
    ...{ amount, per, timezone, onReached, thresholds },
    told: state?.periodStartMs === startMs && state.amount === amount ? [...state.told] : [],
    ...{ periodStartMs: startMs, periodEndMs: endMs },
    ...(sinceMs === undefined ? {} : { countedFromMs: Math.max(startMs, sinceMs) }),
    ...{ spent: rounded(spent), percent: rounded((100 * spent) / amount), isReached },
    ...blocksOf(position),
    forecast: { ...forecast, spent: rounded(forecast.spent) },
    ...{ ratePerHour: rounded(ratePerHour), ...nodes },
    unpricedVmHours: rounded(unpricedSeconds / 3600),
    otherCurrencies: [...foreign].map(([other, sum]) => ({
      ...(other === "" ? {} : { currency: other }),
      spent: rounded(sum),
    })),
    warnings: budgetWarnings(budget, configs).map(({ message }) => message),
    ...(webhook === undefined ? {} : { webhook: { waiting: calls.length, failures: calls[0]?.failures ?? 0 } }),
  };
}

function blocksOf({ isReached, budget: { onReached } }: BudgetPosition): Pick<BudgetView, "blocks"> {
  if (!isReached || onReached === budgetActions[0]) return {};
  return { blocks: onReached === "noNewNodes" ? "newNodes" : "standby" };
}

/** `34.20 of 100.00 EUR (34 %), 92.10 EUR expected by 2026-01-15 00:00 UTC`, with what it stops. */
export function tellBudget(view: BudgetView): string {
  const { spent, amount, currency, percent, forecast, timezone, periodEndMs, blocks, nodes, uncountedNodes } = view;
  const stops = { standby: "; keeps nothing on standby", newNodes: "; makes no node" };
  const lacks =
    uncountedNodes > 0 ? `; ${uncountedNodes} of ${formatCount(nodes, "node")} without a price in its currency` : "";
  return (
    `${formatAmount(spent, undefined)} of ${formatAmount(amount, currency)} (${Math.floor(percent)} %), ` +
    `${formatAmount(forecast.spent, currency)} expected by ${showWallTime(timezone, periodEndMs)}` +
    `${blocks === undefined ? "" : stops[blocks]}${lacks}`
  );
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
