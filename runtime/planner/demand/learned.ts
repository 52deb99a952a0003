/** What was learned of one config, and what the forecast is to know of its definition. */
import type { AutoscaleConfig, Schedule } from "../../model/config";
import type { ConfigDemand } from "../../model/demand";
import { declaredBackoffSeconds, type WaitObjective } from "../../model/wait-objective";
import { emptyForecast, storedForecast } from "../forecast/forecast";
import type { ForecastOptions, ForecastState } from "../forecast/forecast-types";

/** The forecast's own state; a new one where there is none, or one of another layout. */
export function forecastIn(demand: Pick<ConfigDemand, "forecast"> | undefined): ForecastState {
  return (demand && storedForecast(demand.forecast)) ?? emptyForecast();
}

export interface ForecastSources {
  readonly schedules: readonly Schedule[];
  /** Sessions that the declared standby keeps free. */
  readonly declaredSessions: number;
}

/** Boot time until one was measured, as `leadTime: auto` assumes it. Unit: seconds. */
const bootAssumedSeconds = { linux: 300, windows: 600 };

export function forecastOptionsOf(
  config: AutoscaleConfig,
  objective: WaitObjective,
  { schedules, declaredSessions }: ForecastSources,
): ForecastOptions {
  return {
    timeZone: objective.timezone ?? schedules[0]?.timezone ?? "UTC",
    objectiveShare: objective.share,
    withinSeconds: objective.within,
    declaredSessions,
    declaredBackoffSeconds: declaredBackoffSeconds(config),
    isFollowed: objective.mode === "replace",
    bootSecondsAssumed: bootAssumedSeconds[config.startupScript?.osType ?? "linux"],
  };
}
