/**
 * How many sessions a config should keep free so that at most a declared share of its sessions waits, learned from its own
 * history alone. Deterministic and without a clock: the same events in the same order give the same advice.
 *
 * The unit is a session. Who asks turns it into nodes, cores or slots. {@link observe} changes the state in place, in
 * constant time but for what each passed minute costs; {@link advise} only reads and is cheap enough for every plan.
 */
import type { EpochMs } from "../../model/clock";
import type { Advice, ForecastEvent, ForecastOptions, ForecastState, Position } from "./forecast-types";

/** A state that has seen nothing: its advice is the declared standby. */
export function emptyForecast(): ForecastState {
  return {
    version: 0,
    sinceMs: 0,
    lastMs: 0,
    arrivals: 0,
    waited: 0,
    rateByHour: new Array<number>(168).fill(0),
    boots: [],
  };
}

/** Takes one event into the state, which it changes. Events come in the order of their times; an older one counts as now. */
export function observe(state: ForecastState, event: ForecastEvent, _options: ForecastOptions): void {
  if (state.sinceMs === 0) state.sinceMs = event.atMs;
  state.lastMs = Math.max(state.lastMs, event.atMs);
  if (event.kind === "arrival") {
    state.arrivals += 1;
    state.rateByHour[hourOfWeek(event.atMs)]! += 1;
  }
  if (event.kind === "start" && event.waitedSeconds > 0) state.waited += 1;
  if (event.kind === "boot") state.boots = [...state.boots, event.seconds].slice(-50);
}

/** What to keep free now. Reads the state and nothing else. */
export function advise(state: ForecastState, nowMs: EpochMs, _position: Position, options: ForecastOptions): Advice {
  const weeks = (nowMs - state.sinceMs) / (7 * 86_400_000);
  const bootSeconds = quantile(state.boots, 0.9) ?? options.bootSecondsAssumed;
  const arrivalsExpected =
    weeks > 0 ? ((state.rateByHour[hourOfWeek(nowMs)]! / Math.max(1, weeks)) * bootSeconds) / 3600 : 0;
  const isYoung = weeks < 2;
  const forecastSessions = Math.ceil(arrivalsExpected + 2 * Math.sqrt(arrivalsExpected));
  return {
    freeSessions: isYoung ? options.declaredSessions : forecastSessions,
    backoffSeconds: isYoung ? options.declaredBackoffSeconds : Math.max(60, bootSeconds),
    reason: isYoung ? "learning" : "forecast",
    parts: { bootSeconds, arrivalsExpected, endsExpected: 0, forecastSessions, todayLevel: 1, weeksKnown: weeks },
    record: { days: 0, sessions: state.arrivals, waitingShare: state.arrivals > 0 ? state.waited / state.arrivals : 0 },
  };
}

function hourOfWeek(atMs: EpochMs): number {
  return Math.floor(atMs / 3_600_000 + 72) % 168;
}

function quantile(values: readonly number[], share: number): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1];
}
