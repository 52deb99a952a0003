/**
 * Sessions that end by themselves before they run: they waited too long, were never started, or their requester has left.
 * Only time counts during which this process listened: neither its own absence nor a clock that is set ends anybody's
 * wait.
 */
import type { EpochMs } from "../model/clock";
import type { Session } from "../model/state";
import { formatDuration } from "../model/units";
import type { Requesters } from "../broker/requesters";
import type { QueueContext } from "../planner/placement/place-queue";
import { queueTimeoutOf } from "../planner/placement/queue-timeout";
import { startTimeoutOf } from "../planner/lifecycle/start-timeout";
import { endSession } from "../planner/lifecycle/transitions";

/** `awakeSinceMs`: when this process began to listen; nobody could ask it before, and nothing was served. */
export function applySessionTimeOuts(context: QueueContext, requesters: Requesters, awakeSinceMs: EpochMs): void {
  endWaiting(context, requesters, awakeSinceMs);
  endUnstarted(context, requesters, awakeSinceMs);
  const { draft } = context;
  requesters.forget((sessionId) => {
    const status = draft.session(sessionId)?.status;
    return status === "queued" || status === "assigned";
  });
}

function endWaiting(context: QueueContext, requesters: Requesters, awakeSinceMs: EpochMs): void {
  const { draft, nowMs } = context;
  const limits = new Map<string, number>();
  for (const { sessionId } of draft.snapshot.queue()) {
    const session = draft.session(sessionId);
    if (session?.status !== "queued") continue;
    const key = `${session.workspace}/${session.zone ?? ""}`;
    const limitSeconds = limits.get(key) ?? queueTimeoutOf(session, draft.snapshot);
    limits.set(key, limitSeconds);
    const waitedMs = nowMs - Math.max(session.requestedAtMs, awakeSinceMs);
    if (waitedMs >= limitSeconds * 1000) endTimedOut(session, { waitedMs, limitSeconds }, context);
    else endIfLeft(session, { requesters, awakeSinceMs }, context);
  }
}

/** They hold a node that others could have. */
function endUnstarted(context: QueueContext, requesters: Requesters, awakeSinceMs: EpochMs): void {
  const { draft, nowMs } = context;
  for (const { sessionId } of draft.snapshot.assigned.values()) {
    const session = draft.session(sessionId);
    if (session?.status !== "assigned") continue;
    const limitSeconds = startTimeoutOf(session, draft.snapshot);
    const waitedMs = nowMs - Math.max(session.assignedAtMs ?? session.requestedAtMs, awakeSinceMs);
    if (limitSeconds === 0 || waitedMs < limitSeconds * 1000) {
      endIfLeft(session, { requesters, awakeSinceMs }, context);
      continue;
    }
    const text = `was given node ${session.nodeId} and did not run within ${formatDuration(limitSeconds)} (startTimeout)`;
    const numbers = { nodeId: session.nodeId ?? "", waitedMs, startTimeoutSeconds: limitSeconds };
    endSession(context, session, "startTimeout", { code: "startTimeout", text, numbers });
  }
}

function endTimedOut(
  session: Session,
  { waitedMs, limitSeconds }: { waitedMs: number; limitSeconds: number },
  context: QueueContext,
): void {
  const text = `waited ${formatDuration(Math.floor(waitedMs / 1000))}, longer than the queue timeout (${formatDuration(limitSeconds)}); ${session.reason.text}`;
  const numbers = { waitedMs, queueTimeoutSeconds: limitSeconds, waitedFor: session.reason.code };
  endSession(context, session, "queueTimeout", { code: "queueTimeout", text, numbers });
}

function endIfLeft(
  session: Session,
  { requesters, awakeSinceMs }: { requesters: Requesters; awakeSinceMs: EpochMs },
  context: QueueContext,
): void {
  const { keepaliveSeconds, sessionId, requestedAtMs } = session;
  if (keepaliveSeconds === undefined) return;
  const seenMs = requesters.lastSeenMs(sessionId, context.nowMs) ?? requestedAtMs;
  const silentMs = context.nowMs - Math.max(seenMs, awakeSinceMs);
  if (silentMs < keepaliveSeconds * 1000) return;
  const text = `nobody asked for it for ${formatDuration(Math.floor(silentMs / 1000))}; its requester must have left`;
  endSession(context, session, "left", { code: "left", text, numbers: { silentMs, keepaliveSeconds } });
}
