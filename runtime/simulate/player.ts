/**
 * Plays demand against definitions: the real broker, planner, reconciler and lanes, on a ledger without a disk, under
 * virtual time. Nothing goes wrong here: clouds do what they are asked in the time that a boot takes, and users stay as long
 * as they said. What can go wrong is played by `runtime/sim`.
 */
import { Broker } from "../broker/broker";
import { Requesters } from "../broker/requesters";
import { Decisions } from "../deciding/decisions";
import { tellNode } from "../deciding/node-events";
import { LaneRunner } from "../executor/lane-runner";
import type { Change } from "../model/changes";
import type { Clock, EpochMs } from "../model/clock";
import type { CloudCatalog } from "../model/config";
import { BugError, ConfigError } from "../model/errors";
import type { Plan } from "../model/plan";
import type { Node, Session } from "../model/state";
import { spendChanges } from "../model/spend-companion";
import { documentReader } from "../model/unreadable";
import { DemandLearner } from "../reconciler/demand-learner";
import { Reconciler } from "../reconciler/reconciler";
import { SeededRng } from "../sim/rng";
import { Timeline } from "../sim/timeline";
import { PlainTokens } from "../sim/tokens";
import { Boots, type BootRange } from "./boots";
import { ObedientClouds } from "./clouds";
import type { Demand, DemandSession } from "./demand";
import { InstantLedger } from "./instant-ledger";
import { NodeLog } from "./node-log";
import { asPlayed, playedCatalog, type PlayedDefinition } from "./played-definitions";
import type { DefinitionChange, VariantResult } from "./result";
import { nextLookMs, needsClock } from "./next-look";
import { WaitLog } from "./wait-log";

export interface PlayOptions {
  readonly name: string;
  /** What was changed already in the definitions; only told. */
  readonly changes: readonly DefinitionChange[];
  readonly definitions: readonly PlayedDefinition[];
  readonly demand: Demand;
  readonly catalog: CloudCatalog;
  readonly seed: number;
  /** Undefined = what was measured, see {@link Boots}. */
  readonly boot?: BootRange;
  /** By autoscale config, in seconds. Default none. */
  readonly measuredBoots?: Readonly<Record<string, readonly number[]>>;
  /** Share of the time that was played, 0 to 1; a hundred times at most. */
  readonly onProgress?: (share: number) => void;
}

interface Played {
  readonly session: DemandSession;
  readonly requestedAtMs: EpochMs;
  wasQueued: boolean;
  isServed: boolean;
  /** What it was told last while it waited. */
  reason: string;
}

const owner = "simulate";
/** Of a node's boot what the cloud takes until the VM exists; the rest is the VM's own. */
const createShare = 0.2;

export function play(options: PlayOptions): Promise<VariantResult> {
  return new Player(options).run();
}

class Player {
  private readonly timeline: Timeline;
  private readonly clock: Clock;
  private readonly ledger: InstantLedger;
  private readonly broker: Broker;
  private readonly reconciler: Reconciler;
  private readonly laneRunner: LaneRunner;
  private readonly decisions: Decisions;
  private readonly boots: Boots;
  private readonly waits = new WaitLog();
  private readonly nodes: NodeLog;
  private readonly open = new Map<string, Played>();
  /** By node id: how long from its request until it is ready. */
  private readonly bootMs = new Map<string, number>();
  private readonly ready = new Set<string>();
  private readonly prices = new Map<string, { readonly hourlyCost?: number }>();
  private readonly definitions: readonly PlayedDefinition[];
  private readonly needsClock: boolean;
  private running = 0;
  private peakSessions = 0;
  private next = 0;
  private isOver = false;
  private error: Error | undefined;
  private look: { readonly atMs: EpochMs; readonly cancel: () => void } | undefined;
  private hasChanged = true;

