/**
 * Which nodes leave. A node with a session never does. Idle ones go draining when the excess has lasted for
 * `downscaleBackoff` without a break, as many as it had at its least, and a later plan, which sees whether it is needed again, destroys it.
 */
import type { NodeChange, Reason } from "../../model/plan";
import type { ConfigState, Node } from "../../model/state";
import { formatCount, formatDuration } from "../../model/units";
import type { ConfigMode } from "../config/mode";
import type { ConfigPosition, Fleet } from "./fleet";
import { isInFlight, isUsedUp, servedReason } from "../lifecycle/node-status";
import { isNewer } from "../../model/node-order";
import { quarantinedOf } from "../lifecycle/quarantine";
import type { Bin, Scope } from "./place-capacity";
import { floorOf } from "./standby";
import { StandbyGuard } from "./standby-guard";

/** Nodes that leave whatever the demand is: failed, dead, drained and empty, or of a config that is being emptied. */
export function removeFinished(
  fleet: Fleet,
  position: ConfigPosition | undefined,
  nodes: readonly Node[],
  mode: ConfigMode = position?.mode ?? "leaving",
): void {
  const quarantined = position && mode !== "leaving" ? keptOf(fleet, position, nodes) : undefined;
  if (quarantined) position?.reasons.push(quarantineReason(quarantined));
  for (const node of nodes) {
    // Most nodes simply run.
    if (node.status === "running" && mode !== "leaving" && node.isReusable !== false) continue;
    const { pinned } = fleet.snapshot.usage(node.nodeId);
    const isDrained = node.status === "draining" && pinned === 0 && fleet.nowMs > node.statusSinceMs;
    if (fleet.recalled.has(node.nodeId)) continue;
    if (node === quarantined || (isDrained && node.reason.code === "held" && mode !== "leaving")) continue;
    if (mode === "frozen") {
      const isLost = node.status === "dead" && node.interruption !== undefined;
      if ((isDrained && isOrdered(node)) || (isLost && pinned === 0)) destroy(fleet, node, node.reason);
      continue;
    }
    if (isDrained) destroy(fleet, node, node.reason);
    else if ((node.status === "failed" || node.status === "dead") && pinned === 0) destroy(fleet, node, node.reason);
    else if (mode === "leaving" && isInFlight(node)) destroy(fleet, node, leavingReason(position));
    else if (mode === "leaving" && (node.status === "running" || node.status === "missing")) {
      drain(fleet, node, leavingReason(position));
    } else if (node.status === "running" && isUsedUp(node, fleet.snapshot.usage(node.nodeId))) {
      drain(fleet, node, servedReason);
    }
  }
}

/** The failed node that stays; undefined also when somebody needs a node and only this one's place is missing for it. */
function keptOf(fleet: Fleet, position: ConfigPosition, nodes: readonly Node[]): Node | undefined {
  const quarantined = quarantinedOf(position.config, nodes);
  if (!quarantined) return undefined;
  const isInTheWay = fleet.positions.some((other) => other.hasDeficit && fleet.isBlockedOnlyBy(other, quarantined));
  return isInTheWay ? undefined : quarantined;
}

/** By a person or by the cloud: also a disabled config's node goes then. */
function isOrdered({ reason }: Node): boolean {
  return reason.code === "manual" || reason.code === "interrupted";
}

function quarantineReason({ nodeId, reason }: Node): Reason {
  const text = `keeps failed node ${nodeId} for diagnosis until a newer one fails or it is deleted: ${reason.text}`;
  return { code: "quarantined", text, numbers: { nodeId } };
}

function leavingReason(position: ConfigPosition | undefined): Reason {
  const name = position ? `autoscale config "${position.config.name}"` : "its autoscale config";
  const isDeleted = position === undefined || position.state.isDeleting === true;
  return isDeleted
    ? { code: "configDeleting", text: `${name} is being deleted`, numbers: {} }
    : { code: "configDraining", text: `${name} is being drained`, numbers: {} };
}

/** Nodes that nobody needs now, by config; the caller drains them once that has lasted long enough. */
export function findExcess(fleet: Fleet): Map<ConfigPosition, Node[]> {
  const excess = new Map<ConfigPosition, Node[]>();
  const add = (position: ConfigPosition, node: Node) => {
    const nodes = excess.get(position);
    if (nodes) nodes.push(node);
    else excess.set(position, [node]);
  };
  const scopes = new Set<Scope>();
  for (const position of fleet.positions) {
    if (position.mode === "inactive") for (const node of idleOf(position, fleet)) add(position, node);
    if (position.mode === "open") scopes.add(fleet.scopeOf(position));
  }
  for (const scope of scopes) {
    for (const { position, node } of excessIn(fleet, scope)) add(position, node);
  }
  return excess;
}

/** Nodes that run without any session and may take one. */
function idleOf({ crew }: ConfigPosition, { snapshot }: Fleet): readonly Node[] {
  crew.idle ??= crew.nodes.filter((node) => {
    const usage = snapshot.usage(node.nodeId);
    return node.status === "running" && usage.pinned === 0 && !isUsedUp(node, usage);
  });
  return crew.idle;
}

