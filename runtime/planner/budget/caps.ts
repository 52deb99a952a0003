/** What budgets that are spent keep the plan from doing, until their periods end. */
import { budgetActions, isConfigInScope, type Budget, type BudgetAction } from "../../model/budget";
import { vmProvidersOf, type AutoscaleConfig } from "../../model/config";
import { formatAmount } from "../../model/node-cost";
import type { Reason } from "../../model/reason";
import { showWallTime } from "../../model/wall-clock";
import type { BudgetPosition } from "./position";

/** What a node is wanted for: a session that waits, `minNodes`, or standby and staged sessions. */
export type Purpose = "demand" | "floor" | "standby";

export class BudgetCaps {
  private readonly reached: readonly BudgetPosition[];

  constructor(positions: readonly BudgetPosition[]) {
    this.reached = positions.filter(({ isReached, budget }) => isReached && budget.onReached !== "alert");
  }

  /** The budget that keeps a config from making any node for this purpose, on whichever VM provider config. */
  ofConfig(config: AutoscaleConfig, purpose: Purpose): BudgetPosition | undefined {
    if (this.reached.length === 0) return undefined;
    const whole = this.reached.find(
      ({ budget }) => budget.vmProvider === undefined && isConcerned(budget, config) && forbids(budget, purpose),
    );
    if (whole) return whole;
    const routes = vmProvidersOf(config).map((vmProvider) => this.ofRoute(config, vmProvider, purpose));
    return routes.every((route) => route !== undefined) ? routes[0] : undefined;
  }

  /** The same on one of its VM provider configs. */
  ofRoute(config: AutoscaleConfig, vmProvider: string, purpose: Purpose): BudgetPosition | undefined {
    if (this.reached.length === 0) return undefined;
    return this.reached.find(
      ({ budget }) =>
        (budget.vmProvider ?? vmProvider) === vmProvider && isConcerned(budget, config) && forbids(budget, purpose),
    );
  }
}

function isConcerned(budget: Budget, { name, pool, zone }: AutoscaleConfig): boolean {
  return isConfigInScope(budget, { autoscaleConfig: name, pool, zone });
}

/** `minNodes` are declared as the least there must be: only what makes no node at all keeps them from being made. */
function forbids({ onReached }: Budget, purpose: Purpose): boolean {
  const rank = (action: BudgetAction): number => budgetActions.indexOf(action);
  return rank(onReached) >= rank(purpose === "standby" ? "noStandby" : "noNewNodes");
}

const periodNames = { day: "today", week: "this week", month: "this month" } as const;

export function budgetReason(position: BudgetPosition, autoscaleConfig: string): Reason {
  const { budget, spent, endMs } = position;
  const { name, amount, currency, per, timezone, onReached } = budget;
  const what = onReached === "noNewNodes" ? "makes no node" : "keeps nothing on standby";
  const text =
    `budget "${name}" is spent: ${formatAmount(spent, currency)} of ${formatAmount(amount, currency)} ${periodNames[per]}; ` +
    `autoscale config "${autoscaleConfig}" ${what} until ${showWallTime(timezone, endMs)}`;
  const numbers = { autoscaleConfig, budget: name, spent: rounded(spent), amount, onReached, opensAtMs: endMs };
  return { code: "budget", text, numbers: currency === undefined ? numbers : { ...numbers, currency } };
}

/** To what people read of money; sums of many parts have more digits than they mean. */
export function rounded(amount: number): number {
  return Math.round(amount * 1e6) / 1e6;
}
