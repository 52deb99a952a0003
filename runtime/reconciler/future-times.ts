/**
 * Times that were stored by a clock that was ahead, ours before it was set back or the last leader's, lie in the future:
 * a dead node would have just been heard, a waiting session just come, for as long as that clock was ahead. They happened
 * before now, so now is taken for them. What is meant to be in the future, such as the end of a back-off, is left.
 */
import type { EpochMs } from "../model/clock";
import type { Node, Session } from "../model/state";
import type { QueueContext } from "../planner/placement/place-queue";

const nodeTimes = ["statusSinceMs", "createdAtMs", "runningSinceMs", "lastHeartbeatMs", "lastProbeMs"] as const;
const sessionTimes = ["requestedAtMs", "assignedAtMs", "stagedAtMs"] as const;

/** Call when a process begins to decide, and when its clock was set back. */
export function takeBackFutureTimes({ draft, nowMs }: QueueContext): void {
  for (const node of draft.snapshot.nodes.values()) {
    const taken = takeBack<Node>(node, nodeTimes, nowMs);
    if (taken) draft.putNode(taken);
  }
  for (const session of draft.snapshot.sessions.values()) {
    const taken = takeBack<Session>(session, sessionTimes, nowMs);
    if (taken) draft.putSession(taken);
  }
}

/** Undefined when none of the row's times lies in the future. */
function takeBack<Row extends object>(row: Row, fields: readonly (keyof Row)[], nowMs: EpochMs): Row | undefined {
  const late = fields.filter((field) => Number(row[field] ?? 0) > nowMs);
  if (late.length === 0) return undefined;
  return { ...row, ...Object.fromEntries(late.map((field) => [field, nowMs])) };
}
