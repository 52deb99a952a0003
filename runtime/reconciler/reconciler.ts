/**
 * Keeps the set of nodes what it should be. A wake or a tick runs one pass: time-outs, then the queue, then the plan,
 * each committed before the next, then the lanes whose desired set changed are woken. Wakes are hints; a periodic tick
 * does the same work, so a lost one costs time and nothing else.
 *
 * idle ──wake──▶ gathering ──after a moment──▶ passing ──▶ idle, or gathering when woken meanwhile
 */
import { Decisions } from "../deciding/decisions";
import type { Clock, EpochMs, Rng } from "../model/clock";
import type { CloudCatalog } from "../model/config";
import { HeadroomError } from "../model/errors";
import type { Plan } from "../model/plan";
import { BudgetBook } from "../planner/budget/position";
import { PlanMemory } from "../planner/planning/plan-memory";
import { plan } from "../planner/planning/plan";
import { placeQueue } from "../planner/placement/place-queue";
import { endUnwanted, fillStaging } from "../planner/placement/staging";
import { SpecDigests } from "../planner/config/spec-digest";
import type { NodeTokens } from "../broker/node-tokens";
import type { Requesters } from "../broker/requesters";
import type { Change } from "../model/changes";
import type { Ledger } from "../store/store";
import { PlanApplier } from "./apply-plan";
import { Probes } from "./probes";
import { probeTcp, type Probe } from "./tcp-probe";
import { takeBackFutureTimes } from "./future-times";
import { budgetEvents } from "./budget-events";
import { spendDue } from "./spend";
import { applySessionTimeOuts } from "./session-time-outs";
import { applyTimeOuts } from "./time-outs";

export interface ReconcilerOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly catalog: CloudCatalog;
  readonly tokens: NodeTokens;
  readonly requesters: Requesters;
  readonly executor: { wake(laneId: string): void };
  /** Rows of what is learned of the demand, as far as they are to be written now. Default none. */
  readonly demand?: { due(nowMs: EpochMs): Change[] };
  /** Default 5. */
  readonly tickSeconds?: number;
  readonly probe?: Probe;
  /** A plan took so long to make and apply, and is durable now; decides nothing. Default nobody. */
  readonly onPlanned?: ((plan: Plan, seconds: number) => void) | undefined;
  readonly log?: { error(fields: object, message: string): void };
}

/** Wakes within this time are one pass; short beside a VM's boot, long enough to gather a burst of requests. */
const gatherMs = 20;
/** A pass may take this share of the time at most: a long pass is followed by a longer rest. */
const restPerPass = 4;
/**
 * A longer time between two passes, by the clock, means that this process was held or its clock was set: whatever nodes
 * sent meanwhile is not known, so their silence counts from now.
 */
const passGapMaxMs = 30_000;

export class Reconciler {
  private readonly decisions: Decisions;
  private readonly applier: PlanApplier;
  private readonly memory = new PlanMemory();
  private readonly digests: SpecDigests;
  private readonly budgetBook = new BudgetBook();
  private readonly probes: Probes;
  private readonly cancels = new Set<() => void>();
  private awakeSinceMs: EpochMs;
  private lastPassMs: EpochMs;
  /** Stored times may lie in the future: at the start, when the last leader's clock is not known, and when ours was set back. */
  private isClockBehind = true;
  private isStopped = false;
  private isWoken = false;
  private passing: Promise<Plan> | undefined;
  private notBeforeMs = 0;

  constructor(private readonly options: ReconcilerOptions) {
    this.decisions = new Decisions(options);
    this.applier = new PlanApplier({ ...options, journal: this.decisions.journal });
    this.awakeSinceMs = options.clock.now();
    this.lastPassMs = this.awakeSinceMs;
    this.digests = new SpecDigests(options.catalog);
    this.probes = new Probes({
      ...options,
      probe: options.probe ?? probeTcp,
      begin: () => this.decisions.begin(),
      wake: () => this.wake(),
      after: (delayMs, run) => this.after(delayMs, run),
      isStopped: () => this.isStopped,
    });
  }

  /** Begins to tick. Lanes that a crash left behind their desired revision are woken with the first pass. */
  async start(): Promise<void> {
    this.awakeSinceMs = this.options.clock.now();
    this.lastPassMs = this.awakeSinceMs;
    await this.tickNow();
    this.scheduleTick();
  }

  /** Runs a pass soon. */
  wake(): void {
    if (this.isWoken || this.isStopped) return;
    this.isWoken = true;
    const delayMs = Math.max(gatherMs, this.notBeforeMs - this.options.clock.now());
    this.after(delayMs, () => {
      this.isWoken = false;
      this.runPass();
    });
  }

  /** One whole pass; resolves when what it changed is durable and its lanes are woken. */
  async tickNow(): Promise<Plan> {
    while (this.passing) await this.passing.catch(() => undefined);
    this.passing = this.pass();
    try {
      return await this.passing;
    } finally {
      this.passing = undefined;
    }
  }

