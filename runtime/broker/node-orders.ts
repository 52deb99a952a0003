/** What operators do to nodes. */
import { ConflictError, NotFoundError } from "../model/errors";
import type { Node } from "../model/state";
import { isLeaving } from "../planner/config/mode";
import { isInFlight } from "../planner/lifecycle/node-status";
import { fillNode, type QueueContext } from "../planner/placement/place-queue";
import { destroyNode, moveNode } from "../planner/lifecycle/transitions";

/**
 * Drained, and destroyed once empty; a node that never ran leaves at once. Works whatever the state of its config is,
 * and when its VM is gone already: nothing is asked of the VM itself.
 */
export function deleteByRequest(nodeId: string, context: QueueContext): Node {
  const node = knownNode(nodeId, context);
  if (node.autoscaleConfig === undefined) {
    throw new ConflictError(
      `node ${nodeId} is a static member of pool "${node.pool}"; remove it from the pool's definition`,
    );
  }
  const reason = { code: "manual", text: "deleted by request", numbers: {} };
  const isEmpty = context.draft.usage(nodeId).pinned === 0;
  if (node.status === "destroying" || (node.status === "draining" && node.reason.code === "manual")) return node;
  const neverRan = isInFlight(node) || node.status === "failed" || node.status === "dead";
  if (neverRan && isEmpty) destroyNode(context, node, reason);
  else moveNode(context, node, "draining", reason);
  return context.draft.node(nodeId)!;
}

/** Takes no new session and stays, also when it is empty, until it is undrained or deleted. */
export function drainByRequest(nodeId: string, context: QueueContext): Node {
  const node = knownNode(nodeId, context);
  const isKept = node.status === "draining" && isSettled(node);
  if (isKept) return node;
  if (node.status !== "running" && node.status !== "missing" && node.status !== "draining") {
    throw new ConflictError(
      `node ${nodeId} is ${node.status}; only a node that runs can be drained: ${node.reason.text}`,
    );
  }
  const text = "drained by request; it stays until it is undrained or deleted";
  const numbers = { sessions: context.draft.usage(nodeId).pinned };
  moveNode(context, node, "draining", { code: "held", text, numbers });
  return context.draft.node(nodeId)!;
}

/** Takes sessions again, whoever drained it; refused where it would be drained again at once. */
export function undrainByRequest(nodeId: string, context: QueueContext): Node {
  const node = knownNode(nodeId, context);
  if (node.status === "running") return node;
  if (node.status !== "draining") {
    throw new ConflictError(`node ${nodeId} is ${node.status}, not draining: ${node.reason.text}`);
  }
  if (node.reason.code === "interrupted" || node.reason.code === "served") {
    throw new ConflictError(`node ${nodeId} can't come back: ${node.reason.text}`);
  }
  const { snapshot } = context.draft;
  const config = node.autoscaleConfig === undefined ? undefined : snapshot.autoscaleConfigs.get(node.autoscaleConfig);
  const isEmptied = config
    ? isLeaving(config, snapshot.configStates.get(config.name))
    : node.autoscaleConfig !== undefined;
  if (isEmptied) {
    throw new ConflictError(
      `node ${nodeId} can't come back: autoscale config "${node.autoscaleConfig}" is being emptied`,
    );
  }
  const isRotatedAgain =
    (node.reason.code === "expired" && config?.maxNodeAge !== undefined) ||
    (node.reason.code === "outdated" && config?.onSpecChange === "rotate");
  if (isRotatedAgain) throw new ConflictError(`node ${nodeId} is being replaced: it ${node.reason.text}`);
  moveNode(context, node, "running", { code: "undrained", text: "undrained by request", numbers: {} });
  fillNode(context, nodeId);
  return context.draft.node(nodeId)!;
}

/** Held already, or to be deleted, taken back or replaced, which a drain must not undo. */
function isSettled({ reason }: Node): boolean {
  return ["held", "manual", "interrupted", "served"].includes(reason.code);
}

function knownNode(nodeId: string, { draft }: QueueContext): Node {
  const node = draft.node(nodeId);
  if (!node) throw new NotFoundError(`there is no node "${nodeId}"`);
  return node;
}
