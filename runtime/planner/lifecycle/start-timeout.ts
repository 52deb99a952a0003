/** How long a session that got a node may take to run. */
import type { Snapshot } from "../../model/snapshot";
import type { Session } from "../../model/state";

/** Of a session on a static member, or on a node whose config is gone. */
const startTimeoutDefaultSeconds = 600;

/** Seconds; 0 = never, also while a definition that might say so can't be read. */
export function startTimeoutOf({ nodeId = "" }: Session, snapshot: Snapshot): number {
  if (snapshot.unreadable.size > 0) return 0;
  const autoscaleConfig = snapshot.nodes.get(nodeId)?.autoscaleConfig ?? "";
  return snapshot.autoscaleConfigs.get(autoscaleConfig)?.startTimeout ?? startTimeoutDefaultSeconds;
}
