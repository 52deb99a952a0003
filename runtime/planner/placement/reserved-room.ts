/**
 * A node whose room is kept for a waiting session takes a session that came later only if it leaves enough for the one
 * that waits: for the later one it counts as if it were on the node already.
 */
import { byRequest } from "../../model/queue-order";
import type { Node, Session } from "../../model/state";
import type { NodeUsage } from "../../model/usage";
import type { Draft } from "../../model/draft";

/** Where a request stands in the queue; without a time after all that wait. */
export type QueuePlace = Partial<Pick<Session, "requestedAtMs" | "sequence" | "sessionId">>;

/** What is taken of a node as a request finds it. What the waiting one needs beyond what the node has is not missing yet. */
export function usageFor(request: QueuePlace, { nodeId, shape }: Node, draft: Draft): NodeUsage {
  const usage = draft.usage(nodeId);
  const reserver = draft.reserverOf(nodeId);
  if (!reserver || !shape || !isLater(request, reserver)) return usage;
  const { needs } = reserver;
  const kept = (used: number, needed: number, has: number): number => Math.max(used, Math.min(used + needed, has));
  return {
    ...usage,
    cores: kept(Math.round(usage.cores * 1000), Math.round(needs.cores * 1000), Math.round(shape.cores * 1000)) / 1000,
    memoryBytes: kept(usage.memoryBytes, needs.memoryBytes, shape.memoryBytes),
    gpus: kept(usage.gpus, needs.gpus, shape.gpus),
  };
}

function isLater({ requestedAtMs, sequence = Infinity, sessionId = "" }: QueuePlace, reserver: Session): boolean {
  if (sessionId === reserver.sessionId) return false;
  return requestedAtMs === undefined || byRequest({ requestedAtMs, sequence, sessionId }, reserver) > 0;
}
