/** Where those who need room may find it, and which configs may make more: the queue and staging look in the same way. */
import type { Reason } from "../../model/reason";
import type { PartialShape } from "../../model/shapes";
import type { PlaceRequest } from "../placement/choose-node";
import { obstacleOf } from "../placement/obstacles";
import { configsFor, isLabelledFor, type Place } from "../placement/places";
import type { ConfigView } from "./config-view";
import type { NodeCapacity } from "./node-capacity";
import type { FoundRoom, PlanDraft } from "./plan-draft";
import type { PlannedPlace } from "./planned-place";

export interface DemandSearch {
  /** In the order of preference; those with neither nodes nor configs are left out. */
  readonly places: readonly PlannedPlace[];
  /** Configs whose nodes could serve it, in the order of the places; those that fail after those that work. */
  readonly makers: readonly ConfigView[];
  /** The first reason why a config can't serve it. */
  readonly obstacle: Reason | undefined;
  /** Running nodes of every place before nodes on their way of any: nobody waits for a node while another one runs. */
  readonly lists: readonly NodeList[];
  /** Whether labels let the sessions run on a node that stands; on nodes of the makers they do. */
  readonly isLabelled: RoomTest;
}

/** Nodes only fill up during a round: those before `next` stay full. */
interface NodeList {
  readonly place: PlannedPlace;
  readonly kind: "running" | "coming";
  next: number;
}

/** @param mayMake Whether a config, by name, may make nodes for it. Default: any. */
export function startSearch(
  request: PlaceRequest,
  places: readonly Place[],
  draft: PlanDraft,
  mayMake: (autoscaleConfig: string) => boolean = () => true,
): DemandSearch {
  const { snapshot, context } = draft.fleet;
  const planned: PlannedPlace[] = [];
  // A config whose nodes fail is tried after those that work: what it can't make does not use up what others can.
  const working: ConfigView[] = [];
  const failing: ConfigView[] = [];
  let obstacle: Reason | undefined;
  const workspace = snapshot.workspaces.get(request.workspace);
  for (const { zone, pool } of places) {
    const configs = workspace ? configsFor(workspace, { zone, pool }, snapshot) : [];
    if (configs.length === 0 && snapshot.nodesIn(pool.name, zone.name).size === 0) continue;
    planned.push(draft.place(pool.name, zone.name));
    for (const config of configs) {
      if (!mayMake(config.name)) continue;
      const view = draft.fleet.config(config.name)!;
      const found = obstacleOf(request, config, context, limitsOf(view));
      if (found) obstacle ??= found.reason;
      else (hasFailures(view) ? failing : working).push(view);
    }
  }
  const lists = (["running", "coming"] as const).flatMap((kind) =>
    planned.map((place): NodeList => ({ place, kind, next: 0 })),
  );
  const isLabelled: RoomTest = ({ node }, place) =>
    node === undefined || isLabelledFor(workspace, node, snapshot.pools.get(place.pool)!);
  return { places: planned, makers: [...working, ...failing], obstacle, lists, isLabelled };
}

/** For another round, in which there may be room again. */
export function restartSearch({ lists }: DemandSearch): void {
  for (const list of lists) list.next = 0;
}

/** What is certain of the nodes that the config may make. */
function limitsOf({ nodes }: ConfigView): PartialShape[] {
  return nodes.routes.map(({ limits }) => limits);
}

function hasFailures({ state, config }: ConfigView): boolean {
  return state.failures?.[config.vmProvider] !== undefined;
}

/** Whether a node has room, as its place sees it in this round. */
export type RoomTest = (node: NodeCapacity, place: PlannedPlace) => boolean;

/**
 * The first node that passes both tests. A search is shared by sessions that differ in their users only.
 * @param hasAny False for a node that none of those who share the search can use any more in this round.
 * @param hasRoom For the one that asks now. Default the same.
 */
export function findRoom(
  { lists, isLabelled }: DemandSearch,
  hasAny: RoomTest,
  hasRoom: RoomTest = hasAny,
): FoundRoom | undefined {
  const isUsable: RoomTest = (node, place) => hasAny(node, place) && isLabelled(node, place);
  for (const list of lists) {
    const { place, kind } = list;
    const nodes = place[kind];
    while (list.next < nodes.length && !isUsable(nodes[list.next]!, place)) list.next += 1;
    for (let index = list.next; index < nodes.length; index += 1) {
      const node = nodes[index]!;
      if (hasRoom(node, place) && isLabelled(node, place)) return { place, node };
    }
  }
  return undefined;
}

/** Brings back the first draining node that has room. */
export function recallRoom(
  { places, isLabelled }: DemandSearch,
  hasRoom: RoomTest,
  draft: PlanDraft,
  reason: () => Reason,
): FoundRoom | undefined {
  for (const place of places) {
    const draining = place.recallable.find((node) => hasRoom(node, place) && isLabelled(node, place));
    if (draining) return { place, node: draft.recall(place, draining, reason()) };
  }
  return undefined;
}
