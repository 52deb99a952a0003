/** Calls that nodes make themselves, with the token from their startup script. */
import { UnauthorizedError } from "../../model/errors";
import {
  fetchedScriptSchema,
  heartbeatSchema,
  idParamsSchema,
  interruptionSchema,
  nodeStateSchema,
  serverStatusSchema,
  tokenQuerySchema,
} from "../contracts";
import { route, type Route } from "../route";

const serverStatus = route({
  method: "post",
  path: "/api/set_server_status",
  access: "node",
  summary: "A node's check-in: the token in the query or as bearer; repeated calls are harmless",
  query: tokenQuerySchema,
  body: serverStatusSchema,
  responses: { 200: nodeStateSchema },
  async handle({ query, body }, context) {
    const token = query.token ?? context.bearer;
    if (token === undefined) throw new UnauthorizedError("send the node's token as ?token= or as bearer");
    const node = await context.leader().broker.serverStatus(token, {
      status: body.status,
      message: body.status_message,
      progressPercent: body.status_progress,
    });
    return { status: 200, body: { nodeId: node.nodeId, status: node.status } };
  },
});

const heartbeat = route({
  method: "post",
  path: "/api/v1/nodes/{id}/heartbeat",
  access: "node",
  summary: "A node lives; the first call is the check-in of a docker agent",
  params: idParamsSchema,
  body: heartbeatSchema,
  responses: { 200: nodeStateSchema },
  async handle({ params, body }, context) {
    if (context.bearer === undefined) throw new UnauthorizedError("send the node's token as bearer");
    const node = await context.leader().broker.heartbeat(context.bearer, params.id, body);
    return { status: 200, body: { nodeId: node.nodeId, status: node.status } };
  },
});

const interruption = route({
  method: "post",
  path: "/api/v1/nodes/{id}/interruption",
  access: "node",
  summary: "A node was told that the cloud takes its VM back: it takes no new session and is replaced",
  params: idParamsSchema,
  body: interruptionSchema,
  responses: { 200: nodeStateSchema },
  async handle({ params, body }, context) {
    if (context.bearer === undefined) throw new UnauthorizedError("send the node's token as bearer");
    const node = await context.leader().broker.interruption(context.bearer, params.id, {
      ...(body.deadline === undefined ? {} : { deadlineMs: Date.parse(body.deadline) }),
      ...(body.message === undefined ? {} : { message: body.message }),
    });
    return { status: 200, body: { nodeId: node.nodeId, status: node.status } };
  },
});

const startupScript = route({
  method: "get",
  path: "/api/v1/nodes/{id}/startup-script",
  access: "node",
  summary: "The startup script that a node fetches itself, with its check-in token, until it has checked in",
  params: idParamsSchema,
  responses: { 200: fetchedScriptSchema },
  async handle({ params }, context) {
    if (context.bearer === undefined) throw new UnauthorizedError("send the node's token as bearer");
    const script = await context.leader().broker.fetchScript(context.bearer, params.id);
    const body = { script: Buffer.from(script).toString("base64") };
    return { status: 200, body, headers: { "cache-control": "no-store" } };
  },
});

export const nodeCallRoutes: readonly Route[] = [heartbeat, interruption, serverStatus, startupScript];
