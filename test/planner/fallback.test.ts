import assert from "node:assert/strict";
import fc from "fast-check";
import type { NodeChange, Plan } from "../../runtime/model/plan";
import type { FailureClass, RouteFailures } from "../../runtime/model/state";
import { afterFailure, circuitOf, failuresToOpen } from "../../runtime/planner/lifecycle/failures";
import {
  aConfigState,
  agentConfigDoc,
  aNode,
  aSession,
  aState,
  gib,
  someFailures,
  vmProviderDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, planOf } from "./applied";

const second = 1000;
const minute = 60 * second;

function failed(failureClass: FailureClass, failures: Partial<RouteFailures> = {}): RouteFailures {
  return someFailures({ last: { class: failureClass, message: "scripted", atMs: startMs }, ...failures });
}

const open = failed("TIMEOUT", { consecutiveFailures: failuresToOpen, retryAtMs: startMs + minute });

/** Three VM provider configs of 4, 2 and 8 cores; `agents` prefers the first. */
function aWorld(failures?: Record<string, RouteFailures>, rows: WorldRows = {}) {
  const vmProviders = [
    vmProviderDoc({ name: "spot" }),
    vmProviderDoc({ name: "small", settings: { cores: 2 } }),
    vmProviderDoc({ name: "big", settings: { cores: 8 } }),
  ];
  const configs = [agentConfigDoc({ vmProvider: "spot", fallbackVmProviders: ["small", "big"] })];
  return aState({ vmProviders, configs, sessions: [aSession()], configStates: [aConfigState(failures)], ...rows });
}

function madeOn({ changes }: Plan): string[] {
  return changes
    .filter((change): change is NodeChange & { kind: "create" } => change.kind === "create")
    .map(({ vmProvider }) => vmProvider);
}

