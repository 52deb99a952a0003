/** How many sessions may wait: in all, and of one user, so that nobody takes the whole queue. */
import type { Reason } from "../model/reason";
import type { Snapshot } from "../model/snapshot";
import { formatCount } from "../model/units";

/** Sessions waiting at the same time; beyond it requests are refused, because no fleet catches up with such a queue. */
export const queueMax = 20_000;

/** Sessions of one user waiting at the same time, unless the operator says otherwise: more than anybody can use. */
export const queuePerUserDefault = 20;

/**
 * Why one more session of this user may not wait; undefined when it may.
 * @param queuePerUser 0 = no share of its own.
 */
export function queueFullReason(
  userId: string,
  state: Pick<Snapshot, "queue" | "waitingOf">,
  { queuePerUser = 0 }: { readonly queuePerUser?: number },
): Reason | undefined {
  const waiting = state.queue().length;
  if (waiting >= queueMax) {
    const text = `${formatCount(waiting, "session")} in the queue already, which is the limit`;
    return { code: "queueFull", text, numbers: { waiting, queueMax } };
  }
  const own = state.waitingOf(userId);
  if (queuePerUser === 0 || own < queuePerUser) return undefined;
  const text = `${formatCount(own, "session")} of user "${userId}" in the queue already, and one user may have ${queuePerUser} there`;
  return { code: "userQueueFull", text, numbers: { waitingOfUser: own, queuePerUser } };
}
