/**
 * The metrics of one process. Counters and histograms of the fleet come from what is committed, once it is durable: nothing
 * else in the program counts. Gauges are read from the rows when somebody asks, and only while this process leads.
 */
import { collectDefaultMetrics, Registry } from "prom-client";
import { classifyFailure } from "../executor/failure-class";
import type { UpdateResult } from "../executor/node-updater";
import { definitionId, type Change } from "../model/changes";
import { vmProvidersOf, type DefinitionKind } from "../model/config";
import type { Plan } from "../model/plan";
import type { Snapshot } from "../model/snapshot";
import { cloudFailureClasses } from "../model/errors";
import { failureClasses, sessionEndReasons } from "../model/state";
import { WindowCache } from "../planner/config/windows";
import { countsOf, type FleetCount, type RowsBefore } from "./commit-counts";
import { fleetGauges } from "./fleet-gauges";
import { Instruments } from "./instruments";
import type { FleetSources, LastPlan } from "./moment";
import {
  bootPhases,
  fleetMetrics,
  jobKinds,
  jobResults,
  processMetrics,
  requestOutcomes,
  vmUses,
  waitSources,
  type JobResult,
} from "./table";
import { VmTime } from "./vm-time";

export interface MetricsOptions {
  readonly version: string;
  /** What counting failed with: metrics never hold up a commit. */
  readonly onTrouble: (error: unknown) => void;
}

/** An answered request. */
export interface AnsweredRequest {
  readonly method: string;
  /** As in the route table; undefined = none has that path. */
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

/** Codes of reasons are words of this program, some 150 with their subjects; more would be a mistake of ours. */
const decisionSeriesMax = 600;

const noPlan: LastPlan = { staging: [], atMs: 0 };

export class Metrics {
  private readonly fleet = new Instruments(fleetMetrics);
  private readonly process = new Instruments(processMetrics);
  private readonly windows = new WindowCache();
  private readonly vmTime = new VmTime();
  private readonly decisionSeries = new Set<string>();
  private lastPlan = noPlan;
  private engine = "";
  /** Of the definitions for which all counters tell at least of zero. */
  private expected: { readonly snapshot: Snapshot; readonly definitions: number } | undefined;

  constructor(private readonly options: MetricsOptions) {
    collectDefaultMetrics({ register: this.process.registry });
  }

  get contentType(): string {
    return Registry.PROMETHEUS_CONTENT_TYPE;
  }

  setEngine(engine: string): void {
    this.engine = engine;
  }

  /** Sees a commit before it is applied to `before`; what it returns is to be called once that is durable. */
  see(changes: readonly Change[], before: RowsBefore): () => void {
    const counts = this.safely(() => countsOf(changes, before)) ?? [];
    return () => void this.safely(() => counts.forEach((count) => this.count(count)));
  }

  /** A transaction of the store begins; call the answer when it has ended. */
  beginWrite(): () => void {
    const startedMs = performance.now();
    return () => {
      const seconds = (performance.now() - startedMs) / 1000;
      this.fleet.count(["observe", "headroom_store_commit_duration_seconds", {}, seconds]);
    };
  }

  /** A plan was made in `seconds`, and is durable now. */
  planned(plan: Plan, { snapshot, seconds }: { readonly snapshot: Snapshot; readonly seconds: number }): void {
    this.safely(() => {
      this.lastPlan = { staging: plan.staging, atMs: plan.atMs };
      this.fleet.count(["observe", "headroom_plan_duration_seconds", {}, seconds]);
      for (const count of this.vmTime.look(snapshot, plan.atMs)) this.fleet.count(count);
    });
  }

  /** An update or a recovery of a lane has ended. */
  jobEnded(kind: "update" | "recover", ended: UpdateResult, seconds: number): void {
    const result = resultOf(ended);
    this.fleet.count(["observe", "headroom_lane_update_duration_seconds", { kind, result }, seconds]);
    if (result !== "failed" || kind !== "update") return;
    const failureClass = classifyFailure(ended.message ?? "");
    this.fleet.count(["add", "headroom_update_failures_total", { class: failureClass }, 1]);
  }

  answered({ method, route = "none", status, seconds }: AnsweredRequest): void {
    const labels = { method: knownMethod(method), route, status: `${Math.floor(status / 100)}xx` };
    this.process.count(["observe", "headroom_http_request_duration_seconds", labels, seconds]);
  }

