/**
 * Carries out what lanes need, each lane by itself and one update of it at a time.
 *
 * Lane: at rest → (update recorded as open) → engine runs → (end recorded) → at rest. A lane that is found open, after a
 * crash of anything, is recovered before anything else is done with it. Only the newest revision is carried out; what
 * came in between is covered by it. Nothing here decides which nodes should exist.
 */
import type { Clock, Rng } from "../model/clock";
import { Journal } from "../model/journal";
import type { Lane } from "../model/state";
import type { Change } from "../store/hot-state";
import type { Ledger } from "../store/store";
import {
  atRest,
  beginUpdate,
  concludeUpdate,
  engineStarted,
  nodeCreated,
  nodeFailed,
  nodesOf,
  settleLane,
  type ChangeContext,
} from "./lane-changes";
import { nextStep, type LaneStep } from "./lane-work";
import type { NodeUpdater, UpdateEvent, UpdateRequest, UpdateResult } from "./node-updater";

/** What is logged here, for pino or anything like it. */
export interface LaneLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LaneRunnerOptions {
  readonly ledger: Ledger;
  readonly updater: NodeUpdater;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: LaneLog;
  /** Called after each change that planning should see. */
  readonly wakeReconciler: () => void;
  /** How long an empty lane is kept for the next nodes of its config. Default 10 min; 0 removes it at once. */
  readonly lingerMs?: number;
  /** Wait after an update that did not get through; doubles with each in a row, up to 5 min. Default 5 s. */
  readonly retryMs?: number;
}

const retryMsMax = 300_000;

interface EndedUpdate {
  readonly kind: "update" | "recover";
  readonly request: UpdateRequest;
  readonly result: UpdateResult;
}

/** What this process knows about a lane beyond its row. */
interface LaneMemory {
  /** Nodes in the stack; undefined until an update or a recovery told. */
  present?: ReadonlySet<string> | undefined;
  /** Attempts in a row that did not get through. */
  failures: number;
  /** Updates in a row of which only recovery could tell how they ended. */
  unknownEnds: number;
  /** No attempt before this time, unless more is wanted than at the last one. */
  retryAtMs: number;
  retriedRevision: number;
  /** The last update was one of creates; deletes that were put off follow it. */
  hasJustCreated: boolean;
  emptySinceMs?: number | undefined;
  cancelTimer?: (() => void) | undefined;
}

export class LaneRunner {
  private readonly running = new Map<string, Promise<void>>();
  private readonly wokenAgain = new Set<string>();
  private readonly memories = new Map<string, LaneMemory>();
  private readonly journal: Journal;
  private isStopped = false;

  constructor(private readonly options: LaneRunnerOptions) {
    this.journal = new Journal(options.clock, options.rng);
  }

  /** Begins to recover the lanes that a crash left open and to carry out what is due. Does not wait for it. */
  start(): Promise<void> {
    for (const laneId of this.options.ledger.state.lanes.keys()) this.wake(laneId);
    return Promise.resolve();
  }

  /** Something may be due in this lane. A hint: waking too often costs nothing. */
  wake(laneId: string): void {
    if (this.isStopped) return;
    if (this.running.has(laneId)) {
      this.wokenAgain.add(laneId);
      return;
    }
    const memory = this.memoryOf(laneId);
    memory.cancelTimer?.();
    memory.cancelTimer = undefined;
    const run = this.runLane(laneId, memory)
      .catch((error: unknown) => {
        this.options.log.error({ lane: laneId, error: messageOf(error) }, "a lane's update was not recorded");
        this.retryLater(laneId, memory);
      })
      .then(() => {
        this.running.delete(laneId);
        if (this.wokenAgain.delete(laneId)) this.wake(laneId);
      });
    this.running.set(laneId, run);
  }

