/** When an update is opened ahead of its nodes, what it takes, and what ends it. */
import assert from "node:assert/strict";
import { LaneRunner } from "../../runtime/executor/lane-runner";
import { likelyGrowth, likelyMs } from "../../runtime/executor/likely-growth";
import { openedFor } from "../../runtime/executor/worker-pool";
import type { Lane, Node } from "../../runtime/model/state";
import { chooseLane } from "../../runtime/planner/lifecycle/lanes";
import { ComingDemand, recentMs, soonMs } from "../../runtime/reconciler/coming-demand";
import { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryStore } from "../../runtime/store/memory";
import { agentConfigDoc, aNode as aRunningNode, catalog, definitionChanges, scheduleDoc } from "../support/builders";
import { SeededRng, startMs, VirtualClock } from "../support/virtual-clock";
import { ModelUpdater } from "./model-updater";

const gib = 2 ** 30;

function aLane(laneId: string, changes: Partial<Lane> = {}): Lane {
  return { laneId, autoscaleConfig: "agents", stack: laneId, desiredRevision: 1, appliedRevision: 0, ...changes };
}

class Site {
  readonly clock = new VirtualClock();
  readonly updater = new ModelUpdater(new SeededRng(1));
  readonly state = new HotState();
  readonly ledger = new GroupCommitLedger({
    state: this.state,
    store: new MemoryStore(),
    onLost: (error) => assert.fail(error),
  });
  readonly runner: LaneRunner;

  constructor() {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const { ledger, updater, clock } = this;
    const coming = new ComingDemand(catalog);
    this.runner = new LaneRunner({
      epoch: 1,
      ledger,
      updater,
      clock,
      rng: new SeededRng(2),
      catalog,
      log,
      wakeReconciler: () => undefined,
      comingDemand: (state, nowMs) => coming.likelyNodes(state, nowMs),
    });
  }

  /** One config, with a node that was just made. */
  static async start(): Promise<Site> {
    const site = new Site();
    await site.ledger.commit(definitionChanges({ configs: [agentConfigDoc({ name: "agents" })] }));
    await site.runner.start();
    await site.born("n1", "l1");
    await site.clock.advance(30_000);
    assert.equal(site.status("n1"), "starting");
    return site;
  }

  /** Configs without nodes, whose schedules start an hour from now. */
  static async beforeOpening(configs: readonly string[], leadTime: string): Promise<Site> {
    const site = new Site();
    await site.ledger.commit(
      definitionChanges({
        configs: configs.map((name) => agentConfigDoc({ name })),
        schedules: configs.map((name) => scheduleDoc({ name, autoscaleConfig: name, start: "13:00", leadTime })),
      }),
    );
    await site.runner.start();
    return site;
  }

  newNode(nodeId: string, laneId: string): Node {
    const rest = aRunningNode({
      nodeId,
      laneId,
      status: "requested",
      createdAtMs: this.clock.now(),
      statusSinceMs: this.clock.now(),
    });
    for (const field of ["runningSinceMs", "lastHeartbeatMs", "address"] as const) Reflect.deleteProperty(rest, field);
    const { zone, pool } = rest;
    const names = { nodeId, zone, pool, autoscaleConfig: "agents", vmProvider: "vms" };
    return { ...rest, spec: { ...names, kind: "local", settings: {}, osType: "linux", startupScript: "" } };
  }

  born(nodeId: string, laneId: string): Promise<void> {
    return this.change(laneId, [{ kind: "put", table: "node", row: this.newNode(nodeId, laneId) }]);
  }

  async change(laneId: string, changes: readonly Change[]): Promise<void> {
    const lane = this.state.lanes.get(laneId) ?? aLane(laneId, { desiredRevision: 0 });
    const row = { ...lane, desiredRevision: lane.desiredRevision + 1 };
    await this.ledger.commit([{ kind: "put", table: "lane", row }, ...changes]);
    this.runner.wake(laneId);
  }

  status(nodeId: string): string | undefined {
    return this.state.nodes.get(nodeId)?.status;
  }

  get opened(): Lane | undefined {
    return [...this.state.lanes.values()].find(({ takesNodes }) => takesNodes);
  }
}

