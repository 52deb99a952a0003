/** Clouds and engines that always do what they are asked, each in its time. Nobody dies here; that is `runtime/sim`. */
import type { AccountAnswer, AskRequest } from "../model/account-questions";
import { BugError } from "../model/errors";
import type {
  LaneRequest,
  NodeUpdater,
  OpenedUpdate,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "../executor/node-updater";
import type { Timeline } from "../sim/timeline";

/** What a cloud takes to delete a VM, and an engine around it. */
const deleteMs = 10_000;

export class ObedientClouds implements NodeUpdater {
  /** More than any site has lanes: waiting for a slot is not what is asked about. */
  readonly slots = 10_000;
  readonly openedMax = 0;
  private readonly stacks = new Map<string, Set<string>>();

  /** @param createMsOf What of a node's boot the cloud takes until the VM exists. */
  constructor(
    private readonly timeline: Timeline,
    private readonly createMsOf: (nodeId: string) => number,
  ) {}

  async update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    const { timeline } = this;
    const nodes = this.nodesIn(request.stack);
    await timeline.sleep(0, "engine");
    onEvent({ kind: "started", enginePid: 1, engine: "simulated" });
    const creates = request.creates
      .filter((nodeId) => !nodes.has(nodeId))
      .map(async (nodeId) => {
        onEvent({ kind: "nodeCreating", nodeId });
        await timeline.sleep(this.createMsOf(nodeId), "create");
        nodes.add(nodeId);
        onEvent({ kind: "nodeCreated", nodeId, address: "192.0.2.1", vmId: `vm-${nodeId}` });
      });
    const deletes = request.deletes.map(async (nodeId) => {
      await timeline.sleep(deleteMs, "delete");
      nodes.delete(nodeId);
      onEvent({ kind: "nodeDeleted", nodeId });
    });
    await Promise.all([...creates, ...deletes]);
    return this.resultOf(request);
  }

  async recover(request: LaneRequest): Promise<UpdateResult> {
    await this.timeline.sleep(0, "engine");
    const nodes = this.nodesIn(request.stack);
    const absent = request.nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !nodes.has(nodeId));
    return { ...this.resultOf(request), absent };
  }

  open(): OpenedUpdate {
    throw new BugError("an update was opened ahead, although none may be");
  }

  ask({ question }: AskRequest): Promise<AccountAnswer> {
    return Promise.resolve({ kind: "failed", failed: `nobody is asked for a ${question.kind} in a simulation` });
  }

  isEngineRunning(): boolean {
    return false;
  }

  removeStack(_laneId: string, stack: string): Promise<void> {
    this.stacks.delete(stack);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  private nodesIn(stack: string): Set<string> {
    const known = this.stacks.get(stack);
    if (known) return known;
    const nodes = new Set<string>();
    this.stacks.set(stack, nodes);
    return nodes;
  }

  private resultOf({ laneId, revision, stack }: LaneRequest): UpdateResult {
    const present = [...this.nodesIn(stack)].map((nodeId) => ({ nodeId, address: "192.0.2.1", vmId: `vm-${nodeId}` }));
    return { laneId, revision, outcome: "succeeded", present };
  }
}
