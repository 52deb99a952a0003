/** When the reconciler of a simulated runtime has to look, although nothing wakes it. */
import type { EpochMs } from "../model/clock";
import type { HotState } from "../store/hot-state";
import type { PlayedDefinition } from "./played-definitions";

/** As the service's own. */
const tickMs = 5_000;
const minuteMs = 60_000;

/** Something in the definitions begins by the clock: they are looked at in each minute. */
export function needsClock(definitions: readonly PlayedDefinition[]): boolean {
  return definitions.some(
    ({ kind, doc }) =>
      kind === "schedule" ||
      kind === "stagingConfig" ||
      kind === "budget" ||
      doc["maxNodeAge"] !== undefined ||
      doc["waitObjective"] !== undefined ||
      doc["warmNodes"] !== undefined,
  );
}

/** Undefined = nothing is due before something wakes it. */
export function nextLookMs(state: HotState, nowMs: EpochMs, isByClock: boolean): EpochMs | undefined {
  const isWaitedFor = isByClock || state.queue().length > 0;
  let nextMs = isWaitedFor ? gridAfter(nowMs, minuteMs) : isMoving(state) ? gridAfter(nowMs, 5 * minuteMs) : Infinity;
  for (const { autoscaleConfig, excessSinceMs } of state.configStates.values()) {
    if (excessSinceMs === undefined) continue;
    const backoff = state.autoscaleConfigs.get(autoscaleConfig)?.downscaleBackoff ?? 0;
    // One that follows the forecast may be over at any time.
    const backoffMs = backoff === "auto" ? 0 : 1000 * backoff;
    const dueMs = excessSinceMs + backoffMs;
    nextMs = Math.min(nextMs, dueMs > nowMs ? gridAfter(dueMs - 1, tickMs) : gridAfter(nowMs, minuteMs));
  }
  return nextMs === Infinity ? undefined : nextMs;
}

/** What nodes do wakes the reconciler; only what takes too long does not. */
function isMoving({ nodesByStatus }: HotState): boolean {
  return Object.keys(nodesByStatus.all()).some((status) => status !== "running");
}

function gridAfter(atMs: EpochMs, stepMs: number): EpochMs {
  return (Math.floor(atMs / stepMs) + 1) * stepMs;
}
