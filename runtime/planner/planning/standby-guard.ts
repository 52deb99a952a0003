/** Which nodes of a place may leave without taking away the standby of any config there. */
import type { Snapshot } from "../../model/snapshot";
import { freeOf, slotsIn } from "../placement/room";
import type { ConfigView } from "./config-view";
import { addTotals, noTotals, type FreeTotals, type NodeCapacity } from "./node-capacity";
import type { PlannedPlace } from "./planned-place";
import type { Removable } from "./leaving-order";
import { packingOrder, packSessions } from "./mixed-standby";
import { readySessionsOf, standbyOf } from "./standby";
import { countSlots, slotTargetOf, type SlotTarget } from "./standby-slots";

/** What must stay free, for the configs that count static members or for those that don't. */
interface StandbyTarget {
  readonly left: FreeTotals;
  readonly standby: FreeTotals;
}

/** What one config wants in whole sessions, and how many could start. */
interface Slots {
  readonly target: SlotTarget;
  slots: number;
}

interface GuardedPlace {
  readonly place: PlannedPlace;
  /** Nodes that could leave, those that would go first in front. */
  readonly leaving: readonly Removable[];
  readonly snapshot: Snapshot;
}

/**
 * Standby is shared by all configs of a place, so the one that wants most of something decides. Nodes on their way don't
 * count here: the old ones leave only after the new ones run. Call when the plan has given out all room: only nodes that
 * no session was promised are asked about.
 */
export class StandbyGuard {
  private readonly targets: readonly StandbyTarget[];
  private readonly slots: readonly Slots[];
  /** Nodes that hold the room which wait objectives want for sessions of several sizes. */
  private readonly needed: readonly ReadonlySet<NodeCapacity>[];

  constructor(open: readonly ConfigView[], { place, leaving, snapshot }: GuardedPlace) {
    this.targets = [true, false]
      .map((countStatic) => ({ countStatic, among: open.filter(({ config }) => config.countStatic === countStatic) }))
      .filter(({ among }) => among.length > 0)
      .map(({ countStatic, among }) => ({
        left: place.left({ isComingCounted: false, isStaticCounted: countStatic }),
        standby: highest(among),
      }));
    this.slots = open.flatMap((view) => {
      const target = slotTargetOf(view, snapshot);
      const counted = { isComingCounted: false, isStaticCounted: view.config.countStatic };
      return target ? [{ target, slots: countSlots(place, target, counted) }] : [];
    });
    this.needed = open.flatMap((view) => {
      const wanted = view.wait?.isFollowed ? view.wait.readyBySize : [];
      if (wanted.length === 0) return [];
      const nodes = packingOrder(place, leaving, view.config.countStatic);
      return [packSessions(wanted, nodes, place).needed];
    });
  }

  allows(node: NodeCapacity): boolean {
    const own = node.free;
    const isStandbyKept = this.targets.every(({ left, standby }) =>
      dimensions.every((dimension) => own[dimension] === 0 || left[dimension] - own[dimension] >= standby[dimension]),
    );
    if (!isStandbyKept || this.needed.some((nodes) => nodes.has(node))) return false;
    return this.slots.every((entry) => areSlotsKept(slotsOn(node, entry), entry));
  }

  remove(node: NodeCapacity): void {
    for (const { left } of this.targets) addTotals(left, node.free, -1);
    for (const entry of this.slots) entry.slots -= slotsOn(node, entry);
  }
}

function slotsOn({ limits, usage }: NodeCapacity, { target }: Slots): number {
  return slotsIn(freeOf(limits, usage), target.needs);
}

function areSlotsKept(own: number, { slots, target: { count } }: Slots): boolean {
  return own === 0 || slots - own >= count;
}

const dimensions = ["millicores", "memoryBytes", "gpus", "sessions"] as const;

function highest(views: readonly ConfigView[]): FreeTotals {
  const most = noTotals();
  for (const view of views) {
    const { config } = view;
    if (config.type === "server") {
      most.sessions = Math.max(most.sessions, readySessionsOf(config, view));
      continue;
    }
    const { cores, memoryBytes, gpus } = standbyOf(config, view);
    most.millicores = Math.max(most.millicores, Math.round(cores * 1000));
    most.memoryBytes = Math.max(most.memoryBytes, memoryBytes);
    most.gpus = Math.max(most.gpus, gpus);
  }
  return most;
}
