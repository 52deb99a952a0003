/** Which nodes of a place may leave without taking away the standby of any config there. */
import type { Snapshot } from "../../model/snapshot";
import type { ConfigPosition } from "./fleet";
import type { Bin, Scope, Spare } from "./place-capacity";
import { standbyOf, standbySessionsOf } from "./standby";
import { countSlots, slotsIn, wantedSlotsOf, type WantedSlots } from "./standby-slots";

/** What must stay free, for the configs that count static members or for those that don't. */
interface Wanted {
  readonly spare: Spare;
  readonly standby: Spare;
}

/** What one config wants in whole sessions, and how many could start. */
interface Slots {
  readonly wanted: WantedSlots;
  slots: number;
}

/**
 * Standby is shared by all configs of a place, so the one that wants most of something decides. Nodes on their way don't
 * count here: the old ones leave only after the new ones run.
 */
export class StandbyGuard {
  private readonly wanted: readonly Wanted[];
  private readonly slots: readonly Slots[];

  constructor(open: readonly ConfigPosition[], scope: Scope, snapshot: Snapshot) {
    this.wanted = [true, false]
      .map((countStatic) => ({ countStatic, among: open.filter(({ config }) => config.countStatic === countStatic) }))
      .filter(({ among }) => among.length > 0)
      .map(({ countStatic, among }) => ({
        spare: scope.spare({ isComingCounted: false, isStaticCounted: countStatic }),
        standby: highest(among),
      }));
    this.slots = open.flatMap((position) => {
      const wanted = wantedSlotsOf(position, snapshot);
      const which = { isComingCounted: false, isStaticCounted: position.config.countStatic };
      return wanted ? [{ wanted, slots: countSlots(scope, wanted.needs, which) }] : [];
    });
  }

  allows(bin: Bin): boolean {
    const own = spareOf(bin);
    const isStandbyKept = this.wanted.every(({ spare, standby }) =>
      dimensions.every((dimension) => own[dimension] === 0 || spare[dimension] - own[dimension] >= standby[dimension]),
    );
    return isStandbyKept && this.slots.every(({ wanted, slots }) => areSlotsKept(bin, wanted, slots));
  }

  remove(bin: Bin): void {
    const own = spareOf(bin);
    for (const { spare } of this.wanted) for (const dimension of dimensions) spare[dimension] -= own[dimension];
    for (const entry of this.slots) entry.slots -= slotsIn(bin.free, entry.wanted.needs);
  }
}

function areSlotsKept({ free }: Bin, { needs, count }: WantedSlots, slots: number): boolean {
  const own = slotsIn(free, needs);
  return own === 0 || slots - own >= count;
}

const dimensions = ["millicores", "memoryBytes", "gpus", "sessions"] as const;

function spareOf({ free, sessionsLeft }: Bin): Spare {
  if (sessionsLeft !== undefined) return { millicores: 0, memoryBytes: 0, gpus: 0, sessions: sessionsLeft };
  return { millicores: Math.round(free.cores * 1000), memoryBytes: free.memoryBytes, gpus: free.gpus, sessions: 0 };
}

function highest(positions: readonly ConfigPosition[]): Spare {
  const most: Spare = { millicores: 0, memoryBytes: 0, gpus: 0, sessions: 0 };
  for (const position of positions) {
    const { config } = position;
    if (config.type === "server") {
      most.sessions = Math.max(most.sessions, standbySessionsOf(config, position));
      continue;
    }
    const { cores, memoryBytes, gpus } = standbyOf(config, position);
    most.millicores = Math.max(most.millicores, Math.round(cores * 1000));
    most.memoryBytes = Math.max(most.memoryBytes, memoryBytes);
    most.gpus = Math.max(most.gpus, gpus);
  }
  return most;
}
