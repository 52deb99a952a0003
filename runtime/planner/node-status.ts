/** What a node's status says about it. */
import type { EpochMs } from "../model/clock";
import type { Node } from "../model/state";

/** Asked for, and not yet ready to take sessions. */
export function isInFlight(node: Node): boolean {
  return node.status === "requested" || node.status === "provisioning" || node.status === "starting";
}

/** Reasons to drain that stand, whatever the demand. */
const finalDrains: readonly string[] = ["manual", "held", "served", "interrupted", "expired", "outdated"];

/** True when the node may not come back because it is needed: a person, its age or the cloud wants it gone. */
export function isFinalDrain({ reason }: Node): boolean {
  return finalDrains.includes(reason.code);
}

/** Never gave a sign of life since it runs, and nothing but its port could give one. */
export function isUnheard(node: Node): boolean {
  return node.readyWhen !== "heartbeat" && node.lastHeartbeatMs === undefined && node.lastProbeMs === undefined;
}

/** The first sign of life since the time at which the cloud was to take its VM back: it did not. */
export function outlivesNotice({ interruption }: Node, lastSignMs: EpochMs | undefined, nowMs: EpochMs): boolean {
  if (interruption === undefined) return false;
  return nowMs > interruption.deadlineMs && (lastSignMs ?? 0) <= interruption.deadlineMs;
}
