/**
 * Carries out what lanes need, each lane by itself and one update of it at a time.
 *
 * Lane: at rest → (has a slot) → (update recorded as open) → engine runs → (end recorded) → at rest. A lane that is found
 * open, after a crash of anything, is recovered before anything else is done with it. What an update is to do is decided
 * when the lane has its slot: a lane that waits for one takes in whatever changes meanwhile. Only the newest revision is
 * carried out; what came in between is covered by it. Nothing here decides which nodes should exist.
 */
import { Decisions } from "../deciding/decisions";
import type { Clock, EpochMs, Rng } from "../model/clock";
import type { CloudCatalog } from "../model/config";
import { messageOf } from "../model/errors";
import type { Lane, Node } from "../model/state";
import type { QueueContext } from "../planner/placement/place-queue";
import type { Ledger } from "../store/store";
import {
  atRest,
  beginUpdate,
  concludeUpdate,
  hearUpdate,
  knownVms,
  nodesOf,
  settleLane,
  trustedResult,
  type EndedJob,
} from "./lane-changes";
import { requestFor } from "./lane-accounts";
import type { LaneWatch } from "./lane-watch";
import { newLaneMemory, retryLater, retryWaitMs, type LaneMemory, type Presence } from "./lane-memory";
import { dueStep, nextStep, slotNeedOf, type DueStep } from "./lane-work";
import type { LaneRequest, NodeUpdater, UpdateEvent, UpdateResult } from "./node-updater";
import type { RecoverRequest, UpdateRequest } from "./node-updater";
import { OpenAhead, type ComingDemand } from "./open-ahead";
import { slotsOf, urgencyOf, type SlotScheduler, type SlotUse, type SlotWait } from "./slot-scheduler";

/** What is logged here, for pino or anything like it. */
export interface LaneLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LaneRunnerOptions {
  readonly ledger: Ledger;
  readonly updater: NodeUpdater;
  /** Of the term: whatever is asked for is done in no other. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly catalog: CloudCatalog;
  readonly log: LaneLog;
  readonly comingDemand: ComingDemand;
  /** Default nobody. */
  readonly watch?: LaneWatch | undefined;
  /** Called after each change that planning should see. */
  readonly wakeReconciler: () => void;
  /** How long an empty lane is kept for the next nodes of its config. Default 10 min; 0 removes it at once. */
  readonly lingerMs?: number;
  /** Wait after an update that did not get through; doubles with each in a row, up to 5 min. Default 5 s. */
  readonly retryMs?: number;
}

export class LaneRunner {
  private readonly running = new Map<string, Promise<void>>();
  private readonly wokenAgain = new Set<string>();
  private readonly memories = new Map<string, LaneMemory>();
  private readonly timers = new Map<string, () => void>();
  private readonly slots: SlotScheduler;
  private readonly ahead: OpenAhead;
  private readonly decisions: Decisions;
  private isStopped = false;

  constructor(private readonly options: LaneRunnerOptions) {
    const { clock, updater } = options;
    this.decisions = new Decisions(options);
    const wakeLane = (laneId: string): void => this.wake(laneId);
    this.slots = slotsOf(updater, { clock, onGranted: wakeLane });
    this.ahead = new OpenAhead({ ...options, journal: this.decisions.journal, wakeLane });
  }

  /** Begins to recover the lanes that a crash left open and to carry out what is due. Does not wait for it. */
  async start(): Promise<void> {
    await this.ahead.start();
    for (const laneId of this.options.ledger.state.lanes.keys()) this.wake(laneId);
  }

  /** Something may be due in this lane. A hint: waking too often costs nothing. */
  wake(laneId: string): void {
    if (this.isStopped) return;
    if (this.running.has(laneId)) {
      this.wokenAgain.add(laneId);
      this.ahead.look(laneId);
      return;
    }
    this.cancelTimer(laneId);
    const run = this.runLane(laneId)
      .catch((error: unknown) => {
        this.options.log.error({ lane: laneId, error: messageOf(error) }, "a lane's update was not recorded");
        this.tryLater(laneId);
        this.wakeAfter(laneId, retryWaitMs({ desiredRevision: 0 }, this.memoryOf(laneId).retry, this.now()));
      })
      .then(() => {
        this.running.delete(laneId);
        if (this.wokenAgain.delete(laneId)) this.wake(laneId);
      });
    this.running.set(laneId, run);
  }

