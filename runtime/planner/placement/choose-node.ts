/** The best node with room for a session, by the rules of the zone. */
import type { Zone } from "../../model/config";
import type { Node, Session } from "../../model/state";
import type { Shape } from "../../model/shapes";
import type { NodeUsage } from "../../model/usage";
import { isServer } from "../lifecycle/node-status";
import { Eligibility, type PlaceContext } from "./eligibility";
import { isLabelledFor, type Place } from "./places";
import { usageFor, type QueuePlace } from "./reserved-room";
import { hasRoom, loadOf } from "./room";

/** Its time, sequence and id are its place in the queue; without them it comes after all that wait. */
export interface PlaceRequest extends QueuePlace {
  readonly workspace: string;
  readonly userId: string;
  /** Of the user; absent = none. */
  readonly groups?: readonly string[];
  readonly isRemoteApp?: boolean;
  readonly zone?: string;
  /** What the session takes; a queued session keeps what its workspace said when it was requested. */
  readonly needs: Shape;
}

/** The best node of the first place that has one; undefined when none has room. */
export function findNode(request: PlaceRequest, places: readonly Place[], context: PlaceContext): Node | undefined {
  const { draft } = context;
  const eligibility = new Eligibility(context);
  const workspace = draft.snapshot.workspaces.get(request.workspace);
  for (const { zone, pool } of places) {
    let best: Candidate | undefined;
    const candidates =
      context.candidates?.(pool.name, zone.name) ?? draft.snapshot.nodesIn(pool.name, zone.name).values();
    for (const stored of candidates) {
      const node = draft.latest(stored);
      if (node.status !== "running") continue;
      if (!isLabelledFor(workspace, node, pool)) continue;
      if (!hasRoom(node, usageFor(request, node, draft), request) || !eligibility.takes(node, request)) continue;
      const candidate = { node, score: scoreOf(node, draft.usage(node.nodeId), { zone, userId: request.userId }) };
      if (!best || isBetter(candidate, best)) best = candidate;
    }
    if (best) return best.node;
  }
  return undefined;
}

interface Candidate {
  readonly node: Node;
  /** Lower is better. */
  readonly score: number;
}

/**
 * Servers: the one where the user is already, then fewest sessions. Agents: the zone's strategy. Static members before
 * all others if the zone says so.
 */
function scoreOf(node: Node, usage: NodeUsage, { zone, userId }: { zone: Zone } & Pick<Session, "userId">): number {
  const isFirst = zone.prioritizeStaticAgents && node.autoscaleConfig === undefined;
  const isHere = isServer(node) && usage.userIds.has(userId);
  const score = isServer(node) ? usage.sessions : strategyScore(node, usage, zone);
  return (isHere ? -2_000_000 : 0) + (isFirst ? -1_000_000 : 0) + score;
}

function strategyScore(node: Node, usage: NodeUsage, { loadStrategy }: Zone): number {
  switch (loadStrategy) {
    case "leastLoad":
      return loadOf(node, usage);
    case "mostLoad":
      return -loadOf(node, usage);
    case "leastSessions":
      return usage.sessions;
    case "mostSessions":
      return -usage.sessions;
    default: {
      const never: never = loadStrategy;
      throw new Error(`unknown load strategy ${String(never)}`);
    }
  }
}

/** Ties go to the oldest node, so that newer ones can empty and leave. */
function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.score !== b.score) return a.score < b.score;
  if (a.node.createdAtMs !== b.node.createdAtMs) return a.node.createdAtMs < b.node.createdAtMs;
  return a.node.nodeId < b.node.nodeId;
}
