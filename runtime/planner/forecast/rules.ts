/** The two rules that are compared: what the forecast keeps, and what plain standby does. */
import type { ForecastOptions, ForecastState } from "./forecast-types";
import type { PoolRule } from "./reckoned-pool";

/** Of a boot: what no longer is expected to be needed, is let go before it has cost as much as a new one. */
const backoffOfBoot = 0.4;
const backoffMin = 60;
const backoffMax = 900;

export function forecastRule({ plan, bootP90Seconds }: ForecastState): PoolRule {
  const backoffSeconds = Math.round(Math.min(backoffMax, Math.max(backoffMin, backoffOfBoot * bootP90Seconds)));
  return { free: plan.free, ready: plan.ready, backoffSeconds, bootSeconds: bootP90Seconds };
}

export function plainRule({ bootP90Seconds }: ForecastState, options: ForecastOptions): PoolRule {
  return {
    free: options.declaredSessions,
    ready: 0,
    backoffSeconds: options.declaredBackoffSeconds,
    bootSeconds: bootP90Seconds || options.bootSecondsAssumed,
  };
}
