/** What the gauges of the leader say at one moment: read from the rows, with a zero for every state that a thing can have. */
import { checkOf } from "../broker/account-checks";
import { troublesIn } from "../model/account-check";
import type { EpochMs } from "../model/clock";
import { vmProvidersOf, type AutoscaleConfig } from "../model/config";
import type { Snapshot } from "../model/snapshot";
import { sessionStatuses, type Lane, type SessionStatus } from "../model/state";
import { forecastOf, nowOf } from "../planner/budget/forecast";
import { BudgetBook } from "../planner/budget/position";
import type { WindowCache } from "../planner/config/windows";
import { circuitOf } from "../planner/lifecycle/failures";
import type { FleetMoment, FleetSample, FleetSources, LastPlan, SlotUse, Sweep } from "./moment";
import { nodeGauges } from "./node-gauges";

export function* fleetGauges(sources: FleetSources, windows: WindowCache, last: LastPlan): Iterable<FleetSample> {
  const { ledger, clock, catalog, epoch, work } = sources;
  const moment: FleetMoment = { snapshot: ledger.state, catalog, nowMs: clock.now(), windows };
  yield ["headroom_epoch", {}, epoch];
  yield* nodeGauges(moment);
  yield* sessionGauges(moment);
  for (const config of moment.snapshot.autoscaleConfigs.values()) yield* configGauges(config, moment);
  yield* accountGauges(moment);
  yield* laneGauges(moment);
  yield* budgetGauges(moment);
  if (work) yield* slotGauges(work.slotUse());
  if (work) yield* sweepGauges(work.sweeps());
  yield ["headroom_plan_last_success_timestamp_seconds", {}, last.atMs / 1000];
  for (const { stagingConfig: staging, desired, current } of last.staging) {
    yield ["headroom_staged_desired", { staging }, desired];
    yield ["headroom_staged_ready", { staging }, current];
  }
}

/** Sessions that have not ended. */
const liveStatuses = sessionStatuses.filter((status) => status !== "ended");

function* sessionGauges({ snapshot, nowMs }: FleetMoment): Iterable<FleetSample> {
  const counts = new Map<string, Map<SessionStatus, number>>();
  const oldestMs = new Map<string, EpochMs>();
  const byPool = new Map<string, number>([...snapshot.pools.keys()].map((pool) => [pool, 0]));
  for (const workspace of snapshot.workspaces.keys()) counts.set(workspace, new Map());
  for (const { workspace, status } of snapshot.sessions.values()) {
    const ofWorkspace = counts.get(workspace) ?? new Map<SessionStatus, number>();
    counts.set(workspace, ofWorkspace.set(status, (ofWorkspace.get(status) ?? 0) + 1));
  }
  for (const { workspace, requestedAtMs } of snapshot.queue()) {
    oldestMs.set(workspace, Math.min(requestedAtMs, oldestMs.get(workspace) ?? Infinity));
    for (const pool of snapshot.workspaces.get(workspace)?.pools ?? []) byPool.set(pool, (byPool.get(pool) ?? 0) + 1);
  }
  for (const [workspace, ofWorkspace] of counts) {
    for (const status of liveStatuses) {
      yield ["headroom_sessions", { workspace, status }, ofWorkspace.get(status) ?? 0];
    }
    const waitedMs = Math.max(0, nowMs - (oldestMs.get(workspace) ?? nowMs));
    yield ["headroom_queue_oldest_wait_seconds", { workspace }, waitedMs / 1000];
  }
  for (const [pool, waiting] of byPool) yield ["headroom_queue_sessions", { pool }, waiting];
}

function* configGauges(config: AutoscaleConfig, moment: FleetMoment): Iterable<FleetSample> {
  const { snapshot, nowMs, windows } = moment;
  const { name, pool, zone } = config;
  const window = windows.at(config, snapshot, nowMs);
  const place = { pool, zone, config: name };
  if (config.type === "server") {
    const sessions = window.minimumAvailableSessions ?? config.minimumAvailableSessions;
    yield ["headroom_standby_sessions", place, sessions];
  } else {
    yield ["headroom_standby_cores", place, window.standbyCores ?? config.standbyCores];
    yield ["headroom_standby_memory_bytes", place, window.standbyMemory ?? config.standbyMemory];
  }
  yield ["headroom_nodes_limit", { config: name }, limitOf(config, snapshot)];
  const failures = snapshot.configStates.get(name)?.failures;
  for (const provider of vmProvidersOf(config)) {
    const isOpen = circuitOf(failures?.[provider], nowMs) !== "closed";
    yield ["headroom_circuit_open", { config: name, provider }, Number(isOpen)];
  }
  if (snapshot.schedulesOf(name).length === 0) return;
  yield ["headroom_schedule_open", { config: name }, Number(window.isActive)];
  if (window.validUntilMs === undefined) return;
  yield ["headroom_schedule_next_change_timestamp_seconds", { config: name }, window.validUntilMs / 1000];
}

