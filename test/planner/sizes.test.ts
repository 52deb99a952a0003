/** What a check of the account told of a size counts from the first node on, for that size alone. */
import assert from "node:assert/strict";
import type { KnownSize } from "../../runtime/model/account-check";
import type { Shape } from "../../runtime/model/shapes";
import { shapeOfConfig } from "../../runtime/planner/config/next-node";
import type { HotState } from "../../runtime/store/hot-state";
import {
  agentConfigDoc,
  aNode,
  aSession,
  aState,
  catalog,
  gib,
  rowChanges,
  vmProviderDoc,
  workspaceDoc,
  type AgentConfigDoc,
} from "../support/builders";
import { applyPlan, countChanges, planOf } from "./applied";

const big: Shape = { cores: 16, memoryBytes: 64 * gib, gpus: 4 };
const large = vmProviderDoc({ settings: { size: "large" } });

/** One VM provider config of size `large`, of which only a check can tell the shape. */
function aWorld(config: Partial<AgentConfigDoc> = {}, vmProvider = large): HotState {
  return aState({
    vmProviders: [vmProvider],
    configs: [agentConfigDoc(config)],
    workspaces: [workspaceDoc({ cores: 12, memory: "40GiB" }), workspaceDoc({ name: "gpu", gpus: 1 })],
  });
}

function tell(state: HotState, size: KnownSize, vmProvider = "vms"): void {
  const row = { vmProvider, digest: "any", findings: [], size };
  state.apply([{ kind: "put", table: "accountCheck", row }]);
}

function ask(state: HotState, sessions: number, needs: Partial<Shape> = {}): void {
  const wanted = { cores: 12, memoryBytes: 40 * gib, gpus: 0, ...needs };
  const queued = Array.from({ length: sessions }, (_, index) => {
    const sessionId = `q${String(index).padStart(3, "0")}`;
    return aSession({ sessionId, status: "queued", nodeId: undefined, sequence: index, needs: wanted });
  });
  state.apply(rowChanges({ sessions: queued }));
}

function creates(state: HotState): number {
  return countChanges(planOf(state))["create"] ?? 0;
}

const shapeNow = (state: HotState) => shapeOfConfig(state.autoscaleConfigs.get("agents")!, state, catalog);

describe("a size that a check told of", () => {
  it("gives ten big sessions ten nodes at once, where an unknown one gives one until it reports", () => {
    const unknown = aWorld();
    ask(unknown, 10);
    assert.equal(creates(unknown), 1);

    const known = aWorld();
    tell(known, { name: "large", shape: big });
    ask(known, 10);
    assert.equal(creates(known), 10);
    applyPlan(known, planOf(known));
    assert.deepEqual(countChanges(planOf(known)), {}, "nothing more for the same sessions");
  });

  it("packs by it: thirty small sessions on two nodes", () => {
    const state = aWorld();
    tell(state, { name: "large", shape: big });
    ask(state, 30, { cores: 1, memoryBytes: gib });
    assert.equal(creates(state), 2);
  });

  it("serves GPUs without waiting for a driver to report", () => {
    const state = aWorld();
    tell(state, { name: "large", shape: big });
    ask(state, 8, { cores: 1, memoryBytes: gib, gpus: 1 });
    assert.equal(creates(state), 2);
  });

  it("says nothing of another size, before and after the answer about that one", () => {
    const state = aWorld({}, vmProviderDoc({ settings: { size: "small" } }));
    tell(state, { name: "large", shape: big });
    assert.equal(shapeNow(state), undefined);
    ask(state, 10);
    assert.equal(creates(state), 1);

    tell(state, { name: "small", shape: { cores: 12, memoryBytes: 40 * gib, gpus: 0 } });
    assert.equal(creates(state), 10);
  });

  it("says nothing of another VM provider config of the same size name", () => {
    const state = aWorld();
    tell(state, { name: "large", shape: big }, "elsewhere");
    assert.equal(shapeNow(state), undefined);
  });

  it("plans see it at once, also with what they remember of the state before", () => {
    const state = aWorld();
    ask(state, 10);
    assert.equal(creates(state), 1);
    tell(state, { name: "large", shape: big });
    assert.equal(creates(state), 10);
  });

  const report = { cores: 15, memoryBytes: 62 * gib, gpus: 0 };
  const overrides: readonly (readonly [string, Partial<AgentConfigDoc>, Partial<Shape>])[] = [
    ["cores", { coresOverride: 3 }, { cores: 3 }],
    ["memory", { memoryOverride: "5GiB" }, { memoryBytes: 5 * gib }],
    ["GPUs", { gpusOverride: 7 }, { gpus: 7 }],
    ["all", { coresOverride: 3, memoryOverride: "5GiB", gpusOverride: 7 }, { cores: 3, memoryBytes: 5 * gib, gpus: 7 }],
    ["nothing", {}, {}],
  ];
  for (const [name, config, expected] of overrides) {
    it(`leaves ${name} to its override, the rest to the size, and then to what nodes report below it`, () => {
      const state = aWorld(config);
      tell(state, { name: "large", shape: big });
      assert.deepEqual(shapeNow(state), { ...big, ...expected });

      const reporter = { ...aNode({ vmProvider: "vms", autoscaleConfig: "agents" }), reported: report };
      state.apply(rowChanges({ nodes: [reporter] }));
      assert.deepEqual(shapeNow(state), { ...report, ...expected });

      const boaster = { ...reporter, reported: { cores: 10_000, memoryBytes: 2 ** 50, gpus: 1000 } };
      state.apply(rowChanges({ nodes: [boaster] }));
      assert.deepEqual(shapeNow(state), { ...big, ...expected }, "never more than the size has");
    });
  }
});
