import assert from "node:assert/strict";
import type { AgentConfigDoc } from "../support/builders";
import {
  agentConfigDoc,
  aNode,
  aSession,
  aState,
  gib,
  poolDoc,
  scheduleDoc,
  stagingDoc,
  vmProviderDoc,
  workspaceDoc,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import type { HotState } from "../../runtime/store/hot-state";
import { applyPlan, countChanges, planOf, setNodes } from "./applied";

const minutes = 60_000;
const needs = (cores: number, memoryGib = 1) => ({ cores, memoryBytes: memoryGib * gib, gpus: 0 });

/** Slots for `office`: 2 cores, 2 GiB; a node has 4 cores, 8 GiB. */
const slots = (count: number, doc: Partial<AgentConfigDoc> = {}) =>
  agentConfigDoc({ standbySlots: { workspace: "office", count }, ...doc });
const nodes = (count: number) => [...Array(count).keys()].map((index) => aNode({ nodeId: `n${index}` }));
/** On each of so many nodes a session of 3 cores: 1 core is free. */
const fragments = (count: number) =>
  [...Array(count).keys()].map((at) => aSession({ nodeId: `n${at}`, needs: needs(3) }));

function drainsAfterBackoff(state: HotState): number {
  applyPlan(state, planOf(state));
  return countChanges(planOf(state, startMs + 15 * minutes))["drain"] ?? 0;
}

describe("planner, standby slots", () => {
  it("does not take a core free on each of four nodes for room for one session of two cores", () => {
    const rows = { nodes: nodes(4), sessions: fragments(4) };
    const byCores = aState({ configs: [agentConfigDoc({ standbyCores: 4 })], ...rows });
    const bySlots = aState({ configs: [slots(1, { standbyCores: 4 })], ...rows });

    assert.deepEqual(planOf(byCores).changes, [], "four cores are free, in pieces");
    const [change] = planOf(bySlots).changes;
    assert.equal(change!.kind, "create");
    assert.match(
      change!.reason.text,
      /^0 of 1 session of workspace "office" could start at once .* 2 cores, 2GiB on one node/,
    );
    const { workspace, slots: found, standbySlots } = change!.reason.numbers;
    assert.deepEqual({ workspace, found, standbySlots }, { workspace: "office", found: 0, standbySlots: 1 });
  });

  it("makes as many nodes as the count takes, each by what it has least of", () => {
    const twoByCores = aState({ configs: [slots(5)] });
    const oneByMemory = aState({ configs: [slots(3)], workspaces: [workspaceDoc({ cores: 1, memory: "5GiB" })] });
    const oneByGpu = aState({
      configs: [slots(2)],
      vmProviders: [vmProviderDoc({ settings: { cores: 8, gpus: 1 } })],
      workspaces: [workspaceDoc({ gpus: 1 })],
    });

    assert.deepEqual(countChanges(planOf(twoByCores)), { create: 3 });
    assert.deepEqual(countChanges(planOf(oneByMemory)), { create: 3 });
    assert.deepEqual(countChanges(planOf(oneByGpu)), { create: 2 });
    applyPlan(twoByCores, planOf(twoByCores));
    assert.deepEqual(planOf(twoByCores).changes, [], "nodes on their way count");
  });

  it("counts fractions of cores exactly", () => {
    const workspaces = [workspaceDoc({ cores: 0.1, memory: "1MB" })];
    const state = (count: number) =>
      aState({
        configs: [slots(count)],
        workspaces,
        nodes: nodes(1),
        sessions: [aSession({ nodeId: "n0", needs: needs(3.7) })],
      });

    assert.deepEqual(planOf(state(3)).changes, []);
    assert.deepEqual(countChanges(planOf(state(4))), { create: 1 });
  });

  it("counts slots beyond what queued and staged sessions take", () => {
    const queued = aState({ configs: [slots(2)], nodes: nodes(1), sessions: [aSession()] });
    const staged = aState({ configs: [slots(2)], nodes: nodes(1), staging: [stagingDoc({ sessions: 1 })] });

    assert.deepEqual(countChanges(planOf(queued)), { create: 1 });
    assert.deepEqual(countChanges(planOf(staged)), { create: 1 });
  });

  it("counts static members unless told not to", () => {
    const member = aNode({ nodeId: "m1", autoscaleConfig: undefined, vmProvider: undefined, readyWhen: "declared" });
    const counted = aState({ configs: [slots(2)], nodes: [member] });
    const uncounted = aState({ configs: [slots(2, { countStatic: false })], nodes: [member] });

    assert.deepEqual(planOf(counted).changes, []);
    assert.deepEqual(countChanges(planOf(uncounted)), { create: 1 });
  });

  it("brings a draining node back for a slot before it makes one", () => {
    const draining = aNode({ status: "draining", statusSinceMs: startMs });
    const reason = { code: "excess", text: "", numbers: {} };

    assert.deepEqual(countChanges(planOf(aState({ configs: [slots(2)], nodes: [{ ...draining, reason }] }))), {
      undrain: 1,
    });
  });

  it("lets nodes go only while the count stays met by those that run", () => {
    const three = { nodes: nodes(3) };
    assert.equal(drainsAfterBackoff(aState({ configs: [slots(6)], ...three })), 0);
    assert.equal(drainsAfterBackoff(aState({ configs: [slots(5)], ...three })), 0);
    assert.equal(drainsAfterBackoff(aState({ configs: [slots(4)], ...three })), 1);
    assert.equal(drainsAfterBackoff(aState({ configs: [slots(0)], ...three })), 3);
    const inPieces = { nodes: nodes(4), sessions: fragments(3) };
    assert.equal(drainsAfterBackoff(aState({ configs: [slots(1, { standbyCores: 1 })], ...inPieces })), 0);
    const coming = [
      ...nodes(1),
      aNode({ nodeId: "n9", status: "starting", createdAtMs: startMs, statusSinceMs: startMs }),
    ];
    assert.equal(drainsAfterBackoff(aState({ configs: [slots(2)], nodes: coming })), 0, "what comes does not run yet");
  });

  it("keeps the slots of every config of the place", () => {
    const configs = [slots(1), agentConfigDoc({ name: "others" })];
    const state = aState({ configs, nodes: [aNode({ autoscaleConfig: "others" })] });

    assert.equal(drainsAfterBackoff(state), 0);
  });

  it("follows the count of a schedule while its window is open", () => {
    const schedules = [
      scheduleDoc({ name: "noon", start: "12:00", end: "13:00", standbySlots: 6 }),
      scheduleDoc({ name: "day", start: "00:00", end: "24:00" }),
    ];
    const state = aState({ configs: [slots(2)], schedules });

    assert.deepEqual(countChanges(planOf(state)), { create: 3 });
    assert.deepEqual(countChanges(planOf(state, startMs + 61 * minutes)), { create: 1 });
  });

  it("says with numbers why slots are missing: a cap, or nodes that turned out too small", () => {
    const reasonsOf = (state: HotState) => planOf(state).configs[0]!.reasons;
    const capped = aState({ configs: [slots(5, { maxNodes: 1 })], nodes: nodes(1), pools: [poolDoc()] });
    const [cap] = reasonsOf(capped);
    assert.equal(cap!.code, "maxNodes");
    assert.match(cap!.text, /^2 of 5 sessions of workspace "office" could start at once .*; .* 1 of at most 1 node/);
    assert.equal(cap!.numbers["slots"], 2);

    const unknown = aState({ configs: [slots(1)], vmProviders: [vmProviderDoc({ settings: {} })] });
    assert.deepEqual(countChanges(planOf(unknown)), { create: 1 }, "one, to see what it offers");
    applyPlan(unknown, planOf(unknown));
    assert.deepEqual(planOf(unknown).changes, []);
    setNodes(unknown, () => ({ status: "running", shape: needs(1, 8) }));
    assert.deepEqual(countChanges(planOf(unknown)), {});
    assert.equal(reasonsOf(unknown)[0]!.code, "shape");
    assert.match(
      reasonsOf(unknown)[0]!.text,
      /0 of 1 session .*no node that autoscale config "agents" can make is large enough/,
    );
  });

  it("makes the node on a fallback when the preferred size has no slot", () => {
    const vmProviders = [vmProviderDoc({ settings: { cores: 1 } }), vmProviderDoc({ name: "large" })];
    const [change] = planOf(aState({ configs: [slots(1, { fallbackVmProviders: ["large"] })], vmProviders })).changes;

    assert.equal(change!.kind === "create" && change!.vmProvider, "large");
  });
});
