/** Workers on other machines. */
import { route, type Route } from "../route";
import { workersSchema } from "../worker-contracts";

const workers = route({
  method: "get",
  path: "/api/v1/workers",
  access: "viewer",
  summary: "Workers on other machines that are registered, with the lanes that each has",
  responses: { 200: workersSchema },
  async handle(_input, context) {
    return { status: 200, body: { workers: [...(context.leader().workers?.() ?? [])] } };
  },
});

export const workerRoutes: readonly Route[] = [workers];
