import assert from "node:assert/strict";
import fc from "fast-check";
import { LaneRunner } from "../../runtime/executor/lane-runner";
import type { Clock, Rng } from "../../runtime/model/clock";
import type { Lane, Node, NodeStatus } from "../../runtime/model/state";
import { HotState, type Change } from "../../runtime/store/hot-state";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryStore } from "../../runtime/store/memory";
import type { NodeUpdater } from "../../runtime/executor/node-updater";
import { agentConfigDoc, definitionChanges } from "../support/builders";
import { ModelUpdater } from "./model-updater";

const config = "agents";

/** Time that passes only when the test says so. */
class TestClock implements Clock {
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

function seeded(seed: number): Rng {
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
class Bench {
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
    return new LaneRunner({ ledger, updater, epoch: 1, clock, rng, log, wakeReconciler: () => undefined, lingerMs });
  }

  async change(laneId: string, nodes: readonly Node[]): Promise<void> {
    const lane = this.ledger.state.lanes.get(laneId) ?? aLane(laneId);
    const row = { ...lane, desiredRevision: lane.desiredRevision + 1 };
    const changes: Change[] = nodes.map((node) => ({ kind: "put", table: "node", row: node }));
    await this.ledger.commit([{ kind: "put", table: "lane", row }, ...changes]);
    this.runner.wake(laneId);
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

function aLane(laneId: string): Lane {
  return { laneId, autoscaleConfig: config, stack: laneId, desiredRevision: 0, appliedRevision: 0 };
}

function aNode(nodeId: string, laneId: string, status: NodeStatus = "requested"): Node {
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

describe("lane runner", () => {
  it("creates what is requested and tells where it is", async () => {
    const bench = new Bench(seeded(1));

    await bench.change("l1", [aNode("n1", "l1"), aNode("n2", "l1")]);
    await bench.settle();

    assert.deepEqual(
      bench.nodes("starting").map(({ address }) => address),
      ["10.0.0.1", "10.0.0.2"],
    );
    const lane = bench.ledger.state.lanes.get("l1");
    assert.deepEqual(lane, { ...aLane("l1"), desiredRevision: 1, appliedRevision: 1 });
  });

  it("creates first and deletes in a second update", async () => {
    const bench = new Bench(seeded(2));
    await bench.change("l1", [aNode("n1", "l1")]);
    await bench.settle();

    const n1 = bench.ledger.state.nodes.get("n1")!;
    await bench.change("l1", [{ ...n1, status: "destroying" }, aNode("n2", "l1")]);
    await bench.settle();

    assert.deepEqual(bench.updater.wrongs, []);
    assert.deepEqual([...bench.updater.vms.keys()], ["n2"]);
    assert.deepEqual(
      bench.nodes().map(({ nodeId }) => nodeId),
      ["n2"],
    );
  });

  it("asks for new nodes before those that exist, so that they are made first", async () => {
    const bench = new Bench(seeded(6));
    await bench.change("l1", [aNode("n1", "l1"), aNode("n2", "l1")]);
    await bench.settle();
    const asked: string[][] = [];
    const update = bench.updater.update.bind(bench.updater);
    bench.updater.update = (request, onEvent) => {
      asked.push(request.nodes.map(({ nodeId }) => nodeId));
      return update(request, onEvent);
    };

    await bench.change("l1", [aNode("n9", "l1"), aNode("n0", "l1")]);
    await bench.settle();

    assert.deepEqual(asked, [["n9", "n0", "n1", "n2"]]);
  });

  it("records a refused create with its class and makes the config wait", async () => {
    const bench = new Bench(seeded(3));
    bench.updater.faults = 100;

    await bench.change("l1", [aNode("n1", "l1")]);
    await bench.settle();

    assert.equal(bench.nodes("failed")[0]?.failure?.class, "CAPACITY");
    const { retryAtMs = 0 } = Object.values(bench.ledger.state.configStates.get(config)?.failures ?? {})[0] ?? {};
    const waitMs = retryAtMs - bench.clock.now();
    assert.ok(waitMs >= 30_000 && waitMs <= 33_000, `${waitMs}`);
  });

  it("does not make a node that was given up before its update began", async () => {
    const bench = new Bench(seeded(4));

    await bench.change("l1", [aNode("n1", "l1", "destroying")]);
    await bench.settle();

    assert.equal(bench.updater.vms.size, 0);
    assert.deepEqual(bench.nodes(), []);
  });

  it("removes an empty lane after its time, and at once when its config is gone", async () => {
    const bench = new Bench(seeded(5));
    const doc = { name: config, type: "dockerAgent", pool: "p", zone: "z", vmProvider: "v" };
    const row = { kind: "autoscaleConfig" as const, name: config, doc, owner: "test", updatedAtMs: 0 };
    await bench.ledger.commit([{ kind: "put", table: "definition", row }]);

    await bench.change("l1", []);
    await bench.settle();
    assert.ok(bench.ledger.state.lanes.has("l1"));
    bench.clock.pass(60_000);
    await bench.settle();
    assert.ok(!bench.ledger.state.lanes.has("l1"));

    await bench.change("l2", []);
    await bench.ledger.commit([{ kind: "delete", table: "definition", id: `autoscaleConfig/${config}` }]);
    bench.runner.wake("l2");
    await bench.settle();
    assert.ok(!bench.ledger.state.lanes.has("l2"));
  });

  it("leaves no error unhandled when the store is lost while an update runs", async () => {
    let writes = 0;
    const beforeWrite = (): void => {
      writes += 1;
      if (writes > 2) throw new Error("the store is gone");
    };
    const lost: Error[] = [];
    const state = new HotState();
    const ledger = new GroupCommitLedger({
      state,
      store: new MemoryStore({ beforeWrite }),
      onLost: (error) => void lost.push(error),
    });
    let endUpdate = (): void => undefined;
    const updater: NodeUpdater = {
      slots: 1,
      openedMax: 0,
      open: () => assert.fail("nothing is to be opened"),
      update: async ({ laneId, revision }, onEvent) => {
        onEvent({ kind: "started", enginePid: 1, engine: "test" });
        await new Promise<void>((resolve) => (endUpdate = resolve));
        return { laneId, revision, outcome: "failed" };
      },
      recover: ({ laneId, revision }) => Promise.resolve({ laneId, revision, outcome: "failed" }),
      isEngineRunning: () => false,
      removeStack: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    };
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const clock = new TestClock();
    const runner = new LaneRunner({
      ...{ ledger, updater, epoch: 1, clock, rng: seeded(6), log },
      wakeReconciler: () => undefined,
    });
    await ledger.commit([
      { kind: "put", table: "lane", row: { ...aLane("l1"), desiredRevision: 1 } },
      { kind: "put", table: "node", row: aNode("n1", "l1") },
    ]);
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.once("unhandledRejection", note);

    runner.wake("l1");
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    endUpdate();
    await runner.stop();
    process.off("unhandledRejection", note);

    assert.deepEqual(
      lost.map(({ message }) => message),
      ["the store is gone"],
    );
    assert.deepEqual(unhandled, []);
  });

  it("comes to exactly the wanted VMs through any faults and restarts, without a wrong step", async function () {
    this.timeout(120_000);
    const seed = Number(process.env["HEADROOM_SEED"] ?? Date.now() % 1_000_000);
    console.log(`      seed ${seed} (HEADROOM_SEED)`);
    const run = async (worldSeed: number): Promise<void> => {
      const rng = seeded(worldSeed);
      const bench = new Bench(rng);
      await bench.declareConfig();
      bench.updater.faults = rng.below(30);
      await bench.runner.start();
      for (let step = 0; step < 12; step += 1) {
        const laneId = `l${rng.below(2)}`;
        const mine = bench.nodes().filter((node) => node.laneId === laneId && node.status !== "destroying");
        const leavers = rng.below(2) === 0 ? [] : mine;
        const leaving = leavers
          .filter(() => rng.below(3) === 0)
          .map((node) => ({ ...node, status: "destroying" as const }));
        const coming = Array.from({ length: rng.below(4) }, (_, index) => ({
          ...aNode(`n${step}-${index}`, laneId),
          createdAtMs: bench.clock.now(),
        }));
        await bench.change(laneId, [...leaving, ...coming]);
        for (let turn = rng.below(12); turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
        if (rng.below(2) === 0) {
          bench.clock.pass(rng.below(20_000));
          for (let turn = rng.below(40); turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
        }
        if (rng.below(5) === 0) {
          // A restart forgets all but the rows.
          await bench.runner.stop();
          bench.runner = bench.newRunner();
          await bench.runner.start();
        }
      }
      bench.updater.faults = 0;
      await bench.calmDown();

      assert.deepEqual(bench.updater.wrongs, []);
      const alive = bench.nodes().filter(({ status }) => status !== "failed");
      assert.ok(
        alive.every(({ status }) => status === "starting"),
        JSON.stringify(alive.map(({ status }) => status)),
      );
      assert.deepEqual([...bench.updater.vms.keys()].sort(), alive.map(({ nodeId }) => nodeId).sort());
      for (const lane of bench.ledger.state.lanes.values()) {
        assert.equal(lane.openRevision, undefined);
        assert.equal(lane.appliedRevision, lane.desiredRevision);
      }
      await bench.runner.stop();
      opened += bench.updater.opened;
      used += bench.updater.used;
    };
    let [opened, used] = [0, 0];
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 1e9 }), run), { seed, numRuns: 60 });
    assert.ok(opened > 30 && used > 3, `${opened} updates were opened ahead, ${used} were given nodes`);
  });
});
