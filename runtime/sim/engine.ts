/**
 * Workers, engines and stacks. A worker belongs to its service and dies with it; an engine goes on by itself; a stack's
 * state outlives both. What a worker promises is what `executor/lane-worker.ts` promises, only the engine is not real.
 */
import { CloudError } from "../model/errors";
import type { DesiredNode } from "../model/state";
import type { NodeFeed } from "../executor/node-feed";
import type {
  LaneRequest,
  OpenRequest,
  PresentNode,
  RecoverRequest,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "../executor/node-updater";
import { LostAnswer, type SimCloud, type Vm } from "./cloud";
import type { Faults } from "./faults";
import type { SeededRng } from "./rng";
import type { Timeline } from "./timeline";
import type { PermitRequest } from "../store/permit";
import { isPermitted, withRefusals } from "./permits";
import type { EngineRun, Failure, Stack, Worker } from "./stacks";
import type { Verdict } from "./violation";

/** Longest that recovery waits for an engine; then it is killed. */
const engineWaitMs = 900_000;
/** Pause before a VM that was not listed is asked for again. */
const settleMs = 3_000;

export class SimEngines {
  readonly stacks = new Map<string, Stack>();
  private pids = 0;

  constructor(
    private readonly parts: {
      readonly timeline: Timeline;
      readonly rng: SeededRng;
      readonly faults: Faults;
      readonly cloud: SimCloud;
      readonly verdict: Verdict;
      /** The epoch that may write now. */
      readonly epoch: () => number;
    },
  ) {}

  /** Nodes in any stack's state. */
  recorded(): Set<string> {
    return new Set([...this.stacks.values()].flatMap(({ nodes }) => [...nodes.keys()]));
  }

  async update(request: UpdateRequest, worker: Worker, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    const { timeline, rng } = this.parts;
    await timeline.sleep(rng.between(100, 900), "worker");
    if (!worker.isAlive) return unknown(request, "the worker ended");
    const stack = this.stackOf(request.stack);
    if (stack.engine) return unknown(request, "the stack is locked");
    const toCreate = request.nodes.filter(({ nodeId }) => !stack.nodes.has(nodeId));
    const toDelete = request.deletes;
    const kept = toCreate.map(({ nodeId }) => nodeId).filter((nodeId) => !request.creates.includes(nodeId));
    const lost = [...kept, ...toDelete].find((nodeId) => !stack.nodes.has(nodeId));
    if (lost !== undefined) return unknown(request, `the stack lacks ${lost}`);
    if (!(await isPermitted(this.parts, worker, { epoch: worker.epoch, step: "operate" }))) {
      return unknown(request, "not permitted");
    }
    this.checkStart(request, stack, worker, toCreate.length > 0 && toDelete.length > 0);
    stack.isInDoubt = true;
    const engine = this.startEngine(stack, worker, { nodes: request.nodes, onEvent });
    const killed = this.deathOf(engine);
    const work = { toCreate, toDelete, worker, onEvent };
    const ended = await Promise.race([killed, this.runEngine(stack, engine, work)]);
    if (!ended || !worker.isAlive) return unknown(request, "the engine was killed");
    const { failures, notPermitted } = ended;
    const undone = await this.resolveDoubts(stack, failures, onEvent);
    if (!undone || !worker.isAlive) return unknown(request, "the clouds could not be asked");
    const result = this.result(request, stack, undone);
    return withRefusals(result, notPermitted);
  }

  /** Its result is there when its feed was closed, or when engine or worker ended before. */
  async runOpened(
    request: OpenRequest,
    { worker, feed }: { readonly worker: Worker; readonly feed: NodeFeed },
    onEvent: (event: UpdateEvent) => void,
  ): Promise<UpdateResult> {
    const { timeline, rng } = this.parts;
    await timeline.sleep(rng.between(100, 900), "worker");
    if (!worker.isAlive) return unknown(request, "the worker ended");
    const stack = this.stackOf(request.stack);
    if (stack.engine) return unknown(request, "the stack is locked");
    if (!(await isPermitted(this.parts, worker, { epoch: worker.epoch, step: "operate" }))) {
      return unknown(request, "not permitted");
    }
    this.checkStart(request, stack, worker, false);
    stack.isInDoubt = true;
    const engine = this.startEngine(stack, worker, { nodes: [...request.nodes, request.likely], onEvent });
    engine.openedBy = worker;
    const killed = this.deathOf(engine);
    const ended = await Promise.race([killed, this.runProgram(stack, engine, { worker, feed, onEvent })]);
    feed.breakOff(new Error("the engine ended"));
    if (!ended || !worker.isAlive) return unknown(request, "the engine was killed");
    const { failures, notPermitted } = ended;
    const undone = await this.resolveDoubts(stack, failures, onEvent);
    if (!undone || !worker.isAlive) return unknown(request, "the clouds could not be asked");
    const result = { ...this.result(request, stack, undone), taken: feed.taken.map(({ nodeId }) => nodeId) };
    return withRefusals(result, notPermitted);
  }

  /** What streams in is made at once. Whatever of the stack is not declared when the program ends well is deleted. */
  private async runProgram(
    stack: Stack,
    engine: EngineRun,
    {
      worker,
      feed,
      onEvent,
    }: { readonly worker: Worker; readonly feed: NodeFeed; readonly onEvent: (event: UpdateEvent) => void },
  ): Promise<{ failures: Failure[]; notPermitted: string[] } | undefined> {
    const { timeline, rng, verdict } = this.parts;
    await timeline.sleep(rng.between(300, 1_500), "engine");
    onEvent({ kind: "ready" });
    const failures: Failure[] = [];
    const notPermitted: string[] = [];
    const creates: Promise<void>[] = [];
    const declared = new Set<string>();
    let pending = 0;
    const make = async (node: DesiredNode): Promise<void> => {
      pending += 1;
      const request: PermitRequest = { epoch: worker.epoch, step: "create", nodeId: node.nodeId };
      const mayGo = (await isPermitted(this.parts, worker, request)) && !engine.isDead;
      if (mayGo) onEvent({ kind: "nodeCreating", nodeId: node.nodeId });
      const made = mayGo ? await this.tryCreate(node) : undefined;
      pending -= 1;
      if (engine.isDead) return;
      if (made === undefined) notPermitted.push(node.nodeId);
      else if ("isDoubtful" in made) failures.push(made);
      else this.record(stack, made, onEvent);
      if (pending === 0) onEvent({ kind: "settled", given: feed.taken.length });
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
    if (engine.isDead) return undefined;
    const undeclared = [...stack.nodes.keys()].filter((nodeId) => !declared.has(nodeId));
    const tell = () => `an update that was opened ahead would delete ${undeclared.join(", ")}`;
    verdict.check(!hasEndedWell || undeclared.length === 0, "an opened update deletes nothing", tell);
    engine.isOver = true;
    stack.engine = undefined;
    return { failures, notPermitted };
  }

  async recover(request: RecoverRequest): Promise<UpdateResult> {
    const { timeline, rng } = this.parts;
    await timeline.sleep(rng.between(100, 900), "worker");
    const stack = this.stackOf(request.stack);
    stack.engine?.openedBy?.onDeath();
    for (let waitedMs = 0; stack.engine && !stack.engine.isDead; waitedMs += 2_000) {
      if (waitedMs > engineWaitMs) stack.engine.die();
      await timeline.sleep(2_000, "worker");
    }
    stack.engine = undefined;
    const found = await this.adopt(stack, request.nodes);
    if (!found) return unknown(request, "the clouds could not be asked");
    const absent = request.nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !stack.nodes.has(nodeId));
    return { ...this.result(request, stack, []), absent };
  }

  /** All VMs of a VM provider config. */
  async list(vmProvider: string): Promise<Vm[]> {
    const { timeline, rng, cloud } = this.parts;
    await timeline.sleep(rng.between(100, 900), "worker");
    return cloud.list(vmProvider);
  }

  isEngineRunning(stack: string): boolean {
    const engine = this.stacks.get(stack)?.engine;
    return engine !== undefined && !engine.isDead && engine.openedBy === undefined;
  }

  async removeStack(name: string): Promise<void> {
    const { timeline, rng } = this.parts;
    await timeline.sleep(rng.between(100, 900), "worker");
    const stack = this.stacks.get(name);
    if (stack && (stack.nodes.size > 0 || (stack.engine && !stack.engine.isDead))) {
      throw new CloudError("TRANSIENT", `stack ${name} is not empty`);
    }
    this.stacks.delete(name);
  }

  private checkStart({ laneId }: LaneRequest, stack: Stack, worker: Worker, isMixed: boolean): void {
    const { verdict, epoch } = this.parts;
    verdict.check(!isMixed, "creates before deletes", () => `an update of lane ${laneId} mixes creates and deletes`);
    verdict.check(!stack.isInDoubt, "one update per lane", () => `lane ${laneId} was updated before it was recovered`);
    verdict.check(
      worker.epoch === epoch(),
      "one decider",
      () => `an engine for lane ${laneId} was started by epoch ${worker.epoch}, but ${epoch()} leads`,
    );
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
    { nodes, onEvent }: { readonly nodes: readonly DesiredNode[]; readonly onEvent: (event: UpdateEvent) => void },
  ): EngineRun {
    const { faults, timeline, cloud } = this.parts;
    this.pids += 1;
    const engine: EngineRun = { pid: this.pids, isDead: false, isOver: false, die: () => undefined };
    stack.engine = engine;
    onEvent({ kind: "started", enginePid: engine.pid, engine: "simulated" });
    const [dies, loses] = [faults.strikes("engineDies", 0.03), faults.strikes("workerDies", 0.03)];
    if (dies || loses) for (const name of this.cloudsOf(stack, nodes)) cloud.trouble(name);
    if (dies) {
      timeline.after(faults.detail("engineDies").between(100, 12_000), "fault", () => engine.die());
    }
    if (loses) {
      timeline.after(faults.detail("workerDies").between(100, 12_000), "fault", () => worker.onDeath());
    }
    return engine;
  }

  /** VM provider configs of all that an update has to do with. */
  private cloudsOf(stack: Stack, nodes: readonly DesiredNode[]): Set<string> {
    const existing = [...stack.nodes.keys()].flatMap((nodeId) => this.parts.cloud.vms.get(nodeId)?.spec ?? []);
    return new Set([...nodes, ...existing].map(({ vmProvider }) => vmProvider));
  }

  /** Undefined when the engine was killed: its lock stays, and what it began in the cloud goes on. */
  private async runEngine(
    stack: Stack,
    engine: EngineRun,
    {
      toCreate,
      toDelete,
      worker,
      onEvent,
    }: {
      readonly worker: Worker;
      readonly toCreate: readonly DesiredNode[];
      readonly toDelete: readonly string[];
      readonly onEvent: (event: UpdateEvent) => void;
    },
  ): Promise<{ failures: Failure[]; notPermitted: string[] } | undefined> {
    const { timeline, rng } = this.parts;
    await timeline.sleep(rng.between(300, 1_500), "engine");
    if (engine.isDead) return undefined;
    const failures: Failure[] = [];
    const notPermitted: string[] = [];
    const mayGo = async (nodeId: string, step: "create" | "delete"): Promise<boolean> => {
      const isAllowed = await isPermitted(this.parts, worker, { epoch: worker.epoch, step, nodeId });
      if (!isAllowed) notPermitted.push(nodeId);
      return isAllowed && !engine.isDead;
    };
    const creates = toCreate.map(async (node) => {
      if (!(await mayGo(node.nodeId, "create"))) return;
      onEvent({ kind: "nodeCreating", nodeId: node.nodeId });
      const made = await this.tryCreate(node);
      if (engine.isDead) return;
      if ("isDoubtful" in made) failures.push(made);
      else this.record(stack, made, onEvent);
    });
    const deletes = toDelete.map(async (nodeId) => {
      if (await mayGo(nodeId, "delete")) await this.tryDelete(stack, engine, nodeId, onEvent);
    });
    await Promise.all([...creates, ...deletes]);
    if (engine.isDead) return undefined;
    engine.isOver = true;
    stack.engine = undefined;
    return { failures, notPermitted };
  }

  private async tryCreate(node: DesiredNode): Promise<PresentNode | Failure> {
    try {
      const { address } = await this.parts.cloud.create(node);
      return { nodeId: node.nodeId, address };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const isDoubtful = error instanceof LostAnswer;
      return { node, class: error instanceof CloudError ? error.failureClass : "TRANSIENT", message, isDoubtful };
    }
  }

  private async tryDelete(
    stack: Stack,
    engine: EngineRun,
    nodeId: string,
    onEvent: (event: UpdateEvent) => void,
  ): Promise<void> {
    try {
      await this.parts.cloud.destroy(nodeId);
    } catch {
      return;
    }
    if (engine.isDead) return;
    stack.nodes.delete(nodeId);
    onEvent({ kind: "nodeDeleted", nodeId });
  }

  private record(stack: Stack, made: PresentNode, onEvent: (event: UpdateEvent) => void): void {
    stack.nodes.set(made.nodeId, made);
    onEvent({ kind: "nodeCreated", nodeId: made.nodeId, address: made.address ?? "" });
  }

  /** Creates whose answer was lost are looked for; those that are not there have failed like the others. */
  private async resolveDoubts(
    stack: Stack,
    failures: readonly Failure[],
    onEvent: (event: UpdateEvent) => void,
  ): Promise<Failure[] | undefined> {
    const doubtful = failures.filter(({ isDoubtful }) => isDoubtful).map(({ node }) => node);
    const found = await this.adopt(stack, doubtful);
    if (!found) return undefined;
    for (const made of found) onEvent({ kind: "nodeCreated", nodeId: made.nodeId, address: made.address ?? "" });
    const undone = failures.filter(({ node }) => !stack.nodes.has(node.nodeId));
    for (const { node, class: failureClass, message } of undone) {
      onEvent({ kind: "nodeFailed", nodeId: node.nodeId, class: failureClass, message });
    }
    return undone;
  }

  /** Brings the VMs of these nodes that exist into the stack's state; undefined when the cloud could not be asked. */
  private async adopt(stack: Stack, nodes: readonly DesiredNode[]): Promise<PresentNode[] | undefined> {
    const { cloud, timeline } = this.parts;
    const found: PresentNode[] = [];
    for (const waitMs of [0, settleMs]) {
      const open = nodes.filter(({ nodeId }) => !stack.nodes.has(nodeId)).map(({ nodeId }) => nodeId);
      if (open.length === 0) break;
      if (waitMs > 0) await timeline.sleep(waitMs, "worker");
      try {
        for (const vm of await cloud.find(open)) {
          if (vm.isGone) continue;
          const made = { nodeId: vm.spec.nodeId, address: vm.address };
          stack.nodes.set(made.nodeId, made);
          found.push(made);
        }
      } catch {
        for (const name of this.cloudsOf(stack, nodes)) cloud.trouble(name);
        return undefined;
      }
    }
    return found;
  }

  private result({ laneId, revision }: LaneRequest, stack: Stack, failures: readonly Failure[]): UpdateResult {
    stack.isInDoubt = false;
    const present = [...stack.nodes.values()];
    if (failures.length === 0) return { laneId, revision, outcome: "succeeded", present };
    return { laneId, revision, outcome: "failed", message: failures[0]!.message, present };
  }

  private stackOf(name: string): Stack {
    const known = this.stacks.get(name) ?? { nodes: new Map(), engine: undefined, isInDoubt: false };
    this.stacks.set(name, known);
    return known;
  }
}

function unknown({ laneId, revision }: LaneRequest, message: string): UpdateResult {
  return { laneId, revision, outcome: "failed", message };
}
