/** Why a session is not placed yet, candidate by candidate: each node that might take it, each config that might make one. */
import type { Workspace } from "../../model/config";
import type { Reason } from "../../model/reason";
import type { Snapshot } from "../../model/snapshot";
import type { Session } from "../../model/state";
import { isAllowedFor } from "../../model/workspace-access";
import { Eligibility } from "../placement/eligibility";
import { nodeObstacle } from "../placement/node-obstacle";
import { labelObstacle, obstacleOf } from "../placement/obstacles";
import { configsFor, namedPlacesOf, type Place } from "../placement/places";
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
  if (session.status !== "queued" || !workspace?.enabled || !isAllowedFor(workspace, session)) return [];
  const draft = new PlanDraft(new Fleet(snapshot, options));
  const { context } = draft.fleet;
  const eligibility = new Eligibility(context);
  const nodes: Candidate[] = [];
  const configs: Candidate[] = [];
  for (const place of namedPlacesOf(workspace, session.zone, snapshot)) {
    const { zone, pool } = place;
    const question = { request: session, workspace, pool, draft: context.draft, eligibility };
    const sorted = [...snapshot.nodesIn(pool.name, zone.name).values()].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    for (const node of sorted.slice(0, nodesMax - nodes.length)) {
      const reason = nodeObstacle(node, question) ?? { code: "room", text: "has room for it", numbers: {} };
      nodes.push({ kind: "node", id: node.nodeId, reason });
    }
    configs.push(...configCandidates(session, workspace, place, draft));
  }
  return [...nodes, ...configs];
}

function configCandidates(session: Session, workspace: Workspace, place: Place, draft: PlanDraft): Candidate[] {
  const { snapshot } = draft.fleet;
  const labelled = new Set(configsFor(workspace, place, snapshot));
  return snapshot.configsIn(place.pool.name, place.zone.name).map((config) => ({
    kind: "config",
    id: config.name,
    reason: labelled.has(config)
      ? configReason(session, config.name, draft)
      : labelObstacle(workspace, place, session.needs).reason,
  }));
}

function configReason(session: Session, name: string, draft: PlanDraft): Reason {
  const view = draft.fleet.config(name)!;
  const obstacle = obstacleOf(session, view.config, draft.fleet.context)?.reason;
  const block = obstacle ?? draft.blocked(view, "demand", session.needs);
  return block ?? { code: "open", text: "can make a node for it", numbers: { autoscaleConfig: name } };
}
