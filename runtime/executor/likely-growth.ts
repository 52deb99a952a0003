/**
 * Which lanes should have an update open ahead of their next nodes. Pure.
 *
 * Likely to grow is a config whose newest node is younger than {@link likelyMs}: whoever waits for one more node usually
 * comes soon after another; and a config whose demand is known to come, see `reconciler/coming-demand.ts`. Such a config
 * has at most one lane that takes nodes at once. There are never more than `openedMax` of them, those of the newest
 * demand: each costs the memory of a worker, an engine and its plugin.
 */
import type { EpochMs } from "../model/clock";
import type { DesiredNode, Lane, LikelyNode } from "../model/state";
import { laneNodesMax } from "../planner/lifecycle/lanes";
import type { Snapshot } from "../model/snapshot";

export const likelyMs = 15 * 60_000;

export interface LikelyGrowth {
  readonly autoscaleConfig: string;
  /** Its newest node if that is young; the next one will be like it. */
  readonly likely: DesiredNode;
  /** Undefined when there is none with room that could be opened. */
  readonly laneId: string | undefined;
}

export interface GrowthContext {
  readonly nowMs: EpochMs;
  readonly openedMax: number;
  /** Lanes whose update was opened ahead. */
  readonly opened: ReadonlySet<string>;
  /** Nodes that will be asked for, at most one of each config. */
  readonly coming: readonly LikelyNode[];
}

export function likelyGrowth(state: Snapshot, { nowMs, openedMax, opened, coming }: GrowthContext): LikelyGrowth[] {
  if (openedMax === 0) return [];
  const young = [...state.autoscaleConfigs.keys()].flatMap((config) => newestNode(state, config, nowMs) ?? []);
  const configs = new Set(young.map(({ spec }) => spec.autoscaleConfig));
  const newest = [...young, ...coming.filter(({ spec }) => !configs.has(spec.autoscaleConfig))].sort(
    (a, b) => b.demandAtMs - a.demandAtMs || (orderOf(a) < orderOf(b) ? -1 : 1),
  );
  return newest.slice(0, openedMax).map(({ spec }) => {
    const { autoscaleConfig, vmProvider } = spec;
    const lane = bestLane(state, { autoscaleConfig, vmProvider, nowMs, opened });
    return { autoscaleConfig, likely: spec, laneId: lane?.laneId };
  });
}

function orderOf({ spec }: LikelyNode): string {
  return `${spec.nodeId}/${spec.autoscaleConfig}`;
}

function newestNode(state: Snapshot, config: string, nowMs: EpochMs): LikelyNode | undefined {
  const { isDeleting, failures } = state.configStates.get(config) ?? {};
  if (isDeleting) return undefined;
  let newest: LikelyNode | undefined;
  for (const { spec, createdAtMs } of state.nodesOfConfig(config).values()) {
    if (spec === undefined || nowMs - createdAtMs >= likelyMs) continue;
    if (newest === undefined || createdAtMs > newest.demandAtMs) newest = { spec, demandAtMs: createdAtMs };
  }
  const retryAtMs = failures?.[newest?.spec.vmProvider ?? ""]?.retryAtMs ?? 0;
  return retryAtMs > nowMs ? undefined : newest;
}

interface LaneWish {
  readonly autoscaleConfig: string;
  readonly vmProvider: string;
  readonly nowMs: EpochMs;
  /** Lanes whose update was opened ahead. */
  readonly opened: ReadonlySet<string>;
}

/** The one that is open; else the one at rest with the fewest nodes. */
function bestLane(state: Snapshot, { autoscaleConfig, vmProvider, nowMs, opened }: LaneWish): Lane | undefined {
  const lanes = [...state.lanesOfConfig(autoscaleConfig).values()].filter((lane) => {
    const nodes = state.nodesOfLane(lane.laneId);
    if (nodes.size >= laneNodesMax || !mayOpen(lane, { nowMs, opened })) return false;
    return [...nodes.values()].every((node) => node.vmProvider === vmProvider && node.status !== "destroying");
  });
  const rank = ({ laneId }: Lane): number => (opened.has(laneId) ? -1 : state.nodesOfLane(laneId).size);
  return lanes.sort((a, b) => rank(a) - rank(b) || (a.laneId < b.laneId ? -1 : 1))[0];
}

function mayOpen(lane: Lane, { nowMs, opened }: Pick<LaneWish, "nowMs" | "opened">): boolean {
  if ((lane.keptClosedUntilMs ?? 0) > nowMs || lane.trouble !== undefined) return false;
  return opened.has(lane.laneId) || (lane.openRevision === undefined && lane.desiredRevision === lane.appliedRevision);
}
