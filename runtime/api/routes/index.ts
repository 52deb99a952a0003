/** The route table. */
import { z } from "zod";
import { isLeader } from "../backend";
import { healthSchema, type HealthView } from "../contracts";
import { FleetFeed } from "../fleet-feed";
import { describeApi } from "../openapi";
import { route, type Route } from "../route";
import { SessionFeed } from "../session-feed";
import { accountRoutes } from "./accounts";
import { apiKeyRoutes } from "./api-keys";
import { apiPageRoutes } from "./api-page";
import { budgetRoutes } from "./budgets";
import { connectionRoutes } from "./connections";
import { decisionRoutes } from "./decisions";
import { definitionRoutes } from "./definitions";
import { eventRoutes } from "./events";
import { historyRoutes } from "./history";
import { insightRoutes } from "./insight";
import { laneRoutes } from "./lanes";
import { metricsRoutes } from "./metrics";
import { nodeAccountRoutes } from "./node-accounts";
import { nodeCallRoutes } from "./node-calls";
import { nodeListRoutes } from "./node-list";
import { nodeRoutes } from "./nodes";
import { orphanRoutes } from "./orphans";
import { probeRoutes } from "./probes";
import { scheduleRoutes } from "./schedules";
import { secretsRoutes } from "./secrets";
import { sessionRoutes } from "./sessions";
import { signInRoutes } from "./sign-in";
import { stagingRoutes } from "./staging";
import { userKeyRoutes } from "./user-keys";
import { workerRoutes } from "./workers";

const health = route({
  method: "get",
  path: "/healthz",
  access: "public",
  summary: "Whether this process leads; a standby is healthy too",
  responses: { 200: healthSchema },
  async handle(_input, { backend }) {
    const current = backend.current();
    const { version } = backend;
    if (isLeader(current)) return { status: 200, body: { status: "leader", version } satisfies HealthView };
    const { message, leaderUrl } = current;
    const body: HealthView = { status: "standby", version, message, ...(leaderUrl ? { leader: leaderUrl } : {}) };
    return { status: 200, body };
  },
});

/** `feed`, `fleetFeed`: who watches sessions, and who watches everything; one of each per server. */
export function createRoutes(feed = new SessionFeed(), fleetFeed = new FleetFeed()): readonly Route[] {
  let document: object | undefined;
  const openapi = route({
    method: "get",
    path: "/api/v1/openapi.json",
    access: "public",
    summary: "This API as an OpenAPI 3.1 document",
    responses: { 200: z.looseObject({ openapi: z.string() }) },
    async handle(_input, { backend }) {
      document ??= describeApi(table, backend.version);
      return { status: 200, body: document };
    },
  });
  const busy = [...sessionRoutes(feed), ...connectionRoutes(), ...nodeCallRoutes].map((each) => ({
    ...each,
    isBusy: true,
  }));
  const table: readonly Route[] = [
    ...busy,
    ...nodeAccountRoutes(),
    ...userKeyRoutes,
    ...nodeRoutes,
    ...nodeListRoutes,
    ...laneRoutes,
    ...accountRoutes,
    ...orphanRoutes,
    ...workerRoutes,
    ...definitionRoutes,
    ...stagingRoutes,
    ...scheduleRoutes,
    ...decisionRoutes,
    ...historyRoutes,
    ...budgetRoutes,
    ...eventRoutes(fleetFeed),
    ...insightRoutes,
    ...apiKeyRoutes,
    ...signInRoutes,
    ...secretsRoutes,
    ...metricsRoutes,
    ...apiPageRoutes(),
    health,
    ...probeRoutes,
    openapi,
  ];
  return table;
}
