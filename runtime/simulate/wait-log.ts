/** Who waited, how long, and why. */
import type { EpochMs } from "../model/clock";
import { worstMomentsMax, type LongestWait, type Refusals, type Waits, type WorstMoment } from "./result";

const longestMax = 10;

export interface PlayedSession {
  readonly userId: string;
  readonly workspace: string;
  readonly requestedAtMs: EpochMs;
}

interface Moment {
  readonly fromMs: EpochMs;
  sessions: number;
  waitedMs: number;
  longestMs: number;
  reason: string;
}

interface OfWorkspace {
  sessions: number;
  waited: number;
  longestMs: number;
}

export class WaitLog {
  /** Sessions that wait now. */
  waiting = 0;
  private sessions = 0;
  private refused = 0;
  private readonly waitsMs: number[] = [];
  private readonly workspaces = new Map<string, OfWorkspace>();
  private readonly refusals = new Map<string, { sessions: number; readonly text: string }>();
  private longest: LongestWait[] = [];
  private moment: Moment | undefined;
  private moments: WorstMoment[] = [];

  requested({ workspace }: PlayedSession): void {
    this.sessions += 1;
    this.of(workspace).sessions += 1;
  }

  /** It was not served at once. */
  queued(nowMs: EpochMs): void {
    this.moment ??= { fromMs: nowMs, sessions: 0, waitedMs: 0, longestMs: -1, reason: "" };
    this.moment.sessions += 1;
    this.waiting += 1;
  }

  /** @param reason What it was told last while it waited; undefined = it did not wait. */
  served(session: PlayedSession, nowMs: EpochMs, reason: string | undefined): void {
    const waitMs = nowMs - session.requestedAtMs;
    this.waitsMs.push(waitMs);
    if (reason === undefined) return;
    if (waitMs > 0) this.noteWait(session, waitMs);
    this.leave(waitMs, nowMs, reason);
  }

  refusedFor(
    session: PlayedSession,
    nowMs: EpochMs,
    why: { readonly code: string; readonly text: string },
    wasQueued: boolean,
  ): void {
    this.refused += 1;
    const known = this.refusals.get(why.code);
    if (known) known.sessions += 1;
    else this.refusals.set(why.code, { sessions: 1, text: why.text });
    if (wasQueued) this.leave(nowMs - session.requestedAtMs, nowMs, why.text);
  }

  /** Nothing comes after it. */
  end(nowMs: EpochMs): { readonly waits: Waits; readonly refusals: Refusals[]; readonly worstMoments: WorstMoment[] } {
    const unfinished = this.waiting;
    if (this.moment) this.closeMoment(this.moment, nowMs);
    const sorted = Float64Array.from(this.waitsMs).sort();
    const seconds = (share: number): number => (sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0) / 1000;
    const waited = sorted.length - firstAbove(sorted, 0);
    const waits: Waits = {
      sessions: this.sessions,
      served: sorted.length,
      refused: this.refused,
      unfinished,
      waited,
      shareWaited: sorted.length === 0 ? 0 : waited / sorted.length,
      p50Seconds: seconds(0.5),
      p95Seconds: seconds(0.95),
      p99Seconds: seconds(0.99),
      longestSeconds: seconds(1),
      byWorkspace: [...this.workspaces]
        .map(([workspace, { sessions, waited, longestMs }]) => {
          return { workspace, sessions, waited, longestSeconds: longestMs / 1000 };
        })
        .sort((a, b) => b.waited - a.waited || (a.workspace < b.workspace ? -1 : 1)),
      longest: this.longest,
    };
    const refusals = [...this.refusals].map(([code, of]) => ({ code, ...of })).sort((a, b) => b.sessions - a.sessions);
    return { waits, refusals, worstMoments: this.moments };
  }

  private of(workspace: string): OfWorkspace {
    const known = this.workspaces.get(workspace);
    if (known) return known;
    const made = { sessions: 0, waited: 0, longestMs: 0 };
    this.workspaces.set(workspace, made);
    return made;
  }

  private noteWait({ userId, workspace, requestedAtMs }: PlayedSession, waitMs: number): void {
    const of = this.of(workspace);
    of.waited += 1;
    of.longestMs = Math.max(of.longestMs, waitMs);
    const seconds = waitMs / 1000;
    if (this.longest.length === longestMax && seconds <= this.longest.at(-1)!.seconds) return;
    const longest = [...this.longest, { userId, workspace, requestedAtMs, seconds }];
    this.longest = longest
      .sort((a, b) => b.seconds - a.seconds || a.requestedAtMs - b.requestedAtMs)
      .slice(0, longestMax);
  }

  private leave(waitMs: number, nowMs: EpochMs, reason: string): void {
    const { moment } = this;
    this.waiting -= 1;
    if (!moment) return;
    moment.waitedMs += waitMs;
    if (waitMs > moment.longestMs) [moment.longestMs, moment.reason] = [waitMs, reason];
    if (this.waiting === 0) this.closeMoment(moment, nowMs);
  }

  private closeMoment({ fromMs, sessions, waitedMs, longestMs, reason }: Moment, toMs: EpochMs): void {
    this.moment = undefined;
    if (toMs === fromMs) return;
    const [waitedSeconds, longestSeconds] = [waitedMs / 1000, Math.max(0, longestMs) / 1000];
    this.moments.push({ fromMs, toMs, sessions, longestSeconds, waitedSeconds, reason });
    if (this.moments.length <= worstMomentsMax) return void this.moments.sort(worseFirst);
    this.moments = this.moments.sort(worseFirst).slice(0, worstMomentsMax);
  }
}

function worseFirst(a: WorstMoment, b: WorstMoment): number {
  return b.waitedSeconds - a.waitedSeconds || a.fromMs - b.fromMs;
}

function firstAbove(sorted: Float64Array, limit: number): number {
  let index = 0;
  while (index < sorted.length && sorted[index]! <= limit) index += 1;
  return index;
}