  /** Its place among the lanes that wait for a slot; undefined when it does not. */
  waitOf(laneId: string): SlotWait | undefined {
    return this.slots.waitOf(laneId);
  }

  /** Slots, how many of them are in use, and lanes that wait for one. */
  slotUse(): SlotUse {
    return this.slots.use;
  }

  /** Until then the lane is left alone after what failed; undefined = it is not. */
  retryAtMsOf(laneId: string): EpochMs | undefined {
    const lane = this.options.ledger.state.lanes.get(laneId);
    if (lane === undefined) return undefined;
    const { retry } = this.memoryOf(laneId);
    return retryWaitMs(lane, retry, this.now()) > 0 ? retry.atMs : undefined;
  }

  /** The updater has more or fewer slots than before. */
  slotsChanged(): void {
    if (!this.isStopped) this.slots.slotsChanged();
  }

  /** Lanes wait for a slot. */
  isBusy(): boolean {
    return this.slots.waiting > 0;
  }

  /** What is in its stack; undefined = not known. */
  stackOf(laneId: string): Presence | undefined {
    return this.memoryOf(laneId).present;
  }

  /** Starts nothing more, from this moment on, and waits for the updates that run. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.ahead.stop();
    for (const laneId of [...this.timers.keys()]) this.cancelTimer(laneId);
    await Promise.all(this.running.values());
  }

  /** One step after the other until nothing is due or the lane has to wait, for a time or for a slot. */
  private async runLane(laneId: string): Promise<void> {
    while (!this.isStopped) {
      const lane = this.options.ledger.state.lanes.get(laneId);
      if (lane === undefined) return this.forget(laneId);
      const nodes = nodesOf(this.options.ledger.state, laneId);
      const step = this.dueStep(lane, nodes);
      const need = slotNeedOf(step, lane, nodes);
      if (need === undefined) {
        this.slots.leave(laneId);
        // Nothing may come between reading the row and writing it: whatever wrote it meanwhile would be lost.
        if (step.kind === "settle") await this.settle(lane);
        else if (!(await this.openAhead(step, lane, nodes))) return;
      } else if (this.slots.acquire(laneId, need)) await this.takeWithSlot(step, lane, urgencyOf(need));
      else return;
    }
  }

  private dueStep(lane: Lane, nodes: readonly Node[]): DueStep {
    const { ledger, updater, lingerMs = 600_000 } = this.options;
    const { laneId, stack, autoscaleConfig, enginePid } = lane;
    const isWanted =
      ledger.state.isDeclared("autoscaleConfig", autoscaleConfig) &&
      ledger.state.configStates.get(autoscaleConfig)?.isDeleting !== true;
    const nowMs = this.now();
    const memory = this.memoryOf(laneId);
    const isEmpty = nextStep(lane, nodes, memory.present).kind === "empty" && !this.ahead.isWanted(laneId);
    this.learn(laneId, { emptySinceMs: isEmpty ? (memory.emptySinceMs ?? nowMs) : undefined });
    return dueStep(lane, this.memoryOf(laneId), {
      nodes,
      nowMs,
      lingerMs: isWanted ? lingerMs : 0,
      isEngineRunning: () => updater.isEngineRunning(laneId, stack, enginePid),
    });
  }

  private settle(lane: Lane): Promise<void> {
    const present = this.memoryOf(lane.laneId).present ?? new Map();
    return this.decide((context) => settleLane(context, lane, present));
  }

  /** False when no update is to be opened ahead of what may come: the lane is at rest. */
  private async openAhead(step: DueStep, lane: Lane, nodes: readonly Node[]): Promise<boolean> {
    const { laneId, stack } = lane;
    if (step.kind === "wait") this.wakeAfter(laneId, step.ms);
    const { present, retry } = this.memoryOf(laneId);
    const isEmpty = step.kind === "wait" && nodes.length === 0 && retryWaitMs(lane, retry, this.now()) === 0;
    if ((step.kind !== "idle" && !isEmpty) || !this.ahead.isWanted(laneId) || this.isStopped) return false;
    if (present === undefined && (nodes.length > 0 || lane.appliedRevision > 0)) return false;
    const existing = nodes.flatMap(({ nodeId, spec }) =>
      spec && present?.has(nodeId) && !present.get(nodeId)?.isRemnant ? [spec] : [],
    );
    const { epoch } = this.options;
    const whole = { nodes: existing, accounts: {}, creates: [], deletes: [] };
    const request: UpdateRequest = { laneId, stack, revision: lane.desiredRevision, epoch, ...whole };
    const { onEvent, recorded, made } = this.hearing(request);
    const end = await this.ahead.run(lane, request, onEvent);
    if (end === undefined) return false;
    await recorded();
    await this.conclude({ kind: "update", ...end, made });
    this.ahead.lookAround();
    return true;
  }

