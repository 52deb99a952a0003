/** The decision journal for people: newest or oldest first, filtered, and counted. */
import type { DecisionFilters } from "../../store/history-store";
import type { Leader } from "../backend";
import {
  decisionCountsQuerySchema,
  decisionCountsSchema,
  decisionsQuerySchema,
  decisionsSchema,
  type DecisionCountsView,
} from "../decision-contracts";
import { route, type Route } from "../route";
import { timeSteps } from "../time-steps";

const countedSpanMs = 3_600_000;

const list = route({
  method: "get",
  path: "/api/v1/decisions",
  access: "viewer",
  summary: "The decision journal, oldest first behind `after`, or newest first before `before`, by filters",
  query: decisionsQuerySchema,
  responses: { 200: decisionsSchema },
  async handle({ query: { order, after, before, limit, ...filters } }, context) {
    const leader = context.leader();
    const { decisions, next } = await leader.store.history.searchDecisions({
      order: order ?? (before === undefined ? "oldest" : "newest"),
      from: before ?? after,
      limit,
      ...withNodes(filters, leader),
    });
    return { status: 200, body: { decisions, ...(next === undefined ? {} : { next }) } };
  },
});

const counts = route({
  method: "get",
  path: "/api/v1/decisions/counts",
  access: "viewer",
  summary: "How many decisions there were in each step of time, by event",
  query: decisionCountsQuerySchema,
  responses: { 200: decisionCountsSchema },
  async handle({ query: { from, to, step, ...filters } }, context) {
    const leader = context.leader();
    const { fromMs, toMs, stepMs, timesMs } = timeSteps({ from, to, step }, leader.clock.now(), countedSpanMs);
    const span = { fromMs, toMs, stepMs };
    const found = await leader.store.history.countDecisions({ ...span, ...withNodes(filters, leader) });
    const zeros = (): number[] => timesMs.map(() => 0);
    const [total, events] = [zeros(), new Map<string, number[]>()];
    for (const { step: index, event, count } of found.counts) {
      const ofEvent = events.get(event) ?? zeros();
      events.set(event, ofEvent);
      ofEvent[index]! += count;
      total[index]! += count;
    }
    const body: DecisionCountsView = {
      ...{ fromMs, toMs, stepSeconds: stepMs / 1000, timesMs: [...timesMs], total },
      events: Object.fromEntries(events),
      ...(found.countedFromMs === undefined ? {} : { countedFromMs: found.countedFromMs }),
    };
    return { status: 200, body };
  },
});

/** A config's decisions are also those about the nodes that it has now. */
function withNodes(filters: DecisionFilters, { ledger }: Leader): DecisionFilters {
  if (filters.config === undefined) return filters;
  return { ...filters, configNodes: [...ledger.state.nodesOfConfig(filters.config).keys()] };
}

export const decisionRoutes: readonly Route[] = [list, counts];
