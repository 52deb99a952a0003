/** The day in figures, from what the runtime itself recorded. */
import type { Decision } from "../../runtime/model/state";

export interface Totals {
  sessions: number;
  served: number;
  /** Sessions on servers whose users went in through the server's own door. */
  entered: number;
  waitSecondsP50: number;
  waitSecondsP95: number;
  nodesCreated: number;
  nodesDestroyed: number;
  /** Seconds in which VMs existed. */
  vmSeconds: number;
  /** Of those, with at least one session on the VM. */
  vmSecondsUsed: number;
  vmSecondsIdle: number;
  updatesRun: number;
  engine: string;
  engineVersion: string;
  seconds: number;
  problems: string[];
}

/** A session as its user saw it. */
export interface Visited {
  readonly sessionId: string;
  readonly requestedAtMs: number;
  readonly assignedAtMs?: number | undefined;
  readonly endedAtMs?: number | undefined;
  readonly nodeId?: string | undefined;
  /** What its server answered to the credentials that the API told; absent where nobody goes in. */
  readonly door?: string;
}

/** Value below which `share` (0 to 1) of the sorted values lie; the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** Events of the journal between which a node's VM exists. */
export const vmExists = "starting";
export const vmGone = "gone";

/** How long each VM existed and how long it had a session, in seconds. */
export function vmUse(decisions: readonly Decision[], visited: readonly Visited[]): { exists: number; used: number } {
  const span = new Map<string, { from: number; to: number }>();
  for (const { subject, subjectId, event, atMs } of decisions) {
    if (subject !== "node") continue;
    const known = span.get(subjectId);
    if (event === vmExists) span.set(subjectId, { from: atMs, to: atMs });
    else if (known) known.to = atMs;
  }
  let exists = 0;
  let used = 0;
  for (const [nodeId, { from, to }] of span) {
    exists += to - from;
    const busy = visited
      .filter((visit) => visit.nodeId === nodeId && visit.assignedAtMs !== undefined)
      .map((visit) => [visit.assignedAtMs!, visit.endedAtMs ?? to] as const)
      .sort((a, b) => a[0] - b[0]);
    let reached = from;
    for (const [start, end] of busy) {
      used += Math.max(0, end - Math.max(start, reached));
      reached = Math.max(reached, end);
    }
  }
  return { exists: exists / 1000, used: used / 1000 };
}
