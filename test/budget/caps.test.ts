/** What a plan does, and does not, when a budget is spent. */
import assert from "node:assert/strict";
import type { Change } from "../../runtime/model/changes";
import type { Plan } from "../../runtime/model/plan";
import { spendIdOf } from "../../runtime/model/spend";
import { plan } from "../../runtime/planner/planning/plan";
import { HotState } from "../../runtime/store/hot-state";
import {
  agentConfigDoc,
  aNode,
  aSession,
  aState,
  budgetDoc,
  catalog,
  rowChanges,
  vmProviderDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";

const dayMs = 86_400_000;

function spent(amount: number, over: { vmProvider?: string; autoscaleConfig?: string } = {}): Change {
  const { vmProvider = "vms", autoscaleConfig = "agents" } = over;
  const key = { day: startMs / dayMs - 0.5, autoscaleConfig, pool: "agents", zone: "eu", vmProvider, currency: "" };
  return {
    kind: "put",
    table: "spendDay",
    row: { spendId: spendIdOf(key), ...key, amounts: { 20: amount }, unpricedSeconds: {} },
  };
}

function planOf(state: HotState, nowMs = startMs): Plan {
  return plan(state, { nowMs, catalog });
}

const kinds = ({ changes }: Plan): string[] => changes.map(({ kind }) => kind);
const vmProviders = [vmProviderDoc({ hourlyCost: 1 }), vmProviderDoc({ name: "fallback", hourlyCost: 1 })];
const reached = (rows: WorldRows, ...more: Change[]): HotState => {
  const state = aState({ vmProviders, ...rows });
  state.apply([spent(100), ...more]);
  return state;
};

describe("a spent budget", () => {
  it("of alert changes nothing about a plan", () => {
    const rows = { configs: [agentConfigDoc({ standbyCores: 6 })], sessions: [aSession()] };
    const without = aState({ vmProviders, ...rows });

    assert.deepEqual(planOf(reached({ ...rows, budgets: [budgetDoc()] })).changes, planOf(without).changes);
  });

  it("that is not quite spent changes nothing either", () => {
    const state = aState({
      ...{ vmProviders, configs: [agentConfigDoc()], sessions: [aSession()] },
      budgets: [budgetDoc({ onReached: "noNewNodes" })],
    });
    state.apply([spent(99.999)]);

    assert.deepEqual(kinds(planOf(state)), ["create"]);
  });

  it("of noStandby makes nodes for sessions and for minNodes, and none to stand by", () => {
    const budgets = [budgetDoc({ onReached: "noStandby" })];
    const standing = planOf(reached({ budgets, configs: [agentConfigDoc({ standbyCores: 6 })] }));
    assert.deepEqual(kinds(standing), []);
    assert.equal(standing.configs[0]!.reasons.at(-1)!.code, "budget");

    const floor = planOf(reached({ budgets, configs: [agentConfigDoc({ standbyCores: 6, minNodes: 2 })] }));
    assert.deepEqual(kinds(floor), ["create", "create"]);
    const demand = planOf(reached({ budgets, configs: [agentConfigDoc()], sessions: [aSession()] }));
    assert.deepEqual(kinds(demand), ["create"]);
  });

  it("of noStandby lets idle nodes go by the ordinary rule, down to minNodes, and none that has a session", () => {
    const configs = [agentConfigDoc({ standbyCores: 12, minNodes: 1, downscaleBackoff: "0s" })];
    const nodes = ["a", "b", "c"].map((nodeId) => aNode({ nodeId }));
    const sessions = [aSession({ nodeId: "b" })];
    const rows = { configs, nodes, sessions };
    assert.deepEqual(kinds(planOf(reached({ ...rows, budgets: [budgetDoc()] }))), ["create"]);

    const { changes } = planOf(reached({ ...rows, budgets: [budgetDoc({ onReached: "noStandby" })] }));
    assert.deepEqual(changes.map((change) => (change.kind === "create" ? [] : [change.kind, change.nodeId])).sort(), [
      ["drain", "a"],
      ["drain", "c"],
    ]);
  });

  it("of noNewNodes makes no node, tells who waits how much was spent and when it opens again, and opens then", () => {
    const budgets = [budgetDoc({ onReached: "noNewNodes", timezone: "Europe/Berlin" })];
    const state = reached({ budgets, configs: [agentConfigDoc({ minNodes: 2 })], sessions: [aSession()] });
    const endMs = Date.parse("2026-01-15T00:00:00+01:00");

    const { changes, waiting } = planOf(state);

    assert.deepEqual(changes, []);
    const { code, text, numbers } = waiting[0]!.reason;
    assert.equal(code, "budget");
    assert.match(
      text,
      /budget "money" is spent: 100\.00 of 100\.00 today; .* makes no node until 2026-01-15 00:00 Europe\/Berlin/,
    );
    assert.deepEqual(numbers, {
      ...{ autoscaleConfig: "agents", budget: "money", spent: 100, amount: 100, onReached: "noNewNodes" },
      opensAtMs: endMs,
    });
    assert.deepEqual(kinds(planOf(state, endMs - 1)), []);
    assert.deepEqual(kinds(planOf(state, endMs)), ["create", "create"]);
  });

  it("of noNewNodes keeps sessions where they are, and draining nodes come back for who waits", () => {
    const budgets = [budgetDoc({ onReached: "noNewNodes" })];
    const nodes = [aNode({ nodeId: "busy" }), aNode({ nodeId: "leaving", status: "draining", statusSinceMs: startMs })];
    const sessions = [aSession({ nodeId: "busy" }), aSession({ nodeId: "busy" }), aSession()];

    const { changes } = planOf(reached({ budgets, configs: [agentConfigDoc()], nodes, sessions }));

    assert.deepEqual(
      changes.map((change) => [change.kind, change.kind === "create" ? "" : change.nodeId]),
      [["undrain", "leaving"]],
    );
  });

  it("of one VM provider config leaves the others: the fallback makes the node", () => {
    const configs = [agentConfigDoc({ fallbackVmProviders: ["fallback"] })];
    const budgets = [budgetDoc({ vmProvider: "vms", onReached: "noNewNodes" })];
    const [change] = planOf(reached({ budgets, configs, sessions: [aSession()] })).changes;
    assert.deepEqual(change?.kind === "create" && change.vmProvider, "fallback");
    assert.match(change!.reason.text, /uses fallback .*budget "money" is spent/);

    const both = [...budgets, budgetDoc({ name: "second", vmProvider: "fallback", onReached: "noNewNodes" })];
    const blocked = planOf(
      reached({ budgets: both, configs, sessions: [aSession()] }, spent(100, { vmProvider: "fallback" })),
    );
    assert.deepEqual([kinds(blocked), blocked.waiting[0]!.reason.code], [[], "budget"]);
  });

  it("concerns its own scope alone", () => {
    const configs = [agentConfigDoc(), agentConfigDoc({ name: "more" })];
    const budgets = [budgetDoc({ autoscaleConfig: "agents", onReached: "noNewNodes" })];

    const [change] = planOf(reached({ budgets, configs, sessions: [aSession()] })).changes;

    assert.deepEqual(change?.kind === "create" && change.autoscaleConfig, "more");
  });

  it("leaves a plan that is applied as it is: the next one changes nothing", () => {
    const budgets = [budgetDoc({ onReached: "noStandby" })];
    const configs = [agentConfigDoc({ standbyCores: 6, downscaleBackoff: "0s" })];
    const state = reached({ budgets, configs, nodes: [aNode({ nodeId: "a" })], sessions: [] });
    const drained = { ...aNode({ nodeId: "a" }), status: "draining", statusSinceMs: startMs } as const;
    assert.deepEqual(kinds(planOf(state)), ["drain"]);
    state.apply(rowChanges({ nodes: [drained] }));

    assert.deepEqual(kinds(planOf(state)), []);
  });
});
