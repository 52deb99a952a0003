import assert from "node:assert/strict";
import type { Plan } from "../../runtime/model/plan";
import type { HotState } from "../../runtime/store/hot-state";
import {
  aConfigState,
  aDesktopSession,
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  aState,
  poolDoc,
  scheduleDoc,
  serverConfigDoc,
  someFailures,
  vmProviderDoc,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, countChanges, planOf, setNodes } from "./applied";

const minutes = 60_000;

function run(state: HotState) {
  setNodes(state, (node) =>
    ["requested", "provisioning", "starting"].includes(node.status) ? { status: "running" } : {},
  );
}

function planAndApply(state: HotState, nowMs: number): Plan {
  const plan = planOf(state, nowMs);
  applyPlan(state, plan);
  return plan;
}

function topReason(plan: Plan, autoscaleConfig = "agents") {
  return plan.configs.find((config) => config.autoscaleConfig === autoscaleConfig)!.reasons[0]!;
}

describe("planner, docker agents", () => {
  it("A: keeps standby cores free on top of what runs, and lets the excess go after the back-off", () => {
    const state = aState({ configs: [agentConfigDoc({ standbyCores: 4 })] });

    assert.deepEqual(countChanges(planAndApply(state, startMs)), { create: 1 });
    run(state);
    assert.deepEqual(countChanges(planOf(state)), {});

    const nodeId = [...state.nodes.keys()][0]!;
    const session = aSession({ nodeId });
    state.apply([{ kind: "put", table: "session", row: session }]);
    assert.deepEqual(countChanges(planAndApply(state, startMs + minutes)), { create: 1 });
    run(state);

    state.apply([{ kind: "put", table: "session", row: { ...session, status: "ended" } }]);
    assert.deepEqual(countChanges(planAndApply(state, startMs + 10 * minutes)), {});
    assert.deepEqual(countChanges(planAndApply(state, startMs + 24 * minutes)), {});
    assert.deepEqual(countChanges(planAndApply(state, startMs + 25 * minutes)), { drain: 1 });
    const plan = planAndApply(state, startMs + 25 * minutes + 1);
    assert.deepEqual(countChanges(plan), { destroy: 1 });
    assert.notEqual(state.nodes.get(nodeId)!.status, "destroying", "the newest node leaves");
  });

  it("B: makes nothing without standby and queue", () => {
    assert.deepEqual(planOf(aState({ configs: [agentConfigDoc()] })).changes, []);
  });

  for (const { aggressiveScaling, nodes } of [
    { aggressiveScaling: false, nodes: 1 },
    { aggressiveScaling: true, nodes: 2 },
  ]) {
    it(`B: makes ${nodes} for two waiting sessions of 2 cores when aggressive scaling is ${aggressiveScaling}`, () => {
      const configs = [agentConfigDoc({ aggressiveScaling })];
      const state = aState({ configs, sessions: [aSession(), aSession()] });

      assert.deepEqual(countChanges(planAndApply(state, startMs)), { create: nodes });
      assert.deepEqual(countChanges(planOf(state)), {}, "nodes on their way are promised");
    });
  }

  it("D: stops at max instances; the sessions behind it wait with that reason", () => {
    const sessions = [1, 2, 3, 4, 5].map(() => aSession({ needs: { cores: 4, memoryBytes: 1, gpus: 0 } }));
    const state = aState({ configs: [agentConfigDoc()], vmProviders: [vmProviderDoc({ maxInstances: 3 })], sessions });

    const plan = planAndApply(state, startMs);

    assert.deepEqual(countChanges(plan), { create: 3 });
    assert.deepEqual(
      plan.waiting.map(({ reason }) => reason.code),
      ["newNode", "newNode", "newNode", "maxInstances", "maxInstances"],
    );
    assert.equal(topReason(plan).code, "maxInstances");
    assert.match(topReason(plan).text, /3 of at most 3 instances/);
  });

  it("counts failed, dead and destroying nodes against the cap while they may exist", () => {
    const nodes = (["destroying", "failed", "dead"] as const).map((status) => aNode({ nodeId: status, status }));
    const state = aState({
      configs: [agentConfigDoc()],
      vmProviders: [vmProviderDoc({ maxInstances: 3 })],
      nodes,
      sessions: [aSession()],
    });

    assert.deepEqual(countChanges(planOf(state)), { destroy: 2 });
  });

  it("shares max instances among the configs of one VM provider config, sessions before standby", () => {
    const state = aState({
      pools: [poolDoc(), poolDoc({ name: "others" })],
      configs: [agentConfigDoc(), agentConfigDoc({ name: "aa", pool: "others", standbyCores: 40 })],
      vmProviders: [vmProviderDoc({ maxInstances: 2 })],
      sessions: [aSession()],
    });

    const created = planOf(state).changes.map((change) => change.kind === "create" && change.autoscaleConfig);

    assert.deepEqual(created, ["agents", "aa"]);
  });

  it("scales up when any dimension falls short and down only when all stay", () => {
    const configs = [agentConfigDoc({ standbyCores: 1, standbyMemory: "10GiB", downscaleBackoff: "0s" })];
    const state = aState({ configs, nodes: [aNode()] });

    assert.deepEqual(countChanges(planAndApply(state, startMs)), { create: 1 });
    run(state);
    assert.deepEqual(countChanges(planOf(state)), {});
  });

  it("J: does not count a missing node as capacity and does not destroy it; a dead one goes and is replaced", () => {
    const configs = [agentConfigDoc({ standbyCores: 4 })];
    const missing = aState({ configs, nodes: [aNode({ status: "missing" })] });
    const dead = aState({ configs, nodes: [aNode({ status: "dead" })] });

    assert.deepEqual(countChanges(planOf(missing)), { create: 1 });
    assert.deepEqual(countChanges(planOf(dead)), { create: 1, destroy: 1 });
  });

  it("brings a draining node back when it is needed meanwhile", () => {
    const draining = aNode({
      status: "draining",
      statusSinceMs: startMs,
      reason: { code: "excess", text: "", numbers: {} },
    });
    const state = aState({ configs: [agentConfigDoc()], nodes: [draining], sessions: [aSession()] });

    const plan = planAndApply(state, startMs + 1);

    assert.deepEqual(countChanges(plan), { undrain: 1 });
    assert.deepEqual(countChanges(planOf(state, startMs + 1)), {});
  });

  it("never brings back a node that a person deleted", () => {
    const draining = aNode({
      status: "draining",
      statusSinceMs: startMs,
      reason: { code: "manual", text: "", numbers: {} },
    });
    const state = aState({ configs: [agentConfigDoc()], nodes: [draining], sessions: [aSession()] });

    assert.deepEqual(countChanges(planOf(state, startMs + 1)), { create: 1, destroy: 1 });
  });

  it("starts the back-off anew after any deficit", () => {
    const configs = [agentConfigDoc({ downscaleBackoff: "10m" })];
    const state = aState({ configs, nodes: [aNode()] });
    planAndApply(state, startMs);
    assert.equal(state.configStates.get("agents")!.excessSinceMs, startMs);

    const session = aSession({ needs: { cores: 4, memoryBytes: 1, gpus: 0 } });
    state.apply([{ kind: "put", table: "session", row: { ...session, status: "running", nodeId: "n1" } }]);
    planAndApply(state, startMs + 5 * minutes);
    assert.equal(state.configStates.get("agents")!.excessSinceMs, undefined);

    state.apply([{ kind: "put", table: "session", row: { ...session, status: "ended" } }]);
    planAndApply(state, startMs + 6 * minutes);
    assert.deepEqual(countChanges(planAndApply(state, startMs + 15 * minutes)), {});
    assert.deepEqual(countChanges(planAndApply(state, startMs + 16 * minutes)), { drain: 1 });
  });

  it("keeps min nodes, and never passes max nodes", () => {
    const floor = aState({ configs: [agentConfigDoc({ minNodes: 3, downscaleBackoff: "0s" })] });
    assert.deepEqual(countChanges(planAndApply(floor, startMs)), { create: 3 });
    run(floor);
    assert.deepEqual(countChanges(planOf(floor, startMs + 1)), {});

    const ceiling = aState({ configs: [agentConfigDoc({ maxNodes: 2, standbyCores: 40 })] });
    assert.deepEqual(countChanges(planOf(ceiling)), { create: 2 });
    assert.equal(topReason(planOf(ceiling)).code, "maxNodes");
  });

  it("counts static members as standby unless told not to", () => {
    const pools = [poolDoc()];
    const fixed = aNode({
      nodeId: "static:agents:m1",
      autoscaleConfig: undefined,
      vmProvider: undefined,
      readyWhen: "declared",
    });
    const counted = aState({ pools, configs: [agentConfigDoc({ standbyCores: 4 })], nodes: [fixed], workspaces: [] });
    const ignored = aState({
      pools,
      configs: [agentConfigDoc({ standbyCores: 4, countStatic: false })],
      nodes: [fixed],
      workspaces: [],
    });

    assert.deepEqual(countChanges(planOf(counted)), {});
    assert.deepEqual(countChanges(planOf(ignored)), { create: 1 });
  });

  it("makes one node at a time while nobody knows what it offers", () => {
    const vmProviders = [vmProviderDoc({ settings: {} })];
    const state = aState({
      configs: [agentConfigDoc({ standbyCores: 40 })],
      vmProviders,
      sessions: [aSession(), aSession()],
    });

    assert.deepEqual(countChanges(planAndApply(state, startMs)), { create: 1 });
    assert.deepEqual(countChanges(planOf(state)), {});
    assert.equal(planOf(state).waiting[1]!.reason.code, "unknownShape");

    setNodes(state, () => ({ status: "running", shape: { cores: 8, memoryBytes: 2 ** 35, gpus: 0 } }));
    assert.deepEqual(countChanges(planOf(state)), { create: 5 }, "8 cores each: 4 of them taken, 40 wanted on top");
  });

  it("makes none beside a draining node that comes back and has not said what it offers", () => {
    const rows = {
      configs: [agentConfigDoc({ minNodes: 1, standbySlots: { workspace: "office", count: 3 } })],
      vmProviders: [vmProviderDoc({ settings: {} })],
      nodes: [aNode({ status: "draining", statusSinceMs: startMs, shape: undefined })],
    };
    const [alone, waitedFor] = [aState(rows), aState({ ...rows, sessions: [aSession()] })];

    assert.deepEqual(countChanges(planAndApply(alone, startMs)), { undrain: 1 });
    assert.deepEqual(countChanges(planOf(alone)), {});
    assert.deepEqual(countChanges(planOf(waitedFor)), { create: 1 }, "no fewer nodes because one session waits");
  });

  it("waits out the back-off of a failing config while another config of the pool serves", () => {
    const last = { class: "TIMEOUT" as const, message: "no check-in", atMs: startMs };
    const vms = someFailures({ consecutiveFailures: 2, retryAtMs: startMs + minutes, last });
    const configStates = [aConfigState({ vms })];
    const configs = [agentConfigDoc(), agentConfigDoc({ name: "backup" })];
    const both = aState({ configs, configStates, sessions: [aSession()] });
    const alone = aState({ configs: [agentConfigDoc()], configStates, sessions: [aSession()] });

    assert.deepEqual(
      planOf(both).changes.map((change) => change.kind === "create" && change.autoscaleConfig),
      ["backup"],
    );
    assert.deepEqual(planOf(alone).changes, []);
    assert.equal(planOf(alone).waiting[0]!.reason.code, "backoff");
    assert.deepEqual(countChanges(planOf(alone, startMs + minutes)), { create: 1 });
  });

  it("freezes a disabled config, empties a drained one", () => {
    const idle = aNode();
    const busy = aNode({ nodeId: "n2" });
    const failed = aNode({ nodeId: "n3", status: "failed" });
    const rows = { nodes: [idle, busy, failed], sessions: [aSession({ nodeId: "n2" }), aSession()] };
    const frozen = aState({ configs: [agentConfigDoc({ enabled: false })], ...rows });
    const drained = aState({ configs: [agentConfigDoc({ drain: true })], ...rows });

    assert.deepEqual(planOf(frozen).changes, []);
    assert.deepEqual(countChanges(planAndApply(drained, startMs)), { drain: 2, destroy: 1 });
    assert.deepEqual(countChanges(planOf(drained, startMs + 1)), { destroy: 1 }, "the busy one stays");
  });
});