  constructor(private readonly options: PlayOptions) {
    const { demand, seed, boot, measuredBoots = {} } = options;
    const rng = new SeededRng(seed).fork("simulate");
    const timeline = (this.timeline = new Timeline(demand.fromMs));
    const clock = (this.clock = {
      now: () => timeline.nowMs,
      after: (delayMs, run) => timeline.after(delayMs, "timer", run),
    });
    const catalog = playedCatalog(options.catalog);
    this.definitions = asPlayed(options.definitions);
    for (const { kind, name, doc } of this.definitions) if (kind === "vmProviderConfig") this.prices.set(name, doc);
    this.needsClock = needsClock(this.definitions);
    this.boots = new Boots(rng.fork("boots"), boot, measuredBoots);
    this.nodes = new NodeLog(demand, (name) => this.prices.get(name));
    const ledger = (this.ledger = new InstantLedger(documentReader(catalog), {
      accompany: (changes, before) => {
        learner.see(changes);
        return spendChanges(changes, before, clock.now());
      },
      watch: (changes) => this.see(changes),
    }));
    const learner = new DemandLearner(ledger.state, clock);
    const shared = { ledger, clock, rng: rng.fork("ids"), catalog };
    const withTokens = { ...shared, tokens: new PlainTokens(), requesters: new Requesters() };
    const log = { info: ignore, warn: ignore, error: (fields: object, text: string) => this.fail(fields, text) };
    const wakeReconciler = (): void => this.reconciler.wake();
    this.decisions = new Decisions(shared);
    this.laneRunner = new LaneRunner({
      ...{ ...shared, epoch: 1, log, wakeReconciler, comingDemand: () => [] },
      updater: new ObedientClouds(timeline, (nodeId) => createShare * this.bootMsOf(nodeId)),
    });
    this.reconciler = new Reconciler({
      ...{ ...withTokens, demand: learner, executor: this.laneRunner, log, tickSeconds: 60 },
      // Nodes are told to be ready when their boot is over, and none is ever given up for its silence.
      probe: () => Promise.resolve(false),
      onPlanned: (plan) => this.hear(plan),
    });
    this.broker = new Broker({ ...withTokens, wake: wakeReconciler });
  }

  async run(): Promise<VariantResult> {
    const { timeline, options } = this;
    const { fromMs, toMs, sessions } = options.demand;
    await this.ledger.commit([{ kind: "put", table: "installation", row: installation }]);
    for (const { kind, name, doc } of this.definitions) {
      await this.broker.putDefinition({ kind, name, doc, owner });
    }
    await this.reconciler.tickNow();
    timeline.after(toMs - fromMs, "end", () => (this.isOver = true));
    if (sessions.length > 0) this.scheduleArrival();
    let told = 0;
    while (!this.isOver) {
      if (!(await timeline.step())) throw new BugError("nothing happens any more in a simulation that has not ended");
      if (this.error) throw this.error;
      this.scheduleLook();
      const share = (timeline.nowMs - fromMs) / (toMs - fromMs);
      if (share < told + 0.01) continue;
      told = share;
      options.onProgress?.(share);
    }
    return this.result();
  }

  private result(): VariantResult {
    this.advance();
    const { name, changes } = this.options;
    const { waits, refusals, worstMoments } = this.waits.end(this.timeline.nowMs);
    const { vmHours, cost, series } = this.nodes.end();
    const { peakSessions } = this;
    const peakNodes = this.nodes.peak;
    return { name, changes, waits, vmHours, cost, peakNodes, peakSessions, refusals, worstMoments, series };
  }

  private scheduleArrival(): void {
    const { sessions } = this.options.demand;
    const session = sessions[this.next]!;
    this.timeline.after(session.atMs - this.timeline.nowMs, "arrival", () => {
      this.next += 1;
      if (this.next < sessions.length) this.scheduleArrival();
      this.request(session);
    });
  }

  private request(session: DemandSession): void {
    const { workspace, userId, groups, zone } = session;
    const nowMs = this.clock.now();
    const request = { workspace, userId, ...(groups ? { groups } : {}), ...(zone ? { zone } : {}) };
    const { outcome, commit } = this.broker.decideSession(request);
    const played: Played = { session, requestedAtMs: nowMs, wasQueued: false, isServed: false, reason: "" };
    this.advance();
    this.waits.requested({ userId, workspace, requestedAtMs: nowMs });
    if (outcome.kind === "refused") {
      this.waits.refusedFor({ userId, workspace, requestedAtMs: nowMs }, nowMs, outcome.reason, false);
    } else {
      const { sessionId } = outcome.session;
      this.open.set(sessionId, played);
      if (outcome.kind === "queued") {
        this.waits.queued(nowMs);
        [played.wasQueued, played.reason] = [true, outcome.session.reason.text];
      }
    }
    this.background(commit());
  }

  /** Everything that is decided comes by here, right after it was applied. */
  private see(changes: readonly Change[]): void {
    this.hasChanged = true;
    this.advance();
    for (const change of changes) {
      if (change.kind === "put" && change.table === "session") this.seeSession(change.row);
      else if (change.kind === "put" && change.table === "node") this.seeNode(change.row);
      else if (change.kind === "put" && change.table === "configState") this.nodes.seeConfig(change.row);
      else if (change.kind === "delete" && change.table === "node") this.seeGone(change.id);
    }
  }

  private seeSession(row: Session): void {
    const played = this.open.get(row.sessionId);
    const node = row.nodeId === undefined ? undefined : this.ledger.state.nodes.get(row.nodeId);
    if (node) this.nodes.see(node, this.isUsed(node.nodeId));
    if (!played) return;
    if (row.status === "assigned" && !played.isServed) this.begin(row.sessionId, played);
    if (row.status === "ended") this.close(row, played);
  }

