/**
 * Standby in whole sessions: how many of one workspace could start at once. Counted node by node, because a session must
 * fit on one: what is free in pieces is enough for the sums of standby, but starts nobody.
 */
import type { AutoscaleConfig } from "../../model/config";
import { goesWithLabels } from "../../model/labels";
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { Snapshot } from "../../model/snapshot";
import type { Shape } from "../../model/shapes";
import { formatCount } from "../../model/units";
import type { Window } from "../config/windows";
import { isLabelledFor } from "../placement/places";
import { freeOf, needsOf, slotsIn } from "../placement/room";
import type { NodeCapacity } from "./node-capacity";
import { isReplaced, type WaitStandby } from "./wait-standby";
import type { Counted, PlannedPlace } from "./planned-place";

/** How many sessions of which workspace are to have room at once. */
export interface SlotTarget {
  readonly workspace: string;
  /** What one session takes. */
  readonly needs: Shape;
  readonly count: number;
  /** Whether labels let them run on the node. */
  readonly isLabelled: (node: NodeCapacity) => boolean;
}

interface Slotted {
  readonly config: AutoscaleConfig;
  readonly window: Window;
  readonly wait?: WaitStandby | undefined;
}

/** A window may replace the count. Undefined when no slot is wanted, or labels let no node of the config have one. */
export function slotTargetOf({ config, window, wait }: Slotted, snapshot: Snapshot): SlotTarget | undefined {
  const declared = config.type === "dockerAgent" ? config.standbySlots : undefined;
  const workspace = declared && snapshot.workspaces.get(declared.workspace);
  const count = window.standbySlots ?? (isReplaced(wait) ? 0 : (declared?.count ?? 0));
  const pool = snapshot.pools.get(config.pool);
  if (!workspace || count === 0 || !pool || !goesWithLabels(workspace, pool)) return undefined;
  const isLabelled = ({ node }: NodeCapacity): boolean => node === undefined || isLabelledFor(workspace, node, pool);
  return { workspace: workspace.name, needs: needsOf(workspace), count, isLabelled };
}

/** Over the nodes that run, with or without static members, and those on their way if asked for. */
export function countSlots(
  place: PlannedPlace,
  { needs, isLabelled }: SlotTarget,
  { isComingCounted, isStaticCounted }: Counted,
): number {
  const sum = (nodes: readonly NodeCapacity[]) =>
    nodes
      .filter((node) => (node.autoscaleConfig !== undefined || isStaticCounted) && isLabelled(node))
      .reduce((slots, node) => slots + slotsIn(freeOf(node.limits, place.usageOf(node)), needs), 0);
  return sum(place.running) + (isComingCounted ? sum(place.coming) : 0);
}

export function slotsReason({ workspace, needs, count }: SlotTarget, slots: number): Reason {
  const text = `${slots} of ${formatCount(count, "session")} of workspace "${workspace}" could start at once (standby slots); each takes ${describeShape(needs)} on one node`;
  return { code: "standby", text, numbers: { workspace, slots, standbySlots: count, ...numbersOf("needs", needs) } };
}
