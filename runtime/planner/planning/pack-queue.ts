/**
 * Packs the queue, first come first served, on what is free, then on what is on its way, then on nodes that come back
 * from draining, and only then on new nodes. A session that nothing can take is skipped; those behind it go on.
 */
import type { WaitingSession } from "../../model/plan";
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { Snapshot } from "../../model/snapshot";
import type { Reservation, Session } from "../../model/state";
import { isAllowedFor, notAllowedReason } from "../../model/workspace-access";
import { placesOf } from "../placement/places";
import { findRoom, recallRoom, restartSearch, startSearch, type DemandSearch } from "./demand-search";
import type { NodeCapacity } from "./node-capacity";
import type { FoundRoom, PlanDraft } from "./plan-draft";
import type { Reservations } from "./reservations";

/** A queued session and where it may look. */
export interface Demand {
  readonly session: Session;
  readonly search: SessionSearch;
}

/** Shared by sessions that ask for the same: they differ in their users only. */
interface SessionSearch extends DemandSearch {
  /** Why no node can be created for them; stays true for the rest of the round. */
  stuck?: Reason | undefined;
}

/** The queue in its order. Where each session may look stays the same for the whole plan. */
export function demandOf(draft: PlanDraft): Demand[] {
  const { snapshot } = draft.fleet;
  const searches = new Map<string, SessionSearch>();
  return snapshot.queue().map((session) => {
    const key = searchKey(session, snapshot);
    const search = searches.get(key) ?? searchFor(session, draft);
    searches.set(key, search);
    return { session, search };
  });
}

/** One round: every search begins anew. */
export function packQueue(draft: PlanDraft, demand: readonly Demand[], reservations: Reservations): WaitingSession[] {
  for (const { search } of demand) {
    restartSearch(search);
    search.stuck = undefined;
  }
  return demand.map(({ session, search }) => {
    const { sessionId } = session;
    const room = roomFor(session, search, draft);
    if (room) {
      room.place.take(room.node, session);
      const kept = room.node.kind === "running" ? reservations.keep(session) : undefined;
      const nodeId = room.node.node?.nodeId;
      return { sessionId, nodeId, ...(kept ? { reservation: kept } : {}), reason: promisedReason(room.node) };
    }
    const reservation = reservations.reserve(session, search);
    if (!reservation) return { sessionId, nodeId: undefined, reason: search.stuck! };
    return { sessionId, nodeId: undefined, reservation, reason: reservedReason(search.stuck!, reservation) };
  });
}

function reservedReason({ code, text, numbers }: Reason, { nodeIds }: Reservation): Reason {
  const nodes = nodeIds.length === 1 ? `node ${nodeIds[0]} keeps` : `nodes ${nodeIds.join(", ")} keep`;
  const reservedText = `${text}; it was passed over, so ${nodes} the room that comes free for it before all that came later`;
  return { code, text: reservedText, numbers: { ...numbers, nodesReserved: nodeIds.length } };
}

/** One who may not have the session any more finds nothing, and shares that with nobody. */
function searchKey(session: Session, { workspaces }: Snapshot): string {
  const { workspace: name, zone, needs, isRemoteApp, sessionId } = session;
  const workspace = workspaces.get(name);
  if (workspace && !isAllowedFor(workspace, session)) return sessionId;
  return `${name}/${zone ?? ""}/${isRemoteApp ? "app" : ""}/${needs.cores}/${needs.memoryBytes}/${needs.gpus}`;
}

function searchFor(session: Session, draft: PlanDraft): SessionSearch {
  const { snapshot } = draft.fleet;
  const workspace = snapshot.workspaces.get(session.workspace);
  if (!workspace?.enabled) {
    const text = `workspace "${session.workspace}" is ${workspace ? "disabled" : "not declared any more"}`;
    const code = workspace ? "workspaceDisabled" : "workspaceGone";
    return { ...startSearch(session, [], draft), obstacle: { code, text, numbers: {} } };
  }
  if (!isAllowedFor(workspace, session)) {
    return { ...startSearch(session, [], draft), obstacle: notAllowedReason(workspace, session) };
  }
  const search = startSearch(session, placesOf(workspace, session.zone, snapshot), draft);
  if (search.makers.length > 0 || search.obstacle) return search;
  const text = `no autoscale config can make a node for workspace "${session.workspace}"`;
  return { ...search, obstacle: { code: "noConfig", text, numbers: {} } };
}

/** Undefined when nothing can take the session; then `search.stuck` says why. */
function roomFor(session: Session, search: SessionSearch, draft: PlanDraft): FoundRoom | undefined {
  return (
    serverOfUser(session, search) ??
    findRoom(
      search,
      (node, place) => place.hasRoomForNewUser(node, session.needs),
      (node, place) => place.hasRoom(node, session),
    ) ??
    recallRoom(
      search,
      (node, place) => place.hasRoom(node, session),
      draft,
      () => neededReason(session, "and this node is still there"),
    ) ??
    createFor(session, search, draft)
  );
}

/** The user's own server comes first: there the session takes no user slot. */
function serverOfUser(session: Session, { places, isLabelled }: SessionSearch): FoundRoom | undefined {
  for (const place of places) {
    if (!place.isOfServers) continue;
    const servers = place.serversOf(session.userId);
    const node = servers.find((own) => place.hasRoom(own, session) && isLabelled(own, place));
    if (node) return { place, node };
  }
  return undefined;
}

/** By the first config that may; undefined when none may, and then the search is stuck with the first one's reason. */
function createFor(session: Session, search: SessionSearch, draft: PlanDraft): FoundRoom | undefined {
  if (search.stuck) return undefined;
  let firstBlock = search.makers.length > 0 ? undefined : search.obstacle;
  for (const maker of search.makers) {
    const block = draft.blocked(maker, "demand", session.needs);
    if (!block) {
      return draft.create(maker, neededReason(session, "which no free or coming node has left"), {
        purpose: "demand",
        needs: session.needs,
      });
    }
    // Where new nodes are too small, keeping the present ones does not help the session.
    if (maker.mode === "open" && block.code !== "shape") maker.added.hasDeficit = true;
    firstBlock ??= block;
  }
  search.stuck = firstBlock;
  return undefined;
}

function neededReason({ sessionId, needs }: Session, why: string): Reason {
  const text = `session ${sessionId} needs ${describeShape(needs)}, ${why}`;
  return { code: "queue", text, numbers: { sessionId, ...numbersOf("needs", needs) } };
}

function promisedReason({ node, kind, autoscaleConfig = "" }: NodeCapacity): Reason {
  if (!node) {
    const text = `a new node of autoscale config "${autoscaleConfig}" is being requested for it`;
    return { code: "newNode", text, numbers: { autoscaleConfig } };
  }
  const { nodeId, status } = node;
  const numbers = { nodeId, nodeStatus: status, autoscaleConfig };
  if (kind === "running" || kind === "joinable") {
    return { code: "placing", text: `node ${nodeId} has room for it`, numbers };
  }
  return { code: "inFlight", text: `it was promised room on node ${nodeId}, which is ${status}`, numbers };
}