function limitOf(config: AutoscaleConfig, { vmProviderConfigs }: Snapshot): number {
  const providers = vmProvidersOf(config).flatMap((name) => vmProviderConfigs.get(name) ?? []);
  const instances = providers.reduce((sum, { maxInstances }) => sum + maxInstances, 0);
  return Math.min(config.maxNodes ?? Infinity, instances);
}

function* accountGauges({ snapshot, catalog }: FleetMoment): Iterable<FleetSample> {
  const orphans = new Map<string, number>();
  for (const name of [...snapshot.vmProviderConfigs.keys(), ...snapshot.ldapConfigs.keys()]) orphans.set(name, 0);
  for (const { vmProvider, reportedAtMs } of snapshot.orphans.values()) {
    if (reportedAtMs !== undefined) orphans.set(vmProvider, (orphans.get(vmProvider) ?? 0) + 1);
  }
  for (const [provider, count] of orphans) yield ["headroom_orphan_vms", { provider }, count];
  const kindOf = (name: string) => (snapshot.vmProviderConfigs.has(name) ? "vmProviderConfig" : "ldapConfig");
  for (const provider of new Set([...snapshot.vmProviderConfigs.keys(), ...snapshot.ldapConfigs.keys()])) {
    const row = checkOf({ kind: kindOf(provider), name: provider }, { snapshot, catalog });
    yield ["headroom_account_ok", { provider }, Number(row === undefined || troublesIn(row).length === 0)];
    if (row?.checkedAtMs === undefined) continue;
    yield ["headroom_account_checked_timestamp_seconds", { provider }, row.checkedAtMs / 1000];
  }
}

function* budgetGauges({ snapshot, nowMs }: FleetMoment): Iterable<FleetSample> {
  for (const position of new BudgetBook().positions(snapshot, nowMs)) {
    const { name: budget, amount, currency = "" } = position.budget;
    yield ["headroom_budget_amount", { budget, currency }, amount];
    yield ["headroom_budget_spent", { budget, currency }, position.spent];
    yield ["headroom_budget_forecast", { budget, currency }, forecastOf(position, snapshot, nowMs).spent];
    yield ["headroom_budget_uncounted_nodes", { budget }, nowOf(position, snapshot).uncountedNodes];
  }
}

const laneStates = ["rest", "opened", "updating", "behind"] as const;

function* laneGauges({ snapshot }: FleetMoment): Iterable<FleetSample> {
  const counts = { rest: 0, opened: 0, updating: 0, behind: 0 };
  for (const lane of snapshot.lanes.values()) counts[laneStateOf(lane)] += 1;
  for (const state of laneStates) yield ["headroom_lanes", { state }, counts[state]];
}

function laneStateOf({ openRevision, takesNodes, appliedRevision, desiredRevision }: Lane) {
  if (openRevision !== undefined) return takesNodes ? "opened" : "updating";
  return appliedRevision < desiredRevision ? "behind" : "rest";
}

function* slotGauges({ slots, inUse, waiting }: SlotUse): Iterable<FleetSample> {
  yield ["headroom_update_slots", { state: "used" }, inUse];
  yield ["headroom_update_slots", { state: "free" }, Math.max(0, slots - inUse)];
  yield ["headroom_update_slots", { state: "waiting" }, waiting];
}

/** Of each definition the place that was listed the longest ago. */
function* sweepGauges(sweeps: readonly Sweep[]): Iterable<FleetSample> {
  const oldestMs = new Map<string, EpochMs>();
  for (const { definition, sweptAtMs = 0 } of sweeps) {
    oldestMs.set(definition, Math.min(sweptAtMs, oldestMs.get(definition) ?? Infinity));
  }
  for (const [provider, sweptAtMs] of oldestMs) {
    yield ["headroom_orphan_sweep_timestamp_seconds", { provider }, sweptAtMs / 1000];
  }
}
