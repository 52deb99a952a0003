/**
 * Room for sessions of several sizes: whether so many could start at once, each on one node. They are put on the nodes in
 * one fixed order, the largest first, each on the first that it fits; so a node on which none was put may leave, and the
 * answer stays the same. Nodes that run come before those on their way.
 */
import type { Shape } from "../../model/shapes";
import type { SizedSessions } from "../demand/sizes";
import { freeOf, slotsIn } from "../placement/room";
import type { Removable } from "./leaving-order";
import type { NodeCapacity } from "./node-capacity";
import type { PlannedPlace } from "./planned-place";

export interface Packed {
  /** Nodes on which some were put. */
  readonly needed: ReadonlySet<NodeCapacity>;
  /** Those without room, the largest first. */
  readonly missing: readonly SizedSessions[];
}

export function packSessions(
  wanted: readonly SizedSessions[],
  nodes: readonly NodeCapacity[],
  place: PlannedPlace,
): Packed {
  const needed = new Set<NodeCapacity>();
  const missing: SizedSessions[] = [];
  const left = new Map<NodeCapacity, Shape>();
  for (const { needs, sessions } of wanted) {
    let open = sessions;
    for (const node of nodes) {
      if (open === 0) break;
      const free = left.get(node) ?? freeOf(node.limits, place.usageOf(node));
      const fitting = Math.min(open, slotsIn(free, needs));
      if (fitting === 0) continue;
      left.set(node, minus(free, needs, fitting));
      needed.add(node);
      open -= fitting;
    }
    if (open > 0) missing.push({ needs, sessions: open });
  }
  return { needed, missing };
}

function minus(free: Shape, needs: Shape, times: number): Shape {
  return {
    cores: (Math.round(free.cores * 1000) - times * Math.round(needs.cores * 1000)) / 1000,
    memoryBytes: free.memoryBytes - times * needs.memoryBytes,
    gpus: free.gpus - times * needs.gpus,
  };
}

/** Nodes that run, those that stay longest first: what could not leave, then what could, backwards. */
export function packingOrder(
  place: PlannedPlace,
  leaving: readonly Removable[],
  isStaticCounted: boolean,
): NodeCapacity[] {
  const last = [...leaving].reverse().map(({ capacity }) => capacity);
  const leavers = new Set(last);
  const staying = place.running.filter(
    (node) => !leavers.has(node) && (node.autoscaleConfig !== undefined || isStaticCounted),
  );
  return [...staying, ...last];
}
