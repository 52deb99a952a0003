import { NotFoundError } from "../../model/errors";
import { idParamsSchema, listMax, nodeAnswerSchema, nodesSchema } from "../contracts";
import { laneAnswerSchema, lanesSchema } from "../lane-contracts";
import { SpecDigests } from "../../planner/config/spec-digest";
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
    const digests = new SpecDigests(catalog);
    const nodes = [...state.nodes.values()].slice(0, listMax).map((node) => viewNode(node, state, catalog, digests));
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

const drain = route({
  method: "post",
  path: "/api/v1/nodes/{id}/drain",
  access: "operator",
  summary: "The node takes no new session and stays, also when empty, until it is undrained or deleted",
  params: idParamsSchema,
  responses: { 200: nodeAnswerSchema },
  async handle({ params }, context) {
    const { broker, ledger, catalog } = context.leader();
    const node = await broker.drainNode(params.id);
    return { status: 200, body: { node: viewNode(node, ledger.state, catalog) } };
  },
});

const undrain = route({
  method: "post",
  path: "/api/v1/nodes/{id}/undrain",
  access: "operator",
  summary: "A draining node takes sessions again; refused when it would be drained again at once",
  params: idParamsSchema,
  responses: { 200: nodeAnswerSchema },
  async handle({ params }, context) {
    const { broker, ledger, catalog } = context.leader();
    const node = await broker.undrainNode(params.id);
    return { status: 200, body: { node: viewNode(node, ledger.state, catalog) } };
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
    const views = [...state.lanes.values()].map((lane) => viewLane(lane, state.nodesOfLane(lane.laneId).size));
    return { status: 200, body: { lanes: views } };
  },
});

const closeLane = route({
  method: "post",
  path: "/api/v1/lanes/{id}/close",
  access: "operator",
  summary: "An update that waits in this lane for nodes ends, and none is opened ahead for 15 minutes",
  params: idParamsSchema,
  responses: { 200: laneAnswerSchema },
  async handle({ params }, context) {
    const { broker, ledger } = context.leader();
    const lane = await broker.closeLane(params.id);
    return { status: 200, body: { lane: viewLane(lane, ledger.state.nodesOfLane(lane.laneId).size) } };
  },
});

export const nodeRoutes: readonly Route[] = [list, read, remove, drain, undrain, lanes, closeLane];
