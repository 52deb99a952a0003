/** What ends by itself: nodes that don't come or fall silent. */
import type { EpochMs } from "../model/clock";
import type { Reason } from "../model/plan";
import type { Node } from "../model/state";
import { formatDuration } from "../model/units";
import { fillNode, type QueueContext } from "../planner/queue";
import { endSession, failNode, moveNode, startNode } from "../planner/transitions";

/**
 * Applies every time-out that has passed. `awakeSinceMs`: when this process began to listen; silence before that is
 * ours, not the nodes'.
 */
export function applyTimeOuts(context: QueueContext, awakeSinceMs: EpochMs): void {
  for (const node of context.draft.snapshot.nodes.values()) applyToNode(node, context, awakeSinceMs);
}

function applyToNode(node: Node, context: QueueContext, awakeSinceMs: EpochMs): void {
  switch (node.status) {
    case "requested":
    case "provisioning":
    case "starting":
      return applyToComing(node, context, awakeSinceMs);
    case "running":
    case "missing":
    case "draining":
      return applyToSilent(node, context, awakeSinceMs);
    case "destroying":
      return applyToDestroying(node, context);
    case "dead":
    case "failed":
      return;
    default: {
      const never: never = node.status;
      throw new Error(`unknown status ${String(never)}`);
    }
  }
}

function applyToComing(node: Node, context: QueueContext, awakeSinceMs: EpochMs): void {
  if (node.status === "starting" && node.runningSinceMs !== undefined && node.address !== undefined) {
    startNode(context, node, { code: "checkedIn", text: "had checked in before its address was known", numbers: {} });
    fillNode(context, node.nodeId);
    return;
  }
  const waitedMs = context.nowMs - Math.max(node.statusSinceMs, awakeSinceMs);
  const limitMs = node.provisionTimeoutSeconds * 1000;
  if (waitedMs < limitMs) return;
  const limit = formatDuration(node.provisionTimeoutSeconds);
  const text = {
    requested: `its lane did not begin to create it within ${limit}`,
    provisioning: `the cloud did not make it within ${limit}`,
    starting: `no check-in within ${limit} after it was created`,
  }[node.status as "requested" | "provisioning" | "starting"];
  const numbers = { waitedMs, provisionTimeoutSeconds: node.provisionTimeoutSeconds };
  const code = node.status === "starting" ? "noCheckin" : "provisionTimeout";
  failNode(context, node, { class: "TIMEOUT", message: text }, { code, text, numbers });
}

/** A delete takes minutes; what takes longer is told, because somebody may have to look into the cloud. */
const destroyOverdueSeconds = 600;

/** Nothing is given up: the lane goes on trying, with waits of at most 5 minutes, until the node is known to be gone. */
function applyToDestroying(node: Node, { draft, journal, nowMs }: QueueContext): void {
  const waitedMs = nowMs - node.statusSinceMs;
  if (waitedMs < destroyOverdueSeconds * 1000 || node.reason.code === "destroyOverdue") return;
  const last = node.failure ? `; last try: ${node.failure.message}` : "";
  const since = new Date(node.statusSinceMs).toISOString();
  const text = `was to be destroyed at ${since} (${node.reason.text}) and is still there; it is tried again and again${last}`;
  const reason = {
    code: "destroyOverdue",
    text,
    numbers: { waitedMs, destroyOverdueSeconds, lane: node.laneId ?? "" },
  };
  draft.putNode({ ...node, reason });
  draft.decide(journal.entry("node", node.nodeId, "destroyOverdue", reason));
}

/**
 * A node is judged by its signs of life: heartbeats, or answered probes of its connection port. One that has never given
 * any, although it runs, can't be judged: nothing says that it ever would. Static members are never dead: they are not
 * ours to destroy.
 */
function applyToSilent(node: Node, context: QueueContext, awakeSinceMs: EpochMs): void {
  if (node.interruption && applyToInterrupted(node, node.interruption.deadlineMs, context, awakeSinceMs)) return;
  const isHeard =
    node.readyWhen === "heartbeat" || node.lastHeartbeatMs !== undefined || node.lastProbeMs !== undefined;
  if (!isHeard) return;
  const heardMs = Math.max(lastSignOf(node) ?? node.runningSinceMs ?? node.statusSinceMs, awakeSinceMs);
  const silentMs = context.nowMs - heardMs;
  const numbers = {
    silentMs,
    missingTimeoutSeconds: node.missingTimeoutSeconds,
    deadTimeoutSeconds: node.deadTimeoutSeconds,
  };
  const sign = node.lastHeartbeatMs === undefined && node.lastProbeMs !== undefined ? "answered probe" : "heartbeat";
  const text = `no ${sign} for ${formatDuration(Math.floor(silentMs / 1000))}`;
  if (silentMs >= node.deadTimeoutSeconds * 1000 && node.autoscaleConfig !== undefined) {
    loseNode(context, node, { code: "dead", text, numbers });
  } else if (silentMs >= node.missingTimeoutSeconds * 1000 && node.status === "running") {
    moveNode(context, node, "missing", { code: "missing", text, numbers });
  }
}

function lastSignOf({ lastHeartbeatMs, lastProbeMs }: Node): EpochMs | undefined {
  if (lastHeartbeatMs === undefined || lastProbeMs === undefined) return lastHeartbeatMs ?? lastProbeMs;
  return Math.max(lastHeartbeatMs, lastProbeMs);
}

/** A VM that the cloud was to take back may live a little longer; one that is silent since is gone. */
const interruptionGraceMs = 60_000;

/** True when the cloud has taken the node. One that still gives signs of life keeps its sessions until they end. */
function applyToInterrupted(node: Node, deadlineMs: EpochMs, context: QueueContext, awakeSinceMs: EpochMs): boolean {
  const graceEndMs = Math.max(deadlineMs, awakeSinceMs) + interruptionGraceMs;
  if (context.nowMs < graceEndMs || (lastSignOf(node) ?? 0) > deadlineMs) return false;
  const text = `the cloud took it back at ${new Date(deadlineMs).toISOString()}, as announced`;
  loseNode(context, node, { code: "interrupted", text, numbers: { deadlineMs } });
  return true;
}

/** The node is gone with all that ran on it; that is no failure of its config. */
function loseNode(context: QueueContext, node: Node, reason: Reason): void {
  moveNode(context, node, "dead", reason);
  for (const session of context.draft.sessionsOf(node.nodeId)) {
    const text = `its node ${node.nodeId} is dead: ${reason.text}`;
    const numbers = { nodeId: node.nodeId, ...reason.numbers };
    endSession(context, session, "nodeDead", { code: "nodeDead", text, numbers });
  }
}
