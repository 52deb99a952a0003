/** What the sessions on one node take from it. */
import type { EpochMs } from "./clock";
import type { Session } from "./state";
import type { Shape } from "./shapes";

export interface NodeUsage extends Shape {
  /** Sessions that hold capacity: staged, assigned, running or paused. */
  readonly sessions: number;
  /** Every session that has not ended, stopped ones too: while there is one, the node stays. */
  readonly pinned: number;
  /** Users of the sessions that hold capacity: what `maxSimultaneousUsers` counts. */
  readonly userIds: ReadonlySet<string>;
  /** Users with a full desktop on the node, stopped ones too: at most one each. */
  readonly desktopUserIds: ReadonlySet<string>;
  /** When the one of the sessions that hold capacity was requested that was requested last; 0 without any. */
  readonly lastRequestMs: EpochMs;
}

export const noUsage: NodeUsage = {
  cores: 0,
  memoryBytes: 0,
  gpus: 0,
  sessions: 0,
  pinned: 0,
  userIds: new Set(),
  desktopUserIds: new Set(),
  lastRequestMs: 0,
};

/** Sums in thousandths of a core, so that the result does not depend on the order of the sessions. */
export function usageOf(sessions: Iterable<Session>): NodeUsage {
  let [millicores, memoryBytes, gpus, holding, pinned, lastRequestMs] = [0, 0, 0, 0, 0, 0];
  const userIds = new Set<string>();
  const desktopUserIds = new Set<string>();
  for (const session of sessions) {
    pinned += 1;
    if (!session.isRemoteApp) desktopUserIds.add(session.userId);
    if (!holdsCapacity(session)) continue;
    holding += 1;
    lastRequestMs = Math.max(lastRequestMs, session.requestedAtMs);
    userIds.add(session.userId);
    millicores += Math.round(session.needs.cores * 1000);
    memoryBytes += session.needs.memoryBytes;
    gpus += session.needs.gpus;
  }
  const sums = { cores: millicores / 1000, memoryBytes, gpus, sessions: holding, pinned };
  return { ...sums, userIds, desktopUserIds, lastRequestMs };
}

export function holdsCapacity(session: Session): boolean {
  const { status } = session;
  return status === "staged" || status === "assigned" || status === "running" || status === "paused";
}

/** `left - taken` in thousandths of a core, so that 0.3 - 0.1 leaves exactly 0.2. */
export function subtractCores(left: number, taken: number): number {
  return (Math.round(left * 1000) - Math.round(taken * 1000)) / 1000;
}
