/** A lane runner over rows in memory and a model cloud, under a clock that the test moves. */
import assert from "node:assert/strict";
import { LaneRunner } from "../../runtime/executor/lane-runner";
import type { Clock, Rng } from "../../runtime/model/clock";
import type { Lane, Node, NodeStatus, Session } from "../../runtime/model/state";
import { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryStore } from "../../runtime/store/memory";
import { agentConfigDoc, catalog, definitionChanges } from "../support/builders";
import { ModelUpdater } from "./model-updater";

export const config = "agents";

/** Time that passes only when the test says so. */
export class TestClock implements Clock {
  private nowMs = 1_000_000;
  private readonly timers = new Set<{ atMs: number; run: () => void }>();

  now(): number {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, run };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const timer of [...this.timers].filter(({ atMs }) => atMs <= this.nowMs)) {
      this.timers.delete(timer);
      timer.run();
    }
  }
}

export function seeded(seed: number): Rng {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (limit) => next() % limit,
    id: (length) => Array.from({ length }, () => "0123456789abcdefghijklmnopqrstuvwxyz"[next() % 36]).join(""),
  };
}

/** A runtime that is nothing but rows, a lane runner and a model cloud. */
export class Bench {
  readonly clock = new TestClock();
  readonly updater: ModelUpdater;
  readonly store = new MemoryStore();
  readonly ledger = new GroupCommitLedger({
    state: new HotState(),
    store: this.store,
    onLost: (error) => assert.fail(error),
  });
  runner: LaneRunner;

  constructor(readonly rng: Rng) {
    this.updater = new ModelUpdater(rng);
    this.runner = this.newRunner();
  }

  newRunner(lingerMs = 60_000): LaneRunner {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const { ledger, updater, clock, rng } = this;
    return new LaneRunner({
      ...{ ledger, updater, epoch: 1, clock, rng, catalog, log, wakeReconciler: () => undefined, lingerMs },
      comingDemand: () => [],
    });
  }

  async change(laneId: string, nodes: readonly Node[]): Promise<void> {
    const lane = this.ledger.state.lanes.get(laneId) ?? aLane(laneId);
    const row = { ...lane, desiredRevision: lane.desiredRevision + 1 };
    const changes: Change[] = nodes.map((node) => ({ kind: "put", table: "node", row: node }));
    await this.ledger.commit([{ kind: "put", table: "lane", row }, ...changes]);
    this.runner.wake(laneId);
  }

  /** State is lost, VMs end, and VMs appear in a stack of which nobody here knows. */
  spoil(strangers: string[]): void {
    const stack = `l${this.rng.below(2)}`;
    if (this.rng.below(3) === 0) {
      const stranger = `x${strangers.length}`;
      strangers.push(stranger);
      this.updater.addStranger(stack, stranger);
    }
    const recorded = [...(this.updater.stacks.get(stack) ?? [])].filter((nodeId) => !strangers.includes(nodeId));
    const lost = recorded.filter(() => this.rng.below(2) === 0);
    this.updater.loseState(stack, lost);
    for (const nodeId of lost) {
      const hadVm = this.ledger.state.nodes.get(nodeId)?.address !== undefined;
      if (hadVm && this.rng.below(2) === 0) this.updater.vanish(nodeId);
    }
  }

  /** From now on the config's newest nodes make it likely to grow. */
  async declareConfig(): Promise<void> {
    await this.ledger.commit(definitionChanges({ configs: [agentConfigDoc({ name: config })] }));
  }

  nodes(status?: NodeStatus): Node[] {
    return [...this.ledger.state.nodes.values()].filter((node) => status === undefined || node.status === status);
  }

  /** Lets everything that can happen now happen; then lets time pass, until nothing changes any more. */
  async calmDown(): Promise<void> {
    for (let round = 0; round < 60; round += 1) {
      await this.settle();
      this.clock.pass(30_000);
    }
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 60; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

export function aLane(laneId: string): Lane {
  return { laneId, autoscaleConfig: config, stack: laneId, desiredRevision: 0, appliedRevision: 0 };
}

export function aSession(sessionId: string, nodeId: string): Session {
  const reason = { code: "test", text: "test", numbers: {} };
  const needs = { cores: 1, memoryBytes: 2 ** 30, gpus: 0 };
  const times = { requestedAtMs: 0, assignedAtMs: 0, sequence: 1 };
  return { sessionId, workspace: "w", userId: "u", status: "running", ...times, nodeId, needs, reason };
}

export function aNode(nodeId: string, laneId: string, status: NodeStatus = "requested"): Node {
  const reason = { code: "test", text: "test", numbers: {} };
  const spec = {
    nodeId,
    zone: "z",
    pool: "p",
    autoscaleConfig: config,
    vmProvider: "v",
    kind: "local" as const,
    settings: {},
    osType: "linux" as const,
    startupScript: "",
  };
  const timeouts = { provisionTimeoutSeconds: 600, missingTimeoutSeconds: 600, deadTimeoutSeconds: 3600 };
  const times = { statusSinceMs: 0, createdAtMs: 0, readyWhen: "checkin" as const };
  const place = { zone: "z", pool: "p", autoscaleConfig: config, vmProvider: "v" };
  return { ...timeouts, ...times, ...place, nodeId, laneId, spec, status, reason };
}
