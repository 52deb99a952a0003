/** A waiting session as one line that changes: its place, its phase, how long it may take, and why. */
import type { Command } from "commander";
import type { SessionView } from "../../api/contracts";
import { connect, explainRefusal, globalOptions } from "../connection";
import { formatAge, print, printAnswer, printJson, printOver } from "../output";

/** Ends when the session runs or has ended; with exit code 4 when it ended without having run. */
export async function watchSession(command: Command, sessionId: string): Promise<void> {
  const isJson = globalOptions(command).json ?? false;
  // A terminal shows one line that is written over; a file or a pipe gets a line for each change.
  const isLive = process.stdout.isTTY && !isJson;
  try {
    for await (const session of connect(command).watchSession(sessionId)) {
      if (isJson) printJson(session);
      else if (isLive) printOver(formatProgress(session, Date.now()));
      else printAnswer(session, (shown) => formatProgress(shown, Date.now()));
      if (session.status === "ended") process.exitCode = 4;
    }
  } catch (error) {
    throw explainRefusal(error, command);
  } finally {
    if (isLive) print("");
  }
}

/** e.g. `s1x9 queued, #2, provisioning 0/1, about 42s left: it was promised room on node n4, which is provisioning`. */
export function formatProgress(session: SessionView, nowMs: number): string {
  const { sessionId, status, position, phase, expectedAtMs, node, reason } = session;
  const isPhaseNew = phase !== undefined && phase !== status;
  const parts = [
    `${sessionId} ${status}`,
    ...(position === undefined ? [] : [`#${position}`]),
    ...(isPhaseNew ? [phase] : []),
    ...(expectedAtMs === undefined ? [] : [`about ${formatAge(expectedAtMs - nowMs)} left`]),
    ...(node ? [`on ${node.nodeId}${node.address === undefined ? "" : ` at ${node.address}`}`] : []),
  ];
  return `${parts.join(", ")}: ${reason.text}`;
}
