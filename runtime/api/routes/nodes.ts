import { NotFoundError } from "../../model/errors";
import { idParamsSchema, lanesSchema, listMax, nodeAnswerSchema, nodesSchema } from "../contracts";
import { route, type Route } from "../route";
import { viewLane, viewNode } from "../views";

const list = route({
  method: "get",
  path: "/api/v1/nodes",
  access: "viewer",
  summary: "Every node, autoscaled and static",
  responses: { 200: nodesSchema },
  async handle(_input, context) {
    const { ledger, catalog } = context.leader();
    const { state } = ledger;
    const nodes = [...state.nodes.values()].slice(0, listMax).map((node) => viewNode(node, state, catalog));
    return { status: 200, body: { nodes, total: state.nodes.size } };
  },
});

const read = route({
  method: "get",
  path: "/api/v1/nodes/{id}",
  access: "viewer",
  summary: "One node, without its startup script and secrets",
  params: idParamsSchema,
  responses: { 200: nodeAnswerSchema },
  async handle({ params }, context) {
    const { ledger, catalog } = context.leader();
    const node = ledger.state.nodes.get(params.id);
    if (!node) throw new NotFoundError(`there is no node "${params.id}"`);
    return { status: 200, body: { node: viewNode(node, ledger.state, catalog) } };
  },
});

const remove = route({
  method: "delete",
  path: "/api/v1/nodes/{id}",
  access: "operator",
  summary: "Drains a node; it is destroyed when its last session ended",
  params: idParamsSchema,
  responses: { 202: nodeAnswerSchema },
  async handle({ params }, context) {
    const { broker, ledger, catalog } = context.leader();
    const node = await broker.deleteNode(params.id);
    return { status: 202, body: { node: viewNode(node, ledger.state, catalog) } };
  },
});

const lanes = route({
  method: "get",
  path: "/api/v1/lanes",
  access: "viewer",
  summary: "Every lane: one Pulumi stack with its nodes and revisions",
  responses: { 200: lanesSchema },
  async handle(_input, context) {
    const { state } = context.leader().ledger;
    const counts = new Map<string, number>();
    for (const { laneId } of state.nodes.values()) {
      if (laneId !== undefined) counts.set(laneId, (counts.get(laneId) ?? 0) + 1);
    }
    const views = [...state.lanes.values()].map((lane) => viewLane(lane, counts.get(lane.laneId) ?? 0));
    return { status: 200, body: { lanes: views } };
  },
});

export const nodeRoutes: readonly Route[] = [list, read, remove, lanes];
