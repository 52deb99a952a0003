import assert from "node:assert/strict";
import { tidyAccounts } from "../../runtime/broker/account-rows";
import { changesAfterCheck, nextCheck } from "../../runtime/broker/account-checks";
import { Metrics } from "../../runtime/metrics/metrics";
import type { FleetSources } from "../../runtime/metrics/moment";
import type { Node } from "../../runtime/model/state";
import { nodeStatuses } from "../../runtime/model/state";
import type { HotState } from "../../runtime/store/hot-state";
import {
  aConfigState,
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  aState,
  catalog,
  definitionChanges,
  gib,
  poolDoc,
  rowChanges,
  scheduleDoc,
  serverConfigDoc,
  someFailures,
  vmProviderDoc,
  workspaceDoc,
} from "../support/builders";
import { startMs, VirtualClock } from "../support/virtual-clock";
import { readMetrics, type MetricsText } from "./metrics-text";

const version = "1.2.3";
const onTrouble = (error: unknown): never => {
  throw error;
};

function sourcesOf(state: HotState): FleetSources {
  return { ledger: { state }, clock: new VirtualClock(), catalog, epoch: 7 };
}

async function scrape(state: HotState, metrics = new Metrics({ version, onTrouble })): Promise<MetricsText> {
  return readMetrics(await metrics.scrape(sourcesOf(state)));
}

