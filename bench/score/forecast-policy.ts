/** The runtime's own forecast as a policy of the score: it learns from what the play tells it, and from nothing else. */
import { advise, emptyForecast, observe } from "../../runtime/planner/forecast/forecast";
import type { Advice, ForecastEvent, ForecastOptions } from "../../runtime/planner/forecast/forecast-types";
import type { TraceStart } from "../../runtime/model/demand-trace";
import type { Policy, Wanted } from "./play";

/** Asked of the position, which the play keeps itself. */
const nowhere = { free: 0, coming: 0, waiting: 0, busy: 0 };

export interface ForecastPolicyOptions {
  readonly start: TraceStart;
  readonly bootSeconds: number;
  readonly objectiveShare: number;
  readonly withinSeconds: number;
  /** What plain standby would keep: before the forecast knows enough, and when it is worse. */
  readonly declaredSessions: number;
}

export class ForecastPolicy implements Policy {
  private readonly state = emptyForecast();
  private readonly options: ForecastOptions;
  private last: Advice;
  private lastMinute = -1;

  constructor(private readonly of: ForecastPolicyOptions) {
    this.options = {
      // Seconds of a trace count on its local clock, which it has turned into one without daylight saving.
      timeZone: "UTC",
      objectiveShare: of.objectiveShare,
      withinSeconds: of.withinSeconds,
      declaredSessions: of.declaredSessions,
      declaredBackoffSeconds: 900,
      bootSecondsAssumed: of.bootSeconds,
      isFollowed: true,
    };
    this.last = advise(this.state, of.start.localMs, nowhere, this.options);
  }

  /** Minutes in which it was stepped back or still learning do not matter here: what it advised was played. */
  get advice(): Advice {
    return this.last;
  }

  wanted(atSeconds: number): Wanted {
    const minute = Math.floor(atSeconds / 60);
    // Advice changes with a tick alone.
    if (minute !== this.lastMinute) {
      this.last = advise(this.state, this.msOf(atSeconds), nowhere, this.options);
      this.lastMinute = minute;
    }
    const { freeSessions, readySessions, backoffSeconds } = this.last;
    return { free: freeSessions, ready: readySessions, backoffSeconds };
  }

  onArrival(atSeconds: number): void {
    this.tell({ kind: "arrival", atMs: this.msOf(atSeconds) });
  }

  onStart(atSeconds: number, waitedSeconds: number): void {
    this.tell({ kind: "start", atMs: this.msOf(atSeconds), waitedSeconds });
  }

  onEnd(atSeconds: number, { durationSeconds }: { durationSeconds: number }, waitedSeconds: number): void {
    this.tell({ kind: "end", atMs: this.msOf(atSeconds), durationSeconds, waitedSeconds });
  }

  onReady(atSeconds: number): void {
    this.tell({ kind: "boot", atMs: this.msOf(atSeconds), seconds: this.of.bootSeconds });
  }

  onMinute(atSeconds: number): void {
    this.tell({ kind: "tick", atMs: this.msOf(atSeconds), isOpen: true });
    this.lastMinute = -1;
  }

  private tell(event: ForecastEvent): void {
    observe(this.state, event, this.options);
  }

  private msOf(atSeconds: number): number {
    return this.of.start.localMs + atSeconds * 1000;
  }
}
