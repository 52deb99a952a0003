/** Places queued sessions, first come first served; those that fit nowhere are skipped, those behind them go on. */
import type { Reason } from "../../model/reason";
import type { Node, Session } from "../../model/state";
import { isAllowedFor } from "../../model/workspace-access";
import { isServer } from "../lifecycle/node-status";
import { assignSession, endSession, type TransitionContext } from "../lifecycle/transitions";
import { Eligibility, type PlaceContext } from "./eligibility";
import { place, type Placement } from "./place";
import { isLabelledFor, placesOf } from "./places";
import { usageFor } from "./reserved-room";
import { freeJoins, hasRoom } from "./room";

export type QueueContext = PlaceContext & TransitionContext;

/** Fills one node that has just got room. Nothing else has changed, so no other node can have room for who waits. */
export function fillNode(context: QueueContext, nodeId: string): void {
  const queue = context.draft.snapshot.queue();
  if (queue.length === 0) return;
  const eligibility = new Eligibility(context);
  const unfit = new Set<string>();
  for (const queued of queue) {
    const node = context.draft.node(nodeId);
    if (!node || node.status !== "running" || !hasAnyRoom(node, context)) return;
    const session = context.draft.session(queued.sessionId);
    if (session?.status !== "queued") continue;
    const needs = needsKey(session, isServer(node), context);
    if (unfit.has(needs)) continue;
    const mayGo = isAllowedOn(session, node, context) && eligibility.takes(node, session);
    const usage = context.draft.usage(nodeId);
    if (!mayGo || !hasRoom(node, usageFor(session, node, context.draft), session)) {
      unfit.add(needs);
      continue;
    }
    const text = `node ${nodeId} got room; it waited ${Math.round((context.nowMs - session.requestedAtMs) / 1000)} s`;
    const numbers = { nodeId, sessionsBefore: usage.sessions, waitedMs: context.nowMs - session.requestedAtMs };
    assignSession(context, session, nodeId, { code: "placed", text, numbers });
  }
}

/**
 * The same for sessions that fit or don't fit alike. Servers look at the user too: there each user is his own case. So is
 * a session that its user may not have.
 */
function needsKey(session: Session, isOnServer: boolean, { draft: { snapshot } }: PlaceContext): string {
  const { sessionId, zone, needs, userId } = session;
  const workspace = snapshot.workspaces.get(session.workspace);
  if (workspace && !isAllowedFor(workspace, session)) return sessionId;
  const common = `${session.workspace}/${zone ?? ""}/${needs.cores}/${needs.memoryBytes}/${needs.gpus}`;
  return isOnServer ? `${common}/${userId}` : common;
}

function hasAnyRoom(node: Node, { draft }: PlaceContext): boolean {
  const usage = draft.usage(node.nodeId);
  if (isServer(node)) return freeJoins(node, usage) > 0;
  return node.shape !== undefined && usage.cores <= node.shape.cores && usage.memoryBytes <= node.shape.memoryBytes;
}

function isAllowedOn(session: Session, node: Node, { draft: { snapshot } }: PlaceContext): boolean {
  const workspace = snapshot.workspaces.get(session.workspace);
  if (!workspace?.enabled || !isAllowedFor(workspace, session)) return false;
  return placesOf(workspace, session.zone, snapshot).some(
    ({ zone, pool }) => zone.name === node.zone && pool.name === node.pool && isLabelledFor(workspace, node, pool),
  );
}

/** Tries the whole queue: for changes of any kind. Sessions that nothing can ever serve end with the reason. */
export function placeQueue(context: QueueContext): void {
  const { draft } = context;
  const withCandidates = { ...context, candidates: nodesWithRoom(context) };
  // Room only shrinks meanwhile: what one session did not get, no later one with the same needs gets. But when a session
  // is served for which room was kept, that room is there for all again.
  const unplaced = new Map<string, Placement>();
  for (const session of draft.snapshot.queue()) {
    const latest = draft.session(session.sessionId);
    if (latest?.status !== "queued") continue;
    const isOnServer = draft.snapshot.workspaces.get(latest.workspace)?.kind !== "container";
    const needs = needsKey(latest, isOnServer, context);
    const placement = unplaced.get(needs) ?? place(latest, withCandidates);
    if (placement.kind !== "queued" && latest.reservation) unplaced.clear();
    if (placement.kind !== "assigned") unplaced.set(needs, placement);
    if (placement.kind === "assigned") assignSession(context, latest, placement.nodeId, placement.reason);
    else if (placement.kind === "refused" && !isPassing(placement.reason)) {
      endSession(context, latest, "neverServable", placement.reason);
    }
  }
}

/** Nodes with any room, by place: a node that is full now stays full while the queue is placed. */
function nodesWithRoom(context: QueueContext): NonNullable<PlaceContext["candidates"]> {
  const { draft } = context;
  const found = new Map<string, Node[]>();
  return (pool, zone) => {
    const key = `${pool}/${zone}`;
    const known = found.get(key);
    if (known) return known;
    const nodes = [...draft.snapshot.nodesIn(pool, zone).values()].map((node) => draft.latest(node));
    const withRoom = nodes.filter((node) => node.status === "running" && hasAnyRoom(node, context));
    found.set(key, withRoom);
    return withRoom;
  };
}

/** A disabled or drained config may be enabled again: sessions that wait for it stay until their queue timeout. */
function isPassing({ code }: Reason): boolean {
  return code === "configDisabled" || code === "configDraining";
}
