/** What a config has learned after weeks of steady demand, by the forecast itself. */
import type { ConfigDemand, SizeShare } from "../../runtime/model/demand";
import { emptyForecast, observe } from "../../runtime/planner/forecast/forecast";
import type { ForecastEvent, ForecastOptions } from "../../runtime/planner/forecast/forecast-types";
import { gib } from "../support/builders";
import { SeededRng, startMs } from "../support/virtual-clock";

export interface History {
  readonly weeks?: number;
  /** Sessions asked for in each hour from 08:00 to 14:00 UTC, at odd times; they stay until the evening. */
  readonly perHour?: number;
  readonly bootSeconds?: number;
  readonly sizes?: readonly SizeShare[];
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const durationSeconds = 8 * 3600;

/** Ends at {@link startMs}, a Wednesday noon: more are about to come, and nobody is about to leave. */
export function learnedDemand(
  autoscaleConfig: string,
  history: History = {},
  options = historyOptions(),
): ConfigDemand {
  const { weeks = 3, perHour = 6, bootSeconds = 120 } = history;
  const forecast = emptyForecast();
  const rng = new SeededRng(1);
  const events: ForecastEvent[] = [];
  const beginMs = startMs - weeks * 7 * dayMs;
  for (let atMs = beginMs; atMs < startMs; atMs += 60_000) events.push({ kind: "tick", atMs, isOpen: true });
  for (let atMs = beginMs; atMs < startMs; atMs += hourMs) {
    if (atMs % dayMs < 8 * hourMs || atMs % dayMs >= 14 * hourMs) continue;
    for (let count = 0; count < perHour; count += 1) {
      const cameMs = atMs + rng.below(hourMs);
      events.push({ kind: "arrival", atMs: cameMs }, { kind: "start", atMs: cameMs, waitedSeconds: 0 });
      events.push({ kind: "end", atMs: cameMs + durationSeconds * 1000, durationSeconds });
    }
    events.push({ kind: "boot", atMs, seconds: bootSeconds });
  }
  const past = events.filter(({ atMs }) => atMs < startMs).sort((a, b) => a.atMs - b.atMs);
  for (const event of past) observe(forecast, event, options);
  const sizes = history.sizes ?? [{ millicores: 2000, memoryBytes: 2 * gib, gpus: 0, weight: 1 }];
  return { autoscaleConfig, savedAtMs: startMs, forecast, sizes };
}

/** Plain standby would keep many. */
export function historyOptions(): ForecastOptions {
  return {
    timeZone: "UTC",
    objectiveShare: 0.05,
    withinSeconds: 0,
    declaredSessions: 40,
    declaredBackoffSeconds: 900,
    bootSecondsAssumed: 300,
    isFollowed: false,
  };
}
