import assert from "node:assert/strict";
import fc from "fast-check";
import type { HotState } from "../../runtime/store/hot-state";
import { agentConfigDoc, aNode, aSession, aState, vmProviderDoc, type AgentConfigDoc } from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, countChanges, planOf } from "./applied";

interface Crowd {
  readonly waiting: number;
  readonly running?: number;
  readonly inFlight?: number;
  readonly maxInstances?: number;
}

/** Nodes of 4 cores, sessions of 2; nothing runs on the nodes. */
function crowd(
  { waiting, running = 0, inFlight = 0, maxInstances = 100 }: Crowd,
  doc: Partial<AgentConfigDoc> = {},
): HotState {
  const nodes = [
    ...[...Array(running).keys()].map((index) => aNode({ nodeId: `r${index}` })),
    ...[...Array(inFlight).keys()].map((index) =>
      aNode({ nodeId: `f${index}`, status: "provisioning", createdAtMs: startMs }),
    ),
  ];
  const sessions = [...Array(waiting).keys()].map(() => aSession());
  return aState({ configs: [agentConfigDoc(doc)], vmProviders: [vmProviderDoc({ maxInstances })], nodes, sessions });
}

describe("planner, aggressive scaling", () => {
  const cases = [
    { name: "off: waiting sessions are packed on new nodes", aggressive: false, crowd: { waiting: 5 }, create: 3 },
    {
      name: "on: each waiting session gets a node of its own, all at once",
      aggressive: true,
      crowd: { waiting: 5 },
      create: 5,
    },
    {
      name: "off: what is free and on its way is used first, only the rest makes nodes",
      aggressive: false,
      crowd: { waiting: 7, running: 1, inFlight: 2 },
      create: 1,
    },
    {
      name: "on: what can be placed now makes no node, and a node on its way serves one of those who wait",
      aggressive: true,
      crowd: { waiting: 7, running: 1, inFlight: 2 },
      create: 3,
    },
  ];
  for (const { name, aggressive, crowd: rows, create } of cases) {
    it(name, () => {
      const state = crowd(rows, { aggressiveScaling: aggressive });
      const plan = planOf(state);
      applyPlan(state, plan);

      assert.deepEqual(countChanges(plan), { create });
      assert.deepEqual(planOf(state).changes, [], "what is on its way is promised");
    });
  }

  it("passes max nodes by the overshoot that was allowed and no more; by default by none", () => {
    const created = (doc: Partial<AgentConfigDoc>) =>
      countChanges(planOf(crowd({ waiting: 9 }, { maxNodes: 4, aggressiveScaling: true, ...doc })))["create"];

    assert.equal(created({}), 4);
    assert.equal(created({ aggressiveOvershoot: 2 }), 6);
    assert.equal(created({ aggressiveOvershoot: 2, aggressiveScaling: false }), 4, "only with aggressive scaling");
  });

  it("makes no overshoot for standby", () => {
    const doc = { maxNodes: 2, aggressiveScaling: true, aggressiveOvershoot: 5, standbyCores: 40 };

    assert.deepEqual(countChanges(planOf(crowd({ waiting: 0 }, doc))), { create: 2 });
  });

  it("never passes max instances, nor max nodes by more than the overshoot, whatever waits and is on its way", () => {
    const { HEADROOM_SEED: seed } = process.env;
    const numbers = fc.record({
      waiting: fc.nat(30),
      running: fc.nat(4),
      inFlight: fc.nat(4),
      maxInstances: fc.integer({ min: 1, max: 25 }),
      maxNodes: fc.integer({ min: 1, max: 12 }),
      aggressiveOvershoot: fc.nat(4),
      aggressiveScaling: fc.boolean(),
    });
    fc.assert(
      fc.property(numbers, ({ waiting, running, inFlight, maxInstances, ...doc }) => {
        const state = crowd({ waiting, running, inFlight, maxInstances }, doc);
        const before = state.nodes.size;
        applyPlan(state, planOf(state));
        const nodesMax = doc.maxNodes + (doc.aggressiveScaling ? doc.aggressiveOvershoot : 0);
        assert.ok(state.nodes.size <= Math.max(before, Math.min(maxInstances, nodesMax)));
        assert.deepEqual(countChanges(planOf(state))["create"], undefined);
      }),
      { numRuns: 200, ...(seed === undefined ? {} : { seed: Number(seed) }) },
    );
  });

  it("never makes fewer nodes than without it", () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(3), fc.nat(3), (waiting, running, inFlight) => {
        const created = (aggressiveScaling: boolean) =>
          countChanges(planOf(crowd({ waiting, running, inFlight }, { aggressiveScaling })))["create"] ?? 0;
        assert.ok(created(true) >= created(false));
      }),
      { numRuns: 100 },
    );
  });
});