/** In the order in which they leave, as long as every config of the place keeps its floor and its standby. */
function excessIn(fleet: Fleet, scope: Scope): { position: ConfigPosition; node: Node }[] {
  const removable = scope.running.filter(isRemovable);
  if (removable.length === 0) return [];
  const guard = new StandbyGuard(fleet.openIn(scope.pool, scope.zone), scope, fleet.snapshot);
  const removed = new Map<ConfigPosition, number>();
  const found: { position: ConfigPosition; node: Node }[] = [];
  for (const bin of inLeavingOrder(removable, fleet)) {
    const { autoscaleConfig, node } = bin as Bin & { autoscaleConfig: string; node: Node };
    const position = fleet.position(autoscaleConfig)!;
    const gone = removed.get(position) ?? 0;
    const isAboveFloor = position.nodesLive - gone > floorOf(position);
    if (position.hasDeficit || !isAboveFloor || !guard.allows(bin)) continue;
    guard.remove(bin);
    removed.set(position, gone + 1);
    found.push({ position, node });
  }
  return found;
}

function isRemovable(bin: Bin): boolean {
  return bin.autoscaleConfig !== undefined && bin.isIdle && bin.promised === 0;
}

/** Nodes of an older definition, then those on a fallback, then the newest. Those that are too old retire by themselves. */
function inLeavingOrder(bins: readonly Bin[], { digests, snapshot }: Fleet): Bin[] {
  const preferredOf = ({ autoscaleConfig = "" }: Bin) => snapshot.autoscaleConfigs.get(autoscaleConfig)?.vmProvider;
  const ranked = bins.map((bin) => {
    const isOnFallback = bin.node?.vmProvider !== preferredOf(bin);
    return { bin, rank: digests.isOutdated(bin.node!, snapshot) ? 0 : isOnFallback ? 1 : 2 };
  });
  ranked.sort((a, b) => a.rank - b.rank || (isNewer(a.bin.node!, b.bin.node!) ? -1 : 1));
  return ranked.map(({ bin }) => bin);
}

/** Since when there is an excess without a break, and the fewest nodes that it had since then. */
export type LastingExcess = Required<Pick<ConfigState, "excessSinceMs" | "excessNodes">>;

/**
 * Drains as many nodes as have been in excess for long enough: those that were needed meanwhile are watched anew.
 * Answers what excess is left after this plan; undefined = none.
 */
export function drainExcess(
  fleet: Fleet,
  position: ConfigPosition,
  excess: readonly Node[],
): LastingExcess | undefined {
  if (position.mode !== "open" && position.mode !== "inactive") return undefined;
  if (excess.length === 0 || position.hasDeficit) return undefined;
  const { nowMs } = fleet;
  const { excessSinceMs = nowMs, excessNodes = excess.length } = position.isGrowing ? {} : position.state;
  const backoffMs = position.config.downscaleBackoff * 1000;
  const count = backoffMs === 0 ? excess.length : Math.min(excessNodes, excess.length);
  const lasted = formatDuration(Math.floor((nowMs - excessSinceMs) / 1000));
  const why = position.mode === "inactive" ? "idle and outside the schedule" : "idle and not needed";
  const numbers = { excessNodes: count, excessSinceMs, downscaleBackoffSeconds: backoffMs / 1000 };
  if (nowMs - excessSinceMs < backoffMs) {
    const text = `${formatCount(count, "node")} ${why} for ${lasted}; ${count === 1 ? "it leaves" : "they leave"} after ${formatDuration(backoffMs / 1000)}`;
    position.reasons.push({ code: "backoffDown", text, numbers });
    return { excessSinceMs, excessNodes: count };
  }
  const code = position.mode === "inactive" ? "schedule" : "excess";
  for (const node of excess.slice(0, count)) drain(fleet, node, { code, text: `${why} for ${lasted}`, numbers });
  return count === excess.length ? undefined : { excessSinceMs: nowMs, excessNodes: excess.length - count };
}

/** A node that this same plan brought back, and that turned out not to be needed, goes on as if it had not. */
function drain(fleet: Fleet, node: Node, reason: Reason): void {
  const isItsReturn = (change: NodeChange) => change.kind === "undrain" && change.nodeId === node.nodeId;
  const undrain = fleet.recalled.has(node.nodeId) ? fleet.changes.findIndex(isItsReturn) : -1;
  if (undrain < 0) {
    fleet.changes.push({ kind: "drain", nodeId: node.nodeId, reason });
    return;
  }
  fleet.changes.splice(undrain, 1);
  if (fleet.nowMs > node.statusSinceMs) destroy(fleet, node, reason);
}

function destroy(fleet: Fleet, node: Node, reason: Reason): void {
  fleet.changes.push({ kind: "destroy", nodeId: node.nodeId, reason });
}
