/**
 * The whole deciding half under virtual time: real ledger, broker, reconciler and lane runner over a store in memory.
 * Only the engine and the VMs behind it are scripted.
 */
import { Broker } from "../../runtime/broker/broker";
import { Requesters } from "../../runtime/broker/requesters";
import { LaneRunner, type LaneRunnerOptions } from "../../runtime/executor/lane-runner";
import type {
  NodeUpdater,
  RecoverRequest,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "../../runtime/executor/node-updater";
import type { AccountAnswer } from "../../runtime/model/account-questions";
import type { CloudFailureClass } from "../../runtime/model/errors";
import type { DesiredNode } from "../../runtime/model/state";
import { Reconciler, type ReconcilerOptions } from "../../runtime/reconciler/reconciler";
import { PlainTokens } from "../../runtime/sim/tokens";
import { spendChanges } from "../../runtime/model/spend-companion";
import { documentReader } from "../../runtime/model/unreadable";
import { HotState } from "../../runtime/store/hot-state";
import { GroupCommitLedger, type CommitWatch } from "../../runtime/store/ledger";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { catalog, documentsOf, tester, type WorldDocs } from "../support/builders";
import { SeededRng, VirtualClock } from "../support/virtual-clock";

export const guestScript = { text: "{checkin_jwt} {manager_token}" };

export interface CloudBehaviour {
  readonly createMs: number;
  readonly bootMs: number;
  readonly heartbeatMs: number;
  /** How long the engine goes on after its last VM was made. */
  readonly endMs: number;
  /** Class of the failure of the next create; undefined = it succeeds. */
  failCreate(nodeId: string): CloudFailureClass | undefined;
  /** What the guest does after its boot. */
  guest(nodeId: string): "checksIn" | "staysSilent" | "fails";
}

/** As long as the executor lets an update run. */
export const hangMs = 1_200_000;

export const goodCloud: CloudBehaviour = {
  createMs: 5_000,
  bootMs: 20_000,
  heartbeatMs: 60_000,
  endMs: 0,
  failCreate: () => undefined,
  guest: () => "checksIn",
};

export class World implements NodeUpdater {
  readonly clock = new VirtualClock();
  readonly state = new HotState(documentReader(catalog));
  readonly requesters = new Requesters();
  readonly store: MemoryStore;
  /** Its updates begin with what they are to make. */
  readonly openedMax = 0;
  /** Stacks with the nodes in them: what exists. */
  readonly stacks = new Map<string, Map<string, string>>();
  readonly killed = new Set<string>();
  readonly listening = new Set<string>();
  /** Addresses of machines that no stack made. */
  readonly alwaysListening = new Set<string>();
  /** False: no probe gets through, as behind a firewall. */
  isPortOpen = true;
  /** True: updates leave what they should delete. */
  isDeleteRefused = false;
  /** True: an update that creates or deletes ends only when it is interrupted, after {@link hangMs}, without effect. */
  hangs: (update: { readonly request: UpdateRequest; readonly isCreate: boolean }) => boolean = () => false;
  /** Updates begun. */
  updates = 0;
  /** Updates under way, and the most there were at a time. */
  readonly engines = { now: 0, most: 0 };
  /** VMs that were made, also those that are gone. */
  vmsMade = 0;
  readonly errors: unknown[] = [];
  behaviour: CloudBehaviour = goodCloud;
  /** They see what is committed, planned and carried out; may be set at any time. */
  watch: CommitWatch | undefined;
  onPlanned: ReconcilerOptions["onPlanned"];
  laneWatch: LaneRunnerOptions["watch"];
  readonly ledger: GroupCommitLedger;
  readonly broker: Broker;
  readonly reconciler: Reconciler;
  readonly laneRunner: LaneRunner;
  private addresses = 0;

  constructor(
    readonly rng = new SeededRng(1),
    readonly disk = new MemoryDisk(),
    readonly slots = 4,
  ) {
    this.store = new MemoryStore({ disk });
    const { state, store, clock } = this;
    const tokens = new PlainTokens();
    const log = {
      info: () => undefined,
      warn: () => undefined,
      error: (fields: object) => void this.errors.push(fields),
    };
    const nobody = (): void => undefined;
    const watch: CommitWatch = {
      see: (changes, before) => this.watch?.see(changes, before) ?? nobody,
      beginWrite: () => this.watch?.beginWrite() ?? nobody,
    };
    this.ledger = new GroupCommitLedger({
      ...{ state, store, onLost: (error) => void this.errors.push(error), watch },
      accompany: (changes, before) => spendChanges(changes, before, clock.now()),
    });
    const wake = (): void => this.reconciler.wake();
    this.laneRunner = new LaneRunner({
      ledger: this.ledger,
      updater: this,
      epoch: 1,
      clock,
      rng,
      catalog,
      log,
      wakeReconciler: wake,
      comingDemand: () => [],
      watch: {
        jobEnded: (...end) => this.laneWatch?.jobEnded(...end),
        heard: (event) => this.laneWatch?.heard(event),
      },
    });
    const shared = { ledger: this.ledger, clock, rng, catalog, tokens, requesters: this.requesters };
    const probe = (address: string) => Promise.resolve(this.isListening(address));
    this.reconciler = new Reconciler({
      ...{ ...shared, executor: this.laneRunner, log, probe },
      onPlanned: (...planned) => this.onPlanned?.(...planned),
    });
    this.broker = new Broker({ ...shared, wake });
  }

  static async start(docs: WorldDocs, rng?: SeededRng, slots?: number): Promise<World> {
    const world = new World(rng, new MemoryDisk(), slots);
    await world.declare(docs);
    await world.laneRunner.start();
    await world.reconciler.start();
    return world;
  }

  async declare(docs: WorldDocs): Promise<void> {
    for (const document of documentsOf(docs)) await this.broker.putDefinition({ ...document, owner: tester });
  }

  async stop(): Promise<void> {
    await this.reconciler.stop();
  }

  private isListening(address: string): boolean {
    if (this.alwaysListening.has(address)) return true;
    const nodes = [...this.stacks.values()].flatMap((stack) => [...stack]);
    const [nodeId] = nodes.find(([, known]) => known === address) ?? [""];
    return this.isPortOpen && this.listening.has(address) && !this.killed.has(nodeId);
  }

  nodesInCloud(): string[] {
    return [...this.stacks.values()].flatMap((nodes) => [...nodes.keys()]);
  }

  statuses(): Record<string, string> {
    return Object.fromEntries([...this.state.nodes.values()].map(({ nodeId, status }) => [nodeId, status]));
  }

  async update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    this.updates += 1;
    this.engines.now += 1;
    this.engines.most = Math.max(this.engines.most, this.engines.now);
    try {
      return await this.runEngine(request, onEvent);
    } finally {
      this.engines.now -= 1;
    }
  }

  private async runEngine(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    const present = this.stacks.get(request.stack) ?? new Map<string, string>();
    this.stacks.set(request.stack, present);
    onEvent({ kind: "started", enginePid: 1, engine: "scripted" });
    const isCreate = request.nodes.some(({ nodeId }) => !present.has(nodeId));
    if (this.hangs({ request, isCreate })) {
      await this.sleep(hangMs);
      const { laneId, revision } = request;
      return { laneId, revision, outcome: "failed", message: "timed out", present: this.presentIn(request.stack) };
    }
    await this.sleep(this.behaviour.createMs);
    let outcome: UpdateResult["outcome"] = "succeeded";
    for (const node of request.nodes) {
      if (present.has(node.nodeId)) continue;
      const failure = this.behaviour.failCreate(node.nodeId);
      if (failure) {
        outcome = "failed";
        onEvent({ kind: "nodeFailed", nodeId: node.nodeId, class: failure, message: "scripted" });
        continue;
      }
      this.addresses += 1;
      const address = `10.1.${this.addresses >> 8}.${this.addresses & 255}`;
      present.set(node.nodeId, address);
      this.vmsMade += 1;
      onEvent({ kind: "nodeCreated", nodeId: node.nodeId, address });
      this.boot(node, address, request.stack);
    }
    for (const nodeId of request.deletes) {
      if (this.isDeleteRefused) {
        outcome = "failed";
        continue;
      }
      present.delete(nodeId);
      onEvent({ kind: "nodeDeleted", nodeId });
    }
    if (this.behaviour.endMs > 0) await this.sleep(this.behaviour.endMs);
    return { laneId: request.laneId, revision: request.revision, outcome, present: this.presentIn(request.stack) };
  }

  open(): never {
    throw new Error("this world opens no update ahead");
  }

  recover({ laneId, revision, stack, nodes, forget = [] }: RecoverRequest): Promise<UpdateResult> {
    for (const nodeId of forget) this.stacks.get(stack)?.delete(nodeId);
    const absent = nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !this.stacks.get(stack)?.has(nodeId));
    return Promise.resolve({ laneId, revision, outcome: "succeeded", present: this.presentIn(stack), absent });
  }

  ask(): Promise<AccountAnswer> {
    return Promise.resolve({ kind: "failed", failed: "no cloud is asked here" });
  }

  isEngineRunning(): boolean {
    return false;
  }

  removeStack(_laneId: string, stack: string): Promise<void> {
    this.stacks.delete(stack);
    return Promise.resolve();
  }

  private presentIn(stack: string) {
    return [...(this.stacks.get(stack) ?? [])].map(([nodeId, address]) => ({ nodeId, address }));
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  private boot(node: DesiredNode, address: string, stack: string): void {
    const exists = () => this.stacks.get(stack)?.has(node.nodeId) === true && !this.killed.has(node.nodeId);
    this.clock.after(this.behaviour.bootMs, () => {
      if (!exists()) return;
      this.listening.add(address);
      const answer = this.behaviour.guest(node.nodeId);
      if (answer === "staysSilent") return;
      const [checkin = "", agent = ""] = node.startupScript.split(" ");
      const status = answer === "fails" ? ("failed" as const) : ("running" as const);
      if (checkin !== "") this.call(this.broker.serverStatus(checkin, { status, progressPercent: 100 }));
      const beat = (): void => {
        if (!exists()) return;
        this.call(this.broker.heartbeat(agent, node.nodeId, {}));
        this.clock.after(this.behaviour.heartbeatMs, beat);
      };
      if (answer === "checksIn" && agent !== "") beat();
    });
  }

  /** A guest gets errors when it is no longer wanted; it does not mind. */
  private call(answer: Promise<unknown>): void {
    answer.catch((error: unknown) => {
      if ((error as { code?: string }).code !== "gone") this.errors.push(error);
    });
  }
}
