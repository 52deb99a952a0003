/** What was spent of each budget. */
import { budgetsSchema } from "../budget-contracts";
import { viewBudgets } from "../budgets";
import { route, type Route } from "../route";

const list = route({
  method: "get",
  path: "/api/v1/budgets",
  access: "viewer",
  summary: "Each budget: what was spent of it, what it will come to, and what it stops",
  responses: { 200: budgetsSchema },
  async handle(_input, context) {
    const { ledger, clock } = context.leader();
    const nowMs = clock.now();
    return { status: 200, body: { nowMs, budgets: viewBudgets(ledger.state, nowMs) } };
  },
});

export const budgetRoutes: readonly Route[] = [list];
