/** Lanes: what their updates did, who waits for them, and what their engines printed. */
import { NotFoundError } from "../../model/errors";
import type { Lane } from "../../model/state";
import { isInFlight } from "../../planner/lifecycle/node-status";
import type { Leader } from "../backend";
import { idParamsSchema } from "../contracts";
import { hideKnownSecrets, secretsOfLane } from "../hide-secrets";
import {
  laneAnswerSchema,
  laneDetailSchema,
  laneOutputQuerySchema,
  laneOutputSchema,
  lanesSchema,
  type LaneOutputView,
} from "../lane-contracts";
import { route, type Route } from "../route";
import { viewLane } from "../views";

/** Nodes and sessions that one answer names. */
const waitingMax = 1_000;

const list = route({
  method: "get",
  path: "/api/v1/lanes",
  access: "viewer",
  summary: "Every lane: one Pulumi stack with its nodes, its revisions and how its last update ended",
  responses: { 200: lanesSchema },
  async handle(_input, context) {
    const leader = context.leader();
    const lanes = [...leader.ledger.state.lanes.values()].map((lane) => viewLane(lane, leader));
    return { status: 200, body: { lanes, ...(leader.work ? { slots: leader.work.slotUse() } : {}) } };
  },
});

const read = route({
  method: "get",
  path: "/api/v1/lanes/{id}",
  access: "viewer",
  summary: "One lane, and the nodes and sessions that wait for it",
  params: idParamsSchema,
  responses: { 200: laneDetailSchema },
  async handle({ params }, context) {
    const leader = context.leader();
    const lane = findLane(params.id, leader);
    const { state } = leader.ledger;
    const nodes = [...state.nodesOfLane(lane.laneId).values()];
    const waiting = nodes.filter((node) => node.status === "destroying" || isInFlight(node));
    const ids = new Set(waiting.map(({ nodeId }) => nodeId));
    const sessions = state.queue().filter(({ reason }) => ids.has(String(reason.numbers["nodeId"])));
    const body = {
      lane: viewLane(lane, leader),
      waitingNodes: [...ids].slice(0, waitingMax),
      waitingSessions: sessions.slice(0, waitingMax).map(({ sessionId }) => sessionId),
    };
    return { status: 200, body };
  },
});

const output = route({
  method: "get",
  path: "/api/v1/lanes/{id}/output",
  access: "viewer",
  summary: "The end of what the lane's engines printed, without what is secret",
  params: idParamsSchema,
  query: laneOutputQuerySchema,
  responses: { 200: laneOutputSchema },
  async handle({ params, query }, context) {
    const leader = context.leader();
    const lane = findLane(params.id, leader);
    return { status: 200, body: await viewOutput(lane, query, leader) };
  },
});

async function viewOutput(
  { laneId }: Lane,
  { file, bytes }: { readonly file?: string | undefined; readonly bytes: number },
  { ledger, work, catalog }: Leader,
): Promise<LaneOutputView> {
  const files = [...((await work?.logsOf(laneId)) ?? [])];
  const chosen = file === undefined ? files.at(-1) : files.find(({ name }) => name === file);
  if (chosen === undefined) return { laneId, files };
  const text = await work?.endOfLog(laneId, chosen.name, bytes);
  if (text === undefined) return { laneId, files };
  const shown = hideKnownSecrets(text, secretsOfLane(laneId, ledger.state, catalog));
  return { laneId, files, file: chosen.name, text: shown, isCut: chosen.bytes > bytes };
}

const close = route({
  method: "post",
  path: "/api/v1/lanes/{id}/close",
  access: "operator",
  summary: "An update that waits in this lane for nodes ends, and none is opened ahead for 15 minutes",
  params: idParamsSchema,
  responses: { 200: laneAnswerSchema },
  async handle({ params }, context) {
    const leader = context.leader();
    const lane = await leader.broker.closeLane(params.id);
    return { status: 200, body: { lane: viewLane(lane, leader) } };
  },
});

function findLane(laneId: string, { ledger }: Leader): Lane {
  const lane = ledger.state.lanes.get(laneId);
  if (!lane) throw new NotFoundError(`there is no lane "${laneId}"`);
  return lane;
}

export const laneRoutes: readonly Route[] = [list, read, output, close];
