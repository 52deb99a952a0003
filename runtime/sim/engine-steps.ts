/** The steps of one simulated engine: each is permitted, asked of the cloud, and written into the stack's state. */
import { CloudError, messageOf } from "../model/errors";
import type { DesiredNode } from "../model/state";
import type { UpdateEvent } from "../executor/node-updater";
import type { SimBackend } from "./backend";
import { LostAnswer, type SimCloud } from "./cloud";
import { permittedAtMs, type Asking } from "./permits";
import type { EngineEnd, EngineRun, Failure, Stack, StateEntry, Worker } from "./stacks";

export interface EngineWorld extends Asking {
  readonly cloud: SimCloud;
  readonly backend: SimBackend;
}

export interface EngineJob {
  readonly stack: Stack;
  readonly engine: EngineRun;
  readonly worker: Worker;
  readonly onEvent: (event: UpdateEvent) => void;
}

export class EngineSteps {
  private readonly failures: Failure[] = [];
  private readonly failedDeletes: string[] = [];
  private readonly notPermitted: string[] = [];

  constructor(
    private readonly world: EngineWorld,
    private readonly job: EngineJob,
  ) {}

  async create(node: DesiredNode): Promise<void> {
    const { engine, onEvent, stack } = this.job;
    const atMs = await this.permitted(node.nodeId, "create");
    if (atMs === undefined || engine.isDead) return;
    onEvent({ kind: "nodeCreating", nodeId: node.nodeId });
    const made = await this.tryCreate(node, atMs);
    await engine.pass();
    if (engine.isDead) return;
    if ("isDoubtful" in made) return void this.failures.push(made);
    this.world.backend.record(stack, made);
    onEvent({ kind: "nodeCreated", nodeId: made.nodeId, address: made.address ?? "" });
  }

  async delete(nodeId: string): Promise<void> {
    const { engine, onEvent, stack } = this.job;
    const atMs = await this.permitted(nodeId, "delete");
    if (atMs === undefined || engine.isDead) return;
    const key = stack.keys.get(stack.nodes.get(nodeId)?.accountId ?? "");
    try {
      await this.world.cloud.destroy({ nodeId, key });
    } catch (error) {
      this.failedDeletes.push(messageOf(error));
      return;
    }
    await engine.pass();
    if (engine.isDead) return;
    this.world.backend.forget(stack, nodeId);
    onEvent({ kind: "nodeDeleted", nodeId });
  }

  /** It has ended by itself and drops its lock. */
  end(): EngineEnd {
    const { engine, stack } = this.job;
    engine.isOver = true;
    stack.engine = undefined;
    return { failures: this.failures, failedDeletes: this.failedDeletes, notPermitted: this.notPermitted };
  }

  private async permitted(nodeId: string, step: "create" | "delete"): Promise<number | undefined> {
    const { engine, worker } = this.job;
    await engine.pass();
    const atMs = await permittedAtMs(this.world, worker, { epoch: worker.epoch, step, nodeId });
    if (atMs === undefined) this.notPermitted.push(nodeId);
    await engine.pass();
    return atMs;
  }

  private async tryCreate(node: DesiredNode, atMs: number): Promise<StateEntry | Failure> {
    const { account = "" } = node;
    try {
      const { address } = await this.world.cloud.create(node, this.job.stack.keys.get(account), atMs);
      return { nodeId: node.nodeId, address, accountId: account };
    } catch (error) {
      const message = messageOf(error);
      const isDoubtful = error instanceof LostAnswer;
      return { node, class: error instanceof CloudError ? error.failureClass : "TRANSIENT", message, isDoubtful };
    }
  }
}
