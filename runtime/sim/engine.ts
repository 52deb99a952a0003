/**
 * Workers, engines and stacks. A worker belongs to its service and dies with it; an engine goes on by itself; a stack's
 * state outlives both. What a worker promises is what `executor/lane-worker.ts` promises, only the engine is not real.
 */
import type { AccountSpec } from "../model/accounts";
import { CloudError } from "../model/errors";
import type { DesiredNode } from "../model/state";
import type { NodeFeed } from "../executor/node-feed";
import type {
  LaneRequest,
  OpenRequest,
  RecoverRequest,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "../executor/node-updater";
import { judgeAbsence } from "../executor/stack-state";
import { adopt, keyOf, renewKeys, verify, vmProvidersOf } from "./adoption";
import type { SimBackend } from "./backend";
import type { SimCloud, Vm } from "./cloud";
import { EngineSteps } from "./engine-steps";
import type { Faults } from "./faults";
import type { Freezable } from "./freezing";
import { permittedAtMs, withRefusals } from "./permits";
import type { SeededRng } from "./rng";
import { EngineRun, type EngineEnd, type Failure, type Stack, type Worker } from "./stacks";
import type { Timeline } from "./timeline";
import type { SimVersions } from "./versions";
import type { Verdict } from "./violation";

/** Longest that recovery waits for an engine; then it is killed. */
const engineWaitMs = 900_000;

type OnEvent = (event: UpdateEvent) => void;

/** A stack that an update may begin to work on, and what in it is none of its business. */
interface Entered {
  readonly stack: Stack;
  readonly excluded: ReadonlySet<string>;
}

/** The program of an update that was opened ahead. */
interface Program {
  readonly engine: EngineRun;
  readonly steps: EngineSteps;
  readonly feed: NodeFeed;
  readonly onEvent: OnEvent;
}

interface Conclusion {
  readonly stack: Stack;
  readonly worker: Worker;
  readonly ended: EngineEnd;
  /** Nodes that could not be made because nobody can read them. */
  readonly refused: readonly DesiredNode[];
  readonly onEvent: OnEvent;
}

export class SimEngines {
  /** Workers with a job. */
  readonly workers = new Set<Worker>();
  private pids = 0;

  constructor(
    private readonly parts: {
      readonly timeline: Timeline;
      readonly rng: SeededRng;
      readonly faults: Faults;
      readonly cloud: SimCloud;
      readonly backend: SimBackend;
      readonly versions: SimVersions;
      readonly verdict: Verdict;
      /** The epoch that may write now. */
      readonly epoch: () => number;
    },
  ) {}

  async update(request: UpdateRequest, worker: Worker, onEvent: OnEvent): Promise<UpdateResult> {
    const { creates, deletes } = request;
    const entered = await this.enter(request, worker, { creates, deletes });
    if (typeof entered === "string") return unknown(request, entered);
    const { stack } = entered;
    const [nodes, refused] = this.understood(request.nodes, stack);
    for (const node of refused) onEvent({ kind: "nodeFailed", ...failureOf(node) });
    const engine = this.startEngine(stack, worker, { nodes, onEvent });
    this.checkStart(request, stack, worker, creates.length > 0 && deletes.length > 0);
    renewKeys(stack, request);
    const run = this.runEngine(entered, nodes, new EngineSteps(this.parts, { stack, engine, worker, onEvent }), engine);
    const ended = await Promise.race([this.deathOf(engine), run]);
    if (!ended || !worker.isAlive) return unknown(request, "the engine was killed");
    return this.conclude(request, { stack, worker, ended, onEvent, refused });
  }

  /** Its result is there when its feed was closed, or when engine or worker ended before. */
  async runOpened(
    request: OpenRequest,
    { worker, feed }: { readonly worker: Worker; readonly feed: NodeFeed },
    onEvent: OnEvent,
  ): Promise<UpdateResult> {
    const entered = await this.enter(request, worker, { creates: [], deletes: [] });
    if (typeof entered === "string") return unknown(request, entered);
    const { stack } = entered;
    if (request.nodes.some((node) => !this.parts.versions.canRead(node))) {
      return { ...this.result(request, stack, "a node can't be read"), taken: [] };
    }
    const engine = this.startEngine(stack, worker, { nodes: [...request.nodes, request.likely], onEvent });
    this.checkStart(request, stack, worker, false);
    engine.openedBy = worker;
    renewKeys(stack, request);
    const steps = new EngineSteps(this.parts, { stack, engine, worker, onEvent });
    const run = this.runProgram(entered, { engine, steps, feed, onEvent });
    const ended = await Promise.race([this.deathOf(engine), run]);
    feed.breakOff(new Error("the engine ended"));
    if (!ended || !worker.isAlive) return unknown(request, "the engine was killed");
    const result = await this.conclude(request, { stack, worker, ended, onEvent, refused: [] });
    return { ...result, taken: feed.taken.map(({ nodeId }) => nodeId) };
  }

  async recover(request: RecoverRequest, worker: Worker): Promise<UpdateResult> {
    const { timeline, rng, backend } = this.parts;
    await timeline.sleep(rng.between(100, 900), "worker");
    const stack = backend.stackOf(request.stack);
    const operate = { epoch: worker.epoch, step: "operate" } as const;
    if ((await permittedAtMs(this.parts, worker, operate)) === undefined) return unknown(request, "not permitted");
    stack.engine?.openedBy?.onDeath();
    for (let waitedMs = 0; stack.engine && !stack.engine.isDead; waitedMs += 2_000) {
      if (waitedMs > engineWaitMs) stack.engine.die();
      await timeline.sleep(2_000, "worker");
    }
    if (stack.isLockedByOthers) return unknown(request, "the stack is locked by others");
    if ((await permittedAtMs(this.parts, worker, operate)) === undefined) return unknown(request, "not permitted");
    if (stack.engine && !stack.engine.isDead) return unknown(request, "the stack is locked");
    stack.engine = undefined;
    if (stack.isDamaged) backend.mend(stack);
    for (const nodeId of request.forget ?? []) stack.nodes.delete(nodeId);
    const [nodes, hidden] = this.understood(request.nodes, stack);
    const lost = hidden.find(({ nodeId }) => request.known[nodeId]?.isUnasked !== true);
    if (lost) return unknown(request, `${lost.nodeId} can't be read`);
    renewKeys(stack, request);
    const sought = nodes.map(({ nodeId }) => nodeId).filter((id) => stack.isUnverified || !stack.nodes.has(id));
    const isAsked = (await adopt(this.parts, stack, nodes)) !== undefined && (await verify(this.parts, stack, nodes));
    if (!isAsked) return unknown(request, "the clouds could not be asked");
    if (!worker.isAlive) return unknown(request, "the worker ended");
    const { absent, unasked } = judgeAbsence(nodes, [...stack.nodes.values()], sought);
    if (unasked.length > 0) return unknown(request, `the state lost ${unasked.join(", ")} meanwhile`);
    return { ...this.result(request, stack), absent };
  }

  /** All VMs that the account has. */
  async list({ settings }: AccountSpec): Promise<Vm[]> {
    const { timeline, rng, cloud } = this.parts;
    await timeline.sleep(rng.between(100, 900), "worker");
    return cloud.list(keyOf(settings));
  }

  isEngineRunning(name: string): boolean {
    const engine = this.parts.backend.find(name)?.engine;
    return engine !== undefined && !engine.isDead && engine.openedBy === undefined;
  }

  async removeStack(name: string, worker: Worker): Promise<void> {
    const { timeline, rng, backend } = this.parts;
    await timeline.sleep(rng.between(100, 900), "worker");
    const stack = backend.find(name);
    const isBusy = stack?.engine !== undefined && !stack.engine.isDead;
    if (stack && (isBusy || stack.isLockedByOthers)) throw new CloudError("TRANSIENT", `stack ${name} is locked`);
    if (stack && (stack.isDamaged || stack.nodes.size > 0)) {
      throw new CloudError("TRANSIENT", `stack ${name} is not empty, or can't be read`);
    }
    const atMs = await permittedAtMs(this.parts, worker, { epoch: worker.epoch, step: "operate" });
    if (atMs === undefined) throw new CloudError("TRANSIENT", "not permitted");
    backend.remove(name);
  }

  /** Looks before the engine is started: a state that lacks what it should have is not worked on. */
  private async enter(
    request: LaneRequest,
    worker: Worker,
    { creates, deletes }: Pick<UpdateRequest, "creates" | "deletes">,
  ): Promise<Entered | string> {
    const { timeline, rng, backend } = this.parts;
    await timeline.sleep(rng.between(100, 900), "worker");
    await worker.pass();
    if (!worker.isAlive) return "the worker ended";
    const stack = backend.stackOf(request.stack);
    const spoken = new Set([...request.nodes.map(({ nodeId }) => nodeId), ...deletes]);
    if (stack.isDamaged) return "the state can't be read";
    const lost = [...spoken].filter((nodeId) => !creates.includes(nodeId) && !stack.nodes.has(nodeId));
    if (lost.length > 0) return `the stack lacks ${lost.join(", ")}`;
    const excluded = new Set([...stack.nodes.keys()].filter((nodeId) => !spoken.has(nodeId)));
    const atMs = await permittedAtMs(this.parts, worker, { epoch: worker.epoch, step: "operate" });
    if (atMs === undefined) return "not permitted";
    // The engine takes the lock itself: a worker that was held may come late.
    if (stack.engine || stack.isLockedByOthers || stack.isDamaged) return "the stack is locked";
    return { stack, excluded };
  }

  /** Nodes that can be declared, and those that can't be read and are not there to be kept as they are. */
  private understood(nodes: readonly DesiredNode[], stack: Stack): [DesiredNode[], DesiredNode[]] {
    const isClear = (node: DesiredNode) => this.parts.versions.canRead(node) || stack.nodes.has(node.nodeId);
    return [nodes.filter(isClear), nodes.filter((node) => !isClear(node))];
  }

  /** What streams in is made at once. Whatever of the stack is not declared when the program ends well is deleted. */
  private async runProgram(
    { stack, excluded }: Entered,
    { engine, steps, feed, onEvent }: Program,
  ): Promise<EngineEnd | undefined> {
    const { timeline, rng, verdict, versions } = this.parts;
    await timeline.sleep(rng.between(300, 1_500), "engine");
    onEvent({ kind: "ready" });
    const creates: Promise<void>[] = [];
    const declared = new Set<string>();
    let pending = 0;
    const make = async (node: DesiredNode): Promise<void> => {
      pending += 1;
      if (versions.canRead(node)) await steps.create(node);
      else onEvent({ kind: "nodeFailed", ...failureOf(node) });
      pending -= 1;
      if (pending === 0 && !engine.isDead) onEvent({ kind: "settled", given: feed.taken.length });
    };
    let hasEndedWell = true;
    try {
      for await (const batch of feed.batches()) {
        if (engine.isDead) return undefined;
        for (const node of batch) {
          declared.add(node.nodeId);
          if (!stack.nodes.has(node.nodeId)) creates.push(make(node));
        }
      }
    } catch {
      hasEndedWell = false;
    }
    await Promise.all(creates);
    await engine.pass();
    if (engine.isDead) return undefined;
    const undeclared = [...stack.nodes.keys()].filter((nodeId) => !declared.has(nodeId) && !excluded.has(nodeId));
    const tell = () => `an update that was opened ahead would delete ${undeclared.join(", ")}`;
    verdict.check(!hasEndedWell || undeclared.length === 0, "an opened update deletes nothing", tell);
    return steps.end();
  }

  /** A stale one has another one's epoch and does nothing that counts. */
  private checkStart({ laneId }: LaneRequest, stack: Stack, worker: Worker, isMixed: boolean): void {
    const { verdict, epoch } = this.parts;
    if (worker.epoch !== epoch()) return;
    verdict.check(!isMixed, "creates before deletes", () => `an update of lane ${laneId} mixes creates and deletes`);
    verdict.check(!stack.isInDoubt, "one update per lane", () => `lane ${laneId} was updated before it was recovered`);
    stack.isInDoubt = true;
  }

  /** Resolves when it is killed. */
  private deathOf(engine: EngineRun): Promise<undefined> {
    return new Promise((resolve) => {
      engine.die = () => {
        if (engine.isOver) return;
        engine.isDead = true;
        resolve(undefined);
      };
    });
  }

  private startEngine(
    stack: Stack,
    worker: Worker,
    { nodes, onEvent }: { readonly nodes: readonly DesiredNode[]; readonly onEvent: OnEvent },
  ): EngineRun {
    const { faults, timeline, cloud } = this.parts;
    this.pids += 1;
    const engine = new EngineRun(this.pids);
    stack.engine = engine;
    onEvent({ kind: "started", enginePid: engine.pid, engine: "simulated" });
    const names = vmProvidersOf(stack, nodes, cloud);
    const [dies, loses] = [faults.strikes("engineDies", 0.03), faults.strikes("workerDies", 0.03)];
    if (dies || loses) for (const name of names) cloud.trouble(name);
    if (dies) {
      timeline.after(faults.detail("engineDies").between(100, 12_000), "fault", () => engine.die());
    }
    if (loses) {
      timeline.after(faults.detail("workerDies").between(100, 12_000), "fault", () => worker.onDeath());
    }
    if (faults.strikes("engineFrozen", 0.03)) this.holdSoon(engine, names, faults.detail("engineFrozen"));
    if (faults.strikes("workerFrozen", 0.03)) this.holdSoon(worker, names, faults.detail("workerFrozen"));
    return engine;
  }

  /** At some moment of its work, for seconds or for longer than anybody waits for it. */
  private holdSoon(held: Freezable, names: ReadonlySet<string>, chance: SeededRng): void {
    const { timeline } = this.parts;
    timeline.after(chance.between(0, 8_000), "fault", () =>
      this.hold(held, names, chance.pick([10_000, 30_000, 120_000, 1_200_000])),
    );
  }

  /** Engines and workers that are at work, each with the chance of `share`. */
  holdAll(chance: SeededRng, share: number): void {
    const { backend, cloud } = this.parts;
    for (const stack of backend.all()) {
      const names = vmProvidersOf(stack, [], cloud);
      if (stack.engine && chance.chance(share)) this.hold(stack.engine, names, chance.between(2_000, 120_000));
    }
    for (const worker of this.workers) {
      if (chance.chance(share)) this.hold(worker, new Set(), chance.between(2_000, 120_000));
    }
  }

  private hold(held: Freezable, names: ReadonlySet<string>, forMs: number): void {
    const { timeline, cloud } = this.parts;
    if (held.isFrozen) return;
    const heal = cloud.sicken(names);
    held.freeze();
    timeline.after(forMs, "goes on", () => {
      held.goOn();
      heal();
    });
  }

  /** Undefined when the engine was killed: its lock stays, and what it began in the cloud goes on. */
  private async runEngine(
    { stack, excluded }: Entered,
    nodes: readonly DesiredNode[],
    steps: EngineSteps,
    engine: EngineRun,
  ): Promise<EngineEnd | undefined> {
    const { timeline, rng } = this.parts;
    await timeline.sleep(rng.between(300, 1_500), "engine");
    await engine.pass();
    if (engine.isDead) return undefined;
    const declared = new Set(nodes.map(({ nodeId }) => nodeId));
    const creates = nodes.filter(({ nodeId }) => !stack.nodes.has(nodeId)).map((node) => steps.create(node));
    const undeclared = [...stack.nodes.keys()].filter((nodeId) => !declared.has(nodeId) && !excluded.has(nodeId));
    await Promise.all([...creates, ...undeclared.map((nodeId) => steps.delete(nodeId))]);
    await engine.pass();
    return engine.isDead ? undefined : steps.end();
  }

  private async conclude(request: LaneRequest, { stack, worker, ended, refused, onEvent }: Conclusion) {
    const { failures, failedDeletes, notPermitted } = ended;
    await worker.pass();
    if (failures.some(({ isDoubtful }) => isDoubtful)) {
      const atMs = await permittedAtMs(this.parts, worker, { epoch: worker.epoch, step: "operate" });
      if (atMs === undefined) return unknown(request, "not permitted");
    }
    const undone = await this.resolveDoubts(stack, failures, onEvent);
    if (!undone || !worker.isAlive) return unknown(request, "the clouds could not be asked");
    const [unread] = refused;
    const message = undone[0]?.message ?? failedDeletes[0] ?? (unread && failureOf(unread).message);
    return withRefusals(this.result(request, stack, message), notPermitted);
  }

  /** Creates whose answer was lost are looked for; those that are not there have failed like the others. */
  private async resolveDoubts(
    stack: Stack,
    failures: readonly Failure[],
    onEvent: OnEvent,
  ): Promise<Failure[] | undefined> {
    const doubtful = failures.filter(({ isDoubtful }) => isDoubtful).map(({ node }) => node);
    const found = await adopt(this.parts, stack, doubtful);
    if (!found) return undefined;
    for (const made of found) onEvent({ kind: "nodeCreated", nodeId: made.nodeId, address: made.address ?? "" });
    const undone = failures.filter(({ node }) => !stack.nodes.has(node.nodeId));
    for (const { node, class: failureClass, message } of undone) {
      onEvent({ kind: "nodeFailed", nodeId: node.nodeId, class: failureClass, message });
    }
    return undone;
  }

  private result({ laneId, revision }: LaneRequest, stack: Stack, message?: string): UpdateResult {
    stack.isInDoubt = false;
    const present = [...stack.nodes.values()].map(({ accountId: _, ...node }) => node);
    if (message === undefined) return { laneId, revision, outcome: "succeeded", present };
    return { laneId, revision, outcome: "failed", message, present };
  }
}

function failureOf({ nodeId }: DesiredNode) {
  return { nodeId, class: "CONFIG" as const, message: `another version wrote the record of ${nodeId}` };
}

function unknown({ laneId, revision }: LaneRequest, message: string): UpdateResult {
  return { laneId, revision, outcome: "failed", message };
}
