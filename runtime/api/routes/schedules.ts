/** When schedules open and close their autoscale configs. */
import { NotFoundError } from "../../model/errors";
import { viewOccurrences } from "../occurrences";
import { route, type Route } from "../route";
import {
  allOccurrencesQuerySchema,
  occurrencesQuerySchema,
  occurrencesSchema,
  scheduleParamsSchema,
} from "../schedule-contracts";

const ofOne = route({
  method: "get",
  path: "/api/v1/schedules/{name}/occurrences",
  access: "viewer",
  summary: "When the windows of a schedule open, start and end, as instants and by its own clock",
  params: scheduleParamsSchema,
  query: occurrencesQuerySchema,
  responses: { 200: occurrencesSchema },
  async handle({ params, query }, context) {
    const leader = context.leader();
    const schedule = leader.ledger.state.schedules.get(params.name);
    if (!schedule) throw new NotFoundError(`there is no schedule "${params.name}"`);
    return { status: 200, body: viewOccurrences([schedule], query, leader) };
  },
});

const ofAll = route({
  method: "get",
  path: "/api/v1/occurrences",
  access: "viewer",
  summary: "The same of every schedule, or of those of one autoscale config",
  query: allOccurrencesQuerySchema,
  responses: { 200: occurrencesSchema },
  async handle({ query }, context) {
    const leader = context.leader();
    const { config } = query;
    const all = [...leader.ledger.state.schedules.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const asked = config === undefined ? all : all.filter(({ autoscaleConfig }) => autoscaleConfig === config);
    return { status: 200, body: viewOccurrences(asked, query, leader) };
  },
});

export const scheduleRoutes: readonly Route[] = [ofOne, ofAll];
