/** How rows of nodes and sessions change, each change with its entry in the journal. */
import type { EpochMs } from "../../model/clock";
import type { Journal } from "../../model/journal";
import type { Reason } from "../../model/reason";
import type { Node, NodeStatus, Session, SessionEndReason } from "../../model/state";
import type { Draft } from "../../model/draft";
import { isInFlight } from "./node-status";

export interface TransitionContext {
  readonly draft: Draft;
  readonly journal: Journal;
  readonly nowMs: EpochMs;
}

export function assignSession(context: TransitionContext, session: Session, nodeId: string, reason: Reason): Session {
  const { draft, journal, nowMs } = context;
  const waiting = without(session, "reservation");
  const assigned: Session = { ...waiting, status: "assigned", nodeId, assignedAtMs: nowMs, reason };
  draft.putSession(assigned);
  const node = draft.node(nodeId);
  if (node?.isReusable === false && !node.hasServed) draft.putNode({ ...node, hasServed: true });
  const numbers = {
    ...reason.numbers,
    waitedMs: nowMs - session.requestedAtMs,
    ...(node?.autoscaleConfig === undefined ? {} : { autoscaleConfig: node.autoscaleConfig }),
  };
  draft.decide(journal.entry("session", session.sessionId, "placed", { ...reason, numbers }));
  return assigned;
}

export function endSession(
  { draft, journal, nowMs }: TransitionContext,
  session: Session,
  endReason: SessionEndReason,
  reason: Reason,
): void {
  draft.putSession({ ...session, status: "ended", endedAtMs: nowMs, endReason, reason });
  draft.decide(journal.entry("session", session.sessionId, "ended", reason));
}

/** @param patch What else of the node changes with its status. */
export function moveNode(
  { draft, journal, nowMs }: TransitionContext,
  node: Node,
  status: NodeStatus,
  reason: Reason,
  patch: Partial<Node> = {},
): void {
  const moved: Node = { ...node, ...patch, status, statusSinceMs: nowMs, reason };
  // What it fetched it has, or never will.
  draft.putNode(isInFlight(moved) ? moved : without(moved, "fetchedScript"));
  draft.decide(journal.entry("node", node.nodeId, status, reason));
}

/** Takes the node out of its lane's desired set for good. */
export function destroyNode(context: TransitionContext, node: Node, reason: Reason): void {
  moveNode(context, node, "destroying", reason);
  const lane = node.laneId === undefined ? undefined : context.draft.lane(node.laneId);
  if (lane) context.draft.raiseLane(lane);
}

/** The record without one of its optional fields. */
export function without<T extends object, K extends keyof T>(record: T, field: K): Omit<T, K> {
  const copy: Partial<T> = { ...record };
  delete copy[field];
  return copy as Omit<T, K>;
}
