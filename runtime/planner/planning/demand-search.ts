/** Where demand may find room, and which configs may make more: what the queue and staging look through alike. */
import type { Reason } from "../../model/plan";
import type { PartialShape } from "../../model/shapes";
import type { ConfigPosition, Fleet } from "./fleet";
import { obstacleOf, type Place, type PlaceRequest } from "../placement/place";
import type { Bin, Scope } from "./place-capacity";

export interface Search {
  /** In the order of the places; those with neither nodes nor configs are left out. */
  readonly scopes: readonly Scope[];
  /** Configs whose nodes could serve it, in the order of the places; those that fail after those that work. */
  readonly makers: readonly ConfigPosition[];
  /** The first reason why a config can't. */
  readonly obstacle: Reason | undefined;
  /** Running nodes of every place before nodes on their way of any: what runs is not waited for. */
  readonly lists: readonly RoomList[];
}

/** Bins only fill up during a round: those before `next` stay full. */
interface RoomList {
  readonly scope: Scope;
  readonly kind: "running" | "coming";
  next: number;
}

/** Room for one session, and where it is. */
export interface Room {
  readonly scope: Scope;
  readonly bin: Bin;
}

/** @param mayMake Whether a config, by name, may make nodes for it. Default: any. */
export function startSearch(
  request: PlaceRequest,
  places: readonly Place[],
  fleet: Fleet,
  mayMake: (autoscaleConfig: string) => boolean = () => true,
): Search {
  const { snapshot } = fleet;
  const scopes: Scope[] = [];
  // A config whose nodes fail is tried after those that work, so that it does not spend the others' patience.
  const working: ConfigPosition[] = [];
  const failing: ConfigPosition[] = [];
  let obstacle: Reason | undefined;
  for (const { zone, pool } of places) {
    const configs = snapshot.configsIn(pool.name, zone.name);
    if (configs.length === 0 && snapshot.nodesIn(pool.name, zone.name).size === 0) continue;
    scopes.push(fleet.scope(pool.name, zone.name));
    for (const config of configs) {
      if (!mayMake(config.name)) continue;
      const position = fleet.position(config.name)!;
      const found = obstacleOf(request, config, fleet.context, limitsOf(position));
      if (found) obstacle ??= found.reason;
      else (hasFailures(position) ? failing : working).push(position);
    }
  }
  const lists = [
    ...scopes.map((scope): RoomList => ({ scope, kind: "running", next: 0 })),
    ...scopes.map((scope): RoomList => ({ scope, kind: "coming", next: 0 })),
  ];
  return { scopes, makers: [...working, ...failing], obstacle, lists };
}

/** For another round, in which there may be room again. */
export function restartSearch({ lists }: Search): void {
  for (const list of lists) list.next = 0;
}

/** What is certain of the nodes that the config may make. */
function limitsOf({ routes }: ConfigPosition): PartialShape[] {
  return routes.map(({ limits }) => limits);
}

function hasFailures({ state, config }: ConfigPosition): boolean {
  return state.failures?.[config.vmProvider] !== undefined;
}

/**
 * @param hasAny False for a bin that is full for all that this search is shared by, now and later in the round.
 * @param hasRoom For the one that asks now. Default the same.
 */
export function findRoom(
  { lists }: Search,
  hasAny: (bin: Bin) => boolean,
  hasRoom: (bin: Bin) => boolean = hasAny,
): Room | undefined {
  for (const list of lists) {
    const { scope, kind } = list;
    const bins = scope[kind];
    while (list.next < bins.length && !hasAny(bins[list.next]!)) list.next += 1;
    for (let index = list.next; index < bins.length; index += 1) {
      const bin = bins[index]!;
      if (hasRoom(bin)) return { scope, bin };
    }
  }
  return undefined;
}

/** Brings back the first draining node that has room. */
export function recallRoom(
  { scopes }: Search,
  hasRoom: (bin: Bin) => boolean,
  fleet: Fleet,
  reason: () => Reason,
): Room | undefined {
  for (const scope of scopes) {
    const draining = scope.recallable.find(hasRoom);
    if (draining) return { scope, bin: fleet.recall(scope, draining, reason()) };
  }
  return undefined;
}