  private async takeWithSlot(step: DueStep, lane: Lane, urgency: number): Promise<void> {
    let hasFailed: boolean | undefined;
    try {
      if (step.kind === "update") hasFailed = await this.update(step, lane, urgency);
      else if (step.kind === "recover") hasFailed = await this.recover(step, lane, urgency);
      else if (step.kind === "empty") hasFailed = await this.clearAway(lane);
    } finally {
      this.slots.leave(lane.laneId, hasFailed);
    }
  }

  /** True when it came to nothing. */
  private async update(step: Extract<DueStep, { kind: "update" }>, lane: Lane, urgency: number): Promise<boolean> {
    const asked = requestFor(this.options, lane, { ...step, urgency, revision: lane.desiredRevision });
    const request: UpdateRequest = { ...asked, creates: step.creates, deletes: step.deletes };
    await this.decide((context) => beginUpdate(context, lane, request));
    // Left open: whoever leads next recovers it.
    if (this.isStopped) return true;
    let hasAchieved = false;
    const { onEvent, recorded, made } = this.hearing(request, (event) => {
      hasAchieved ||= event.kind === "nodeCreated" || event.kind === "nodeDeleted";
    });
    const startedMs = this.now();
    const result = await this.options.updater
      .update(request, onEvent)
      .catch((error: unknown) => unknownEnd(request, error));
    this.options.watch?.jobEnded("update", result, (this.now() - startedMs) / 1000);
    await recorded();
    await this.conclude({ kind: "update", request, result, made });
    return result.outcome === "failed" && !hasAchieved;
  }

  /** True when it came to nothing. */
  private async recover(step: Extract<DueStep, { kind: "recover" }>, lane: Lane, urgency: number): Promise<boolean> {
    const revision = lane.openRevision ?? lane.desiredRevision;
    const known = knownVms(lane, nodesOf(this.options.ledger.state, lane.laneId), this.now());
    const { forgotten: forget = [] } = lane;
    const asked = requestFor(this.options, lane, { ...step, revision, urgency });
    const request: RecoverRequest = { ...asked, known, forget };
    this.options.log.info({ lane: lane.laneId, revision }, "recovering a lane");
    const startedMs = this.now();
    const result = await this.options.updater
      .recover(request, lane.enginePid)
      .catch((error: unknown) => unknownEnd(request, error));
    this.options.watch?.jobEnded("recover", result, (this.now() - startedMs) / 1000);
    await this.conclude({ kind: "recover", request, result });
    return result.present === undefined;
  }

  private async conclude(ended: EndedJob): Promise<void> {
    const { kind, request } = ended;
    const result = trustedResult(ended);
    const { laneId, revision } = request;
    const fields = { lane: laneId, revision, outcome: result.outcome, reason: result.message };
    this.learn(laneId, { present: result.present && new Map(result.present.map((node) => [node.nodeId, node])) });
    if (result.present === undefined) {
      this.options.log.warn(fields, `the end of an ${kind === "update" ? "update" : "recovery"} is not known`);
      // Recovery follows an update at once; when recovery itself fails it is tried again later.
      if (kind === "recover") return this.tryLater(laneId);
      const { retry } = this.memoryOf(laneId);
      return this.learn(laneId, { retry: { ...retry, unknownEnds: retry.unknownEnds + 1 } });
    }
    const lane = this.options.ledger.state.lanes.get(laneId);
    if (lane === undefined) return;
    await this.decide((context) => concludeUpdate(context, lane, ended));
    const { strangers } = this.options.ledger.state.lanes.get(laneId) ?? lane;
    const told = { ...fields, strangers, duplicates: result.duplicates };
    this.options.log.info(told, kind === "update" ? "update ended" : "lane recovered");
    this.options.wakeReconciler();
    this.rememberEnd(ended);
  }

