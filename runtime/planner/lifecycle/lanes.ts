/** Which lane a new node goes to. It stays in that lane for life. */
import type { Lane } from "../../model/state";

/** Nodes per lane at most: the cost of an update grows with the size of its stack. */
export const laneNodesMax = 25;
/**
 * Lanes of one config with room that are busy or in trouble, before no further lane is opened. Far more than can be busy at
 * once: the limit only keeps a cloud that never answers from filling the disk with stacks.
 */
export const lanesClosedMax = 64;

export interface LaneLoad {
  readonly lane: Lane;
  /** Nodes of every status that belong to it. */
  readonly nodes: number;
  /** More is wanted of it than its last update did, counting what is decided now. */
  readonly isDue: boolean;
}

/**
 * Where one more node starts soonest and costs least:
 *  - a lane whose update was opened ahead: it makes the node at once;
 *  - else a lane whose next update is due but has no slot yet, the fullest: its engine makes one more node in the same time;
 *  - else a lane at rest, with the fewest nodes;
 *  - else a new lane. A lane with an open update is not waited for: nobody knows how long that takes. Nor is one in
 *    trouble tried again while another may do better; both only when there are {@link lanesClosedMax} of them.
 *
 * So a burst fills lane after lane while it waits for slots, and a few nodes go to a lane of their own at once.
 * Undefined = open a new lane.
 */
export function chooseLane(lanes: readonly LaneLoad[]): Lane | undefined {
  const withRoom = lanes.filter(({ nodes }) => nodes < laneNodesMax);
  const usable = withRoom.filter(({ lane }) => !isClosed(lane));
  const due = usable.filter(({ isDue }) => isDue).sort((a, b) => b.nodes - a.nodes || byId(a, b));
  const calm = usable.filter(({ isDue }) => !isDue).sort((a, b) => a.nodes - b.nodes || byId(a, b));
  const chosen = withRoom.find(({ lane }) => lane.takesNodes) ?? due[0] ?? calm[0];
  if (chosen) return chosen.lane;
  const closed = withRoom.filter(({ lane }) => isClosed(lane));
  if (closed.length < lanesClosedMax) return undefined;
  closed.sort((a, b) => Number(isOpen(a.lane)) - Number(isOpen(b.lane)) || a.nodes - b.nodes || byId(a, b));
  return closed[0]?.lane;
}

/** True for a lane whose update runs, for nobody knows how long, and for one in trouble. */
function isClosed(lane: Lane): boolean {
  return isOpen(lane) || lane.trouble !== undefined;
}

function isOpen({ openRevision }: Lane): boolean {
  return openRevision !== undefined;
}

function byId(a: LaneLoad, b: LaneLoad): number {
  return a.lane.laneId < b.lane.laneId ? -1 : 1;
}
