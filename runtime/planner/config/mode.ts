/** What a config may do now, and the sentence for it. */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig } from "../../model/config";
import type { Reason } from "../../model/reason";
import type { Snapshot } from "../../model/snapshot";
import type { ConfigState } from "../../model/state";
import { describeUnreadable, unreadableBelow } from "../../model/unreadable";
import type { Window } from "./windows";

/**
 * open      makes nodes, takes sessions and lets nodes go
 * inactive  outside its schedule: makes no node and takes no session; its nodes leave when they are empty
 * leaving   drained or being deleted: as inactive, and its nodes leave without waiting for `downscaleBackoff`
 * frozen    disabled, or a definition that it rests on can't be read: nothing happens
 */
export type ConfigMode = "open" | "inactive" | "leaving" | "frozen";

/** Why a config is closed, whatever the time is. */
type Closed = "configDeleting" | "configDisabled" | "configDraining";

const closedTexts: Readonly<Record<Closed, string>> = {
  configDeleting: "is being deleted",
  configDisabled: "is disabled",
  configDraining: "is being drained",
};

/** Undefined for a config that only its schedule may close. */
export function closedBy({ enabled, drain }: AutoscaleConfig, state: ConfigState | undefined): Closed | undefined {
  if (state?.isDeleting) return "configDeleting";
  if (!enabled) return "configDisabled";
  return drain ? "configDraining" : undefined;
}

export function closedReason(closed: Closed, { name }: AutoscaleConfig): Reason {
  const text = `autoscale config "${name}" ${closedTexts[closed]}`;
  return { code: closed, text, numbers: { autoscaleConfig: name } };
}

/** True for a config whose nodes are to go: nothing brings them back. */
export function isLeaving(config: AutoscaleConfig, state: ConfigState | undefined): boolean {
  const closed = closedBy(config, state);
  return closed === "configDeleting" || closed === "configDraining";
}

/** What is known of a config at one moment. */
interface ConfigNow {
  readonly config: AutoscaleConfig;
  readonly state: ConfigState;
  readonly window: Window;
}

export function modeOf({ config, state, window }: ConfigNow, snapshot: Snapshot): ConfigMode {
  const closed = closedBy(config, state);
  if (closed === "configDisabled") return "frozen";
  if (closed) return "leaving";
  if (unreadableBelow(config, snapshot).length > 0) return "frozen";
  return window.isActive ? "open" : "inactive";
}

/** Why the config is not open; undefined when it is. */
export function modeReason({ config, state, window }: ConfigNow, snapshot: Snapshot): Reason | undefined {
  const closed = closedBy(config, state);
  if (closed) return closedReason(closed, config);
  const [unreadable] = unreadableBelow(config, snapshot);
  if (unreadable) {
    const text = `autoscale config "${config.name}" rests: ${describeUnreadable(unreadable)}`;
    return { code: "unreadable", text, numbers: { autoscaleConfig: config.name } };
  }
  return window.isActive ? undefined : outsideReason(config, window.opensAtMs);
}

/** @param opensAtMs Undefined = never again. */
export function outsideReason({ name }: AutoscaleConfig, opensAtMs: EpochMs | undefined): Reason {
  const opens = opensAtMs === undefined ? ", which has no window to come" : `; it opens at ${isoTime(opensAtMs)}`;
  const text = `autoscale config "${name}" is outside its schedule${opens}`;
  const numbers = { autoscaleConfig: name, ...(opensAtMs === undefined ? {} : { opensAtMs }) };
  return { code: "schedule", text, numbers };
}

function isoTime(atMs: EpochMs): string {
  return new Date(atMs).toISOString();
}
