/** In which order waiting sessions are served. */
import type { Session } from "./state";

/**
 * Order of the queue. Sequences repeat when a clock was set back meanwhile; ids make the order whole, so that it is the
 * same after every load.
 */
export function byRequest(a: Session, b: Session): number {
  return a.requestedAtMs - b.requestedAtMs || a.sequence - b.sequence || (a.sessionId < b.sessionId ? -1 : 1);
}