describe("planner, schedules", () => {
  // startMs is a Wednesday, 12:00 UTC.
  it("G: outside the schedule keeps the busy node, lets the idle one go after the back-off, and makes none", () => {
    const configs = [agentConfigDoc({ standbyCores: 40, minNodes: 3 })];
    const schedules = [scheduleDoc({ start: "18:00", end: "20:00" })];
    const nodes = [aNode(), aNode({ nodeId: "n2" })];
    const state = aState({ configs, schedules, nodes, sessions: [aSession({ nodeId: "n2" }), aSession()] });

    const plan = planAndApply(state, startMs);
    assert.deepEqual(countChanges(plan), {});
    assert.equal(plan.waiting[0]!.reason.code, "schedule");
    assert.deepEqual(countChanges(planAndApply(state, startMs + 15 * minutes)), { drain: 1 });
    assert.deepEqual(countChanges(planAndApply(state, startMs + 16 * minutes)), { destroy: 1 });
    assert.equal(state.nodes.get("n2")!.status, "running");
  });

  it("raises floor and standby while a window that says so is open", () => {
    const schedules = [
      scheduleDoc({ name: "noon", start: "12:00", end: "13:00", minNodes: 5, standbyCores: 0 }),
      scheduleDoc({ name: "day", start: "00:00", end: "24:00" }),
    ];
    const state = aState({ configs: [agentConfigDoc({ standbyCores: 4 })], schedules });

    assert.deepEqual(countChanges(planOf(state)), { create: 5 });
    assert.deepEqual(countChanges(planOf(state, startMs + 61 * minutes)), { create: 1 });
  });
});