  /** Starts nothing more and waits for the updates that run. */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const { cancelTimer } of this.memories.values()) cancelTimer?.();
    await Promise.all(this.running.values());
  }

  /** One step after the other until nothing is due or the lane has to wait. */
  private async runLane(laneId: string, memory: LaneMemory): Promise<void> {
    while (!this.isStopped) {
      const lane = this.options.ledger.state.lanes.get(laneId);
      if (lane === undefined) {
        this.memories.delete(laneId);
        return;
      }
      if (this.mustWait(lane, memory)) return;
      const step = nextStep(lane, nodesOf(this.options.ledger.state, laneId), memory.present);
      if (step.kind !== "empty") memory.emptySinceMs = undefined;
      if (!(await this.take(step, lane, memory))) return;
    }
  }

  /** False when the lane is at rest. */
  private async take(step: LaneStep, lane: Lane, memory: LaneMemory): Promise<boolean> {
    switch (step.kind) {
      case "recover":
        return this.recover(step, lane, memory);
      case "update":
        return this.update(step, lane, memory);
      case "settle":
        await this.commit(settleLane(this.context(), lane, memory.present ?? new Set()));
        return true;
      case "empty":
        return this.clearAway(lane, memory);
      case "idle":
        return false;
      default: {
        const never: never = step;
        throw new Error(`unknown step ${JSON.stringify(never)}`);
      }
    }
  }

  private async update(step: Extract<LaneStep, { kind: "update" }>, lane: Lane, memory: LaneMemory): Promise<boolean> {
    const request: UpdateRequest = {
      laneId: lane.laneId,
      stack: lane.stack,
      revision: lane.desiredRevision,
      nodes: step.nodes,
    };
    memory.hasJustCreated = step.creates > 0;
    await this.commit(beginUpdate(this.context(), lane, { ...step, request }));
    const events: Promise<void>[] = [];
    const onEvent = (event: UpdateEvent): void => {
      const changes = this.changesOf(event, lane.laneId);
      if (changes.length === 0) return;
      const recorded = this.commit(changes);
      // Awaited at the end of the update; a store that is lost before must not count as an error nobody handles.
      recorded.catch(() => undefined);
      events.push(recorded);
    };
    const result = await this.options.updater
      .update(request, onEvent)
      .catch((error: unknown) => unknownEnd(request, error));
    await Promise.all(events);
    return this.conclude({ kind: "update", request, result }, memory);
  }

  private async recover(
    step: Extract<LaneStep, { kind: "recover" }>,
    lane: Lane,
    memory: LaneMemory,
  ): Promise<boolean> {
    const revision = lane.openRevision ?? lane.desiredRevision;
    const request: UpdateRequest = { laneId: lane.laneId, stack: lane.stack, revision, nodes: step.nodes };
    this.options.log.info({ lane: lane.laneId, revision }, "recovering a lane");
    const result = await this.options.updater
      .recover(request, lane.enginePid)
      .catch((error: unknown) => unknownEnd(request, error));
    return this.conclude({ kind: "recover", request, result }, memory);
  }

  private async conclude(ended: EndedUpdate, memory: LaneMemory): Promise<boolean> {
    const { kind, request, result } = ended;
    const { laneId, revision } = request;
    const fields = { lane: laneId, revision, outcome: result.outcome, reason: result.message };
    memory.present = result.present && new Set(result.present.map(({ nodeId }) => nodeId));
    if (result.present === undefined) {
      this.options.log.warn(fields, `the end of an ${kind === "update" ? "update" : "recovery"} is not known`);
      // Recovery follows an update at once; when recovery itself fails it is tried again later.
      if (kind === "update") {
        memory.unknownEnds += 1;
        return true;
      }
      this.retryLater(laneId, memory);
      return false;
    }
    const lane = this.options.ledger.state.lanes.get(laneId);
    if (lane === undefined) return false;
    await this.commit(concludeUpdate(this.context(), lane, ended));
    this.options.log.info(fields, kind === "update" ? "update ended" : "lane recovered");
    this.options.wakeReconciler();
    return this.mayGoOn(ended, memory);
  }

  /** When the next step would only repeat what this one did not achieve, the lane waits instead of trying at once. */
  private mayGoOn({ kind, request }: EndedUpdate, memory: LaneMemory): boolean {
    const { laneId, revision } = request;
    const lane = this.options.ledger.state.lanes.get(laneId);
    if (lane === undefined) return true;
    const next = nextStep(lane, nodesOf(this.options.ledger.state, laneId), memory.present);
    const isSplit = next.kind === "update" && next.creates === 0 && memory.hasJustCreated;
    const repeats = kind === "update" ? next.kind === "update" && !isSplit : memory.unknownEnds > 1;
    if (repeats && lane.desiredRevision <= revision) {
      this.retryLater(laneId, memory);
      return false;
    }
    if (kind === "update") {
      memory.failures = 0;
      memory.unknownEnds = 0;
    }
    return true;
  }

  private changesOf(event: UpdateEvent, laneId: string): Change[] {
    const { state } = this.options.ledger;
    const context = this.context();
    if (event.kind === "started") {
      const lane = state.lanes.get(laneId);
      return lane === undefined ? [] : engineStarted(context, lane, event);
    }
    const node = state.nodes.get(event.nodeId);
    if (node === undefined || node.laneId !== laneId) return [];
    switch (event.kind) {
      case "nodeCreated":
        return nodeCreated(context, node, event);
      case "nodeFailed":
        return nodeFailed(context, node, { class: event.class, message: event.message });
      // Rows of deleted nodes go at the end, when the stack's own state says so.
      case "nodeCreating":
      case "nodeDeleted":
        return [];
      default: {
        const never: never = event;
        throw new Error(`unknown event ${JSON.stringify(never)}`);
      }
    }
  }

  /** Removes a lane that stayed empty, with its stack and its files. */
  private async clearAway(lane: Lane, memory: LaneMemory): Promise<boolean> {
    const { ledger, clock, updater, log, lingerMs = 600_000 } = this.options;
    const isUnwanted =
      !ledger.state.autoscaleConfigs.has(lane.autoscaleConfig) ||
      ledger.state.configStates.get(lane.autoscaleConfig)?.isDeleting === true;
    memory.emptySinceMs ??= clock.now();
    const leftMs = isUnwanted ? 0 : memory.emptySinceMs + lingerMs - clock.now();
    if (leftMs > 0) {
      this.wakeAfter(lane.laneId, memory, leftMs);
      return false;
    }
    // Open while its files go: a crash in between leads to recovery, and new nodes prefer other lanes.
    await this.commit([{ kind: "put", table: "lane", row: { ...lane, openRevision: lane.desiredRevision } }]);
    try {
      await updater.removeStack(lane.laneId, lane.stack);
    } catch (error) {
      log.warn({ lane: lane.laneId, error: messageOf(error) }, "an empty lane could not be removed");
      memory.present = undefined;
      this.retryLater(lane.laneId, memory);
      return false;
    }
    const now = ledger.state.lanes.get(lane.laneId) ?? lane;
    const isUsed = nodesOf(ledger.state, lane.laneId).length > 0;
    await this.commit([
      isUsed ? { kind: "put", table: "lane", row: atRest(now) } : { kind: "delete", table: "lane", id: lane.laneId },
    ]);
    this.options.wakeReconciler();
    return true;
  }

  private mustWait(lane: Lane, memory: LaneMemory): boolean {
    const leftMs = memory.retryAtMs - this.options.clock.now();
    if (leftMs <= 0 || lane.desiredRevision > memory.retriedRevision) return false;
    this.wakeAfter(lane.laneId, memory, leftMs);
    return true;
  }

  private retryLater(laneId: string, memory: LaneMemory): void {
    const { clock, ledger, retryMs = 5_000 } = this.options;
    const delayMs = Math.min(retryMsMax, retryMs * 2 ** Math.min(20, memory.failures));
    memory.failures += 1;
    memory.retryAtMs = clock.now() + delayMs;
    memory.retriedRevision = ledger.state.lanes.get(laneId)?.desiredRevision ?? 0;
    this.wakeAfter(laneId, memory, delayMs);
  }

  private wakeAfter(laneId: string, memory: LaneMemory, delayMs: number): void {
    if (this.isStopped) return;
    memory.cancelTimer?.();
    memory.cancelTimer = this.options.clock.after(delayMs, () => this.wake(laneId));
  }

  private memoryOf(laneId: string): LaneMemory {
    const known = this.memories.get(laneId) ?? {
      failures: 0,
      unknownEnds: 0,
      retryAtMs: 0,
      retriedRevision: 0,
      hasJustCreated: false,
    };
    this.memories.set(laneId, known);
    return known;
  }

  private context(): ChangeContext {
    const { ledger, clock } = this.options;
    return { state: ledger.state, journal: this.journal, nowMs: clock.now() };
  }

  private commit(changes: readonly Change[]): Promise<void> {
    return this.options.ledger.commit(changes);
  }
}

/** The worker died or could not be asked: nobody knows yet what the update did. */
function unknownEnd({ laneId, revision }: UpdateRequest, error: unknown): UpdateResult {
  return { laneId, revision, outcome: "failed", message: messageOf(error) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
