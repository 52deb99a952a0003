/**
 * Drains the nodes that are to be replaced. Such a node is no capacity for floor, standby and queue, so that the rest of
 * the plan makes its replacement if one is needed; it still takes sessions until it drains.
 *
 *   too old, busy      drains at its age
 *   too old, idle      drains at its age, when the config is not short of nodes
 *   older definition   drains when the config is not short of nodes
 *
 * Where the caps leave no room for a replacement one node goes first. Whatever else keeps replacements from being made
 * (back-off, an open circuit) keeps the old nodes too: the rollout of a bad definition stops by itself.
 */
import type { Reason } from "../../model/reason";
import { isGrowing, nodesInFlight, type ConfigView } from "./config-view";
import type { PlanDraft } from "./plan-draft";

/** Call after floor, standby and queue are planned. */
export function drainRetiring(draft: PlanDraft, view: ConfigView): void {
  const { retiring, nodes, added } = view;
  if (retiring.size === 0) return;
  const { snapshot, nowMs } = draft.fleet;
  const isShort = added.hasDeficit || isGrowing(view) || nodesInFlight(view) > 0;
  let mayMakeRoom = isShort && isCapped(draft, view);
  for (const node of nodes.all) {
    const retirement = retiring.get(node.nodeId);
    if (!retirement || nowMs < retirement.fromMs) continue;
    const isIdle = snapshot.usage(node.nodeId).pinned === 0;
    const isDueAnyway = !isIdle && retirement.reason.code === "expired";
    if (isShort && !isDueAnyway && !mayMakeRoom) continue;
    if (!isDueAnyway) mayMakeRoom = false;
    draft.drain(node, retirement.reason);
  }
  added.reasons.push(rotationReason(view, isShort));
}

/** True when only the caps keep the replacement from being made, and no room is being made already. */
function isCapped(draft: PlanDraft, view: ConfigView): boolean {
  if (isGrowing(view) || nodesInFlight(view) > 0) return false;
  const { snapshot } = draft.fleet;
  const isRoomComing = view.nodes.all.some(
    ({ status, nodeId }) => status === "destroying" || (status === "draining" && snapshot.usage(nodeId).pinned === 0),
  );
  const block = isRoomComing ? undefined : draft.blocked(view, "floor");
  return block?.code === "maxNodes" || block?.code === "maxInstances";
}

function rotationReason({ retiring }: ConfigView, isShort: boolean): Reason {
  const [first] = retiring;
  const [nodeId, { reason }] = first!;
  const waits = isShort ? "; it waits for its replacement" : "";
  const others = retiring.size > 1 ? ` and ${retiring.size - 1} more` : "";
  const text = `replaces node ${nodeId}${others}: ${reason.text}${waits}`;
  return { code: "rotation", text, numbers: { nodesRetiring: retiring.size, nodeId } };
}
