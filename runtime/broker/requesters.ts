/** Which requesters of sessions that do not run yet are still there: they ask for the session now and then, or watch it. */
import type { EpochMs } from "../model/clock";

export class Requesters {
  private readonly seenAtMs = new Map<string, EpochMs>();
  private readonly watchers = new Map<string, number>();

  /** Somebody asked for this session. */
  see(sessionId: string, nowMs: EpochMs): void {
    this.seenAtMs.set(sessionId, nowMs);
  }

  /** Somebody watches this session; call the answer when he stops. */
  watch(sessionId: string, now: () => EpochMs): () => void {
    this.watchers.set(sessionId, (this.watchers.get(sessionId) ?? 0) + 1);
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      const left = (this.watchers.get(sessionId) ?? 1) - 1;
      if (left > 0) this.watchers.set(sessionId, left);
      else this.watchers.delete(sessionId);
      this.see(sessionId, now());
    };
  }

  /** Undefined = not since this process began. */
  lastSeenMs(sessionId: string, nowMs: EpochMs): EpochMs | undefined {
    return this.watchers.has(sessionId) ? nowMs : this.seenAtMs.get(sessionId);
  }

  /** The clock was set back: nobody was seen later than now. */
  takeBackFutureTimes(nowMs: EpochMs): void {
    for (const [sessionId, seenMs] of this.seenAtMs) if (seenMs > nowMs) this.seenAtMs.set(sessionId, nowMs);
  }

  /** Forgets those of all other sessions. */
  forget(isWaiting: (sessionId: string) => boolean): void {
    for (const sessionId of this.seenAtMs.keys()) if (!isWaiting(sessionId)) this.seenAtMs.delete(sessionId);
  }
}
