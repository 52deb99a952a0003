/**
 * What follows from failed nodes, for each pair of a config and one of its VM provider configs.
 *
 *   closed ──5 failures in a row, or one of class CONFIG──▶ open ──back-off over──▶ halfOpen ──a node runs──▶ closed
 *                                                            ▲────────── it fails ──────┘
 *   closed    after a failure nothing is created before the back-off is over
 *   open      nothing is created; with fallbacks the next one is used
 *   halfOpen  one node at a time, until one runs
 *
 * The circuit also closes when a definition changes that the failed nodes were made from.
 */
import type { EpochMs } from "../../model/clock";
import type { Reason } from "../../model/reason";
import type { ConfigState, FailureClass, RouteFailures } from "../../model/state";

export type Circuit = "closed" | "open" | "halfOpen";

/** Failures in a row after which the circuit opens: so many are no accident. */
export const failuresToOpen = 5;

const second = 1000;
const minute = 60 * second;
/** Longest back-off; also how often a broken configuration is tried again when nobody edits it. */
const backoffMaxMs = 15 * minute;
/** The first back-off by class; it doubles with each failure in a row. */
const backoffFirstMs: Readonly<Record<FailureClass, number>> = {
  CAPACITY: 30 * second,
  TRANSIENT: 30 * second,
  TIMEOUT: 30 * second,
  REPORTED: 30 * second,
  /** Quotas are raised by people, which takes a while. */
  QUOTA: 5 * minute,
  /** Trying the same configuration again can't help. */
  CONFIG: backoffMaxMs,
};

/** How long one config passes over a VM provider config on which another one found no capacity or quota. */
const sharedOutageMs = 3 * minute;

export interface Failed {
  readonly autoscaleConfig: string;
  readonly vmProvider: string;
  readonly failure: { readonly class: FailureClass; readonly message: string };
  readonly nowMs: EpochMs;
}

/**
 * The config's state after one more failed node. Failures during one back-off count once, because ten nodes that the cloud
 * refuses together tell no more than one; only a worse class counts again.
 */
export function afterFailure(state: ConfigState | undefined, failed: Failed): ConfigState {
  const { autoscaleConfig, vmProvider, failure, nowMs } = failed;
  const before = state?.failures?.[vmProvider];
  const isSameBurst = before !== undefined && nowMs < before.retryAtMs;
  if (isSameBurst && backoffFirstMs[failure.class] <= backoffFirstMs[before.last.class]) return state!;
  const consecutiveFailures = (before?.consecutiveFailures ?? 0) + (isSameBurst ? 0 : 1);
  const delayMs = backoffMs(failure.class, consecutiveFailures, `${autoscaleConfig}/${vmProvider}`);
  const now: RouteFailures = {
    consecutiveFailures,
    retryAtMs: nowMs + delayMs,
    last: { class: failure.class, message: failure.message, atMs: nowMs },
  };
  return { ...state, autoscaleConfig, failures: { ...state?.failures, [vmProvider]: now } };
}

/**
 * 30 s (QUOTA 5 min, CONFIG 15 min), doubled with each failure in a row, at most 15 min; then up to a tenth more by name,
 * so that configs that failed together don't come back together.
 */
export function backoffMs(failureClass: FailureClass, consecutiveFailures: number, name: string): number {
  const doubled = backoffFirstMs[failureClass] * 2 ** Math.min(20, consecutiveFailures - 1);
  return Math.round(Math.min(backoffMaxMs, doubled) * (1 + spread(name) / 10));
}

/** From 0 up to 1, by the text alone. */
function spread(text: string): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  }
  return (hash >>> 0) / 2 ** 32;
}

/** The state without the failures on this VM provider config; the same object when there were none. */
export function withoutFailures(state: ConfigState, vmProvider: string): ConfigState {
  if (state.failures?.[vmProvider] === undefined) return state;
  const { failures, ...rest } = state;
  const left = Object.entries(failures).filter(([name]) => name !== vmProvider);
  return left.length === 0 ? rest : { ...rest, failures: Object.fromEntries(left) };
}

export function circuitOf(failures: RouteFailures | undefined, nowMs: EpochMs): Circuit {
  if (!failures || !isTripped(failures)) return "closed";
  return nowMs < failures.retryAtMs ? "open" : "halfOpen";
}

/** True when the circuit is not closed. */
export function isTripped({ consecutiveFailures, last }: RouteFailures): boolean {
  return last.class === "CONFIG" || consecutiveFailures >= failuresToOpen;
}

/** True when the cloud had no capacity or quota left, which is no fault of the config. */
export function isExhausted({ last }: RouteFailures): boolean {
  return last.class === "CAPACITY" || last.class === "QUOTA";
}

/** A VM provider config on which a config found no capacity or quota: other configs pass it over for a while. */
export interface SharedOutage {
  /** The config that was refused. */
  readonly autoscaleConfig: string;
  readonly class: FailureClass;
  readonly untilMs: EpochMs;
}

/**
 * The outages that hold now, by VM provider config. Of several configs that were refused the one counts whose outage ends
 * last. For others an outage ends after {@link sharedOutageMs} at most, so that a config that is refused over and over
 * does not keep out one that would be served.
 */
export function sharedOutages(states: Iterable<ConfigState>, nowMs: EpochMs): Map<string, SharedOutage> {
  const outages = new Map<string, SharedOutage>();
  for (const { autoscaleConfig, failures } of states) {
    if (!failures) continue;
    for (const [vmProvider, refused] of Object.entries(failures)) {
      if (!isExhausted(refused)) continue;
      const untilMs = Math.min(refused.retryAtMs, refused.last.atMs + sharedOutageMs);
      const before = outages.get(vmProvider);
      const isLater =
        !before || untilMs > before.untilMs || (untilMs === before.untilMs && autoscaleConfig < before.autoscaleConfig);
      if (untilMs > nowMs && isLater) outages.set(vmProvider, { autoscaleConfig, class: refused.last.class, untilMs });
    }
  }
  return outages;
}

/** For the journal: why the circuit opened; undefined when this failure did not open it. */
export function openedReason(
  before: ConfigState | undefined,
  after: ConfigState,
  vmProvider: string,
): Reason | undefined {
  const [old, now] = [before?.failures?.[vmProvider], after.failures?.[vmProvider]];
  if (!now || !isTripped(now) || (old && isTripped(old))) return undefined;
  const { consecutiveFailures, retryAtMs, last } = now;
  const because = last.class === "CONFIG" ? "the cloud says it is wrong" : `${consecutiveFailures} failures in a row`;
  const text = `stops making nodes on VM provider config "${vmProvider}" until ${new Date(retryAtMs).toISOString()}: ${because}; last ${last.class}: ${last.message}`;
  return { code: "circuitOpened", text, numbers: { vmProvider, consecutiveFailures, retryAtMs, class: last.class } };
}
