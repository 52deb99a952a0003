/** The last days: what was needed, what there was, what it cost. */
import { viewCost } from "../cost";
import { viewHistory } from "../history";
import {
  costQuerySchema,
  costSchema,
  historyQuerySchema,
  historySchema,
  waitsQuerySchema,
  waitsSchema,
} from "../history-contracts";
import { route, type Route } from "../route";
import { viewWaits } from "../waits";

const history = route({
  method: "get",
  path: "/api/v1/history",
  access: "viewer",
  summary: "Demand, nodes, free room, standby, VMs and cost rate of the last days, in steps of minutes and more",
  query: historyQuerySchema,
  responses: { 200: historySchema },
  async handle({ query }, context) {
    return { status: 200, body: await viewHistory(query, context.leader()) };
  },
});

const cost = route({
  method: "get",
  path: "/api/v1/cost",
  access: "viewer",
  summary: "Hours of VMs by their use and what they cost, day by day",
  query: costQuerySchema,
  responses: { 200: costSchema },
  async handle({ query }, context) {
    return { status: 200, body: await viewCost(query, context.leader()) };
  },
});

const waits = route({
  method: "get",
  path: "/api/v1/waits",
  access: "viewer",
  summary: "How long sessions waited for their node: the half, 95 of 100, and the longest",
  query: waitsQuerySchema,
  responses: { 200: waitsSchema },
  async handle({ query }, context) {
    return { status: 200, body: await viewWaits(query, context.leader()) };
  },
});

export const historyRoutes: readonly Route[] = [history, cost, waits];
