/** Demand as a trace tells it, played in the days in which it was recorded. */
import { ConfigError } from "../model/errors";
import { WallClocks } from "../model/wall-clock";
import type { EpochMs } from "../model/clock";
import type { TraceSession, TraceStart } from "../model/demand-trace";
import type { Demand, DemandSession } from "./demand";

export interface TraceDemandOptions {
  readonly path: string;
  readonly sessions: readonly TraceSession[];
  readonly start: TraceStart;
  /** Which workspace a row is for. */
  readonly workspaceOf: (session: TraceSession) => string;
  /** Only so many days of it; undefined = all. */
  readonly days?: number | undefined;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export function traceDemand({ path, sessions, start, workspaceOf, days }: TraceDemandOptions): Demand {
  const clocks = new LocalClock(start);
  const limitSeconds = days === undefined ? Infinity : days * 86_400;
  const played = sessions
    .filter(({ arrivalSeconds }) => arrivalSeconds < limitSeconds)
    .map((session, index): DemandSession => {
      const { arrivalSeconds, durationSeconds, user } = session;
      return {
        atMs: clocks.realMs(arrivalSeconds * 1000),
        holdMs: durationSeconds * 1000,
        workspace: workspaceOf(session),
        userId: user ?? `row-${index + 1}`,
      };
    })
    // Where the clock was set back two hours of the wall clock lie over each other.
    .sort((a, b) => a.atMs - b.atMs);
  if (played.length === 0) throw new ConfigError(`${path}: no session arrives in the first ${days} days`);
  const fromMs = clocks.realMs(0);
  const endMs = played.reduce((end, { atMs, holdMs }) => Math.max(end, atMs + holdMs), fromMs);
  const toMs = days === undefined ? Math.ceil(endMs / hourMs + 1) * hourMs : fromMs + days * dayMs;
  return { text: `trace ${path}`, fromMs, toMs, sessions: played.filter(({ atMs }) => atMs < toMs) };
}

/** The local clock of the trace; hours that daylight saving skips count as those after them. */
class LocalClock {
  private readonly clocks = new WallClocks();
  private hour = -1;
  private offsetMs = 0;

  constructor(private readonly start: TraceStart) {}

  realMs(sinceStartMs: number): EpochMs {
    const { localMs, timeZone } = this.start;
    const wallMs = localMs + sinceStartMs;
    const hour = Math.floor(wallMs / hourMs);
    if (hour !== this.hour) {
      const startMs = hour * hourMs;
      const spans = [startMs, startMs + hourMs].flatMap((at) =>
        this.clocks.realSpans(timeZone, { startMs: at, endMs: at + hourMs }),
      );
      [this.hour, this.offsetMs] = [hour, startMs - (spans[0]?.startMs ?? startMs)];
    }
    return wallMs - this.offsetMs;
  }
}