describe("updates opened ahead", () => {
  it("are opened where a node was made lately, and take the next node at once", async () => {
    const site = await Site.start();
    const lane = site.opened;
    assert.ok(lane?.openRevision !== undefined, "its lane is open");
    assert.equal(
      chooseLane([...site.state.lanes.values()].map((each) => ({ lane: each, nodes: 1, isDue: false }))),
      lane,
    );
    const { updates } = site.updater;

    await site.born("n2", lane.laneId);
    await site.clock.advance(1_000);

    assert.equal(site.status("n2"), "starting");
    assert.equal(site.updater.updates, updates, "without an update of its own");
    await site.clock.advance(30_000);
    assert.ok(site.opened, "the next one waits");
    await site.runner.stop();
    assert.deepEqual(site.updater.wrongs, []);
  });

  it("end without a change when no node was asked for in 15 minutes", async () => {
    const site = await Site.start();
    await site.clock.advance(likelyMs - 60_000);
    assert.ok(site.opened);

    await site.clock.advance(70_000);

    assert.equal(site.opened, undefined);
    assert.ok([...site.state.lanes.values()].every(({ openRevision }) => openRevision === undefined));
    assert.deepEqual([...site.updater.vms.keys()], ["n1"]);
    assert.deepEqual(site.updater.wrongs, []);
  });

  it("end at once when something of their lane is to be deleted", async () => {
    const site = await Site.start();
    const { laneId } = site.opened!;
    const nodes = [...site.state.nodes.values()].filter((node) => node.laneId === laneId);
    assert.equal(nodes.length, 1);

    const leaving = nodes.map((row): Change => ({ kind: "put", table: "node", row: { ...row, status: "destroying" } }));
    await site.change(laneId, leaving);
    await site.clock.advance(1_000);

    assert.equal(site.status("n1"), undefined, "it is gone");
    assert.deepEqual([...site.updater.vms.keys()], []);
    assert.deepEqual(site.updater.wrongs, []);
  });

  it("end within seconds when an operator wants the stack, and leave it alone for as long", async () => {
    const site = await Site.start();
    const lane = site.opened!;
    const keptClosedUntilMs = site.clock.now() + 600_000;

    await site.ledger.commit([{ kind: "put", table: "lane", row: { ...lane, keptClosedUntilMs } }]);
    await site.clock.advance(6_000);

    assert.equal(site.state.lanes.get(lane.laneId)?.openRevision, undefined);
    await site.clock.advance(300_000);
    assert.notEqual(site.opened?.laneId, lane.laneId);
    await site.runner.stop();
  });

  it("end when the credentials of their account change, and are opened anew with those of now", async () => {
    const site = await Site.start();
    const before = site.opened?.openSinceMs;
    assert.ok(before !== undefined);

    const row = { accountId: "one", service: "vm", kind: "local", definition: "vms", identity: {} } as const;
    const news = { ...row, settings: { key: "renewed" }, isCurrent: true, updatedAtMs: site.clock.now() };
    await site.ledger.commit([{ kind: "put", table: "account", row: news }]);
    await site.clock.advance(30_000);

    const after = site.opened?.openSinceMs;
    assert.ok(after !== undefined && after > before, `opened at ${before}, then at ${after}`);
    await site.clock.advance(60_000);
    assert.equal(site.opened?.openSinceMs, after);
  });

  it("end when the runtime stops", async () => {
    const site = await Site.start();
    assert.ok(site.opened);

    await site.runner.stop();

    assert.ok([...site.state.lanes.values()].every(({ openRevision }) => openRevision === undefined));
  });

  it("are not opened for a config that its cloud refuses, that is being deleted, or beyond the limit", async () => {
    const site = new Site();
    const configs = ["a", "b", "c"].map((name) => agentConfigDoc({ name }));
    await site.ledger.commit(definitionChanges({ configs }));
    const nowMs = site.clock.now();
    for (const [index, autoscaleConfig] of ["a", "b", "c"].entries()) {
      const node = site.newNode(`n-${autoscaleConfig}`, `l-${autoscaleConfig}`);
      const row = { ...node, autoscaleConfig, spec: { ...node.spec!, autoscaleConfig } };
      const lane = aLane(`l-${autoscaleConfig}`, { autoscaleConfig, appliedRevision: 1 });
      await site.ledger.commit([
        { kind: "put", table: "lane", row: lane },
        { kind: "put", table: "node", row: { ...row, createdAtMs: nowMs - 1_000 * index } },
      ]);
    }
    const lanes = (openedMax: number) =>
      likelyGrowth(site.state, { nowMs, openedMax, opened: new Set(), coming: [] }).map(
        ({ laneId }) => laneId ?? "new",
      );
    assert.deepEqual(lanes(2), ["l-a", "l-b"]);
    assert.deepEqual(lanes(0), []);

    const last = { class: "QUOTA", message: "full", atMs: nowMs } as const;
    const failures = { vms: { consecutiveFailures: 1, retryAtMs: nowMs + 1, last } };
    await site.ledger.commit([
      { kind: "put", table: "configState", row: { autoscaleConfig: "a", failures } },
      { kind: "put", table: "configState", row: { autoscaleConfig: "b", isDeleting: true } },
    ]);
    assert.deepEqual(lanes(3), ["l-c"]);

    await site.ledger.commit([
      { kind: "put", table: "lane", row: aLane("l-c", { autoscaleConfig: "c", openRevision: 1 }) },
    ]);
    assert.deepEqual(lanes(3), ["new"], "a busy lane is not waited for");
  });

  for (const [leadTime, leadMs] of [
    ["0s", 0],
    ["10m", 600_000],
    // Nothing was measured yet.
    ["auto", 300_000],
  ] as const) {
    it(`are opened shortly before a schedule opens a config without nodes, and end when nobody comes (lead ${leadTime})`, async () => {
      const site = await Site.beforeOpening(["agents"], leadTime);
      const opensAtMs = startMs + 3_600_000 - leadMs;

      const openAtMs: number[] = [];
      while (site.clock.now() < startMs + 2 * 3_600_000) {
        await site.clock.advance(1_000);
        if (site.opened) openAtMs.push(site.clock.now());
      }

      const [firstMs = 0, lastMs = 0] = [openAtMs[0], openAtMs.at(-1)];
      assert.ok(firstMs >= opensAtMs - soonMs, "not earlier than said");
      assert.ok(firstMs <= opensAtMs - soonMs + 10_000, "long enough before");
      assert.equal(openAtMs.length, (lastMs - firstMs) / 1_000 + 1, "all the time");
      assert.ok(
        lastMs >= opensAtMs + recentMs - 10_000 && lastMs <= opensAtMs + recentMs + 10_000,
        "15 minutes longer",
      );
      assert.equal(site.updater.vms.size, 0);
      assert.deepEqual(site.updater.wrongs, []);
      await site.runner.stop();
    });
  }

  it("take the first node of a config whose schedule has opened", async () => {
    const site = await Site.beforeOpening(["agents"], "0s");
    await site.clock.advance(3_600_000);
    const { laneId } = site.opened!;
    const { updates } = site.updater;

    await site.born("n1", laneId);
    await site.clock.advance(1_000);

    assert.equal(site.status("n1"), "starting");
    assert.equal(site.updater.updates, updates, "without an update of its own");
    await site.runner.stop();
  });

  for (const moment of [0, 1, 2, 3, 4]) {
    it(`keep what changes in their lane while they open (${moment} turns after somebody looked at it)`, async () => {
      const site = await Site.beforeOpening(["agents"], "0s");
      const { lanes } = site.state;
      const find = lanes.get.bind(lanes);
      let changed: Promise<void> | undefined;
      lanes.get = (laneId) => {
        const lane = find(laneId);
        if (lane && changed === undefined) {
          changed = Promise.resolve();
          for (let turn = 0; turn < moment; turn += 1) changed = changed.then();
          changed = changed.then(() => site.born("n1", laneId));
        }
        return lane;
      };

      await site.clock.advance(3_600_000);
      await changed;

      const [lane] = [...lanes.values()];
      assert.equal(lane?.desiredRevision, 1, JSON.stringify(lane));
      assert.equal(site.status("n1"), "starting");
      await site.runner.stop();
      assert.deepEqual(site.updater.wrongs, []);
    });
  }

  it("are never more than the limit, however many schedules open at once", async () => {
    const site = await Site.beforeOpening(["a", "b", "c", "d"], "0s");
    let most = 0;
    while (site.clock.now() < startMs + 3_600_000 + recentMs) {
      await site.clock.advance(5_000);
      const open = [...site.state.lanes.values()].filter(({ openRevision }) => openRevision !== undefined);
      most = Math.max(most, open.length);
    }
    assert.equal(most, site.updater.openedMax);
    await site.runner.stop();
  });

  it("are as many as a tenth of the memory holds, one from 2 GiB on, none with less", () => {
    assert.deepEqual(
      [1, 2, 8, 24, 128].map((size) => openedFor(0, size * gib)),
      [0, 1, 1, 4, 21],
    );
    assert.equal(openedFor(4 * gib, 64 * gib), 1, "the container's limit counts");
    assert.equal(openedFor(2 ** 63, 24 * gib), 4, "no limit");
  });
});
