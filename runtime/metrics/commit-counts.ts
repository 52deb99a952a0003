/** What one commit adds to counters and histograms: found by comparing its rows with those before it. Pure. */
import type { Change } from "../model/changes";
import type { SpendDay } from "../model/spend";
import type { Decision, Node, Session } from "../model/state";
import type { Count } from "./instruments";
import type { FleetMetrics } from "./table";

/** Rows as they are before the commit. */
export interface RowsBefore {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly sessions: ReadonlyMap<string, Session>;
  readonly spendDays: ReadonlyMap<string, SpendDay>;
}

export type FleetCount = Count<FleetMetrics>;

/** A row may change more than once in a commit; each step counts. */
export function countsOf(changes: readonly Change[], before: RowsBefore): FleetCount[] {
  const counts: FleetCount[] = [];
  const nodes = new Latest(before.nodes);
  const sessions = new Latest(before.sessions);
  const days = new Latest(before.spendDays);
  for (const change of changes) {
    if (change.kind === "decision") counts.push(...ofDecision(change.decision));
    else if (change.kind === "put" && change.table === "spendDay") {
      counts.push(...ofSpend(days.get(change.row.spendId), change.row));
      days.set(change.row.spendId, change.row);
    } else if (change.kind === "delete" && change.table === "node") nodes.set(change.id, undefined);
    else if (change.kind === "put" && change.table === "node") {
      counts.push(...ofNode(nodes.get(change.row.nodeId), change.row));
      nodes.set(change.row.nodeId, change.row);
    } else if (change.kind === "put" && change.table === "session") {
      const { row } = change;
      const pool = row.nodeId === undefined ? undefined : nodes.get(row.nodeId)?.pool;
      counts.push(...ofSession(sessions.get(row.sessionId), row, pool));
      sessions.set(row.sessionId, row);
    }
  }
  return counts;
}

/** The rows before, with what the commit has changed of them so far. */
class Latest<Row> {
  private readonly changed = new Map<string, Row | undefined>();

  constructor(private readonly rows: ReadonlyMap<string, Row>) {}

  get(id: string): Row | undefined {
    return this.changed.has(id) ? this.changed.get(id) : this.rows.get(id);
  }
  set(id: string, row: Row | undefined): void {
    this.changed.set(id, row);
  }
}

function ofDecision({ subject, event, reason }: Decision): FleetCount[] {
  const counts: FleetCount[] = [["add", "headroom_decisions_total", { subject, code: reason.code }, 1]];
  // Of a refused session there is nothing but this entry.
  const isRefusal = subject === "session" && event === "refused";
  const workspace = String(reason.numbers["workspace"]);
  if (isRefusal) counts.push(["add", "headroom_session_requests_total", { workspace, outcome: "refused" }, 1]);
  return counts;
}

function ofSession(before: Session | undefined, after: Session, pool: string | undefined): FleetCount[] {
  if (before?.status === after.status) return [];
  const { workspace, status } = after;
  if (status === "ended") return ofEnd(before, after);
  if (status === "queued") return before === undefined ? [requested(workspace, "queued")] : [];
  const source = before === undefined ? "placed" : before.status;
  if (status !== "assigned" || (source !== "placed" && source !== "queued" && source !== "staged")) return [];
  const waitedSeconds = ((after.assignedAtMs ?? after.requestedAtMs) - after.requestedAtMs) / 1000;
  const counts: FleetCount[] = source === "queued" ? [] : [requested(workspace, source)];
  if (pool === undefined) return counts;
  return [...counts, ["observe", "headroom_session_wait_duration_seconds", { pool, source }, waitedSeconds]];
}

function ofSpend(before: SpendDay | undefined, after: SpendDay): FleetCount[] {
  const sum = (day: SpendDay | undefined): number =>
    Object.values(day?.amounts ?? {}).reduce((total, amount) => total + amount, 0);
  const more = sum(after) - sum(before);
  const labels = { config: after.autoscaleConfig, currency: after.currency };
  return more > 0 ? [["add", "headroom_vm_cost_total", labels, more]] : [];
}

function requested(workspace: string, outcome: "placed" | "queued" | "staged"): FleetCount {
  return ["add", "headroom_session_requests_total", { workspace, outcome }, 1];
}

function ofEnd(before: Session | undefined, { workspace, endReason }: Session): FleetCount[] {
  if (before === undefined || endReason === undefined) return [];
  return [["add", "headroom_sessions_ended_total", { workspace, reason: endReason }, 1]];
}

function ofNode(before: Node | undefined, after: Node): FleetCount[] {
  const { autoscaleConfig: config, vmProvider: provider, status, statusSinceMs, reason, failure } = after;
  if (config === undefined || provider === undefined || before?.status === status) return [];
  if (before === undefined) return [["add", "headroom_nodes_created_total", { config, provider }, 1]];
  const boot = (phase: "create" | "checkin", fromMs: number, toMs: number): FleetCount => {
    const seconds = Math.max(0, toMs - fromMs) / 1000;
    return ["observe", "headroom_node_boot_duration_seconds", { config, phase }, seconds];
  };
  if (status === "starting") return [boot("create", after.createdAtMs, statusSinceMs)];
  // One that called before its address was known ran at once.
  if (status === "running" && before.status === "starting") {
    return [boot("checkin", before.statusSinceMs, statusSinceMs)];
  }
  if (status === "destroying") {
    return [["add", "headroom_nodes_destroyed_total", { config, reason: reason.code }, 1]];
  }
  if (status !== "failed" || failure === undefined) return [];
  return [["add", "headroom_node_failures_total", { config, provider, class: failure.class }, 1]];
}
