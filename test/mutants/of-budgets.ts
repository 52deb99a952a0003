/** Bugs of what is counted of VMs' costs, and of what budgets stop. */
import type { Mutant } from "./mutant";

export const budgetMutants: readonly Mutant[] = [
  {
    name: "a spent budget lets nodes be made",
    rule: "a spent budget of noNewNodes makes no node",
    file: "planner/planning/create-blocks",
    find: "    spentReason(view, purpose, sources) ??\n",
    replace: "",
    tests: ["budget/caps"],
    bySimulation: false,
  },
  {
    name: "a spent budget of one VM provider config stops fallbacks",
    rule: "fallbacks outside of a budget's scope go on",
    file: "planner/budget/caps",
    find: "budget.vmProvider === undefined && isConcerned(budget, config)",
    replace: "isConcerned(budget, config)",
    tests: ["budget/caps"],
    bySimulation: false,
  },
  {
    name: "what was counted is counted again when the clock goes back",
    rule: "each instant of the wall clock counts once for each VM",
    file: "reconciler/spend",
    find: "writtenLife(life, count.count(life, nowMs), next)",
    replace: "writtenLife(life, { countedMs: nowMs, paidMs: nowMs }, next)",
    tests: ["budget/spend"],
    bySimulation: false,
  },
  {
    name: "a VM that goes is counted no more",
    rule: "a life ends in the transaction of its node, counted to its end",
    file: "model/spend-companion",
    find: "known === undefined ? this.nowMs : this.count.count(known, this.nowMs).countedMs",
    replace: "this.nowMs",
    tests: ["budget/spend"],
    bySimulation: false,
  },
  {
    name: "an edited price holds for the time before it",
    rule: "what was spent before an edit is counted at the old price",
    file: "model/spend-companion",
    find: "this.closeOff(vmProvider);\n",
    replace: ";\n",
    tests: ["budget/spend"],
    bySimulation: false,
  },
  {
    name: "a threshold is told at each pass",
    rule: "a threshold is told once in a period",
    file: "reconciler/budget-events",
    find: "percent > last && ",
    replace: "",
    tests: ["budget/webhooks"],
    bySimulation: false,
  },
];
