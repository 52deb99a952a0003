/** Nodes that leave whatever the demand is: failed, dead, drained and empty, or of a config that is being emptied. */
import type { Reason } from "../../model/reason";
import type { Node } from "../../model/state";
import { closedBy, closedReason, type ConfigMode } from "../config/mode";
import { fateOf, type Fate } from "../lifecycle/finished";
import { servedReason } from "../lifecycle/node-status";
import { quarantinedOf } from "../lifecycle/quarantine";
import type { ConfigView } from "./config-view";
import type { PlanDraft } from "./plan-draft";

/** @param view Undefined for nodes whose config is not declared, or can't be read. */
export function removeFinished(
  draft: PlanDraft,
  view: ConfigView | undefined,
  nodes: readonly Node[],
  mode: ConfigMode = view?.mode ?? "leaving",
): void {
  const { snapshot, nowMs } = draft.fleet;
  const quarantined = view && mode !== "leaving" ? keptForDiagnosis(draft, view, nodes) : undefined;
  if (quarantined) view?.added.reasons.push(quarantineReason(quarantined));
  for (const node of nodes) {
    if (node === quarantined || draft.isRecalled(node)) continue;
    const fate = fateOf(node, mode, snapshot.usage(node.nodeId), nowMs);
    if (!fate) continue;
    const reason = reasonOf(fate, node, view);
    if (fate.kind === "drain") draft.drain(node, reason);
    else draft.destroy(node, reason);
  }
}

/** The failed node that stays; undefined also when somebody needs a node and only this one's place is missing for it. */
function keptForDiagnosis(draft: PlanDraft, view: ConfigView, nodes: readonly Node[]): Node | undefined {
  const quarantined = quarantinedOf(view.config, nodes);
  if (!quarantined) return undefined;
  const isInTheWay = draft.fleet.configs.some(
    (other) => other.added.hasDeficit && draft.isBlockedOnlyBy(other, quarantined),
  );
  return isInTheWay ? undefined : quarantined;
}

function quarantineReason({ nodeId, reason }: Node): Reason {
  const text = `keeps failed node ${nodeId} for diagnosis until a newer one fails or it is deleted: ${reason.text}`;
  return { code: "quarantined", text, numbers: { nodeId } };
}

function reasonOf({ because }: Fate, node: Node, view: ConfigView | undefined): Reason {
  switch (because) {
    case "node":
      return node.reason;
    case "served":
      return servedReason;
    case "config": {
      const closed = view && closedBy(view.config, view.state);
      if (closed) return { ...closedReason(closed, view.config), numbers: {} };
      return { code: "configDeleting", text: "its autoscale config is being deleted", numbers: {} };
    }
    default: {
      const never: never = because;
      throw new Error(`unknown cause ${String(never)}`);
    }
  }
}
