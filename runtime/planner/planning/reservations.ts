/**
 * Room that is kept for large sessions. Room comes free in small pieces, which fit only small sessions: without this, small
 * ones that came later would be served for ever before a large one that waits for the same nodes.
 *
 * A session of a container gets a reservation when it has waited for {@link reserveAfterMs}, neither has nor can get a node
 * on its way, and was passed over: a node that would be large enough runs a session that was requested later. Then one
 * such node, the one with least to free, takes only what leaves enough for it. Each further {@link reserveAfterMs} without
 * success one more node does. It is over when the session is served, ends, or is promised a node on its way.
 *
 * Oldest sessions first. At most a quarter of the running nodes of a pool in a zone, rounded up, are reserved at a time,
 * so that small sessions go on being served on the others; where a place has a single node, large and small take turns.
 */
import type { Reservation, Session } from "../../model/state";
import type { Shape } from "../../model/shapes";
import { isServer } from "../lifecycle/node-status";
import { fitsShape, freeShape } from "../placement/room";
import type { DemandSearch } from "./demand-search";
import type { Fleet } from "./fleet";
import type { NodeCapacity } from "./node-capacity";
import type { FoundRoom } from "./plan-draft";
import type { PlannedPlace } from "./planned-place";

export const reserveAfterMs = 300_000;
/** Nodes kept for one session at most: where three of them don't come free in time, a fourth would hardly do so. */
export const reservedPerSessionMax = 3;
/** Share of a place's running nodes that may be reserved. */
const reservedShareMax = 1 / 4;

/** Nodes that could take the sessions of one search if they were empty. */
interface Candidates {
  /** The one with least to free first. */
  readonly rooms: readonly (FoundRoom & { readonly nodeId: string })[];
  /** When the latest of the sessions on these nodes was requested. */
  readonly lastRequestMs: number;
}

export class Reservations {
  /** As the round before left them, by session. */
  private before: ReadonlyMap<string, Reservation>;
  /** Of this round so far. */
  private now = new Map<string, Reservation>();
  /** Session by node, of both. */
  private reservers: Map<string, string>;
  private readonly candidates = new Map<DemandSearch, Candidates>();

  constructor(private readonly fleet: Fleet) {
    const before = new Map<string, Reservation>();
    for (const { sessionId, reservation } of fleet.snapshot.reservations.values()) {
      if (reservation) before.set(sessionId, reservation);
    }
    this.before = before;
    this.reservers = reserversOf(before);
  }

  /** True when the reservations differ from those of the round before: another round may find more then. */
  endRound(): boolean {
    const isChanged = !isSame(this.before, this.now);
    this.before = this.now;
    this.now = new Map();
    this.reservers = reserversOf(this.before);
    return isChanged;
  }

  /** For a session that fits on a running node already: the next pass places it, and its reservation stays until then. */
  keep({ sessionId }: Session): Reservation | undefined {
    const known = this.before.get(sessionId);
    if (known) this.now.set(sessionId, known);
    return known;
  }

  /** For a session that nothing can take: the nodes whose room is kept for it, which this plan gives to nobody else. */
  reserve(session: Session, search: DemandSearch): Reservation | undefined {
    const { nowMs } = this.fleet;
    const known = this.before.get(session.sessionId);
    if (!known && nowMs - session.requestedAtMs < reserveAfterMs) return undefined;
    const candidates = this.candidatesFor(session, search);
    if (!known && candidates.lastRequestMs <= session.requestedAtMs) return undefined;
    const sinceMs = known?.sinceMs ?? nowMs;
    const rooms = candidates.rooms.filter(({ nodeId }) => known?.nodeIds.includes(nodeId));
    const due = Math.min(reservedPerSessionMax, 1 + Math.floor((nowMs - sinceMs) / reserveAfterMs));
    while (rooms.length < due) {
      const next = candidates.rooms.find(
        ({ nodeId, place }) => !this.reservers.has(nodeId) && this.hasShareLeft(place),
      );
      if (!next) break;
      this.reservers.set(next.nodeId, session.sessionId);
      rooms.push(next);
    }
    if (rooms.length === 0) return undefined;
    for (const { place, node } of rooms) place.take(node, session);
    const reservation = { sinceMs, nodeIds: rooms.map(({ nodeId }) => nodeId).sort() };
    this.now.set(session.sessionId, reservation);
    return reservation;
  }

  private hasShareLeft({ running }: PlannedPlace): boolean {
    const isReserved = ({ node }: NodeCapacity): boolean => node !== undefined && this.reservers.has(node.nodeId);
    return running.filter(isReserved).length < Math.ceil(running.length * reservedShareMax);
  }

  private candidatesFor(session: Session, search: DemandSearch): Candidates {
    const known = this.candidates.get(search);
    if (known) return known;
    const found = findCandidates(session, search);
    this.candidates.set(search, found);
    return found;
  }
}

/** Servers are left out: there each session takes one place, whoever it is of. */
function findCandidates({ needs }: Session, { places, isLabelled }: DemandSearch): Candidates {
  let lastRequestMs = 0;
  const found: (Candidates["rooms"][number] & { readonly toFree: number })[] = [];
  for (const place of places) {
    for (const capacity of place.running) {
      const { node, limits, usage } = capacity;
      if (!node || !limits.shape || isServer(limits) || !fitsShape(needs, limits.shape)) continue;
      if (!isLabelled(capacity, place)) continue;
      lastRequestMs = Math.max(lastRequestMs, usage.lastRequestMs);
      const toFree = shareToFree(limits.shape, usage, needs);
      found.push({ place, node: capacity, nodeId: node.nodeId, toFree });
    }
  }
  // Of several with as much to free the one with most sessions: one of many ends sooner than one of few.
  const sessionsOn = ({ node }: FoundRoom): number => node.usage.sessions;
  found.sort((a, b) => a.toFree - b.toFree || sessionsOn(b) - sessionsOn(a) || (a.nodeId < b.nodeId ? -1 : 1));
  return { rooms: found, lastRequestMs };
}

/** Share of the node, of its scarcest dimension, that has to come free. */
function shareToFree(shape: Shape, usage: Shape, needs: Shape): number {
  const free = freeShape(shape, usage);
  const share = (wanted: number, left: number, has: number) => (has > 0 ? Math.max(0, wanted - left) / has : 0);
  return Math.max(
    share(needs.cores, free.cores, shape.cores),
    share(needs.memoryBytes, free.memoryBytes, shape.memoryBytes),
    share(needs.gpus, free.gpus, shape.gpus),
  );
}

function reserversOf(reservations: ReadonlyMap<string, Reservation>): Map<string, string> {
  const reservers = new Map<string, string>();
  for (const [sessionId, { nodeIds }] of reservations) for (const nodeId of nodeIds) reservers.set(nodeId, sessionId);
  return reservers;
}

function isSame(a: ReadonlyMap<string, Reservation>, b: ReadonlyMap<string, Reservation>): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([sessionId, { sinceMs, nodeIds }]) => {
    const other = b.get(sessionId);
    return other?.sinceMs === sinceMs && other.nodeIds.join() === nodeIds.join();
  });
}
