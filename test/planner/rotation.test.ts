import assert from "node:assert/strict";
import fc from "fast-check";
import type { Plan } from "../../runtime/model/plan";
import type { Node } from "../../runtime/model/state";
import { SpecDigests } from "../../runtime/planner/config/spec-digest";
import type { HotState } from "../../runtime/store/hot-state";
import {
  agentConfigDoc,
  aConfigState,
  aNode,
  aSession,
  aState,
  catalog,
  someFailures,
  vmProviderDoc,
  type AgentConfigDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, countChanges, planOf, setNodes } from "./applied";

const minute = 60_000;
const hour = 60 * minute;

function digestOf(state: HotState, vmProvider = "vms"): string {
  return new SpecDigests(catalog).of(state.autoscaleConfigs.get("agents")!, vmProvider, state)!;
}

/** One floor node, ten hours of life, half an hour of pre-warm, unless said otherwise. */
function aging(doc: Partial<AgentConfigDoc>, rows: WorldRows = {}): HotState {
  return aState({
    configs: [agentConfigDoc({ minNodes: 1, maxNodeAge: "10h", rotatePreWarm: "30m", ...doc })],
    ...rows,
  });
}

const aged = (hours: number, node: Partial<Node> = {}) => aNode({ createdAtMs: startMs - hours * hour, ...node });

/** Nodes made from what was declared before. */
function rolling(doc: Partial<AgentConfigDoc>, rows: WorldRows): HotState {
  const nodes = rows.nodes!.map((node) => ({ specDigest: "of an older definition", ...node }));
  return aState({ configs: [agentConfigDoc({ onSpecChange: "rotate", ...doc })], ...rows, nodes });
}

function boot(state: HotState): void {
  setNodes(state, (node) => (node.status === "requested" ? { status: "running" } : {}));
}

function bury(state: HotState): void {
  for (const { nodeId, status } of [...state.nodes.values()]) {
    if (status === "destroying") state.apply([{ kind: "delete", table: "node", id: nodeId }]);
  }
}

function apply(state: HotState, nowMs: number): Plan {
  const plan = planOf(state, nowMs);
  applyPlan(state, plan);
  return plan;
}

describe("planner, rotation by age", () => {
  it("starts the replacement rotatePreWarm before maxNodeAge and drains the idle node at that age once it runs", () => {
    const state = aging({}, { nodes: [aged(9.4)] });
    assert.deepEqual(countChanges(apply(state, startMs)), {});
    assert.deepEqual(countChanges(apply(state, startMs + 6 * minute)), { create: 1 });
    assert.deepEqual(countChanges(apply(state, startMs + 36 * minute)), {}, "its replacement does not run yet");
    boot(state);
    assert.deepEqual(countChanges(apply(state, startMs + 35 * minute)), {}, "it is not of age yet");
    const plan = apply(state, startMs + 36 * minute);
    assert.deepEqual(countChanges(plan), { drain: 1 });
    assert.match(plan.changes[0]!.reason.text, /^reaches its maximum age of 10h at /);
    assert.deepEqual(countChanges(apply(state, startMs + 37 * minute)), { destroy: 1 });
    bury(state);
    assert.deepEqual(countChanges(apply(state, startMs + 38 * minute)), {});
  });

  it("drains a busy node at its age; it goes when it is empty", () => {
    const state = aging({}, { nodes: [aged(10)], sessions: [aSession({ sessionId: "s", nodeId: "n1" })] });
    assert.deepEqual(countChanges(apply(state, startMs)), { create: 1, drain: 1 });
    boot(state);
    assert.deepEqual(countChanges(apply(state, startMs + hour)), {});
    state.apply([{ kind: "put", table: "session", row: { ...state.sessions.get("s")!, status: "ended" } }]);
    assert.deepEqual(countChanges(apply(state, startMs + 2 * hour)), { destroy: 1 });
  });

  it("replaces nothing that nobody needs", () => {
    const state = aging({ minNodes: 0 }, { nodes: [aged(10)] });
    assert.deepEqual(countChanges(apply(state, startMs)), { drain: 1 });
  });

  it("does not bring a node that is too old back from draining", () => {
    const reason = { code: "expired", text: "old", numbers: {} };
    const state = aging(
      { minNodes: 0 },
      { nodes: [aged(11, { status: "draining", reason, statusSinceMs: startMs })], sessions: [aSession()] },
    );
    assert.deepEqual(countChanges(planOf(state)), { create: 1 });
  });

  it("lets one idle node go first where the caps leave no room for a replacement", () => {
    const nodes = ["n1", "n2", "n3"].map((nodeId) => aged(10, { nodeId }));
    for (const state of [
      aging({ minNodes: 3, maxNodes: 3 }, { nodes }),
      aging({ minNodes: 3 }, { nodes, vmProviders: [vmProviderDoc({ maxInstances: 3 })] }),
    ]) {
      assert.deepEqual(countChanges(apply(state, startMs)), { drain: 1 });
      assert.deepEqual(countChanges(apply(state, startMs + 1)), { destroy: 1 });
      assert.deepEqual(countChanges(apply(state, startMs + 2)), {}, "one at a time");
      bury(state);
      assert.deepEqual(countChanges(apply(state, startMs + 3)), { create: 1 });
    }
  });

  it("keeps an idle node while its replacement can't be made for another reason", () => {
    const failures = someFailures({ last: { class: "CONFIG", message: "no such image", atMs: startMs } });
    const state = aging({}, { nodes: [aged(11)], configStates: [aConfigState({ vms: failures })] });
    const plan = planOf(state);
    assert.deepEqual(plan.changes, []);
    const reason = plan.configs[0]!.reasons.find(({ code }) => code === "rotation");
    assert.match(reason!.text, /^replaces node n1: reaches its maximum age .*; it waits for its replacement$/);
  });
});

