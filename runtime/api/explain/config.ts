/** An autoscale config in sentences: what it has, what it does now and why, what holds it back. */
import { isInScope, type Budget } from "../../model/budget";
import { vmProvidersOf, type AutoscaleConfig } from "../../model/config";
import type { ConfigDecision } from "../../model/plan";
import type { Reason } from "../../model/reason";
import { formatCount } from "../../model/units";
import { WindowCache } from "../../planner/config/windows";
import type { Leader } from "../backend";
import { accountReasons, accountsOf, tellAccount } from "./account";
import { adviceFor } from "./advice";
import { tellBudget, viewBudgets } from "../budgets";
import type { Story } from "./story";

export function tellConfig(config: AutoscaleConfig, decision: ConfigDecision | undefined, leader: Leader): Story {
  const { state } = leader.ledger;
  const sentences = [tellNodes(config, leader)];
  const vmProvider = state.vmProviderConfigs.get(config.vmProvider);
  if (vmProvider) {
    const instances = state.instancesOf(vmProvider.name);
    sentences.push(
      `VM provider config "${vmProvider.name}" has ${instances} of at most ${formatCount(vmProvider.maxInstances, "instance")}.`,
    );
  }
  for (const view of viewBudgets(state, leader.clock.now())) {
    if (isConcerned(config, state.budgets.get(view.budget)!))
      sentences.push(`Budget "${view.budget}": ${tellBudget(view)}.`);
  }
  const accounts = accountsOf(config);
  for (const account of accounts) sentences.push(...tellAccount(account, leader));
  const reasons = decision?.reasons ?? [];
  if (decision?.objective) sentences.push(`Wait objective: ${decision.objective.text}.`);
  for (const { text } of reasons) sentences.push(`Now: ${text}.`);
  return { sentences, wouldChange: advicesFor([...reasons, ...accountReasons(accounts, leader)]) };
}

function isConcerned(config: AutoscaleConfig, budget: Budget): boolean {
  const { name: autoscaleConfig, pool, zone } = config;
  return vmProvidersOf(config).some((vmProvider) => isInScope(budget, { autoscaleConfig, pool, zone, vmProvider }));
}

function advicesFor(reasons: readonly Reason[]): string[] {
  return [...new Set(reasons.flatMap((reason) => adviceFor(reason) ?? []))];
}

function tellNodes(config: AutoscaleConfig, { ledger, clock }: Leader): string {
  const { name, maxNodes } = config;
  const window = new WindowCache().at(config, ledger.state, clock.now());
  const least = window.minNodes ?? config.minNodes;
  const bySchedule = window.minNodes === undefined ? "" : " by its open schedule";
  const counts = new Map<string, number>();
  for (const { status } of ledger.state.nodesOfConfig(name).values()) counts.set(status, (counts.get(status) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const shown =
    total === 0
      ? "no nodes"
      : `${formatCount(total, "node")} (${[...counts].map(([status, count]) => `${count} ${status}`).join(", ")})`;
  const most = maxNodes === undefined ? "no limit of its own" : `at most ${maxNodes}`;
  return `It has ${shown}; at least ${least}${bySchedule}, ${most}.`;
}
