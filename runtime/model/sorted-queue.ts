/**
 * The waiting sessions in their order, kept so with each change: nearly all are added at the end and leave near the
 * front, so that no request waits for the sorting of a long queue.
 */
import { byRequest, type Asked } from "./queue-order";
import type { Session } from "./state";

/** Index of the session, or where it belongs if it is not there. */
export function indexInQueue(sessions: readonly Session[], session: Asked): number {
  let [low, high] = [0, sessions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byRequest(sessions[middle]!, session) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An index of the table of sessions. */
export class SortedQueue {
  readonly sessions: Session[] = [];

  follow(_id: string, before: Session | undefined, after: Session | undefined): void {
    const [old, now] = [queued(before), queued(after)];
    const isAtSamePlace = old?.requestedAtMs === now?.requestedAtMs && old?.sequence === now?.sequence;
    if (old && now && isAtSamePlace) this.sessions[indexInQueue(this.sessions, old)] = now;
    else {
      if (old) this.remove(old);
      if (now) this.add(now);
    }
  }

  private add(session: Session): void {
    const last = this.sessions.at(-1);
    if (!last || byRequest(last, session) < 0) this.sessions.push(session);
    else this.sessions.splice(indexInQueue(this.sessions, session), 0, session);
  }

  private remove(session: Session): void {
    const index = indexInQueue(this.sessions, session);
    if (this.sessions[index]?.sessionId === session.sessionId) this.sessions.splice(index, 1);
  }
}

function queued(session: Session | undefined): Session | undefined {
  return session?.status === "queued" ? session : undefined;
}