  private begin(sessionId: string, played: Played): void {
    const { session, requestedAtMs, wasQueued, reason } = played;
    played.isServed = true;
    this.running += 1;
    this.peakSessions = Math.max(this.peakSessions, this.running);
    const { userId, workspace, holdMs } = session;
    this.waits.served({ userId, workspace, requestedAtMs }, this.clock.now(), wasQueued ? reason : undefined);
    this.timeline.after(holdMs, "release", () => {
      if (this.open.has(sessionId)) this.background(this.broker.releaseSession(sessionId));
    });
  }

  private close({ sessionId, endReason, reason }: Session, played: Played): void {
    this.open.delete(sessionId);
    if (played.isServed) {
      this.running -= 1;
      return;
    }
    const { userId, workspace } = played.session;
    const { requestedAtMs, wasQueued } = played;
    const text = endReason === "queueTimeout" && played.reason !== "" ? played.reason : reason.text;
    const why = { code: endReason ?? reason.code, text };
    this.waits.refusedFor({ userId, workspace, requestedAtMs }, this.clock.now(), why, wasQueued);
  }

  private seeNode(node: Node): void {
    this.nodes.see(node, this.isUsed(node.nodeId));
    if (node.status !== "starting" || this.ready.has(node.nodeId)) return;
    this.ready.add(node.nodeId);
    const delayMs = node.createdAtMs + this.bootMsOf(node.nodeId) - this.clock.now();
    this.timeline.after(delayMs, "ready", () => this.becomeReady(node.nodeId));
  }

  private becomeReady(nodeId: string): void {
    const context = this.decisions.begin();
    const node = this.ledger.state.nodes.get(nodeId);
    if (!node) return;
    if (node.shape === undefined) {
      const { autoscaleConfig, vmProvider } = node;
      throw ConfigError.of([
        {
          path: `${autoscaleConfig}.coresOverride`,
          message:
            `how large a VM of ${vmProvider} is, is known only once one has reported; say it with ` +
            `--set ${autoscaleConfig}.coresOverride=4 --set ${autoscaleConfig}.memoryOverride=16GiB`,
        },
      ]);
    }
    tellNode(context, node, { kind: "ready", reason: { code: "checkedIn", text: "checked in", numbers: {} } });
    this.background(this.ledger.commit(context.draft.changes));
    this.reconciler.wake();
  }

  private seeGone(nodeId: string): void {
    this.nodes.gone(nodeId);
    this.bootMs.delete(nodeId);
    this.ready.delete(nodeId);
  }

  private bootMsOf(nodeId: string): number {
    const known = this.bootMs.get(nodeId);
    if (known !== undefined) return known;
    const made = this.boots.nextMs(this.ledger.state.nodes.get(nodeId)?.autoscaleConfig ?? "");
    this.bootMs.set(nodeId, made);
    return made;
  }

  private isUsed(nodeId: string): boolean {
    for (const { status } of this.ledger.state.sessionsOf(nodeId).values()) if (status !== "staged") return true;
    return false;
  }

  private hear({ waiting }: Plan): void {
    for (const { sessionId, reason } of waiting) {
      const played = this.open.get(sessionId);
      if (played) played.reason = reason.text;
    }
  }

  private advance(): void {
    const { waiting } = this.waits;
    this.nodes.advance(this.timeline.nowMs, { demand: this.running + waiting, waiting });
  }

  /** The service looks each 5 s. Here only when something can be due; wakes come as they do there. */
  private scheduleLook(): void {
    if (!this.hasChanged) return;
    this.hasChanged = false;
    const { state } = this.ledger;
    const atMs = nextLookMs(state, this.clock.now(), this.needsClock);
    if (this.look?.atMs === atMs) return;
    this.look?.cancel();
    this.look = undefined;
    if (atMs === undefined) return;
    const cancel = this.timeline.after(atMs - this.clock.now(), "tick", () => {
      this.look = undefined;
      this.hasChanged = true;
      this.background(this.reconciler.tickNow());
    });
    this.look = { atMs, cancel };
  }

  private background(work: Promise<unknown>): void {
    work.catch((error: unknown) => (this.error ??= error instanceof Error ? error : new Error(String(error))));
  }

  private fail(fields: object, text: string): void {
    const cause = "err" in fields ? fields.err : "error" in fields ? fields.error : undefined;
    this.error ??= cause instanceof Error ? cause : new BugError(`${text}: ${String(cause)}`);
  }
}

function ignore(): void {
  // What is told in a log of a service matters to nobody here.
}

const installation = { installationId: "simulated", backend: "", passphrase: "", tokenSecret: "" };