  /** The text that Prometheus reads. @param leader Undefined while this process stands by: then it tells of itself only. */
  async scrape(leader: FleetSources | undefined): Promise<string> {
    this.process.setGauges([
      ["headroom_build_info", { version: this.options.version, engine: this.engine }, 1],
      ["headroom_leader", {}, Number(leader !== undefined)],
    ]);
    if (leader === undefined) return this.process.registry.metrics();
    const { state } = leader.ledger;
    const definitions = state.revisions.definitions;
    const isNew = this.expected?.snapshot !== state || this.expected.definitions !== definitions;
    if (isNew) this.expectAll(state);
    this.fleet.setGauges(fleetGauges(leader, this.windows, this.lastPlan));
    const text = `${await this.process.registry.metrics()}\n${await this.fleet.registry.metrics()}`;
    // After they were told once more: the last counts of what is gone are not lost.
    if (isNew) await this.fleet.forget((label, value) => isStillThere(label, value, state));
    this.expected = { snapshot: state, definitions };
    return text;
  }

  private count(count: FleetCount): void {
    this.fleet.count(this.bounded(count));
  }

  private bounded(count: FleetCount): FleetCount {
    if (count[1] !== "headroom_decisions_total") return count;
    const { subject, code } = count[2];
    const key = `${subject} ${code}`;
    const isKnown = this.decisionSeries.has(key);
    if (!isKnown && this.decisionSeries.size >= decisionSeriesMax) {
      return ["add", "headroom_decisions_total", { subject, code: "other" }, 1];
    }
    this.decisionSeries.add(key);
    return count;
  }

  /** A counter that appears with its first event would hide that event from every rate. */
  private expectAll(state: Snapshot): void {
    const { fleet } = this;
    for (const workspace of state.workspaces.keys()) {
      for (const outcome of requestOutcomes) fleet.expect("headroom_session_requests_total", { workspace, outcome });
      for (const reason of sessionEndReasons) fleet.expect("headroom_sessions_ended_total", { workspace, reason });
    }
    for (const pool of state.pools.keys()) {
      for (const source of waitSources) fleet.expect("headroom_session_wait_duration_seconds", { pool, source });
    }
    for (const config of state.autoscaleConfigs.values()) {
      const { name } = config;
      for (const phase of bootPhases) fleet.expect("headroom_node_boot_duration_seconds", { config: name, phase });
      for (const use of vmUses) fleet.expect("headroom_vm_seconds_total", { config: name, use });
      for (const provider of vmProvidersOf(config)) {
        const price = state.vmProviderConfigs.get(provider);
        if (price?.hourlyCost !== undefined) {
          fleet.expect("headroom_vm_cost_total", { config: name, currency: price.currency ?? "" });
        }
        fleet.expect("headroom_nodes_created_total", { config: name, provider });
        for (const each of failureClasses) {
          fleet.expect("headroom_node_failures_total", { config: name, provider, class: each });
        }
      }
    }
    for (const kind of jobKinds) {
      for (const result of jobResults) fleet.expect("headroom_lane_update_duration_seconds", { kind, result });
    }
    for (const each of cloudFailureClasses) fleet.expect("headroom_update_failures_total", { class: each });
  }

  private safely<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.options.onTrouble(error);
      return undefined;
    }
  }
}

/** `unknown`: what is in the stack could not be read. `refused`: this process does not lead any more. */
function resultOf({ outcome, present, notPermitted }: UpdateResult): JobResult {
  if (present === undefined) return "unknown";
  return notPermitted === undefined ? outcome : "refused";
}

const methods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

/** Anybody may send any word. */
function knownMethod(method: string): string {
  return methods.includes(method) ? method : "other";
}

/** Whether a label's value still names something; labels that name nothing are always good. */
function isStillThere(label: string, value: string, state: Snapshot): boolean {
  const isDeclared = (kind: DefinitionKind) => state.definitions.has(definitionId(kind, value));
  switch (label) {
    case "workspace":
      return isDeclared("workspace");
    case "pool":
      return isDeclared("pool");
    case "config":
      return isDeclared("autoscaleConfig") || state.nodesOfConfig(value).size > 0;
    case "provider":
      return isDeclared("vmProviderConfig");
    default:
      return true;
  }
}
