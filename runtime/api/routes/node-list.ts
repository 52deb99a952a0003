/** The list of nodes for people who look at thousands. */
import { listNodes } from "../node-list";
import { nodeListQuerySchema, nodeListSchema } from "../node-list-contracts";
import { route, type Route } from "../route";

const list = route({
  method: "get",
  path: "/api/v1/node-list",
  access: "viewer",
  summary: "Nodes in columns, with few fields: filtered, sorted, page by page",
  query: nodeListQuerySchema,
  responses: { 200: nodeListSchema },
  async handle({ query }, context) {
    const { ledger, clock } = context.leader();
    return { status: 200, body: listNodes(query, ledger.state, clock.now()) };
  },
});

export const nodeListRoutes: readonly Route[] = [list];