describe("gauges", () => {
  it("count nodes by config and status, with a zero for each status that none has", async () => {
    const nodes = nodeStatuses.slice(2, 7).map((status, index) => aNode({ nodeId: `n${index}`, status }));
    const text = await scrape(aState({ configs: [agentConfigDoc(), agentConfigDoc({ name: "other" })], nodes }));

    for (const status of nodeStatuses) {
      const has = nodes.filter((node) => node.status === status).length;
      assert.equal(text.sum("headroom_nodes", { config: "agents", status }), has, status);
    }
    const series = text.series.filter(({ name }) => name === "headroom_nodes");
    assert.equal(series.length, 2 * nodeStatuses.length);
    // Starting, running and missing; neither dead nor draining.
    assert.equal(text.sum("headroom_nodes_desired", { config: "agents" }), 3);
  });

  it("tell used, free and coming capacity of agents, by pool, zone and config", async () => {
    const nodes = [
      aNode(),
      aNode({ nodeId: "n2", status: "draining" }),
      aNode({ nodeId: "n3", status: "starting" }),
      aNode({ nodeId: "static", autoscaleConfig: undefined, vmProvider: undefined }),
    ];
    const sessions = [aSession({ nodeId: "n1" }), aSession({ nodeId: "n2" })];
    const text = await scrape(aState({ configs: [agentConfigDoc({ standbyCores: 3 })], nodes, sessions }));
    const cores = (state: string, config = "agents") =>
      text.sum("headroom_capacity_cores", { pool: "agents", zone: "eu", config, state });

    assert.deepEqual([cores("used"), cores("free"), cores("coming")], [4, 2, 4]);
    assert.deepEqual([cores("used", ""), cores("free", ""), cores("coming", "")], [0, 4, 0]);
    assert.equal(text.sum("headroom_capacity_memory_bytes", { config: "agents", state: "free" }), 6 * gib);
    assert.equal(text.sum("headroom_standby_cores", { pool: "agents", zone: "eu", config: "agents" }), 3);
    assert.equal(text.series.filter(({ name }) => name === "headroom_capacity_sessions").length, 0);
  });

  it("tell what servers have in sessions", async () => {
    const nodes = [aServer(), aServer({ nodeId: "n2" }), aServer({ nodeId: "n3", status: "provisioning" })];
    const sessions = [aSession({ workspace: "desktop", nodeId: "n2" })];
    const text = await scrape(aState({ configs: [serverConfigDoc({ minimumAvailableSessions: 5 })], nodes, sessions }));
    const has = (state: string) => text.sum("headroom_capacity_sessions", { config: "servers", state });

    assert.deepEqual([has("used"), has("free"), has("coming")], [1, 1, 1]);
    assert.equal(text.sum("headroom_standby_sessions", { config: "servers" }), 5);
    assert.equal(text.series.filter(({ name }) => name === "headroom_standby_cores").length, 0);
  });

  it("take standby from the schedule that is open, and offer nothing outside of it", async () => {
    const doc = { configs: [agentConfigDoc({ standbyCores: 1 })], nodes: [aNode()] };
    const open = await scrape(aState({ ...doc, schedules: [scheduleDoc({ standbyCores: 9 })] }));
    const shut = await scrape(aState({ ...doc, schedules: [scheduleDoc({ start: "20:00", end: "22:00" })] }));

    assert.equal(open.sum("headroom_standby_cores"), 9);
    assert.deepEqual(
      [open, shut].map((text) => text.sum("headroom_schedule_open")),
      [1, 0],
    );
    assert.deepEqual(
      [open, shut].map((text) => text.sum("headroom_schedule_next_change_timestamp_seconds")),
      [18, 20].map((hour) => Date.UTC(2026, 0, 14, hour) / 1000),
    );
    assert.equal(open.sum("headroom_capacity_cores", { state: "free" }), 4);
    assert.equal(shut.sum("headroom_capacity_cores", { state: "free" }), 0);
  });

  it("tell how many wait, for which pool, and how long the first has waited", async () => {
    const workspaces = [workspaceDoc({ pools: ["agents", "more"] }), workspaceDoc({ name: "idle" })];
    const sessions = [
      aSession({ requestedAtMs: startMs - 90_000 }),
      aSession({ requestedAtMs: startMs - 30_000 }),
      aSession({ nodeId: "n1", requestedAtMs: startMs - 900_000 }),
    ];
    const pools = [poolDoc(), poolDoc({ name: "more" }), poolDoc({ name: "unused" })];
    const text = await scrape(aState({ pools, workspaces, sessions, nodes: [aNode()] }));

    const waiting = (pool: string) => text.sum("headroom_queue_sessions", { pool });
    assert.deepEqual([waiting("agents"), waiting("more"), waiting("unused")], [2, 2, 0]);
    assert.equal(text.sum("headroom_queue_oldest_wait_seconds", { workspace: "office" }), 90);
    assert.equal(text.sum("headroom_queue_oldest_wait_seconds", { workspace: "idle" }), 0);
    assert.equal(text.sum("headroom_sessions", { workspace: "office", status: "queued" }), 2);
    assert.equal(text.sum("headroom_sessions", { workspace: "idle" }), 0);
  });

  it("tell the limit of a config, overdue nodes, tripped circuits and the oldest wish", async () => {
    const nodes = [
      aNode({ status: "starting", statusSinceMs: startMs - 601_000 }),
      aNode({ nodeId: "n2", status: "destroying", statusSinceMs: startMs - 1_000_000 }),
      aNode({ nodeId: "n3", status: "destroying", statusSinceMs: startMs - 100_000 }),
      aNode({ nodeId: "n4", status: "requested", statusSinceMs: startMs - 2_000_000 }),
    ];
    const configs = [
      agentConfigDoc({ fallbackVmProviders: ["spare"] }),
      agentConfigDoc({ name: "small", maxNodes: 3 }),
    ];
    const vmProviders = [vmProviderDoc(), vmProviderDoc({ name: "spare", maxInstances: 20 })];
    const configStates = [aConfigState({ spare: someFailures({ consecutiveFailures: 9 }) })];
    const text = await scrape(aState({ configs, vmProviders, nodes, configStates }));

    assert.equal(text.sum("headroom_nodes_limit", { config: "agents" }), 120);
    assert.equal(text.sum("headroom_nodes_limit", { config: "small" }), 3);
    assert.equal(text.sum("headroom_nodes_overdue", { config: "agents", status: "starting" }), 1);
    assert.equal(text.sum("headroom_nodes_overdue", { config: "agents", status: "destroying" }), 1);
    assert.equal(text.sum("headroom_lane_behind_oldest_seconds"), 2_000);
    const circuit = (provider: string) => text.sum("headroom_circuit_open", { config: "agents", provider });
    assert.deepEqual([circuit("vms"), circuit("spare")], [0, 1]);
  });

  it("tell which accounts are not in order, as their clouds have said", async () => {
    const vmProviders = [vmProviderDoc(), vmProviderDoc({ name: "bad" }), vmProviderDoc({ name: "unasked" })];
    const state = aState({ vmProviders });
    state.apply(tidyAccounts({ snapshot: state, catalog, nowMs: startMs }));
    const context = { snapshot: state, catalog, nowMs: startMs };
    const size = { kind: "wrong" as const, field: "size", text: "there is none of that name" };
    const asked = new Map<string, number>();
    for (let next = nextCheck(context, asked); next && asked.size < 3; next = nextCheck(context, asked)) {
      asked.set(next.subject.name, startMs);
      const check = { findings: next.subject.name === "bad" ? [size] : [] };
      if (next.subject.name !== "unasked") state.apply(changesAfterCheck(next, { check }, context));
    }
    const text = await scrape(state);
    const ok = (provider: string) => text.sum("headroom_account_ok", { provider });

    assert.deepEqual([ok("vms"), ok("bad"), ok("unasked")], [1, 0, 1]);
    const times = text.series.filter(({ name }) => name === "headroom_account_checked_timestamp_seconds");
    assert.deepEqual(times.map(({ labels }) => labels["provider"]).sort(), ["bad", "vms"]);
  });

  it("come from the leader alone; a process that stands by tells of itself and of no definition", async () => {
    const metrics = new Metrics({ version, onTrouble });
    const leading = await scrape(aState({ configs: [agentConfigDoc()], nodes: [aNode()] }), metrics);
    const standing = readMetrics(await metrics.scrape(undefined));

    assert.equal(leading.sum("headroom_leader"), 1);
    assert.equal(leading.sum("headroom_epoch"), 7);
    assert.equal(standing.sum("headroom_leader"), 0);
    const names = new Set(standing.series.map(({ name }) => name).filter((name) => name.startsWith("headroom_")));
    assert.deepEqual([...names], ["headroom_build_info", "headroom_leader"]);
    assert.ok(standing.sum("nodejs_eventloop_lag_p99_seconds") >= 0);
    assert.ok(standing.sum("process_resident_memory_bytes") > 0);
  });

  it("forget definitions that are gone, after they were told of once more", async () => {
    const metrics = new Metrics({ version, onTrouble });
    const docs = { configs: [agentConfigDoc(), agentConfigDoc({ name: "gone" })] };
    const state = aState(docs);
    const made = rowChanges({ nodes: [aNode({ nodeId: "new", autoscaleConfig: "gone" })] });
    const durable = metrics.see(made, state);
    await scrape(state, metrics);
    durable();
    state.apply([{ kind: "delete", table: "definition", id: "autoscaleConfig/gone" }]);
    const [last, after] = [await scrape(state, metrics), await scrape(state, metrics)];

    const told = (text: MetricsText) => text.series.filter(({ labels }) => labels["config"] === "gone");
    assert.equal(last.sum("headroom_nodes_created_total", { config: "gone" }), 1);
    assert.deepEqual(told(after), []);
    assert.ok(after.series.some(({ labels }) => labels["config"] === "agents"));
    state.apply(definitionChanges(docs));
    assert.equal((await scrape(state, metrics)).sum("headroom_nodes_created_total", { config: "gone" }), 0);
  });

  it("need no more series for 10,000 nodes and 50,000 sessions than for none", async function () {
    this.timeout(60_000);
    const configs = ["a", "b", "c"].map((name) => agentConfigDoc({ name }));
    const empty = await scrape(aState({ configs }));
    const nodes: Node[] = Array.from({ length: 10_000 }, (_, index) =>
      aNode({
        nodeId: `n${index}`,
        autoscaleConfig: "abc"[index % 3]!,
        laneId: `lane-${index >> 5}`,
        status: nodeStatuses[index % nodeStatuses.length]!,
      }),
    );
    const sessions = Array.from({ length: 50_000 }, (_, index) => aSession({ nodeId: `n${index % 10_000}` }));
    const metrics = new Metrics({ version, onTrouble });
    const state = aState({ configs, nodes, sessions });
    metrics.see(rowChanges({ nodes, sessions }), aState({ configs }))();
    const full = await scrape(state, metrics);

    const own = (text: MetricsText) => text.series.filter(({ name }) => name.startsWith("headroom_")).length;
    assert.equal(own(full), own(empty));
    assert.equal(full.sum("headroom_nodes"), 10_000);
    assert.equal(full.sum("headroom_sessions"), 50_000);
    assert.equal(full.sum("headroom_nodes_created_total"), 10_000);
  });
});
