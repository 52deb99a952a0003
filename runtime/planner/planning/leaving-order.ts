/** Which nodes of a place could leave, and in which order they would. */
import { isNewer } from "../../model/node-order";
import type { Node } from "../../model/state";
import type { ConfigView } from "./config-view";
import type { Fleet } from "./fleet";
import type { NodeCapacity } from "./node-capacity";
import type { PlannedPlace } from "./planned-place";

export interface Removable {
  readonly capacity: NodeCapacity;
  readonly node: Node;
  readonly view: ConfigView;
}

/** Idle nodes of a config that no waiting session was promised. */
export function removableIn(place: PlannedPlace, fleet: Fleet): Removable[] {
  const removable: Removable[] = [];
  for (const capacity of place.running) {
    if (!isRemovable(capacity, place)) continue;
    removable.push({ capacity, node: capacity.node!, view: fleet.config(capacity.autoscaleConfig!)! });
  }
  return removable;
}

function isRemovable(node: NodeCapacity, place: PlannedPlace): boolean {
  return node.autoscaleConfig !== undefined && node.isIdle && place.promisedTo(node) === 0;
}

/** Nodes of an older definition, then those on a fallback, then the newest. Those that are too old retire by themselves. */
export function inLeavingOrder(removable: readonly Removable[], { digests, snapshot }: Fleet): Removable[] {
  const ranked = removable.map((candidate) => {
    const { node, view } = candidate;
    const isOnFallback = node.vmProvider !== view.config.vmProvider;
    return { candidate, rank: digests.isOutdated(node, snapshot) ? 0 : isOnFallback ? 1 : 2 };
  });
  ranked.sort((a, b) => a.rank - b.rank || (isNewer(a.candidate.node, b.candidate.node) ? -1 : 1));
  return ranked.map(({ candidate }) => candidate);
}
