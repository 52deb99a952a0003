/** Which status of a session may follow which when somebody asks for it. */
import type { SessionStatus } from "../model/state";

export const sessionMoves: Readonly<Record<SessionStatus, readonly SessionStatus[]>> = {
  queued: [],
  staged: [],
  assigned: ["running", "stopped"],
  running: ["paused", "stopped"],
  paused: ["running", "stopped"],
  stopped: ["running"],
  ended: [],
};