describe("planner, fallback VM provider configs", () => {
  it("makes nodes on the preferred one while it takes them", () => {
    assert.deepEqual(madeOn(planOf(aWorld())), ["spot"]);
  });

  for (const { name, failures, rows } of [
    { name: "is out of capacity", failures: failed("CAPACITY"), rows: {} },
    { name: "is out of quota", failures: failed("QUOTA"), rows: {} },
    { name: "has an open circuit", failures: open, rows: {} },
    {
      name: "tries with one node whether it works again",
      failures: { ...open, retryAtMs: startMs - 1 },
      rows: {
        nodes: [aNode({ vmProvider: "spot", status: "starting", shape: { cores: 1, memoryBytes: gib, gpus: 0 } })],
      },
    },
  ]) {
    it(`makes nodes on the next one while the preferred one ${name}, and says so`, () => {
      const plan = planOf(aWorld({ spot: failures }, rows));
      assert.deepEqual(madeOn(plan), ["small"]);
      const reason = plan.configs[0]!.reasons.find(({ code }) => code === "fallback");
      assert.match(reason!.text, /uses fallback VM provider config "small" instead of "spot": /);
      assert.equal(reason!.numbers["vmProvider"], "small");
    });
  }

  it("makes nodes on the next one while the preferred one is at its max instances", () => {
    const vmProviders = [
      vmProviderDoc({ name: "spot", maxInstances: 1 }),
      vmProviderDoc({ name: "small", settings: { cores: 2 } }),
      vmProviderDoc({ name: "big" }),
    ];
    const sessions = [aSession(), aSession(), aSession(), aSession()];
    assert.deepEqual(madeOn(planOf(aWorld(undefined, { vmProviders, sessions }))), ["spot", "small", "small"]);
  });

  it("takes them in order: the third only when the second fails too", () => {
    assert.deepEqual(madeOn(planOf(aWorld({ spot: failed("CAPACITY"), small: open }))), ["big"]);
  });

  it("does not leave the preferred one for a failure that passes", () => {
    const plan = planOf(aWorld({ spot: failed("TRANSIENT") }));
    assert.deepEqual(madeOn(plan), []);
    assert.equal(plan.waiting[0]!.reason.code, "backoff");
  });

  it("plans with the shape of the one that is used: four sessions of 2 cores need four nodes of 2 cores", () => {
    const sessions = [aSession(), aSession(), aSession(), aSession()];
    const state = aWorld({ spot: failed("CAPACITY") }, { sessions });
    const plan = planOf(state);
    assert.deepEqual(madeOn(plan), ["small", "small", "small", "small"]);
    applyPlan(state, plan);
    assert.deepEqual(planOf(state).changes, []);
  });

  it("passes over one whose nodes are too small for the session", () => {
    const large = aSession({ needs: { cores: 6, memoryBytes: gib, gpus: 0 } });
    assert.deepEqual(madeOn(planOf(aWorld(undefined, { sessions: [large] }))), ["big"]);
  });

  it("goes back to the preferred one when what it knew of it has expired", () => {
    const state = aWorld({ spot: failed("CAPACITY") });
    assert.deepEqual(madeOn(planOf(state, startMs + 29 * second)), ["small"]);
    assert.deepEqual(madeOn(planOf(state, startMs + 30 * second)), ["spot"]);
  });

  it("lets nodes on a fallback leave first", () => {
    const nodes = [
      aNode({ nodeId: "n1", vmProvider: "small", createdAtMs: 1 }),
      aNode({ nodeId: "n2", vmProvider: "spot" }),
    ];
    const configs = [
      agentConfigDoc({ vmProvider: "spot", fallbackVmProviders: ["small"], standbyCores: 4, downscaleBackoff: "0s" }),
    ];
    const plan = planOf(aWorld(undefined, { nodes, configs, sessions: [] }));
    assert.deepEqual(
      plan.changes.map((change) => change.kind === "drain" && change.nodeId),
      ["n1"],
    );
  });

  it("names every obstacle when none takes a node", () => {
    const plan = planOf(aWorld({ spot: failed("CAPACITY"), small: failed("QUOTA"), big: open }));
    assert.deepEqual(madeOn(plan), []);
    const { code, text } = plan.waiting[0]!.reason;
    assert.equal(code, "backoff");
    for (const name of ["spot", "small", "big"]) assert.match(text, new RegExp(`VM provider config "${name}"`));
  });

  it("another config passes over a VM provider config that was just refused for capacity, for at most 3 minutes", () => {
    const configs = [agentConfigDoc({ name: "other", vmProvider: "spot", fallbackVmProviders: ["small"] })];
    const refused = failed("CAPACITY", { consecutiveFailures: 4, retryAtMs: startMs + 10 * minute });
    const state = aWorld(undefined, { configs, configStates: [aConfigState({ spot: refused })] });
    assert.deepEqual(madeOn(planOf(state, startMs + 3 * minute - 1)), ["small"]);
    assert.deepEqual(madeOn(planOf(state, startMs + 3 * minute)), ["spot"]);
  });

  it("a broken config does not keep another config of the same pool and VM provider config from making nodes", () => {
    for (const failureClass of ["CONFIG", "TRANSIENT", "TIMEOUT", "REPORTED"] as const) {
      const configs = [agentConfigDoc(), agentConfigDoc({ name: "healthy" })];
      const broken = failed(failureClass, { consecutiveFailures: 9, retryAtMs: startMs - 1 });
      const state = aState({ configs, sessions: [aSession()], configStates: [aConfigState({ vms: broken })] });
      const [made] = planOf(state).changes;
      assert.equal(made?.kind === "create" && made.autoscaleConfig, "healthy", failureClass);
    }
  });

  it("makes nodes only on the first that takes them, in any state (property)", () => {
    const names = ["spot", "small", "big"];
    const records = fc.option(
      fc.record({
        failureClass: fc.constantFrom<FailureClass>("CAPACITY", "QUOTA", "CONFIG", "TRANSIENT", "TIMEOUT", "REPORTED"),
        consecutiveFailures: fc.integer({ min: 1, max: 8 }),
        isOver: fc.boolean(),
      }),
      { nil: undefined },
    );
    const worlds = fc.record({
      records: fc.tuple(records, records, records),
      full: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    });
    fc.assert(
      fc.property(worlds, ({ records: found, full }) => {
        const failures: Record<string, RouteFailures> = {};
        for (const [index, record] of found.entries()) {
          if (!record) continue;
          const retryAtMs = record.isOver ? startMs - 1 : startMs + minute;
          failures[names[index]!] = failed(record.failureClass, {
            consecutiveFailures: record.consecutiveFailures,
            retryAtMs,
          });
        }
        const nodes = names.flatMap((vmProvider, index) =>
          full[index] ? [aNode({ nodeId: vmProvider, vmProvider, status: "destroying" })] : [],
        );
        const vmProviders = names.map((name) => vmProviderDoc({ name, maxInstances: 1 }));
        const made = madeOn(planOf(aWorld(failures, { vmProviders, nodes })));
        const expected = names.find((name, index) => {
          const record = failures[name];
          const waits = record && record.retryAtMs > startMs;
          const isPassedOver =
            full[index] ||
            (waits && (circuitOf(record, startMs) === "open" || ["CAPACITY", "QUOTA"].includes(record.last.class)));
          return !isPassedOver;
        });
        const waits = expected !== undefined && (failures[expected]?.retryAtMs ?? 0) > startMs;
        assert.deepEqual(made, expected === undefined || waits ? [] : [expected]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("planner, back-off and circuit", () => {
  const failing = (failureClass: FailureClass) => ({ class: failureClass, message: "scripted" });
  const fail = (state: ReturnType<typeof afterFailure> | undefined, failureClass: FailureClass, nowMs: number) =>
    afterFailure(state, { autoscaleConfig: "agents", vmProvider: "vms", failure: failing(failureClass), nowMs });

  it("waits 30 s after the first failure, twice as long after each further one, 15 minutes at most, and up to a tenth more", () => {
    let nowMs = startMs;
    let state = undefined as ReturnType<typeof afterFailure> | undefined;
    const waits = Array.from({ length: 8 }, () => {
      state = fail(state, "TRANSIENT", nowMs);
      const waitMs = state.failures!["vms"]!.retryAtMs - nowMs;
      nowMs += waitMs;
      return waitMs / second;
    });
    for (const [index, wanted] of [30, 60, 120, 240, 480, 900, 900, 900].entries()) {
      assert.ok(waits[index]! >= wanted && waits[index]! <= wanted * 1.1, `${index}: ${waits[index]}`);
    }
  });

  it("counts the failures of one burst once", () => {
    const once = fail(undefined, "CAPACITY", startMs);
    assert.equal(fail(once, "CAPACITY", startMs + second), once);
    assert.equal(fail(once, "CONFIG", startMs + second).failures!["vms"]!.last.class, "CONFIG", "a worse class counts");
  });

  it("opens the circuit after 5 failures in a row, lets one node try when the back-off is over, and shows it", () => {
    let nowMs = startMs;
    let state = fail(undefined, "TIMEOUT", nowMs);
    for (let failures = 1; failures < 5; failures += 1) {
      assert.equal(circuitOf(state.failures!["vms"], nowMs), "closed");
      nowMs = state.failures!["vms"]!.retryAtMs;
      state = fail(state, "TIMEOUT", nowMs);
    }
    const { retryAtMs } = state.failures!["vms"]!;
    assert.equal(circuitOf(state.failures!["vms"], retryAtMs - 1), "open");
    assert.equal(circuitOf(state.failures!["vms"], retryAtMs), "halfOpen");

    const world = aState({ configs: [agentConfigDoc({ minNodes: 3 })], configStates: [state] });
    const blocked = planOf(world, retryAtMs - 1);
    assert.deepEqual(blocked.changes, []);
    assert.match(blocked.configs[0]!.reasons[0]!.text, /circuit open/);
    const half = planOf(world, retryAtMs);
    assert.deepEqual(madeOn(half), ["vms"], "one of the three that it wants");
    assert.match(half.configs[0]!.reasons[0]!.text, /one node at a time/);
  });

  it("opens at once for class CONFIG, and waits longer for QUOTA than for CAPACITY", () => {
    const waitOf = (failureClass: FailureClass) => fail(undefined, failureClass, startMs).failures!["vms"]!;
    assert.equal(circuitOf(waitOf("CONFIG"), startMs), "open");
    assert.equal(circuitOf(waitOf("CAPACITY"), startMs), "closed");
    assert.ok(waitOf("QUOTA").retryAtMs >= startMs + 5 * minute);
  });
});
