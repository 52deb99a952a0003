/** What a config's schedules say about now and next, in words. */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig } from "../../model/config";
import { formatDuration } from "../../model/units";
import { showWallTime, WallClocks } from "../../model/wall-clock";
import type { Snapshot } from "../../model/snapshot";
import { leadOf, nextChangeMs, windowAt } from "../config/windows";

export interface Outlook {
  readonly isOpen: boolean;
  /** When it closes or opens next; absent = not in sight. */
  readonly changesAtMs?: EpochMs;
  /** Times are those of the first schedule's time zone. */
  readonly text: string;
}

/** Undefined for a config without schedules. */
export function outlookOf(
  config: AutoscaleConfig,
  snapshot: Pick<Snapshot, "schedulesOf" | "configStates">,
  nowMs: EpochMs,
  clocks: WallClocks = new WallClocks(),
): Outlook | undefined {
  const schedules = snapshot.schedulesOf(config.name);
  const [first] = schedules;
  if (!first) return undefined;
  const lead = leadOf(config, snapshot.configStates.get(config.name));
  const { isActive, earlyForMs } = windowAt(schedules, nowMs, lead, clocks);
  const changesAtMs = nextChangeMs(schedules, nowMs, lead, clocks);
  const show = (atMs: EpochMs) => showWallTime(first.timezone, atMs);
  const early =
    earlyForMs === undefined
      ? ""
      : `, ${formatDuration(Math.ceil((earlyForMs - nowMs) / 1000))} before the window of ${show(earlyForMs)},`;
  const until = changesAtMs === undefined ? " with no end in sight" : ` until ${show(changesAtMs)}`;
  return {
    isOpen: isActive,
    ...(changesAtMs === undefined ? {} : { changesAtMs }),
    text: `schedule ${isActive ? "open" : "closed"}${early}${until}`,
  };
}
