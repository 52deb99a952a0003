/**
 * Which nodes are to be replaced because of their age or an older definition, and when each of them leaves. A node that
 * retires is no capacity for floor, standby and queue, so that the rest of the plan makes its replacement if one is
 * needed; it still takes sessions until it drains.
 *
 *   age       retires `rotatePreWarm` before `maxNodeAge`, drains at that age: busy at once, idle when nothing is short
 *   outdated  with `onSpecChange: rotate`, one node at a time, idle ones first: drains when nothing is short
 *
 * Where the caps leave no room for a replacement one node goes first. Whatever else keeps replacements from being made (back-off, an open circuit) keeps the old nodes too: a bad new definition stops by itself.
 */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig } from "../../model/config";
import type { Reason } from "../../model/plan";
import type { Node } from "../../model/state";
import { formatDuration } from "../../model/units";
import type { Snapshot } from "../../model/snapshot";
import type { ConfigPosition, Fleet } from "./fleet";
import type { SpecDigests } from "../config/spec-digest";

export interface Retirement {
  readonly reason: Reason;
  /** Drains not before this time. */
  readonly fromMs: EpochMs;
}

export interface RotationSources {
  readonly snapshot: Snapshot;
  readonly digests: SpecDigests;
  readonly nowMs: EpochMs;
}

export const noRetirement: ReadonlyMap<string, Retirement> = new Map();

/** By id: the running nodes of an open config that are to be replaced. */
export function retiringOf(
  config: AutoscaleConfig,
  nodes: readonly Node[],
  sources: RotationSources,
): ReadonlyMap<string, Retirement> {
  if (config.maxNodeAge === undefined && config.onSpecChange === "keep") return noRetirement;
  const retiring = new Map<string, Retirement>();
  for (const node of nodes) {
    const retirement = node.status === "running" ? retirementByAge(config, node, sources.nowMs) : undefined;
    if (retirement) retiring.set(node.nodeId, retirement);
  }
  const outdated = config.onSpecChange === "rotate" ? nextOutdated(nodes, retiring, sources) : undefined;
  if (outdated) retiring.set(outdated.nodeId, { reason: outdatedReason, fromMs: sources.nowMs });
  return retiring.size === 0 ? noRetirement : retiring;
}

function retirementByAge({ maxNodeAge, rotatePreWarm }: AutoscaleConfig, node: Node, nowMs: EpochMs) {
  if (maxNodeAge === undefined) return undefined;
  const fromMs = node.createdAtMs + maxNodeAge * 1000;
  if (nowMs < fromMs - rotatePreWarm * 1000) return undefined;
  const text = `reaches its maximum age of ${formatDuration(maxNodeAge)} at ${new Date(fromMs).toISOString()}`;
  const numbers = { maxNodeAgeSeconds: maxNodeAge, rotatePreWarmSeconds: rotatePreWarm, expiresAtMs: fromMs };
  return { reason: { code: "expired", text, numbers }, fromMs };
}

const outdatedReason: Reason = {
  code: "outdated",
  text: "was made from an older definition (onSpecChange: rotate)",
  numbers: {},
};

/** The next to be replaced: idle before busy, then the oldest; none while an earlier one is still leaving. */
function nextOutdated(
  nodes: readonly Node[],
  retiring: ReadonlyMap<string, Retirement>,
  { snapshot, digests }: RotationSources,
): Node | undefined {
  const isLeaving = ({ status, reason }: Node) =>
    (status === "draining" || status === "destroying") && reason.code === outdatedReason.code;
  if (nodes.some(isLeaving)) return undefined;
  const isBusy = ({ nodeId }: Node) => snapshot.usage(nodeId).pinned > 0;
  let next: Node | undefined;
  for (const node of nodes) {
    if (node.status !== "running" || retiring.has(node.nodeId) || !digests.isOutdated(node, snapshot)) continue;
    if (!next || (isBusy(next) && !isBusy(node))) next = node;
  }
  return next;
}

/** Drains what is due. Call after floor, standby and queue are planned. */
export function drainRetiring(fleet: Fleet, position: ConfigPosition): void {
  const { retiring, nodes } = position;
  if (retiring.size === 0) return;
  const isShort = position.hasDeficit || position.isGrowing || position.nodesInFlight > 0;
  let mayMakeRoom = isShort && isCapped(fleet, position);
  for (const node of nodes) {
    const retirement = retiring.get(node.nodeId);
    if (!retirement || fleet.nowMs < retirement.fromMs) continue;
    const isIdle = fleet.snapshot.usage(node.nodeId).pinned === 0;
    const isDueAnyway = !isIdle && retirement.reason.code === "expired";
    if (isShort && !isDueAnyway && !mayMakeRoom) continue;
    if (!isDueAnyway) mayMakeRoom = false;
    fleet.changes.push({ kind: "drain", nodeId: node.nodeId, reason: retirement.reason });
  }
  position.reasons.push(rotationReason(position, isShort));
}

/** True when only the caps keep the replacement from being made, and no room is being made already. */
function isCapped(fleet: Fleet, position: ConfigPosition): boolean {
  if (position.isGrowing || position.nodesInFlight > 0) return false;
  const isRoomComing = position.nodes.some(
    (node) =>
      node.status === "destroying" || (node.status === "draining" && fleet.snapshot.usage(node.nodeId).pinned === 0),
  );
  const block = isRoomComing ? undefined : fleet.blocked(position, "standby");
  return block?.code === "maxNodes" || block?.code === "maxInstances";
}

function rotationReason({ retiring }: ConfigPosition, isShort: boolean): Reason {
  const [[nodeId, { reason }] = ["", { reason: outdatedReason }]] = retiring;
  const waits = isShort ? "; it waits for its replacement" : "";
  const others = retiring.size > 1 ? ` and ${retiring.size - 1} more` : "";
  const text = `replaces node ${nodeId}${others}: ${reason.text}${waits}`;
  return { code: "rotation", text, numbers: { nodesRetiring: retiring.size, nodeId } };
}
