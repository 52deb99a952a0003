/**
 * What one commit tells of the demand for autoscale configs: found by comparing its rows with those before it. Pure.
 *
 * A session counts for the config whose node it was given; while it waits, for the one that would make a node for it, by
 * the planner's word in its row, and from then on for that one whatever node it gets. What is given a static member counts
 * for the first config, by name, of that pool and zone that counts static members and has a wait objective. A staged
 * session counts when somebody takes it, as one that did not wait.
 */
import type { Change } from "../../model/changes";
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig } from "../../model/config";
import type { Shape } from "../../model/shapes";
import type { ConfigState, Node, Session, SessionEndReason } from "../../model/state";
import type { ForecastEvent } from "../forecast/forecast-types";

export interface DemandEvent {
  readonly autoscaleConfig: string;
  readonly event: ForecastEvent;
  /** Of an arrival: what the session takes. */
  readonly needs?: Shape;
}

/** Rows as they are before the commit. */
export interface DemandBefore {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly sessions: ReadonlyMap<string, Session>;
  readonly configStates: ReadonlyMap<string, ConfigState>;
  configsIn(pool: string, zone: string): readonly AutoscaleConfig[];
}

/** Those that gave up waiting; who could never be served, or was taken away, is no demand that was missed. */
const gaveUp: ReadonlySet<SessionEndReason> = new Set(["cancelled", "left", "queueTimeout"]);

/** @param counted Waiting sessions that were told of, by id, with the config that they count for; brought up to date. */
export function demandEvents(
  changes: readonly Change[],
  before: DemandBefore,
  counted: Map<string, string>,
  nowMs: EpochMs,
): DemandEvent[] {
  const events: DemandEvent[] = [];
  const nodes = new Latest(before.nodes);
  const sessions = new Latest(before.sessions);
  const states = new Latest(before.configStates);
  for (const change of changes) {
    if (change.kind !== "put") continue;
    if (change.table === "node") nodes.set(change.row.nodeId, change.row);
    else if (change.table === "session") {
      const { row } = change;
      const node = row.nodeId === undefined ? undefined : nodes.get(row.nodeId);
      const known = { before: sessions.get(row.sessionId), servedBy: node && configOf(node, before), counted };
      events.push(...ofSession(row, known));
      sessions.set(row.sessionId, row);
    } else if (change.table === "configState") {
      const { row } = change;
      events.push(...ofBoots(states.get(row.autoscaleConfig), row, nowMs));
      states.set(row.autoscaleConfig, row);
    }
  }
  return events;
}

/** The rows before, with what the commit has changed of them so far. */
class Latest<Row> {
  private readonly changed = new Map<string, Row>();

  constructor(private readonly rows: ReadonlyMap<string, Row>) {}

  get(id: string): Row | undefined {
    return this.changed.get(id) ?? this.rows.get(id);
  }
  set(id: string, row: Row): void {
    this.changed.set(id, row);
  }
}

/** The config that a session on this node counts for; undefined = none. */
export function configOf(node: Node, state: Pick<DemandBefore, "configsIn">): string | undefined {
  if (node.autoscaleConfig !== undefined) return node.autoscaleConfig;
  return state.configsIn(node.pool, node.zone).find((config) => config.countStatic && config.waitObjective)?.name;
}

interface KnownSession {
  readonly before: Session | undefined;
  readonly servedBy: string | undefined;
  readonly counted: Map<string, string>;
}

function ofSession(row: Session, { before, servedBy, counted }: KnownSession): DemandEvent[] {
  const wasPlaced = before !== undefined && before.status !== "queued" && before.status !== "staged";
  if (row.status === "queued") return ofWaiting(row, counted);
  if (row.status === "staged") return [];
  if (row.status === "ended") return wasPlaced ? ofEnd(row, servedBy) : ofGivenUp(row, before, counted);
  return wasPlaced ? [] : ofStart(row, servedBy, counted);
}

function ofWaiting(row: Session, counted: Map<string, string>): DemandEvent[] {
  const config = row.reason.numbers["autoscaleConfig"];
  if (typeof config !== "string" || counted.has(row.sessionId)) return [];
  counted.set(row.sessionId, config);
  return [arrival(config, row)];
}

function ofStart(row: Session, servedBy: string | undefined, counted: Map<string, string>): DemandEvent[] {
  const waitedFor = counted.get(row.sessionId);
  counted.delete(row.sessionId);
  const autoscaleConfig = waitedFor ?? servedBy;
  if (autoscaleConfig === undefined) return [];
  const atMs = row.assignedAtMs ?? row.requestedAtMs;
  const waitedSeconds = Math.max(0, atMs - row.requestedAtMs) / 1000;
  const start: DemandEvent = { autoscaleConfig, event: { kind: "start", atMs, waitedSeconds } };
  return waitedFor === undefined ? [arrival(autoscaleConfig, row), start] : [start];
}

function ofGivenUp(row: Session, before: Session | undefined, counted: Map<string, string>): DemandEvent[] {
  const autoscaleConfig = counted.get(row.sessionId);
  counted.delete(row.sessionId);
  if (autoscaleConfig === undefined || before === undefined || !row.endReason || !gaveUp.has(row.endReason)) return [];
  const atMs = row.endedAtMs ?? row.requestedAtMs;
  const waitedSeconds = Math.max(0, atMs - row.requestedAtMs) / 1000;
  return [{ autoscaleConfig, event: { kind: "gaveUp", atMs, waitedSeconds } }];
}

function ofEnd(row: Session, servedBy: string | undefined): DemandEvent[] {
  if (servedBy === undefined) return [];
  const atMs = row.endedAtMs ?? row.requestedAtMs;
  const durationSeconds = Math.max(0, atMs - (row.assignedAtMs ?? row.requestedAtMs)) / 1000;
  return [{ autoscaleConfig: servedBy, event: { kind: "end", atMs, durationSeconds } }];
}

/** The newest boot stands last; several nodes that come up in one commit write the row once each. */
function ofBoots(before: ConfigState | undefined, after: ConfigState, atMs: EpochMs): DemandEvent[] {
  const seconds = after.bootSeconds?.at(-1);
  if (seconds === undefined || before?.bootSeconds === after.bootSeconds) return [];
  return [{ autoscaleConfig: after.autoscaleConfig, event: { kind: "boot", atMs, seconds } }];
}

function arrival(autoscaleConfig: string, { requestedAtMs, needs }: Session): DemandEvent {
  return { autoscaleConfig, event: { kind: "arrival", atMs: requestedAtMs }, needs };
}
