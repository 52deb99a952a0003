/**
 * Standby in whole sessions: how many of one workspace could start at once. Counted node by node, because a session must
 * fit on one: what is free in pieces is enough for the sums of standby, but starts nobody.
 */
import type { AgentAutoscaleConfig } from "../../model/config";
import type { Reason } from "../../model/plan";
import type { Shape } from "../../model/state";
import { formatCount } from "../../model/units";
import type { Snapshot } from "../../model/snapshot";
import { needsOf } from "../placement/room";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { ConfigPosition } from "./fleet";
import type { Bin, Counted, Scope } from "./place-capacity";

export interface WantedSlots {
  readonly workspace: string;
  /** What one session takes. */
  readonly needs: Shape;
  readonly count: number;
}

/** A window may replace the count. Undefined when no slot is wanted. */
export function wantedSlotsOf({ config, window }: ConfigPosition, snapshot: Snapshot): WantedSlots | undefined {
  const { workspace: name, count: own } = slotsOf(config) ?? { workspace: "", count: 0 };
  const workspace = snapshot.workspaces.get(name);
  const count = window.standbySlots ?? own;
  return workspace && count > 0 ? { workspace: name, needs: needsOf(workspace), count } : undefined;
}

function slotsOf(config: ConfigPosition["config"]): AgentAutoscaleConfig["standbySlots"] {
  return config.type === "dockerAgent" ? config.standbySlots : undefined;
}

/** Sessions that take nothing of something fit as often as this. */
const slotsMax = 100_000;

/** How many such sessions fit into what is free on one node. */
export function slotsIn(free: Shape, needs: Shape): number {
  const times = (has: number, takes: number) => (takes > 0 ? Math.floor(has / takes) : slotsMax);
  return Math.min(
    slotsMax,
    times(Math.round(free.cores * 1000), Math.round(needs.cores * 1000)),
    times(free.memoryBytes, needs.memoryBytes),
    times(free.gpus, needs.gpus),
  );
}

/** Over the nodes that run, with or without static members, and those on their way if asked for. */
export function countSlots(
  { running, coming }: Scope,
  needs: Shape,
  { isComingCounted, isStaticCounted }: Counted,
): number {
  const sum = (bins: readonly Bin[]) =>
    bins
      .filter(({ autoscaleConfig }) => autoscaleConfig !== undefined || isStaticCounted)
      .reduce((slots, { free }) => slots + slotsIn(free, needs), 0);
  return sum(running) + (isComingCounted ? sum(coming) : 0);
}

export function slotsReason({ workspace, needs, count }: WantedSlots, slots: number): Reason {
  const text = `${slots} of ${formatCount(count, "session")} of workspace "${workspace}" could start at once (standby slots); each takes ${describeShape(needs)} on one node`;
  return { code: "standby", text, numbers: { workspace, slots, standbySlots: count, ...numbersOf("needs", needs) } };
}
