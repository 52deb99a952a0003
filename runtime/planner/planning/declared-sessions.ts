/** The declared standby of a config as a number of sessions, to compare a forecast with. */
import type { AutoscaleConfig } from "../../model/config";
import type { SizeShare } from "../../model/demand";
import { dimensions, type Shape } from "../../model/shapes";
import type { Snapshot } from "../../model/snapshot";
import type { Window } from "../config/windows";
import { meanSize, sizeOf } from "../demand/sizes";
import { needsOf } from "../placement/room";

type Definitions = Pick<Snapshot, "configDemands" | "workspaces">;

/**
 * Sizes of the sessions that come, as learned; before the first one those of the workspaces that run in the config's
 * pool, each as often as the others.
 */
export function sizesOf(
  { name, pool }: AutoscaleConfig,
  { configDemands, workspaces }: Definitions,
): readonly SizeShare[] {
  const learned = configDemands.get(name)?.sizes ?? [];
  if (learned.length > 0) return learned;
  const declared = new Map<string, SizeShare>();
  for (const workspace of workspaces.values()) {
    if (!workspace.pools.includes(pool)) continue;
    const size = sizeOf(needsOf(workspace));
    declared.set(Object.values(size).join("/"), { ...size, weight: 1 });
  }
  return [...declared].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, size]) => size);
}

/** As many as could start in what is kept free; of a docker agent whole sessions of the usual size. */
export function declaredSessionsOf(config: AutoscaleConfig, window: Window, definitions: Definitions): number {
  if (config.type === "server") return window.minimumAvailableSessions ?? config.minimumAvailableSessions;
  const slots = config.standbySlots ? (window.standbySlots ?? config.standbySlots.count) : 0;
  const standby: Shape = {
    cores: window.standbyCores ?? config.standbyCores,
    memoryBytes: window.standbyMemory ?? config.standbyMemory,
    gpus: window.standbyGpus ?? config.standbyGpus,
  };
  const usual = meanSize(sizesOf(config, definitions));
  if (!usual) return slots;
  // What has no standby of its own is not kept free for itself, but comes with the nodes.
  const limiting = dimensions.filter((dimension) => standby[dimension] > 0 && usual[dimension] > 0);
  if (limiting.length === 0) return slots;
  return Math.max(slots, Math.floor(Math.min(...limiting.map((dimension) => standby[dimension] / usual[dimension]))));
}