describe("planner, nodes of an older definition", () => {
  it("keeps them by default", () => {
    const state = rolling({ onSpecChange: "keep", minNodes: 1 }, { nodes: [aNode()] });
    assert.deepEqual(planOf(state).changes, []);
  });

  it("onSpecChange: rotate replaces them one at a time, idle ones first, never with more than one node extra", () => {
    const nodes = ["n1", "n2", "n3"].map((nodeId) => aNode({ nodeId }));
    const state = rolling({ minNodes: 3 }, { nodes, sessions: [aSession({ nodeId: "n1" })] });
    const drained: string[] = [];
    for (let step = 0; step < 40; step += 1) {
      for (const change of apply(state, startMs + step * minute).changes)
        if (change.kind === "drain") drained.push(change.nodeId);
      assert.ok(state.nodes.size <= 4, `${state.nodes.size} nodes`);
      bury(state);
      boot(state);
    }
    assert.deepEqual(drained, ["n2", "n3", "n1"]);
    const digest = digestOf(state);
    for (const { nodeId, specDigest, status } of state.nodes.values()) {
      if (nodeId === "n1") assert.equal(status, "draining", "a busy one stays until it is empty");
      else assert.equal(specDigest, digest);
    }
  });

  it("are the first to leave when there are too many, whatever onSpecChange says", () => {
    const rows = { nodes: [aNode({ nodeId: "n1", createdAtMs: 1 }), aNode({ nodeId: "n2" })] };
    const state = rolling({ onSpecChange: "keep", standbyCores: 4, downscaleBackoff: "0s" }, rows);
    state.apply([{ kind: "put", table: "node", row: { ...state.nodes.get("n2")!, specDigest: digestOf(state) } }]);
    assert.deepEqual(
      planOf(state).changes.map((change) => change.kind === "drain" && change.nodeId),
      ["n1"],
    );
  });

  it("stops by itself when nodes of the new definition fail", () => {
    const failures = someFailures({
      consecutiveFailures: 5,
      last: { class: "TIMEOUT", message: "no check-in", atMs: startMs },
    });
    const state = rolling(
      { minNodes: 2 },
      { nodes: [aNode(), aNode({ nodeId: "n2" })], configStates: [aConfigState({ vms: failures })] },
    );
    assert.deepEqual(planOf(state).changes, []);
  });

  it("replaces nodes of a VM provider config that its config does not use any more", () => {
    const vmProviders = [vmProviderDoc(), vmProviderDoc({ name: "left" })];
    const state = rolling({ minNodes: 1 }, { vmProviders, nodes: [aNode({ vmProvider: "left" })] });
    assert.deepEqual(countChanges(planOf(state)), { create: 1 });
  });

  it("is out of date by what nodes are made from, not by limits and secrets", () => {
    const base = agentConfigDoc({ startupScript: { text: "echo" } });
    const digestWith = (doc: Partial<AgentConfigDoc>, settings: Record<string, unknown> = { cores: 4 }) =>
      digestOf(aState({ configs: [{ ...base, ...doc }], vmProviders: [vmProviderDoc({ settings })] }));
    const digest = digestWith({});
    for (const same of [{ standbyCores: 9 }, { maxNodes: 9 }, { enabled: false }, { maxNodeAge: "2h" }])
      assert.equal(digestWith(same), digest);
    for (const other of [{ startupScript: { text: "echo 2" } }, { coresOverride: 8 }])
      assert.notEqual(digestWith(other), digest);
    assert.notEqual(digestWith({}, { cores: 8 }), digest);
  });
});

