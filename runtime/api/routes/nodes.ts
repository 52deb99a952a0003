import { NotFoundError } from "../../model/errors";
import { idParamsSchema, listMax, nodeAnswerSchema, nodesSchema } from "../contracts";
import { SpecDigests } from "../../planner/config/spec-digest";
import { route, type Route } from "../route";
import { viewNode } from "../views";

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

export const nodeRoutes: readonly Route[] = [list, read, remove, drain, undrain];
