/** What a config may do now. */
import type { AutoscaleConfig } from "../../model/config";
import type { ConfigState } from "../../model/state";
import { unreadableBelow } from "../../model/unreadable";
import type { Snapshot } from "../../model/snapshot";
import type { Window } from "./windows";

/**
 * open      creates, places and removes
 * inactive  outside its schedule: creates nothing, places nothing, its nodes leave when empty
 * leaving   drained or being deleted: as inactive, without back-off
 * frozen    disabled, or it rests on a definition that can't be read: nothing happens
 */
export type ConfigMode = "open" | "inactive" | "leaving" | "frozen";

export function modeOf(
  { config, state, window }: { readonly config: AutoscaleConfig; readonly state: ConfigState; readonly window: Window },
  snapshot: Snapshot,
): ConfigMode {
  if (state.isDeleting || (config.drain && config.enabled)) return "leaving";
  if (!config.enabled) return "frozen";
  if (unreadableBelow(config, snapshot).length > 0) return "frozen";
  return window.isActive ? "open" : "inactive";
}
