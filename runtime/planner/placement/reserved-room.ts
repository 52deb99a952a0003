/**
 * A node whose room is kept for a waiting session takes a session that came later only if it leaves enough for the one
 * that waits: for the later one it counts as if it were on the node already.
 */
import type { Draft } from "../../model/draft";
import { byRequest } from "../../model/queue-order";
import type { Node, Session } from "../../model/state";
import type { NodeUsage } from "../../model/usage";
import { withNeeds } from "./room";

/** Where a request stands in the queue; one without a time comes after all that wait. */
export type QueuePlace = Partial<Pick<Session, "requestedAtMs" | "sequence" | "sessionId">>;

/** What is taken of a node in the eyes of this request: what its sessions take, and what is kept for an earlier one. */
export function usageFor(request: QueuePlace, { nodeId, shape }: Node, draft: Draft): NodeUsage {
  const usage = draft.usage(nodeId);
  const reserver = draft.reserverOf(nodeId);
  if (!reserver || !shape || !isLater(request, reserver)) return usage;
  return withNeeds(usage, reserver.needs, shape);
}

function isLater({ requestedAtMs, sequence = Infinity, sessionId = "" }: QueuePlace, reserver: Session): boolean {
  if (sessionId === reserver.sessionId) return false;
  return requestedAtMs === undefined || byRequest({ requestedAtMs, sequence, sessionId }, reserver) > 0;
}
