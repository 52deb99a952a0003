/**
 * Packs the queue, first come first served, on what is free, then on what is on its way, then on nodes that come back
 * from draining, and only then on new nodes. A session that nothing can take is skipped; those behind it go on.
 */
import type { Reason, WaitingSession } from "../../model/plan";
import type { Reservation, Session } from "../../model/state";
import type { Fleet } from "./fleet";
import { placesOf } from "../placement/place";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { Reservations } from "./reservations";
import { hasSpace, hasSpaceFor, type Bin } from "./place-capacity";
import { findRoom, recallRoom, restartSearch, startSearch, type Room, type Search } from "./demand-search";

/** A queued session and what it looks for. */
export interface Demand {
  readonly session: Session;
  readonly search: Wanted;
}

/** What sessions with equal wishes have in common. */
interface Wanted extends Search {
  /** Why no node can be created for it; stays true for the rest of the round. */
  stuck?: Reason | undefined;
}

/** The queue in its order. Where each session may look stays the same for the whole plan. */
export function demandOf(fleet: Fleet): Demand[] {
  const searches = new Map<string, Wanted>();
  return fleet.snapshot.queue().map((session) => {
    const key = searchKey(session);
    const search = searches.get(key) ?? lookFor(session, fleet);
    searches.set(key, search);
    return { session, search };
  });
}

/** One round: every search begins anew. */
export function packQueue(fleet: Fleet, demand: readonly Demand[], reservations: Reservations): WaitingSession[] {
  for (const { search } of demand) {
    restartSearch(search);
    search.stuck = undefined;
  }
  return demand.map(({ session, search }) => {
    const { sessionId } = session;
    const found = packOne(session, search, fleet);
    if (found.bin) {
      const kept = found.bin.kind === "running" ? reservations.keep(session) : undefined;
      const nodeId = found.bin.node?.nodeId;
      return { sessionId, nodeId, ...(kept ? { reservation: kept } : {}), reason: found.reason };
    }
    const reservation = reservations.reserve(session, search);
    if (!reservation) return { sessionId, nodeId: undefined, reason: found.reason };
    return { sessionId, nodeId: undefined, reservation, reason: reservedReason(found.reason, reservation) };
  });
}

function reservedReason({ code, text, numbers }: Reason, { nodeIds }: Reservation): Reason {
  const nodes = nodeIds.length === 1 ? `node ${nodeIds[0]} keeps` : `nodes ${nodeIds.join(", ")} keep`;
  const reservedText = `${text}; it was passed over, so ${nodes} the room that comes free for it before all that came later`;
  return { code, text: reservedText, numbers: { ...numbers, nodesReserved: nodeIds.length } };
}

function searchKey({ workspace, zone, needs, isRemoteApp }: Session): string {
  return `${workspace}/${zone ?? ""}/${isRemoteApp ? "app" : ""}/${needs.cores}/${needs.memoryBytes}/${needs.gpus}`;
}

function lookFor(session: Session, fleet: Fleet): Wanted {
  const { snapshot } = fleet;
  const workspace = snapshot.workspaces.get(session.workspace);
  if (!workspace?.enabled) {
    const text = `workspace "${session.workspace}" is ${workspace ? "disabled" : "not declared any more"}`;
    const code = workspace ? "workspaceDisabled" : "workspaceGone";
    return { ...startSearch(session, [], fleet), obstacle: { code, text, numbers: {} } };
  }
  const search = startSearch(session, placesOf(workspace, session.zone, snapshot), fleet);
  if (search.makers.length > 0 || search.obstacle) return search;
  const text = `no autoscale config can make a node for workspace "${session.workspace}"`;
  return { ...search, obstacle: { code: "noConfig", text, numbers: {} } };
}

interface Found {
  readonly bin?: Bin;
  readonly reason: Reason;
}

function packOne(session: Session, search: Wanted, fleet: Fleet): Found {
  const room = findSpace(session, search) ?? recallFor(session, search, fleet) ?? createFor(session, search, fleet);
  if (!room) return { reason: search.stuck! };
  room.scope.take(room.bin, session);
  return { bin: room.bin, reason: promisedReason(room.bin) };
}

function findSpace(session: Session, search: Wanted): Room | undefined {
  const { needs, userId } = session;
  // The user's own server first: there the session takes no user slot.
  for (const scope of search.scopes) {
    if (!scope.isOfServers) continue;
    const bin = scope.binsOf(userId).find((own) => hasSpaceFor(own, session));
    if (bin) return { scope, bin };
  }
  return findRoom(
    search,
    (bin) => hasSpace(bin, needs),
    (bin) => hasSpaceFor(bin, session),
  );
}

function recallFor(session: Session, search: Wanted, fleet: Fleet): Room | undefined {
  return recallRoom(
    search,
    (bin) => hasSpaceFor(bin, session),
    fleet,
    () => {
      const text = `session ${session.sessionId} needs ${describeShape(session.needs)}, and this node is still there`;
      const numbers = { sessionId: session.sessionId, ...numbersOf("needs", session.needs) };
      return { code: "queue", text, numbers };
    },
  );
}

/** The first config that may; undefined when none may, and then the search is stuck with the first one's reason. */
function createFor(session: Session, search: Wanted, fleet: Fleet): Room | undefined {
  if (search.stuck) return undefined;
  let firstBlock = search.makers.length > 0 ? undefined : search.obstacle;
  for (const position of search.makers) {
    const block = fleet.blocked(position, "demand", session.needs);
    if (block) {
      // Nodes that are too small don't help by staying.
      if (position.mode === "open" && block.code !== "shape") position.hasDeficit = true;
      firstBlock ??= block;
      continue;
    }
    const text = `session ${session.sessionId} needs ${describeShape(session.needs)}, which no free or coming node has left`;
    const numbers = { sessionId: session.sessionId, ...numbersOf("needs", session.needs) };
    return fleet.create(position, { code: "queue", text, numbers }, session.needs);
  }
  search.stuck = firstBlock;
  return undefined;
}

function promisedReason(bin: Bin): Reason {
  const autoscaleConfig = bin.autoscaleConfig ?? "";
  if (!bin.node) {
    const text = `a new node of autoscale config "${autoscaleConfig}" is being requested for it`;
    return { code: "newNode", text, numbers: { autoscaleConfig } };
  }
  const { nodeId, status } = bin.node;
  const numbers = { nodeId, nodeStatus: status, autoscaleConfig };
  if (bin.kind === "running" || bin.kind === "joinable")
    return { code: "placing", text: `node ${nodeId} has room for it`, numbers };
  return { code: "inFlight", text: `it was promised room on node ${nodeId}, which is ${status}`, numbers };
}
