/** What happens to nodes and sessions, each with its entry in the journal. Broker and reconciler share these. */
import type { EpochMs } from "../../model/clock";
import type { Journal } from "../../model/journal";
import type { Reason } from "../../model/plan";
import type { ConfigState, Decision, Node, NodeStatus, Session, SessionEndReason } from "../../model/state";
import type { Draft } from "../../model/draft";
import { afterFailure, isTripped, openedReason, withoutFailures } from "./failures";

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
  draft.decide(journal.entry("session", session.sessionId, "placed", reason));
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
  draft.putNode({ ...node, ...patch, status, statusSinceMs: nowMs, reason });
  draft.decide(journal.entry("node", node.nodeId, status, reason));
}

/** The node is ready: it takes sessions from now on, the failures of its config are forgotten, and its boot is measured. */
export function startNode(context: TransitionContext, node: Node, reason: Reason, patch: Partial<Node> = {}): void {
  moveNode(context, node, "running", reason, {
    progressPercent: 100,
    ...patch,
    runningSinceMs: node.runningSinceMs ?? context.nowMs,
  });
  if (node.autoscaleConfig === undefined) return;
  const state = context.draft.configState(node.autoscaleConfig);
  const booted = (patch.runningSinceMs ?? node.runningSinceMs ?? context.nowMs) - node.createdAtMs;
  const bootSeconds = [...(state.bootSeconds ?? []), Math.round(booted / 1000)].slice(-bootsRemembered);
  context.draft.putConfigState({ ...afterSuccess(context, state, node), bootSeconds });
}

const bootsRemembered = 20;

function afterSuccess({ draft, journal }: TransitionContext, state: ConfigState, node: Node): ConfigState {
  const { vmProvider = "" } = node;
  const failures = state.failures?.[vmProvider];
  if (failures && isTripped(failures)) {
    const text = `node ${node.nodeId} runs: VM provider config "${vmProvider}" is used without limits again`;
    const numbers = { vmProvider, nodeId: node.nodeId, consecutiveFailures: failures.consecutiveFailures };
    draft.decide(
      journal.entry("config", state.autoscaleConfig, "circuitClosed", { code: "circuitClosed", text, numbers }),
    );
  }
  return withoutFailures(state, vmProvider);
}

/** The node failed before it ever ran: its config waits before it tries again. */
export function failNode(
  context: TransitionContext,
  node: Node,
  failure: NonNullable<Node["failure"]>,
  reason: Reason,
): void {
  moveNode(context, node, "failed", reason, { failure });
  if (node.autoscaleConfig === undefined) return;
  const before = context.draft.configState(node.autoscaleConfig);
  for (const change of failureChanges(context, before, node, failure)) {
    if (change.kind === "decision") context.draft.decide(change.decision);
    else context.draft.putConfigState(change.row);
  }
}

type FailureChange =
  | { readonly kind: "put"; readonly table: "configState"; readonly row: ConfigState }
  | { readonly kind: "decision"; readonly decision: Decision };

/** What changes for the node's config when the node failed. */
export function failureChanges(
  { journal, nowMs }: { readonly journal: Journal; readonly nowMs: EpochMs },
  before: ConfigState | undefined,
  { autoscaleConfig, vmProvider }: Node,
  failure: NonNullable<Node["failure"]>,
): FailureChange[] {
  if (autoscaleConfig === undefined || vmProvider === undefined) return [];
  const row = afterFailure(before, { autoscaleConfig, vmProvider, failure, nowMs });
  const opened = openedReason(before, row, vmProvider);
  return [
    { kind: "put", table: "configState", row },
    ...(opened
      ? [{ kind: "decision" as const, decision: journal.entry("config", autoscaleConfig, "circuitOpened", opened) }]
      : []),
  ];
}

/** The node is gone with all that ran on it; that is no failure of its config. */
export function loseNode(context: TransitionContext, node: Node, reason: Reason): void {
  moveNode(context, node, "dead", reason);
  for (const session of context.draft.sessionsOf(node.nodeId)) {
    const text = `its node ${node.nodeId} is dead: ${reason.text}`;
    const numbers = { nodeId: node.nodeId, ...reason.numbers };
    endSession(context, session, "nodeDead", { code: "nodeDead", text, numbers });
  }
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
