/** Waiting sessions that end by themselves: their time is up, or their requester has left. */
import type { EpochMs } from "../model/clock";
import type { Session } from "../model/state";
import { formatDuration } from "../model/units";
import type { Requesters } from "../broker/requesters";
import { placesOf } from "../planner/place";
import type { QueueContext } from "../planner/queue";
import { endSession } from "../planner/transitions";

/** The longest `queueTimeout` of the configs that might serve it; this long when there is none. */
const queueTimeoutDefaultSeconds = 1800;

/** `awakeSinceMs`: when this process began to listen; nobody could ask it before. */
export function applyQueueTimeOuts(context: QueueContext, requesters: Requesters, awakeSinceMs: EpochMs): void {
  const { draft, nowMs } = context;
  const limits = new Map<string, number>();
  for (const { sessionId } of draft.snapshot.queue()) {
    const session = draft.session(sessionId);
    if (session?.status !== "queued") continue;
    const key = `${session.workspace}/${session.zone ?? ""}`;
    const limitSeconds = limits.get(key) ?? queueTimeoutOf(session, context);
    limits.set(key, limitSeconds);
    const waitedMs = nowMs - session.requestedAtMs;
    if (waitedMs >= limitSeconds * 1000) endTimedOut(session, limitSeconds, context);
    else if (session.keepaliveSeconds !== undefined) {
      const seenMs = requesters.lastSeenMs(sessionId, nowMs) ?? session.requestedAtMs;
      endIfLeft(session, session.keepaliveSeconds, nowMs - Math.max(seenMs, awakeSinceMs), context);
    }
  }
  requesters.forget((sessionId) => draft.session(sessionId)?.status === "queued");
}

function queueTimeoutOf(session: Session, { draft: { snapshot } }: QueueContext): number {
  // Nobody knows what the definitions that can't be read allow, so nobody waits too long meanwhile.
  if (snapshot.unreadable.size > 0) return Infinity;
  const workspace = snapshot.workspaces.get(session.workspace);
  const configs = workspace
    ? placesOf(workspace, session.zone, snapshot).flatMap(({ pool, zone }) => snapshot.configsIn(pool.name, zone.name))
    : [];
  return configs.length > 0 ? Math.max(...configs.map((config) => config.queueTimeout)) : queueTimeoutDefaultSeconds;
}

function endTimedOut(session: Session, limitSeconds: number, context: QueueContext): void {
  const waitedMs = context.nowMs - session.requestedAtMs;
  const text = `waited ${formatDuration(Math.floor(waitedMs / 1000))}, longer than the queue timeout; ${session.reason.text}`;
  const numbers = { waitedMs, queueTimeoutSeconds: limitSeconds, waitedFor: session.reason.code };
  endSession(context, session, "queueTimeout", { code: "queueTimeout", text, numbers });
}

function endIfLeft(session: Session, keepaliveSeconds: number, silentMs: number, context: QueueContext): void {
  if (silentMs < keepaliveSeconds * 1000) return;
  const text = `nobody asked for it for ${formatDuration(Math.floor(silentMs / 1000))}; its requester must have left`;
  endSession(context, session, "left", { code: "left", text, numbers: { silentMs, keepaliveSeconds } });
}