describe("planner, servers", () => {
  it("E: a server counts the lower of sessions left and users left", () => {
    const config = serverConfigDoc({
      minimumAvailableSessions: 3,
      maxSimultaneousSessionsPerServer: 20,
      maxSimultaneousUsers: 2,
    });
    const server = aServer({ sessionsMax: 20, usersMax: 2 });
    const sessions = [...Array(10).keys()].map(() => aDesktopSession({ nodeId: "n1", userId: "one" }));

    assert.deepEqual(countChanges(planOf(aState({ configs: [config], nodes: [server], sessions }))), { create: 1 });
  });

  it("F: replaces a non-reusable server as soon as its session starts, and destroys it when the session ends", () => {
    const config = serverConfigDoc({ minimumAvailableSessions: 2, reusable: false });
    const servers = ["n1", "n2"].map((nodeId) => aServer({ nodeId, isReusable: false }));
    const state = aState({ configs: [config], nodes: servers });
    assert.deepEqual(countChanges(planOf(state)), {});

    const session = aDesktopSession({ nodeId: "n1" });
    state.apply([
      { kind: "put", table: "session", row: session },
      { kind: "put", table: "node", row: { ...servers[0]!, hasServed: true } },
    ]);
    assert.deepEqual(countChanges(planAndApply(state, startMs)), { create: 1 });

    state.apply([{ kind: "put", table: "session", row: { ...session, status: "ended" } }]);
    assert.deepEqual(countChanges(planAndApply(state, startMs + 1)), { drain: 1 });
    assert.deepEqual(countChanges(planAndApply(state, startMs + 2)), { destroy: 1 });
    assert.equal(state.nodes.get("n1")!.status, "destroying");
  });

  it("makes a server of its own for a second desktop of the same user", () => {
    const config = serverConfigDoc({ maxSimultaneousSessionsPerServer: 5, maxSimultaneousUsers: 5 });
    const server = aServer({ sessionsMax: 5, usersMax: 5 });
    const sessions = [aDesktopSession({ nodeId: "n1", userId: "ann" }), aDesktopSession({ userId: "ann" })];

    assert.deepEqual(countChanges(planOf(aState({ configs: [config], nodes: [server], sessions }))), { create: 1 });
  });
});