describe("planner, rotation, properties", () => {
  const worlds = fc.record({
    minNodes: fc.integer({ min: 0, max: 4 }),
    standbyCores: fc.constantFrom(0, 4, 6),
    maxNodes: fc.option(fc.integer({ min: 4, max: 7 }), { nil: undefined }),
    maxInstances: fc.integer({ min: 1, max: 8 }),
    byAge: fc.boolean(),
    bySpec: fc.boolean(),
    preWarm: fc.constantFrom("0s", "30m"),
    nodes: fc.array(fc.record({ hours: fc.constantFrom(1, 8, 9.6, 11), isOld: fc.boolean(), busy: fc.nat(2) }), {
      maxLength: 6,
    }),
  });

  it("never passes a cap, never destroys a busy node, replaces every idle one, and comes to rest", () => {
    const { HEADROOM_SEED: seed, HEADROOM_RUNS: runs = "150" } = process.env;
    fc.assert(
      fc.property(worlds, (world) => {
        const { minNodes, standbyCores, maxNodes, maxInstances } = world;
        const doc = {
          minNodes,
          standbyCores,
          ...(maxNodes === undefined ? {} : { maxNodes }),
          ...(world.byAge ? { maxNodeAge: "10h", rotatePreWarm: world.preWarm } : {}),
          onSpecChange: world.bySpec ? ("rotate" as const) : ("keep" as const),
        };
        const rows = { vmProviders: [vmProviderDoc({ maxInstances })], configs: [agentConfigDoc(doc)] };
        const current = digestOf(aState(rows));
        const nodes = world.nodes.map(({ hours, isOld }, index) =>
          aged(hours, { nodeId: `n${index}`, specDigest: isOld ? "old" : current }),
        );
        const sessions = world.nodes.flatMap(({ busy }, index) =>
          busy === 1 ? [aSession({ nodeId: `n${index}` })] : [],
        );
        const state = aState({ ...rows, nodes, sessions });
        let nowMs = startMs;
        for (let step = 0; step < 60; step += 1, nowMs += minute) {
          const plan = apply(state, nowMs);
          const made = countChanges(plan)["create"] ?? 0;
          const limit = Math.min(maxInstances, maxNodes ?? Infinity);
          assert.ok(made === 0 || state.nodes.size <= limit, `${state.nodes.size} nodes of ${limit}`);
          for (const node of state.nodes.values()) {
            assert.ok(
              node.status !== "destroying" || state.usage(node.nodeId).pinned === 0,
              "a busy node is destroyed",
            );
          }
          assert.deepEqual(planOf(state, nowMs).changes, [], "planning again changes nothing");
          bury(state);
          boot(state);
        }
        assert.deepEqual(planOf(state, nowMs).changes, []);
        for (const node of state.nodes.values()) {
          const isTooOld = world.byAge && nowMs - node.createdAtMs > 10 * hour;
          const isOutdated = world.bySpec && node.specDigest !== current;
          const isBusy = state.usage(node.nodeId).pinned > 0;
          if (isTooOld) assert.ok(isBusy && node.status === "draining", `${node.nodeId} is too old and ${node.status}`);
          else if (isOutdated && !isBusy) assert.fail(`${node.nodeId} is outdated and stays`);
        }
      }),
      { numRuns: Number(runs), ...(seed === undefined ? {} : { seed: Number(seed) }) },
    );
  });
});
