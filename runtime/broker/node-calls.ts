/** What nodes say about themselves. */
import { GoneError, UnauthorizedError } from "../model/errors";
import type { PartialShape } from "../model/shapes";
import type { Node } from "../model/state";
import { declaredShape } from "../planner/config/next-node";
import { tellNode } from "../deciding/node-events";
import { isInFlight, outlivesNotice } from "../planner/lifecycle/node-status";
import { fillNode, type QueueContext } from "../planner/placement/place-queue";
import { overstatedReason, reshapedReason, withReport } from "../planner/lifecycle/reports";
import { destroyNode, moveNode } from "../planner/lifecycle/transitions";

export interface ServerStatus {
  readonly status: "starting" | "running" | "failed";
  readonly message?: string;
  /** 0 to 100. */
  readonly progressPercent?: number;
}

/** What the node counted of itself; its size is used where neither an override nor the size's own is known. */
export interface Heartbeat {
  readonly cores?: number;
  readonly memoryBytes?: number;
  readonly gpus?: number;
  /** For people: nothing is decided by it. */
  readonly containers?: number;
}

export function checkIn(
  nodeId: string,
  { status, message, progressPercent }: ServerStatus,
  context: QueueContext,
): Node {
  const node = liveNode(nodeId, context);
  if (!isInFlight(node)) return node;
  const patch: Partial<Node> = {
    progressPercent: status === "running" ? 100 : (progressPercent ?? node.progressPercent ?? 0),
    ...(message === undefined ? {} : { progressMessage: message }),
  };
  if (status === "running") {
    const text = `checked in${message ? `: ${message}` : ""}`;
    tellNode(context, { ...node, ...patch }, { kind: "ready", reason: { code: "checkedIn", text, numbers: {} } });
    return context.draft.node(nodeId)!;
  }
  if (status === "failed") {
    tellNode(context, { ...node, ...patch }, { kind: "saidItFailed", message });
    return context.draft.node(nodeId)!;
  }
  if (patch.progressPercent === node.progressPercent && patch.progressMessage === node.progressMessage) return node;
  context.draft.putNode({ ...node, ...patch });
  const text = `check-in ${patch.progressPercent} %${message ? `: ${message}` : ""}`;
  const numbers = { progressPercent: patch.progressPercent ?? 0 };
  context.draft.decide(context.journal.entry("node", nodeId, "progress", { code: "progress", text, numbers }));
  return context.draft.node(nodeId)!;
}

/** A beat that tells nothing new changes nothing here: the caller notes the sign of life that is answered. */
export function heartbeat(
  { nodeId, tokenNodeId, beat }: { nodeId: string; tokenNodeId: string; beat: Heartbeat },
  context: QueueContext,
): Node {
  if (nodeId !== tokenNodeId) throw new UnauthorizedError(`this token does not speak for node ${nodeId}`);
  const before = liveNode(nodeId, context);
  const heard = hearReport(before, beat, context);
  const { containers } = beat;
  const node: Node = { ...heard, lastHeartbeatMs: context.nowMs, ...(containers === undefined ? {} : { containers }) };
  if (isInFlight(before)) {
    const reason = { code: "heartbeat", text: "first heartbeat", numbers: {} };
    tellNode(context, node, { kind: "ready", reason });
    return context.draft.node(nodeId)!;
  }
  if (before.status === "missing") {
    const silentMs = context.nowMs - (before.lastHeartbeatMs ?? before.statusSinceMs);
    const text = `heartbeat again after ${Math.round(silentMs / 1000)} s of silence`;
    tellNode(context, node, { kind: "heardAgain", reason: { code: "back", text, numbers: { silentMs } } });
    return context.draft.node(nodeId)!;
  }
  // Written, so that whoever leads next does not take a later silence for the end that was announced.
  const isNews = heard !== before || outlivesNotice(before, before.lastHeartbeatMs, context.nowMs);
  if (!isNews) return node;
  context.draft.putNode(node);
  if (heard.shape !== before.shape) fillNode(context, nodeId);
  return node;
}

/** The node as it says it is, told in the journal where that is news; nothing on it ends for that. */
function hearReport(node: Node, beat: Heartbeat, context: QueueContext): Node {
  const declared = node.declared ?? declaredNow(node, context);
  const heard = withReport(node, beat, declared);
  if (heard === node) return node;
  const { draft, journal } = context;
  const overstated = overstatedReason(node, heard, declared);
  if (overstated) draft.decide(journal.entry("node", node.nodeId, "overstated", overstated));
  if (!node.shape || !heard.shape || heard.shape === node.shape) return heard;
  draft.decide(journal.entry("node", node.nodeId, "reshaped", reshapedReason(node.shape, heard.shape)));
  return heard;
}

/** Of a node that was born before this was kept with it. */
function declaredNow({ autoscaleConfig = "", vmProvider }: Node, { draft, catalog }: QueueContext): PartialShape {
  const config = draft.snapshot.autoscaleConfigs.get(autoscaleConfig);
  return config ? declaredShape(config, draft.snapshot, catalog, vmProvider) : {};
}

/** A {@link GoneError} for a node that is gone or never comes back. */
function liveNode(nodeId: string, { draft }: QueueContext): Node {
  const node = draft.node(nodeId);
  if (node && node.status !== "destroying" && node.status !== "failed" && node.status !== "dead") return node;
  throw new GoneError(`node ${nodeId} ${node ? `is ${node.status}: ${node.reason.text}` : "was destroyed"}`);
}

/** What the cloud has announced: it takes the VM back. */
export interface Interruption {
  /** Undefined = the cloud did not say when. */
  readonly deadlineMs?: number;
  readonly message?: string;
}

/** Clouds give 30 s to 2 minutes; without a time the longer one is taken, so that a node is not given up too early. */
const noticeDefaultMs = 120_000;

/**
 * The node takes no new session from now on; what it had free is replaced at once. It goes when it is empty, or when the
 * cloud has taken it. Neither is a failure of its config.
 */
export function interruptNode(nodeId: string, { deadlineMs, message }: Interruption, context: QueueContext): Node {
  const node = liveNode(nodeId, context);
  const { nowMs, draft } = context;
  const known = node.interruption;
  const interruption = {
    noticedAtMs: known?.noticedAtMs ?? nowMs,
    deadlineMs: deadlineMs ?? known?.deadlineMs ?? nowMs + noticeDefaultMs,
    ...(message === undefined ? {} : { message }),
  };
  if (known && known.deadlineMs === interruption.deadlineMs) return node;
  const { pinned } = draft.usage(nodeId);
  const when = new Date(interruption.deadlineMs).toISOString();
  const text = `the cloud takes it back at ${when}${message ? ` (${message})` : ""}`;
  const seconds = Math.round((interruption.deadlineMs - nowMs) / 1000);
  const reason = {
    code: "interrupted",
    text,
    numbers: { deadlineMs: interruption.deadlineMs, seconds, sessions: pinned },
  };
  if (isInFlight(node)) destroyNode(context, { ...node, interruption }, reason);
  else moveNode(context, node, "draining", reason, { interruption });
  return draft.node(nodeId)!;
}
