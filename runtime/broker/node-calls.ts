/** What nodes say about themselves, and what operators do to them. */
import { ConflictError, GoneError, NotFoundError, UnauthorizedError } from "../model/errors";
import type { Reason } from "../model/plan";
import type { Node, Shape } from "../model/state";
import { withOverrides } from "../planner/capacity";
import { fillNode, type QueueContext } from "../planner/queue";
import { destroyNode, failNode, moveNode, startNode } from "../planner/transitions";

export interface ServerStatus {
  readonly status: "starting" | "running" | "failed";
  readonly message?: string;
  /** 0 to 100. */
  readonly progressPercent?: number;
}

/** What the node counted of itself; used when the size's own shape is not known. */
export interface Heartbeat {
  readonly cores?: number;
  readonly memoryBytes?: number;
  readonly gpus?: number;
}

/** Heartbeats closer together than this change nothing that lasts, so that a fleet's beats don't fill the store. */
const heartbeatKeptMs = 15_000;

export function checkIn(
  nodeId: string,
  { status, message, progressPercent }: ServerStatus,
  context: QueueContext,
): Node {
  const node = liveNode(nodeId, context);
  if (!isComing(node)) return node;
  const patch: Partial<Node> = {
    progressPercent: status === "running" ? 100 : (progressPercent ?? node.progressPercent ?? 0),
    ...(message === undefined ? {} : { progressMessage: message }),
  };
  if (status === "running") return becomeReady({ ...node, ...patch }, checkedIn(message), context);
  if (status === "failed") {
    const text = `the node said that it failed: ${message ?? "no message"}`;
    const reason = { code: "reportedFailure", text, numbers: {} };
    failNode(context, { ...node, ...patch }, { class: "REPORTED", message: message ?? "no message" }, reason);
    return context.draft.node(nodeId)!;
  }
  if (patch.progressPercent === node.progressPercent && patch.progressMessage === node.progressMessage) return node;
  context.draft.putNode({ ...node, ...patch });
  const text = `check-in ${patch.progressPercent} %${message ? `: ${message}` : ""}`;
  const numbers = { progressPercent: patch.progressPercent ?? 0 };
  context.draft.decide(context.journal.entry("node", nodeId, "progress", { code: "progress", text, numbers }));
  return context.draft.node(nodeId)!;
}

function checkedIn(message: string | undefined): Reason {
  return { code: "checkedIn", text: `checked in${message ? `: ${message}` : ""}`, numbers: {} };
}

/** A node that calls before its update has told its address becomes running as soon as the address is known. */
function becomeReady(node: Node, reason: Reason, context: QueueContext): Node {
  if (node.status === "starting" && node.address !== undefined) {
    startNode(context, node, reason);
    fillNode(context, node.nodeId);
  } else if (node.runningSinceMs === undefined) {
    context.draft.putNode({ ...node, runningSinceMs: context.nowMs });
    context.draft.decide(context.journal.entry("node", node.nodeId, "checkedInEarly", reason));
  }
  return context.draft.node(node.nodeId)!;
}

export function heartbeat(
  { nodeId, tokenNodeId, beat }: { nodeId: string; tokenNodeId: string; beat: Heartbeat },
  context: QueueContext,
): Node {
  if (nodeId !== tokenNodeId) throw new UnauthorizedError(`this token does not speak for node ${nodeId}`);
  const before = liveNode(nodeId, context);
  const shape = before.shape ?? reportedShape(before, beat, context);
  const node: Node = { ...before, lastHeartbeatMs: context.nowMs, ...(shape ? { shape } : {}) };
  if (isComing(before)) return becomeReady(node, { code: "heartbeat", text: "first heartbeat", numbers: {} }, context);
  if (before.status === "missing") {
    const silentMs = context.nowMs - (before.lastHeartbeatMs ?? before.statusSinceMs);
    const text = `heartbeat again after ${Math.round(silentMs / 1000)} s of silence`;
    moveNode(context, node, "running", { code: "back", text, numbers: { silentMs } });
    fillNode(context, nodeId);
    return context.draft.node(nodeId)!;
  }
  const keptMs = Math.min(heartbeatKeptMs, (before.missingTimeoutSeconds * 1000) / 4);
  const isRecent = context.nowMs - (before.lastHeartbeatMs ?? 0) < keptMs;
  if (isRecent && shape === before.shape) return before;
  context.draft.putNode(node);
  if (shape !== before.shape) fillNode(context, nodeId);
  return node;
}

function reportedShape(
  node: Node,
  { cores, memoryBytes, gpus = 0 }: Heartbeat,
  { draft }: QueueContext,
): Shape | undefined {
  if (cores === undefined || memoryBytes === undefined) return undefined;
  const reported = { cores, memoryBytes, gpus };
  const config = node.autoscaleConfig && draft.snapshot.autoscaleConfigs.get(node.autoscaleConfig);
  return config ? withOverrides(config, reported) : reported;
}

function isComing(node: Node): boolean {
  return node.status === "requested" || node.status === "provisioning" || node.status === "starting";
}

/** A {@link GoneError} for a node that is gone or never comes back. */
function liveNode(nodeId: string, { draft }: QueueContext): Node {
  const node = draft.node(nodeId);
  if (node && node.status !== "destroying" && node.status !== "failed" && node.status !== "dead") return node;
  throw new GoneError(`node ${nodeId} ${node ? `is ${node.status}: ${node.reason.text}` : "was destroyed"}`);
}

/** By an operator: drained, and destroyed once empty; a node that never ran leaves at once. */
export function removeNode(nodeId: string, context: QueueContext): Node {
  const node = context.draft.node(nodeId);
  if (!node) throw new NotFoundError(`there is no node "${nodeId}"`);
  if (node.autoscaleConfig === undefined) {
    throw new ConflictError(
      `node ${nodeId} is a static member of pool "${node.pool}"; remove it from the pool's definition`,
    );
  }
  const reason = { code: "manual", text: "deleted by request", numbers: {} };
  const isEmpty = context.draft.usage(nodeId).pinned === 0;
  if (node.status === "destroying" || (node.status === "draining" && node.reason.code === "manual")) return node;
  const neverRan = isComing(node) || node.status === "failed" || node.status === "dead";
  if (neverRan && isEmpty) destroyNode(context, node, reason);
  else moveNode(context, node, "draining", reason);
  return context.draft.node(nodeId)!;
}
