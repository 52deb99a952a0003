/** What operators do to lanes. */
import type { EpochMs } from "../model/clock";
import { NotFoundError } from "../model/errors";
import type { Lane } from "../model/state";
import type { Snapshot } from "../model/snapshot";

/** Long enough for a look at a stack by hand. */
const keptClosedMs = 15 * 60_000;

/** The lane without an update that was opened ahead, for a while; one that makes or deletes nodes goes on. */
export function keepLaneClosed(laneId: string, state: Snapshot, nowMs: EpochMs): Lane {
  const lane = state.lanes.get(laneId);
  if (!lane) throw new NotFoundError(`there is no lane "${laneId}"`);
  return { ...lane, keptClosedUntilMs: nowMs + keptClosedMs };
}
