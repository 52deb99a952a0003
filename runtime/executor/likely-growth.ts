/**
 * Which lanes should have an update open ahead of their next nodes. Pure.
 *
 * Likely to grow is a config whose newest node is younger than {@link likelyMs}: whoever waits for one more node usually
 * comes soon after another. Such a config has at most one lane that takes nodes at once. There are never more than
 * `openedMax` of them, those of the newest demand: each costs the memory of a worker, an engine and its plugin.
 */
import type { EpochMs } from "../model/clock";
import type { DesiredNode, Lane, Node } from "../model/state";
import { laneNodesMax } from "../planner/lanes";
import type { Snapshot } from "../store/hot-state";

export const likelyMs = 15 * 60_000;

export interface LikelyGrowth {
  readonly autoscaleConfig: string;
  /** Its newest node; the next one will be like it. */
  readonly likely: DesiredNode;
  /** Undefined when there is none with room that could be opened. */
  readonly laneId: string | undefined;
}

export function likelyGrowth(
  state: Snapshot,
  { nowMs, openedMax, opened }: { nowMs: EpochMs; openedMax: number; opened: ReadonlySet<string> },
): LikelyGrowth[] {
  if (openedMax === 0) return [];
  const newest = [...state.autoscaleConfigs.keys()]
    .flatMap((config) => newestNode(state, config, nowMs) ?? [])
    .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.nodeId < b.nodeId ? -1 : 1));
  return newest.slice(0, openedMax).map(({ spec, autoscaleConfig, vmProvider }) => {
    const lane = bestLane(state, { autoscaleConfig, vmProvider, nowMs, opened });
    return { autoscaleConfig, likely: spec, laneId: lane?.laneId };
  });
}

type BornNode = Node & { readonly spec: DesiredNode; readonly autoscaleConfig: string };

function newestNode(state: Snapshot, config: string, nowMs: EpochMs): BornNode | undefined {
  const { isDeleting, failures } = state.configStates.get(config) ?? {};
  if (isDeleting) return undefined;
  let newest: BornNode | undefined;
  for (const node of state.nodesOfConfig(config).values()) {
    if (node.spec === undefined || nowMs - node.createdAtMs >= likelyMs) continue;
    if (newest === undefined || node.createdAtMs > newest.createdAtMs) newest = node as BornNode;
  }
  const retryAtMs = failures?.[newest?.vmProvider ?? ""]?.retryAtMs ?? 0;
  return retryAtMs > nowMs ? undefined : newest;
}

interface LaneWish {
  readonly autoscaleConfig: string;
  readonly vmProvider: string | undefined;
  readonly nowMs: EpochMs;
  /** Lanes whose update was opened ahead. */
  readonly opened: ReadonlySet<string>;
}

/** The one that is open; else the one at rest with the fewest nodes. */
function bestLane(state: Snapshot, { autoscaleConfig, vmProvider, nowMs, opened }: LaneWish): Lane | undefined {
  const nodes = new Map<string, Node[]>();
  for (const node of state.nodesOfConfig(autoscaleConfig).values()) {
    if (node.laneId !== undefined) nodes.set(node.laneId, [...(nodes.get(node.laneId) ?? []), node]);
  }
  const of = ({ laneId }: Lane): readonly Node[] => nodes.get(laneId) ?? [];
  const lanes = [...state.lanes.values()].filter((lane) => {
    const isFit = of(lane).every((node) => node.vmProvider === vmProvider && node.status !== "destroying");
    return (
      lane.autoscaleConfig === autoscaleConfig &&
      of(lane).length < laneNodesMax &&
      isFit &&
      mayOpen(lane, { nowMs, opened })
    );
  });
  const rank = (lane: Lane): number => (opened.has(lane.laneId) ? -1 : of(lane).length);
  return lanes.sort((a, b) => rank(a) - rank(b) || (a.laneId < b.laneId ? -1 : 1))[0];
}

function mayOpen(lane: Lane, { nowMs, opened }: Pick<LaneWish, "nowMs" | "opened">): boolean {
  if ((lane.keptClosedUntilMs ?? 0) > nowMs || lane.trouble !== undefined) return false;
  return opened.has(lane.laneId) || (lane.openRevision === undefined && lane.desiredRevision === lane.appliedRevision);
}
