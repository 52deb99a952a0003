/** Why a session is not placed yet, candidate by candidate: each node that might take it, each config that might make one. */
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { Snapshot } from "../../model/snapshot";
import type { Node, Session } from "../../model/state";
import { formatCount } from "../../model/units";
import { isInFlight, isServer } from "../lifecycle/node-status";
import { Eligibility, type PlaceContext } from "../placement/eligibility";
import { obstacleOf } from "../placement/obstacles";
import { placesOf } from "../placement/places";
import { usageFor } from "../placement/reserved-room";
import { freeServerSessions, freeShape, hasRoom } from "../placement/room";
import { Fleet, type FleetOptions } from "../planning/fleet";
import { PlanDraft } from "../planning/plan-draft";

export interface Candidate {
  readonly kind: "node" | "config";
  readonly id: string;
  readonly reason: Reason;
}

/** Nodes that are told of at most: more nobody reads. */
const nodesMax = 50;

/** In the order in which they are asked; empty when the session does not wait or may run nowhere. */
export function traceOf(session: Session, snapshot: Snapshot, options: FleetOptions): Candidate[] {
  const workspace = snapshot.workspaces.get(session.workspace);
  if (session.status !== "queued" || !workspace) return [];
  const draft = new PlanDraft(new Fleet(snapshot, options));
  const { context } = draft.fleet;
  const eligibility = new Eligibility(context);
  const nodes: Candidate[] = [];
  const configs: Candidate[] = [];
  for (const { zone, pool } of placesOf(workspace, session.zone, snapshot)) {
    const sorted = [...snapshot.nodesIn(pool.name, zone.name).values()].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    for (const node of sorted.slice(0, nodesMax - nodes.length)) {
      nodes.push({ kind: "node", id: node.nodeId, reason: nodeReason(session, node, eligibility, context) });
    }
    for (const config of snapshot.configsIn(pool.name, zone.name)) {
      configs.push({ kind: "config", id: config.name, reason: configReason(session, config.name, draft) });
    }
  }
  return [...nodes, ...configs];
}

function nodeReason(session: Session, node: Node, eligibility: Eligibility, context: PlaceContext): Reason {
  const numbers = { nodeStatus: node.status };
  if (isInFlight(node)) {
    const percent = node.status === "starting" ? `, check-in ${Math.round(node.progressPercent ?? 0)}%` : "";
    return { code: "coming", text: `is ${node.status}${percent}`, numbers };
  }
  if (node.status !== "running") return { code: node.status, text: `is ${node.status}: ${node.reason.text}`, numbers };
  if (!eligibility.takes(node, session)) {
    const text = `takes no sessions: autoscale config "${node.autoscaleConfig}" is closed`;
    return { code: "configClosed", text, numbers };
  }
  const usage = context.draft.usage(node.nodeId);
  if (hasRoom(node, usageFor(session, node, context.draft), session)) {
    return { code: "room", text: "has room for it", numbers };
  }
  const reserver = context.draft.reserverOf(node.nodeId);
  if (reserver && hasRoom(node, usage, session)) {
    const text = `keeps its room for session ${reserver.sessionId}, which was requested earlier`;
    return { code: "reserved", text, numbers: { ...numbers, sessionId: reserver.sessionId } };
  }
  if (isServer(node)) {
    const free = freeServerSessions(node, usage);
    const hasDesktop = !session.isRemoteApp && usage.desktopUserIds.has(session.userId);
    const why = hasDesktop ? "its user has a desktop on it already" : `has ${formatCount(free, "session")} left`;
    return { code: "full", text: why, numbers: { ...numbers, free, hasDesktop } };
  }
  if (!node.shape) return { code: "unknownShape", text: "has not said what it offers", numbers };
  const free = freeShape(node.shape, usage);
  const text = `has ${describeShape(free)} free of ${describeShape(node.shape)}; it needs ${describeShape(session.needs)}`;
  return { code: "full", text, numbers: { ...numbersOf("free", free), ...numbersOf("needs", session.needs) } };
}

function configReason(session: Session, name: string, draft: PlanDraft): Reason {
  const view = draft.fleet.config(name)!;
  const obstacle = obstacleOf(session, view.config, draft.fleet.context)?.reason;
  const block = obstacle ?? draft.blocked(view, "demand", session.needs);
  return block ?? { code: "open", text: "can make a node for it", numbers: { autoscaleConfig: name } };
}