  /** Resolves when the pass that runs has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const cancel of this.cancels) cancel();
    this.cancels.clear();
    await this.passing?.catch(() => undefined);
  }

  private scheduleTick(): void {
    this.after(this.tickMs, () => {
      this.runPass();
      this.scheduleTick();
    });
  }

  private runPass(): void {
    this.tickNow().catch((error: unknown) => {
      this.options.log?.error({ err: error }, "a pass of the reconciler failed; the next tick tries again");
      if (!(error instanceof HeadroomError) && !this.options.log) throw error;
    });
  }

  private after(delayMs: number, run: () => void): void {
    if (this.isStopped) return;
    const cancel = this.options.clock.after(delayMs, () => {
      this.cancels.delete(cancel);
      run();
    });
    this.cancels.add(cancel);
  }

  private get tickMs(): number {
    return (this.options.tickSeconds ?? 5) * 1000;
  }

  private get state() {
    return this.options.ledger.state;
  }

  private async pass(): Promise<Plan> {
    const { ledger } = this.options;
    const isStaged = await this.settleWhatIsDue();
    // From here to the commit nothing else happens: what the plan saw is what it changes.
    const startedMs = this.options.clock.now();
    const next = this.planNow();
    const context = this.decisions.begin();
    const { isRoomReleased } = this.applier.apply(next, context);
    const touched = context.draft.lanesTouched;
    const durable = ledger.commit(context.draft.changes);
    const endedMs = this.options.clock.now();
    this.notBeforeMs = endedMs + (endedMs - startedMs) * restPerPass;
    await durable;
    this.options.onPlanned?.(next, (endedMs - startedMs) / 1000);
    for (const laneId of this.lanesBehind(touched)) this.options.executor.wake(laneId);
    this.probes.look();
    // What a plan has changed the next one sees: sessions that waited for a new node are told its id, drained nodes may
    // be empty already, and room that is kept no longer is given away.
    const hasMoved = next.changes.some(({ kind }) => kind === "create" || kind === "drain");
    if (hasMoved || isRoomReleased || !isStaged) this.wake();
    return next;
  }

  private planNow(): Plan {
    const { clock, catalog } = this.options;
    const { digests, memory, budgetBook } = this;
    const { windows } = this.decisions;
    return plan(this.state, { nowMs: clock.now(), catalog, windows, digests, memory, budgetBook });
  }

  /** Time-outs and placements first, so that the plan sees them. False when staged sessions are left to place. */
  private async settleWhatIsDue(): Promise<boolean> {
    this.noteGap(this.options.clock.now());
    if (this.isClockBehind) await this.takeBackFutureTimes();
    const commits = this.countSpend();
    const context = this.decisions.begin();
    const { awakeSinceMs, probes } = this;
    applyTimeOuts(context, { awakeSinceMs, isSilentSince: (node, sinceMs) => probes.isSilentSince(node, sinceMs) });
    applySessionTimeOuts(context, this.options.requesters, awakeSinceMs);
    endUnwanted(context);
    for (const change of this.options.demand?.due(context.nowMs) ?? []) context.draft.put(change);
    commits.push(this.options.ledger.commit(context.draft.changes));
    const placing = this.decisions.begin();
    placeQueue(placing);
    const isStaged = fillStaging(placing, () => `s${this.options.rng.id(15)}`);
    if (placing.draft.changes.length > 0) commits.push(this.options.ledger.commit(placing.draft.changes));
    await Promise.all(commits);
    return isStaged;
  }

  /** What VMs have cost, and which budgets that concerns. */
  private countSpend(): Promise<void>[] {
    const { ledger, clock } = this.options;
    const due = spendDue(this.state, clock.now());
    const commits = due.length === 0 ? [] : [ledger.commit(due)];
    const { journal } = this.decisions;
    const told = budgetEvents(this.state, { nowMs: clock.now(), journal, book: this.budgetBook });
    return told.length === 0 ? commits : [...commits, ledger.commit(told)];
  }

  private noteGap(nowMs: EpochMs): void {
    const gapMs = nowMs - this.lastPassMs;
    this.lastPassMs = nowMs;
    const gapMaxMs = Math.max(passGapMaxMs, 3 * this.tickMs);
    if (gapMs < 0 || gapMs > gapMaxMs) this.awakeSinceMs = nowMs;
    if (gapMs < 0) this.isClockBehind = true;
  }

  private async takeBackFutureTimes(): Promise<void> {
    const context = this.decisions.begin();
    takeBackFutureTimes(context);
    this.options.requesters.takeBackFutureTimes(context.nowMs);
    this.notBeforeMs = Math.min(this.notBeforeMs, context.nowMs + this.tickMs);
    this.isClockBehind = false;
    if (context.draft.changes.length > 0) await this.options.ledger.commit(context.draft.changes);
  }

  /** Lanes whose desired set is newer than their stack, and lanes whose config is gone, which are to be removed. */
  private lanesBehind(touched: readonly string[]): Set<string> {
    const behind = new Set(touched);
    for (const lane of this.state.lanes.values()) {
      const isUnwanted = !this.state.isDeclared("autoscaleConfig", lane.autoscaleConfig);
      const isBehind = lane.desiredRevision > lane.appliedRevision && lane.openRevision === undefined;
      if (isBehind || isUnwanted) behind.add(lane.laneId);
    }
    return behind;
  }
}
