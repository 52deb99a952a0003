/** What a node's status says about it. */
import type { EpochMs } from "../../model/clock";
import type { Reason } from "../../model/reason";
import type { Node } from "../../model/state";
import type { NodeUsage } from "../../model/usage";

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

/** True for a node that has given no sign of life since it runs, and of which only its port could give one. */
export function isUnheard(node: Node): boolean {
  return node.readyWhen !== "heartbeat" && node.lastHeartbeatMs === undefined && node.lastProbeMs === undefined;
}

/**
 * True at the first sign of life after the time at which the cloud was to take the node's VM back: the cloud did not do it.
 * @param lastSignMs The sign of life before; undefined = none.
 */
export function outlivesNotice({ interruption }: Node, lastSignMs: EpochMs | undefined, nowMs: EpochMs): boolean {
  if (interruption === undefined) return false;
  return nowMs > interruption.deadlineMs && (lastSignMs ?? 0) <= interruption.deadlineMs;
}

/** True for nodes of server pools: they count sessions and users, not cores. */
export function isServer({ sessionsMax }: Pick<Node, "sessionsMax">): boolean {
  return sessionsMax !== undefined;
}

/** True for a non-reusable server whose session is over: it leaves and never comes back. */
export function isUsedUp({ isReusable, hasServed }: Pick<Node, "isReusable" | "hasServed">, usage: NodeUsage): boolean {
  return isReusable === false && hasServed === true && usage.pinned === 0;
}

/** Why a non-reusable server drains. */
export const servedReason: Reason = {
  code: "served",
  text: "a non-reusable server serves one session and is replaced",
  numbers: {},
};
