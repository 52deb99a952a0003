/** What load balancers and supervisors ask: does the process live, and may requests be sent to it. */
import { isLeader, type ApiBackend } from "../backend";
import { livenessSchema, readinessSchema, type ReadinessView } from "../probe-contracts";
import { route, type Route } from "../route";

const liveness = route({
  method: "get",
  path: "/livez",
  access: "public",
  summary: "Whether this process lives; whether it can serve is told by /readyz",
  responses: { 200: livenessSchema },
  async handle(_input, { backend }) {
    return { status: 200, body: { status: "alive", version: backend.version } };
  },
});

const readiness = route({
  method: "get",
  path: "/readyz",
  access: "public",
  summary:
    "Whether requests may be sent to this process: it leads, or reaches the one that does; 503 says what hinders it",
  responses: { 200: readinessSchema, 503: readinessSchema },
  async handle(_input, { backend }) {
    const body = await readinessOf(backend);
    return { status: body.status === "unready" ? 503 : 200, body };
  },
});

async function readinessOf({ version, forwarding, current }: ApiBackend): Promise<ReadinessView> {
  const present = current();
  if (isLeader(present)) return { status: "leader", version };
  const { leaderUrl, message, takesNoPart = false } = present;
  if (forwarding === undefined || takesNoPart) return { status: "unready", version, message };
  const hindrance = await forwarding.probe();
  if (hindrance !== undefined) return { status: "unready", version, message: hindrance };
  return { status: "standby", version, ...(leaderUrl === undefined ? {} : { leader: leaderUrl }) };
}

export const probeRoutes: readonly Route[] = [liveness, readiness];
