/** What ends by itself: nodes that don't come or fall silent. */
import type { EpochMs } from "../model/clock";
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
    case "dead":
    case "destroying":
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

/** Only nodes that send heartbeats can fall silent. */
function applyToSilent(node: Node, context: QueueContext, awakeSinceMs: EpochMs): void {
  const isHeard = node.readyWhen === "heartbeat" || node.lastHeartbeatMs !== undefined;
  if (!isHeard || node.readyWhen === "declared") return;
  const heardMs = Math.max(node.lastHeartbeatMs ?? node.runningSinceMs ?? node.statusSinceMs, awakeSinceMs);
  const silentMs = context.nowMs - heardMs;
  const numbers = {
    silentMs,
    missingTimeoutSeconds: node.missingTimeoutSeconds,
    deadTimeoutSeconds: node.deadTimeoutSeconds,
  };
  const text = `no heartbeat for ${formatDuration(Math.floor(silentMs / 1000))}`;
  if (silentMs >= node.deadTimeoutSeconds * 1000) {
    moveNode(context, node, "dead", { code: "dead", text, numbers });
    for (const session of context.draft.sessionsOf(node.nodeId)) {
      const reason = {
        code: "nodeDead",
        text: `its node ${node.nodeId} is dead: ${text}`,
        numbers: { nodeId: node.nodeId, silentMs },
      };
      endSession(context, session, "nodeDead", reason);
    }
  } else if (silentMs >= node.missingTimeoutSeconds * 1000 && node.status === "running") {
    moveNode(context, node, "missing", { code: "missing", text, numbers });
  }
}
