/**
 * Who waits for the same: sessions that may run in one of the places where this one may run too. Only they can be ahead
 * of it; whoever waits for other pools is no matter of its user.
 */
import { indexInQueue } from "../../model/sorted-queue";
import type { Snapshot } from "../../model/snapshot";
import type { Session } from "../../model/state";
import type { WaitingGroup } from "../../model/waiting-groups";
import { placesOf } from "./places";
import type { QueuePlace } from "./reserved-room";

export interface Rivals {
  /** Those that were requested earlier. */
  readonly ahead: number;
  /** All of them that wait, with the session itself if it does. */
  readonly waiting: number;
}

type Wish = Pick<WaitingGroup, "workspace"> & { readonly zone?: string | undefined };

/** Reads one moment of the state, and remembers where the sessions of each workspace may run. */
export class RivalCounter {
  private readonly places = new Map<string, ReadonlySet<string>>();

  constructor(private readonly snapshot: Snapshot) {}

  /** The session itself need not be in the queue yet; one without a time comes after all that are. */
  of(session: Wish & QueuePlace): Rivals {
    const own = this.placesFor(session);
    let [ahead, waiting] = [0, 0];
    for (const group of this.snapshot.waitingGroups()) {
      const isSame = group.workspace === session.workspace && group.zone === session.zone;
      if (!isSame && !isAnyIn(own, this.placesFor(group))) continue;
      ahead += aheadIn(group.sessions, session);
      waiting += group.sessions.length;
    }
    return { ahead, waiting };
  }

  private placesFor({ workspace: name, zone }: Wish): ReadonlySet<string> {
    const key = `${name}/${zone ?? ""}`;
    const known = this.places.get(key);
    if (known) return known;
    const workspace = this.snapshot.workspaces.get(name);
    const places = workspace ? placesOf(workspace, zone, this.snapshot) : [];
    const found = new Set(places.map((place) => `${place.pool.name}/${place.zone.name}`));
    this.places.set(key, found);
    return found;
  }
}

function aheadIn(
  sessions: readonly Session[],
  { requestedAtMs, sequence = Infinity, sessionId = "" }: QueuePlace,
): number {
  if (requestedAtMs === undefined) return sessions.length;
  return indexInQueue(sessions, { requestedAtMs, sequence, sessionId });
}

function isAnyIn(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const one of some) if (others.has(one)) return true;
  return false;
}