  /** When the next step would only repeat what this one did not achieve, the lane waits instead of trying at once. */
  private rememberEnd({ kind, request }: EndedJob): void {
    const { laneId, revision } = request;
    const lane = this.options.ledger.state.lanes.get(laneId);
    if (lane === undefined) return;
    const { present, retry } = this.memoryOf(laneId);
    const next = nextStep(lane, nodesOf(this.options.ledger.state, laneId), present);
    const hasCreated = kind === "update" && request.creates.length > 0;
    const isSplit = next.kind === "update" && next.creates.length === 0 && hasCreated;
    const repeats =
      kind === "update" ? next.kind === "update" && !isSplit : retry.unknownEnds > 1 || next.kind === "recover";
    if (repeats && lane.desiredRevision <= revision) this.tryLater(laneId);
    else if (kind === "update") this.learn(laneId, { retry: { ...retry, failures: 0, unknownEnds: 0 } });
  }

  /** Records what an update tells while it runs. */
  private hearing(request: UpdateRequest, also: (event: UpdateEvent) => void = () => undefined) {
    const events: Promise<void>[] = [];
    const made = new Set<string>();
    const onEvent = (event: UpdateEvent): void => {
      also(event);
      this.options.watch?.heard(event);
      if (event.kind === "nodeCreated") made.add(event.nodeId);
      const context = this.decisions.begin();
      const mustWake = hearUpdate(context, request, event);
      if (context.draft.changes.length === 0) return;
      const recorded = this.commit(context);
      // Awaited at the end of the update; a store that is lost before must not count as an error nobody handles.
      recorded.then(
        () => mustWake && this.options.wakeReconciler(),
        () => undefined,
      );
      events.push(recorded);
    };
    return { onEvent, recorded: () => Promise.all(events), made };
  }

  /** Removes a lane that stayed empty, with its stack and its files. True when that failed. */
  private async clearAway(lane: Lane): Promise<boolean> {
    const { ledger, updater, log } = this.options;
    const { laneId, stack, desiredRevision } = lane;
    // Open while its files go: a crash in between leads to recovery, and new nodes prefer other lanes.
    const open = { ...atRest(lane), openRevision: desiredRevision, openSinceMs: this.now() };
    await this.options.ledger.commit([{ kind: "put", table: "lane", row: open }]);
    try {
      if (this.isStopped) return true;
      await updater.removeStack(laneId, stack, this.options.epoch);
    } catch (error) {
      log.warn({ lane: laneId, error: messageOf(error) }, "an empty lane could not be removed");
      this.learn(laneId, { present: undefined });
      this.tryLater(laneId);
      return true;
    }
    const now = ledger.state.lanes.get(laneId) ?? lane;
    const isUsed = nodesOf(ledger.state, laneId).length > 0;
    await ledger.commit([
      isUsed ? { kind: "put", table: "lane", row: atRest(now) } : { kind: "delete", table: "lane", id: laneId },
    ]);
    this.options.wakeReconciler();
    return false;
  }

  private tryLater(laneId: string): void {
    const { ledger, retryMs = 5_000 } = this.options;
    const revision = ledger.state.lanes.get(laneId)?.desiredRevision ?? 0;
    const { retry } = this.memoryOf(laneId);
    this.learn(laneId, { retry: retryLater(retry, { nowMs: this.now(), revision, firstMs: retryMs }) });
  }

  private wakeAfter(laneId: string, delayMs: number): void {
    if (this.isStopped) return;
    this.cancelTimer(laneId);
    this.timers.set(
      laneId,
      this.options.clock.after(delayMs, () => this.wake(laneId)),
    );
  }

  private cancelTimer(laneId: string): void {
    this.timers.get(laneId)?.();
    this.timers.delete(laneId);
  }

  private forget(laneId: string): void {
    this.memories.delete(laneId);
    this.slots.leave(laneId);
  }

  private memoryOf(laneId: string): LaneMemory {
    return this.memories.get(laneId) ?? newLaneMemory;
  }

  private learn(laneId: string, news: Partial<LaneMemory>): void {
    this.memories.set(laneId, { ...this.memoryOf(laneId), ...news });
  }

  private now(): EpochMs {
    return this.options.clock.now();
  }

  private decide(decision: (context: QueueContext) => void): Promise<void> {
    const context = this.decisions.begin();
    decision(context);
    return this.commit(context);
  }

  private commit({ draft }: QueueContext): Promise<void> {
    return this.options.ledger.commit(draft.changes);
  }
}

/** The worker died or could not be asked: nobody knows yet what the update did. */
function unknownEnd({ laneId, revision }: LaneRequest, error: unknown): UpdateResult {
  return { laneId, revision, outcome: "failed", message: messageOf(error) };
}
