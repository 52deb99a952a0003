/** In which order waiting sessions are served. */
import type { Session } from "./state";

/** Where a session stands in the queue. */
export type Asked = Pick<Session, "requestedAtMs" | "sequence" | "sessionId">;

/**
 * Order of the queue. Sequences repeat when a clock was set back meanwhile; ids make the order whole, so that it is the
 * same after every load.
 */
export function byRequest(a: Asked, b: Asked): number {
  return a.requestedAtMs - b.requestedAtMs || a.sequence - b.sequence || (a.sessionId < b.sessionId ? -1 : 1);
}
