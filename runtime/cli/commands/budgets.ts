/** `headroom budgets`: what was spent, what it will come to, and what that stops. */
import type { Command } from "commander";
import type { BudgetView } from "../../api/budget-contracts";
import { formatAmount } from "../../model/node-cost";
import { formatCount } from "../../model/units";
import { formatMoment, formatTable } from "../output";
import { addWatch, show } from "./read";

export function addBudgets(program: Command): void {
  addWatch(program.command("budgets"))
    .summary("each budget: spent, expected, and what it stops")
    .description(
      "Lists the budgets: what the VMs in their scope have cost in the present period, what that will be when it ends, what " +
        "a budget that is spent stops, and what can't be counted for want of a price.",
    )
    .addHelpText("after", "\nExample:\n  $ headroom budgets\n")
    .action((_options: object, command: Command) => show(command, (client) => client.budgets(), formatBudgets));
}

function formatBudgets(budgets: readonly BudgetView[]): string {
  if (budgets.length === 0) return "no budgets";
  const rows = budgets.map((view) => [
    view.budget,
    view.scope,
    view.per,
    formatAmount(view.spent, undefined),
    formatAmount(view.amount, view.currency),
    `${Math.floor(view.percent)} %`,
    `${formatAmount(view.forecast.spent, undefined)} (${view.forecast.basis === "rate" ? "as now" : "as the last weeks"})`,
    formatMoment(view.periodEndMs, Date.now()),
    { standby: "standby", newNodes: "new nodes", nothing: "" }[view.blocks ?? "nothing"],
  ]);
  const head = ["BUDGET", "SCOPE", "PER", "SPENT", "OF", "", "EXPECTED", "BEGINS ANEW", "STOPS"];
  const notes = budgets.flatMap(notesOf);
  return [formatTable(head, rows), ...(notes.length === 0 ? [] : ["", ...notes])].join("\n");
}

function notesOf({ budget, nodes, uncountedNodes, otherCurrencies, warnings, webhook }: BudgetView): string[] {
  const lacks =
    uncountedNodes === 0 ? [] : [`${uncountedNodes} of ${formatCount(nodes, "node")} without a price in its currency`];
  const others = otherCurrencies.map(({ currency, spent }) => {
    return `not counted: ${formatAmount(spent, currency)}${currency === undefined ? " in no named currency" : ""}`;
  });
  const stuck = webhook && webhook.failures > 0 ? [`its webhook took none of ${webhook.failures} tries`] : [];
  return [...lacks, ...others, ...warnings, ...stuck].map((text) => `${budget}: ${text}`);
}
