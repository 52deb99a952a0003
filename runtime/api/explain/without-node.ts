/**
 * Why an idle node is still there, asked of the planner itself: what would it do if the node were gone, and what will it
 * do when the back-off has passed? Both are plans of a copy of the node's pool and zone; nothing is changed.
 */
import type { AutoscaleConfig, CloudCatalog } from "../../model/config";
import type { EpochMs } from "../../model/clock";
import type { NodeChange, Plan } from "../../model/plan";
import type { Reason } from "../../model/reason";
import type { Node } from "../../model/state";
import { declaredBackoffSeconds } from "../../model/wait-objective";
import { plan } from "../../planner/planning/plan";
import { HotState } from "../../store/hot-state";
import type { Change } from "../../model/changes";
import type { Snapshot } from "../../model/snapshot";

export interface NodeOutlook {
  /** What would be missing without the node; undefined = nothing. */
  readonly neededFor?: Reason;
  /** When it drains if nothing else changes. */
  readonly drainsAtMs?: EpochMs;
}

export function outlookOfNode(
  node: Node,
  { snapshot, present, catalog }: { snapshot: Snapshot; present: Plan; catalog: CloudCatalog },
): NodeOutlook {
  const { atMs: nowMs } = present;
  const options = { nowMs, catalog };
  const with_ = plan(copyOf(node, snapshot, present), options);
  const without = plan(copyOf(node, snapshot, present, node.nodeId), options);
  const neededFor = missingWithout(with_, without);
  const config = snapshot.autoscaleConfigs.get(node.autoscaleConfig ?? "");
  const next = present.configs.find(({ autoscaleConfig }) => autoscaleConfig === config?.name)?.nextState;
  if (!config || next?.excessSinceMs === undefined) return { ...(neededFor ? { neededFor } : {}) };
  const drainsAtMs = Math.max(nowMs, next.excessSinceMs + backoffSecondsIn(present, config) * 1000);
  const later = plan(copyOf(node, snapshot, present), { nowMs: drainsAtMs, catalog });
  const leaves = later.changes.some((change) => isLeaving(change, node.nodeId));
  return { ...(neededFor ? { neededFor } : {}), ...(leaves ? { drainsAtMs } : {}) };
}

/** Of `auto` what the plan reckons with. */
function backoffSecondsIn({ configs }: Plan, config: AutoscaleConfig): number {
  const objective = configs.find(({ autoscaleConfig }) => autoscaleConfig === config.name)?.objective;
  const isForecast = config.downscaleBackoff === "auto" && objective?.code === "objectiveFollowed";
  return isForecast ? Number(objective.numbers["backoffSeconds"]) : declaredBackoffSeconds(config);
}

function isLeaving(change: NodeChange, nodeId: string): boolean {
  return (change.kind === "drain" || change.kind === "destroy") && change.nodeId === nodeId;
}

/** The first reason for a node that the plan makes or takes back, or can't, only when the node is gone. */
function missingWithout(with_: Plan, without: Plan): Reason | undefined {
  const known = new Map<string, number>();
  for (const change of with_.changes) if (isGrowth(change)) count(known, keyOf(change), 1);
  for (const change of without.changes) {
    if (isGrowth(change) && count(known, keyOf(change), -1) < 0) return change.reason;
  }
  const before = new Set(with_.configs.flatMap(({ reasons }) => reasons.map(({ code }) => code)));
  const passing = /^(steady|backoffDown|(create|drain|undrain|destroy)\..*)$/;
  return without.configs.flatMap(({ reasons }) => reasons).find(({ code }) => !before.has(code) && !passing.test(code));
}

function isGrowth({ kind }: NodeChange): boolean {
  return kind === "create" || kind === "undrain";
}

function keyOf({ kind, reason }: NodeChange): string {
  return `${kind} ${reason.code}`;
}

function count(counts: Map<string, number>, key: string, by: number): number {
  const now = (counts.get(key) ?? 0) + by;
  counts.set(key, now);
  return now;
}

/** The node's pool and zone with everything in it, and the definitions; other places don't weigh on this one. */
function copyOf({ pool, zone }: Node, snapshot: Snapshot, present: Plan, leftOut?: string): HotState {
  const changes: Change[] = [];
  const configs = new Set(snapshot.configsIn(pool, zone).map(({ name }) => name));
  for (const row of snapshot.definitions.values()) {
    if (row.kind === "autoscaleConfig" && !configs.has(row.name)) continue;
    changes.push({ kind: "put", table: "definition", row });
  }
  for (const { autoscaleConfig, nextState } of present.configs) {
    if (!configs.has(autoscaleConfig)) continue;
    changes.push({ kind: "put", table: "configState", row: nextState });
    const demand = snapshot.configDemands.get(autoscaleConfig);
    if (demand) changes.push({ kind: "put", table: "configDemand", row: demand });
  }
  for (const row of snapshot.nodesIn(pool, zone).values()) {
    if (row.nodeId === leftOut) continue;
    changes.push({ kind: "put", table: "node", row });
    for (const session of snapshot.sessionsOf(row.nodeId).values())
      changes.push({ kind: "put", table: "session", row: session });
  }
  for (const row of snapshot.queue()) changes.push({ kind: "put", table: "session", row });
  const state = new HotState();
  state.apply(changes);
  return state;
}
