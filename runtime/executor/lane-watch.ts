/** Who hears what lanes do, and decides nothing. Must not throw. */
import type { UpdateEvent, UpdateResult } from "./node-updater";

export interface LaneWatch {
  /** What an engine tells while it runs, before anything of it is recorded. */
  heard(event: UpdateEvent): void;
  /** An update that was not opened ahead, or a recovery, took so long. */
  jobEnded(kind: "update" | "recover", result: UpdateResult, seconds: number): void;
}
