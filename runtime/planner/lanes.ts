/** Which lane a new node goes to. The map of nodes to lanes never changes afterwards. */
import type { Lane } from "../model/state";

/** Nodes per stack: the cost of an update grows with the size of its stack, so stacks stay small. */
export const laneNodesMax = 25;
/** Lanes of one config that work at the same time while there is room in one of them; more lanes mean more engines. */
export const lanesBusyMax = 8;

export interface LaneLoad {
  readonly lane: Lane;
  /** Nodes of every status that belong to it. */
  readonly nodes: number;
}

/**
 * An idle lane with the fewest nodes; else a new lane while fewer than {@link lanesBusyMax} exist; else the busy lane
 * with the fewest nodes; and a new one whatever the number when all are full. Undefined = open a new lane.
 */
export function chooseLane(lanes: readonly LaneLoad[]): Lane | undefined {
  const withRoom = lanes
    .filter(({ nodes }) => nodes < laneNodesMax)
    .sort((a, b) => a.nodes - b.nodes || (a.lane.laneId < b.lane.laneId ? -1 : 1));
  const idle = withRoom.find(({ lane }) => lane.openRevision === undefined);
  if (idle) return idle.lane;
  if (lanes.length < lanesBusyMax) return undefined;
  return withRoom[0]?.lane;
}
