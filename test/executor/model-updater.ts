/**
 * A cloud and its stacks in memory, for properties of the lane runner over thousands of updates. It fails in every way
 * that a real one does: refused creates, updates whose end nobody knows, VMs that exist but are not recorded.
 * Whatever the runner must never ask for is a thrown error in {@link ModelUpdater.wrongs}.
 */
import type {
  NodeUpdater,
  PresentNode,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "../../runtime/executor/node-updater";
import type { Rng } from "../../runtime/model/clock";

export class ModelUpdater implements NodeUpdater {
  readonly slots = 4;
  /** What the runner did that it must not do. */
  readonly wrongs: string[] = [];
  /** VMs by node, and how often each was made. */
  readonly vms = new Map<string, string>();
  readonly stacks = new Map<string, Set<string>>();
  /** Percent of steps that go wrong. */
  faults = 0;
  private readonly busy = new Set<string>();
  private readonly unsure = new Set<string>();
  private addresses = 0;

  constructor(private readonly rng: Rng) {}

  async update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    const { laneId, revision } = request;
    return this.alone(laneId, async () => {
      if (this.unsure.has(laneId)) this.wrongs.push(`${laneId} was updated before it was recovered`);
      const recorded = this.stackOf(request.stack);
      const wanted = new Set(request.nodes.map(({ nodeId }) => nodeId));
      const creates = [...wanted].filter((nodeId) => !recorded.has(nodeId));
      const deletes = [...recorded].filter((nodeId) => !wanted.has(nodeId));
      if (creates.length > 0 && deletes.length > 0) this.wrongs.push(`${laneId} mixed ${creates} with ${deletes}`);
      onEvent({ kind: "started", enginePid: 1, engine: "model" });
      let failed = false;
      for (const nodeId of creates) {
        await Promise.resolve();
        if (this.goesWrong()) {
          failed = true;
          onEvent({ kind: "nodeFailed", nodeId, class: "CAPACITY", message: "no capacity" });
          continue;
        }
        if (this.vms.has(nodeId)) this.wrongs.push(`${nodeId} was made twice`);
        this.vms.set(nodeId, `10.0.0.${(this.addresses += 1)}`);
        if (this.goesWrong()) return this.loseTrack(laneId, revision);
        recorded.add(nodeId);
        onEvent({ kind: "nodeCreated", nodeId, address: this.vms.get(nodeId)! });
      }
      for (const nodeId of deletes) {
        await Promise.resolve();
        if (this.goesWrong()) {
          failed = true;
          continue;
        }
        this.vms.delete(nodeId);
        recorded.delete(nodeId);
        if (this.goesWrong()) return this.loseTrack(laneId, revision);
      }
      return { laneId, revision, outcome: failed ? "failed" : "succeeded", present: this.present(request.stack) };
    });
  }

  async recover(request: UpdateRequest): Promise<UpdateResult> {
    const { laneId, revision, stack } = request;
    return this.alone(laneId, async () => {
      await Promise.resolve();
      if (this.goesWrong()) return { laneId, revision, outcome: "failed", message: "locked by another" };
      for (const { nodeId } of request.nodes) if (this.vms.has(nodeId)) this.stackOf(stack).add(nodeId);
      this.unsure.delete(laneId);
      return { laneId, revision, outcome: "succeeded", present: this.present(stack) };
    });
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
