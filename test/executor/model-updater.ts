/**
 * A cloud and its stacks in memory, for properties of the lane runner over thousands of updates. It fails in every way
 * that a real one does: refused creates, updates whose end nobody knows, VMs that exist but are not recorded.
 * Whatever the runner must never ask for is a thrown error in {@link ModelUpdater.wrongs}.
 */
import { NodeFeed } from "../../runtime/executor/node-feed";
import type {
  NodeUpdater,
  OpenedUpdate,
  OpenRequest,
  PresentNode,
  RecoverRequest,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "../../runtime/executor/node-updater";
import type { AccountAnswer } from "../../runtime/model/account-questions";
import type { Rng } from "../../runtime/model/clock";

export class ModelUpdater implements NodeUpdater {
  readonly slots = 4;
  openedMax = 2;
  /** Updates that began with what they were to do. */
  updates = 0;
  /** Updates opened ahead, and those of them that were given nodes. */
  opened = 0;
  used = 0;
  /** What the runner did that it must not do. */
  readonly wrongs: string[] = [];
  /** VMs by node, and how often each was made. */
  readonly vms = new Map<string, string>();
  /** Nodes whose VM came into being and ended. */
  readonly gone = new Set<string>();
  readonly strangers = new Set<string>();
  readonly stacks = new Map<string, Set<string>>();
  /** Percent of steps that go wrong. */
  faults = 0;
  private readonly busy = new Set<string>();
  private readonly unsure = new Set<string>();
  private addresses = 0;

  constructor(private readonly rng: Rng) {}

  async update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    const { laneId, revision } = request;
    this.updates += 1;
    return this.alone(laneId, async () => {
      if (this.unsure.has(laneId)) this.wrongs.push(`${laneId} was updated before it was recovered`);
      const recorded = this.stackOf(request.stack);
      const creates = request.nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !recorded.has(nodeId));
      const kept = creates.filter((nodeId) => !request.creates.includes(nodeId));
      const lost = [...kept, ...request.deletes.filter((nodeId) => !recorded.has(nodeId))];
      if (lost.length > 0) return { laneId, revision, outcome: "failed", message: `the stack lacks ${lost.join()}` };
      const { deletes } = request;
      if (creates.length > 0 && deletes.length > 0) this.wrongs.push(`${laneId} mixed ${creates} with ${deletes}`);
      onEvent({ kind: "started", enginePid: 1, engine: "model" });
      let failed = false;
      for (const nodeId of creates) {
        const made = await this.create(nodeId, recorded, onEvent);
        if (made === "lost") return this.loseTrack(laneId, revision);
        failed ||= made === "refused";
      }
      for (const nodeId of deletes) {
        await Promise.resolve();
        if (this.goesWrong()) {
          failed = true;
          continue;
        }
        this.vms.delete(nodeId);
        this.gone.add(nodeId);
        recorded.delete(nodeId);
        if (this.goesWrong()) return this.loseTrack(laneId, revision);
      }
      return { laneId, revision, outcome: failed ? "failed" : "succeeded", present: this.present(request.stack) };
    });
  }

  open(request: OpenRequest, onEvent: (event: UpdateEvent) => void): OpenedUpdate {
    const feed = new NodeFeed(request.nodes);
    this.opened += 1;
    return {
      give: (nodes) => feed.give(nodes),
      close: () => feed.close(),
      result: this.alone(request.laneId, () => this.runOpened(request, feed, onEvent)),
    };
  }

  private async runOpened(
    { laneId, revision, stack, nodes }: OpenRequest,
    feed: NodeFeed,
    onEvent: (event: UpdateEvent) => void,
  ): Promise<UpdateResult> {
    await Promise.resolve();
    if (this.unsure.has(laneId)) this.wrongs.push(`${laneId} was opened before it was recovered`);
    onEvent({ kind: "started", enginePid: 1, engine: "model" });
    if (this.goesWrong()) return this.loseTrack(laneId, revision);
    await Promise.resolve();
    onEvent({ kind: "ready" });
    const recorded = this.stackOf(stack);
    const lost = nodes.filter(({ nodeId }) => !recorded.has(nodeId)).map(({ nodeId }) => nodeId);
    if (lost.length > 0) return { laneId, revision, outcome: "failed", message: `the stack lacks ${lost.join()}` };
    let failed = false;
    for await (const batch of feed.batches()) {
      if (batch.some((node) => !nodes.includes(node)) && feed.taken.length === batch.length) this.used += 1;
      for (const { nodeId } of batch.filter((node) => !nodes.includes(node))) {
        const made = await this.create(nodeId, recorded, onEvent);
        if (made === "lost") return this.loseTrack(laneId, revision);
        failed ||= made === "refused";
      }
      if (feed.taken.length > 0) onEvent({ kind: "settled", given: feed.taken.length });
    }
    const declared = new Set(feed.nodes.map(({ nodeId }) => nodeId));
    const undeclared = [...recorded].filter((nodeId) => !declared.has(nodeId) && !this.strangers.has(nodeId));
    if (undeclared.length > 0) this.wrongs.push(`an update opened ahead in ${laneId} would delete ${undeclared}`);
    const taken = feed.taken.map(({ nodeId }) => nodeId);
    return { laneId, revision, outcome: failed ? "failed" : "succeeded", taken, present: this.present(stack) };
  }

  private async create(
    nodeId: string,
    recorded: Set<string>,
    onEvent: (event: UpdateEvent) => void,
  ): Promise<"made" | "refused" | "lost"> {
    await Promise.resolve();
    if (this.goesWrong()) {
      onEvent({ kind: "nodeFailed", nodeId, class: "CAPACITY", message: "no capacity" });
      return "refused";
    }
    if (this.vms.has(nodeId)) this.wrongs.push(`${nodeId} was made while it has a VM`);
    if (this.gone.has(nodeId)) this.wrongs.push(`${nodeId} was made again`);
    this.vms.set(nodeId, `10.0.0.${(this.addresses += 1)}`);
    if (this.goesWrong()) return "lost";
    recorded.add(nodeId);
    onEvent({ kind: "nodeCreated", nodeId, address: this.vms.get(nodeId)! });
    return "made";
  }

  /** What a lost volume, another backend or `pulumi state delete` does. Nobody is told. */
  loseState(stack: string, nodeIds = [...this.stackOf(stack)]): void {
    for (const nodeId of nodeIds) this.stackOf(stack).delete(nodeId);
  }

  /** A VM in the stack of which no row tells. */
  addStranger(stack: string, nodeId: string): void {
    this.strangers.add(nodeId);
    this.vms.set(nodeId, `10.1.0.${(this.addresses += 1)}`);
    this.stackOf(stack).add(nodeId);
  }

  /** The VM ends without anybody having asked for it; the stack does not hear of it. */
  vanish(nodeId: string): void {
    if (this.vms.delete(nodeId)) this.gone.add(nodeId);
  }

  async recover(request: RecoverRequest): Promise<UpdateResult> {
    const { laneId, revision, stack } = request;
    return this.alone(laneId, async () => {
      await Promise.resolve();
      if (this.goesWrong()) return { laneId, revision, outcome: "failed", message: "locked by another" };
      for (const { nodeId } of request.nodes) if (this.vms.has(nodeId)) this.stackOf(stack).add(nodeId);
      this.unsure.delete(laneId);
      const absent = request.nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !this.stackOf(stack).has(nodeId));
      return { laneId, revision, outcome: "succeeded", present: this.present(stack), absent };
    });
  }

  ask(): Promise<AccountAnswer> {
    return Promise.resolve({ kind: "failed", failed: "no cloud is asked here" });
  }

  isEngineRunning(): boolean {
    return false;
  }

  async removeStack(laneId: string, stack: string): Promise<void> {
    return this.alone(laneId, async () => {
      await Promise.resolve();
      if (this.stackOf(stack).size > 0) throw new Error(`${stack} is not empty`);
      this.stacks.delete(stack);
    });
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  private async alone<T>(laneId: string, run: () => Promise<T>): Promise<T> {
    if (this.busy.has(laneId)) this.wrongs.push(`${laneId} had two jobs at once`);
    this.busy.add(laneId);
    try {
      return await run();
    } finally {
      this.busy.delete(laneId);
    }
  }

  /** Either the worker died, or it lives and could not find out. */
  private loseTrack(laneId: string, revision: number): UpdateResult {
    this.unsure.add(laneId);
    if (this.rng.below(2) === 0) throw new Error("the worker died");
    return { laneId, revision, outcome: "failed", message: "the engine was killed" };
  }

  private goesWrong(): boolean {
    return this.rng.below(100) < this.faults;
  }

  private stackOf(stack: string): Set<string> {
    const known = this.stacks.get(stack) ?? new Set<string>();
    this.stacks.set(stack, known);
    return known;
  }

  private present(stack: string): PresentNode[] {
    return [...this.stackOf(stack)].map((nodeId) => ({ nodeId, address: this.vms.get(nodeId)! }));
  }
}
