import assert from "node:assert/strict";
import fc from "fast-check";
import { LaneRunner } from "../../runtime/executor/lane-runner";
import { Decisions } from "../../runtime/deciding/decisions";
import { tellNode } from "../../runtime/deciding/node-events";
import { HotState } from "../../runtime/store/hot-state";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryStore } from "../../runtime/store/memory";
import type { NodeUpdater } from "../../runtime/executor/node-updater";

import { catalog } from "../support/builders";
import { aLane, aNode, aSession, Bench, config, seeded, TestClock } from "./lane-bench";

describe("lane runner", () => {
  it("creates what is requested and tells where it is", async () => {
    const bench = new Bench(seeded(1));

    await bench.change("l1", [aNode("n1", "l1"), aNode("n2", "l1")]);
    await bench.settle();

    assert.deepEqual(
      bench.nodes("starting").map(({ address }) => address),
      ["10.0.0.1", "10.0.0.2"],
    );
    const { lastUpdate, ...lane } = bench.ledger.state.lanes.get("l1")!;
    assert.deepEqual(lane, { ...aLane("l1"), desiredRevision: 1, appliedRevision: 1 });
    assert.deepEqual(
      [lastUpdate?.kind, lastUpdate?.revision, lastUpdate?.outcome, lastUpdate?.creates, lastUpdate?.deletes],
      ["update", 1, "succeeded", 2, 0],
    );
    assert.ok(lastUpdate!.startedAtMs! <= lastUpdate!.endedAtMs);
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

  describe("whose stack's state is lost", () => {
    /** A lane of three running nodes with their addresses, after the service started again. */
    async function restarted(seed: number, before: (bench: Bench) => void): Promise<Bench> {
      const bench = new Bench(seeded(seed));
      await bench.change("l1", [aNode("n1", "l1"), aNode("n2", "l1"), aNode("n3", "l1")]);
      await bench.settle();
      await bench.runner.stop();
      before(bench);
      bench.runner = bench.newRunner();
      await bench.runner.start();
      await bench.settle();
      return bench;
    }
    const statusesOf = (bench: Bench) => bench.nodes().map(({ nodeId, status }) => `${nodeId} ${status}`);

    it("finds the VMs in the cloud before it makes or removes any", async () => {
      const bench = await restarted(11, ({ updater }) => updater.loseState("l1"));
      const before = bench.nodes();

      await bench.change("l1", [{ ...before[1]!, status: "destroying" }, aNode("n4", "l1")]);
      await bench.settle();

      assert.deepEqual(bench.updater.wrongs, []);
      assert.deepEqual(statusesOf(bench), ["n1 starting", "n3 starting", "n4 starting"]);
      assert.deepEqual([...bench.updater.vms.keys()].sort(), ["n1", "n3", "n4"]);
      const kept = bench.nodes().slice(0, 2);
      assert.deepEqual(
        kept.map(({ address }) => address),
        [before[0]!.address, before[2]!.address],
      );
    });

    it("takes a node for dead when the cloud has no VM either, ends its sessions and never makes it again", async () => {
      const sessions = ["s1", "s2"].map((sessionId, index) => aSession(sessionId, `n${index + 1}`));
      const bench = await restarted(12, ({ updater, ledger }) => {
        void ledger.commit(sessions.map((row) => ({ kind: "put", table: "session", row })));
        updater.loseState("l1");
        updater.vanish("n2");
      });

      await bench.change("l1", [aNode("n4", "l1")]);
      await bench.settle();

      assert.deepEqual(bench.updater.wrongs, []);
      assert.deepEqual(statusesOf(bench), ["n1 starting", "n2 dead", "n3 starting", "n4 starting"]);
      assert.match(bench.nodes("dead")[0]!.reason.text, /its VM at 10\.0\.0\.2 is gone/);
      assert.deepEqual([...bench.ledger.state.sessions.keys()], ["s1"]);
    });

    it("does the same when a VM is removed by hand while the service runs", async () => {
      const bench = await restarted(13, () => undefined);
      bench.updater.loseState("l1", ["n1", "n2"]);
      bench.updater.vanish("n1");

      await bench.change("l1", [aNode("n4", "l1")]);
      await bench.settle();

      assert.deepEqual(bench.updater.wrongs, []);
      assert.deepEqual(statusesOf(bench), ["n1 dead", "n2 starting", "n3 starting", "n4 starting"]);
    });

    it("changes nothing while the cloud does not answer", async () => {
      const bench = await restarted(14, ({ updater }) => {
        updater.loseState("l1");
        updater.vanish("n2");
        updater.faults = 100;
      });
      const before = bench.nodes();

      await bench.change("l1", [aNode("n4", "l1")]);
      await bench.calmDown();

      assert.deepEqual(bench.nodes().slice(0, 3), before);
      assert.deepEqual(bench.nodes("requested").length, 1);
    });

    it("leaves VMs alone of which no row tells, names them, and keeps their lane", async () => {
      const bench = await restarted(15, ({ updater }) => updater.addStranger("l1", "x1"));

      await bench.change(
        "l1",
        bench.nodes().map((node) => ({ ...node, status: "destroying" })),
      );
      await bench.calmDown();

      assert.deepEqual(bench.updater.wrongs, []);
      assert.deepEqual([...bench.updater.vms.keys()], ["x1"]);
      assert.deepEqual(bench.ledger.state.lanes.get("l1")?.strangers, ["x1"]);
    });

    it("keeps what the row tells when another VM carries the node's id", async () => {
      const bench = await restarted(16, ({ updater }) => updater.vms.set("n2", "10.9.9.9"));
      const n2 = { ...bench.ledger.state.nodes.get("n2")!, address: "10.0.0.2", vmId: "vm-1" };
      const decisions = new Decisions({ ...bench, catalog });
      const afterHearing = (vmId: string) => {
        const context = decisions.begin();
        tellNode(context, n2, { kind: "vmKnown", vm: { address: "10.9.9.9", vmId } });
        return context.draft;
      };

      assert.deepEqual(afterHearing("vm-2").changes, []);
      assert.equal(afterHearing("vm-1").node("n2")?.address, "10.9.9.9");
    });
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
      ask: () => assert.fail("nothing is to be asked"),
      isEngineRunning: () => false,
      removeStack: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    };
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const clock = new TestClock();
    const runner = new LaneRunner({
      ...{ ledger, updater, epoch: 1, clock, rng: seeded(6), catalog, log },
      wakeReconciler: () => undefined,
      comingDemand: () => [],
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
      const strangers: string[] = [];
      for (let step = 0; step < 12; step += 1) {
        if (rng.below(5) === 0) bench.spoil(strangers);
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
      // What is lost and asked for by no update is noticed at the next start.
      await bench.runner.stop();
      bench.runner = bench.newRunner();
      await bench.runner.start();
      await bench.calmDown();

      assert.deepEqual(bench.updater.wrongs, []);
      const alive = bench.nodes().filter(({ status }) => status !== "failed" && status !== "dead");
      assert.ok(
        alive.every(({ status }) => status === "starting"),
        JSON.stringify(alive.map(({ status }) => status)),
      );
      const expected = [...alive.map(({ nodeId }) => nodeId), ...strangers];
      assert.deepEqual([...bench.updater.vms.keys()].sort(), expected.sort());
      for (const { nodeId, address } of alive) assert.equal(bench.updater.vms.get(nodeId), address, nodeId);
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
