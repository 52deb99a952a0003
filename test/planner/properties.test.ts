/** Rules that hold for every plan of every state. A failing run prints its seed and the
 * smallest state that fails; `HEADROOM_SEED` repeats it, `HEADROOM_RUNS` tries more. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Node } from "../../runtime/model/state";
import { isInFlight } from "../../runtime/planner/lifecycle/node-status";
import { HotState } from "../../runtime/store/hot-state";
import { aSession, definitionChanges, gib, rowChanges, type WorldRows } from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, planOf } from "./applied";
import { build, check, worlds } from "./worlds";

describe("planner, properties", () => {
  it("never passes a cap, whatever is in flight", () => {
    check(worlds, (world) => {
      const state = build(world);
      const before = state.nodes.size;
      const plan = planOf(state);
      applyPlan(state, plan);
      const created = state.nodes.size - before;
      const max = state.vmProviderConfigs.get("vms")!.maxInstances;
      const instances = [...state.nodes.values()].filter((node) => node.vmProvider === "vms").length;
      assert.ok(created === 0 || instances <= max, `${instances} instances of ${max}`);
      for (const config of state.autoscaleConfigs.values()) {
        const makes = plan.changes.some((change) => change.kind === "create" && change.autoscaleConfig === config.name);
        const nodes = state.nodesOfConfig(config.name).size;
        assert.ok(!makes || nodes <= (config.maxNodes ?? Infinity), `${nodes} nodes of ${config.maxNodes}`);
      }
    });
  });

  it("never destroys a node with a session, and drains one only of a config that is being emptied", () => {
    check(worlds, (world) => {
      const state = build(world);
      for (const change of planOf(state).changes) {
        if (change.kind !== "destroy" && change.kind !== "drain") continue;
        const { pinned } = state.usage(change.nodeId);
        if (change.kind === "destroy") assert.equal(pinned, 0);
        else if (pinned > 0) assert.ok(["configDeleting", "configDraining"].includes(change.reason.code));
      }
    });
  });

  it("destroys only what is draining, failed, dead or never ran", () => {
    check(worlds, (world) => {
      const state = build(world);
      for (const change of planOf(state).changes) {
        if (change.kind !== "destroy") continue;
        const node = state.nodes.get(change.nodeId)!;
        assert.ok(isInFlight(node) || ["draining", "failed", "dead"].includes(node.status), node.status);
      }
    });
  });

  it("changes nothing when it plans again after its plan was applied", () => {
    check(worlds, (world) => {
      const state = build(world);
      applyPlan(state, planOf(state));
      const again = planOf(state);
      assert.deepEqual(again.changes, []);
      for (const { autoscaleConfig, nextState } of again.configs) {
        assert.deepEqual(nextState, state.configStates.get(autoscaleConfig));
      }
    });
  });

  it("comes to rest: each later plan of an unchanged world changes less, until none does", () => {
    check(worlds, (world) => {
      const state = build(world);
      for (let step = 0; step < 4; step += 1) {
        applyPlan(state, planOf(state, startMs + step * 3600_000));
        for (const node of [...state.nodes.values()]) {
          if (node.status === "destroying") state.apply([{ kind: "delete", table: "node", id: node.nodeId }]);
        }
      }
      const created = planOf(state, startMs + 5 * 3600_000).changes.filter((change) => change.kind === "drain");
      assert.deepEqual(created, []);
    });
  });

  it("does not depend on the order in which rows were stored", () => {
    check(fc.tuple(worlds, fc.infiniteStream(fc.nat(1000))), ([world, chance]) => {
      const changes = [...definitionChanges(world), ...rowChanges(world)];
      const shuffled = changes
        .map((change) => ({ change, key: chance.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ change }) => change);
      const state = new HotState();
      state.apply(shuffled);
      assert.deepEqual(planOf(state), planOf(build(world)));
    });
  });

  it("never wants fewer nodes because one more session waits", () => {
    check(worlds, (world) => {
      const single = { ...world, configs: world.configs!.slice(0, 1) };
      const more = { ...single, sessions: [...single.sessions!, aSession({ sequence: 999, requestedAtMs: startMs })] };
      const wanted = (rows: WorldRows) => {
        const { changes } = planOf(build(rows));
        const count = (kind: string) => changes.filter((change) => change.kind === kind).length;
        return count("create") + count("undrain") - count("drain");
      };
      assert.ok(wanted(more) >= wanted(single));
    });
  });

  it("meets standby and floor of every open config, or says why not", () => {
    check(worlds, (world) => {
      const state = build(world);
      applyPlan(state, planOf(state));
      const after = planOf(state);
      for (const config of state.autoscaleConfigs.values()) {
        const { isActive, reasons } = after.configs.find(({ autoscaleConfig }) => autoscaleConfig === config.name)!;
        if (!isActive || config.type !== "dockerAgent") continue;
        const live = [...state.nodesOfConfig(config.name).values()].filter(
          (node) => isInFlight(node) || node.status === "running",
        );
        const waiting = after.waiting.length > 0;
        const counted = [...state.nodesIn(config.pool, config.zone).values()].filter(
          (node) =>
            (isInFlight(node) || node.status === "running") &&
            (node.autoscaleConfig ? isOpen(node) : config.countStatic),
        );
        const free = counted.map(({ nodeId, shape }) => Math.max(0, (shape?.cores ?? 0) - state.usage(nodeId).cores));
        const cores = free.reduce((sum, own) => sum + own, 0);
        const memory = counted.map(({ nodeId, shape }) => (shape?.memoryBytes ?? 0) - state.usage(nodeId).memoryBytes);
        const slots = free.reduce(
          (sum, own, at) => sum + Math.floor(Math.max(0, Math.min(own / 2, memory[at]! / (2 * gib)))),
          0,
        );
        const scheduled = [...state.schedules.values()].find(({ autoscaleConfig }) => autoscaleConfig === config.name);
        const slotsWanted = config.standbySlots ? (scheduled?.standbySlots ?? config.standbySlots.count) : 0;
        const areSlotsThere = slots >= slotsWanted;
        const isMet = live.length >= config.minNodes && (waiting || (cores >= config.standbyCores && areSlotsThere));
        const isExplained = reasons.some(({ code }) =>
          ["maxInstances", "maxNodes", "backoff", "singleTry", "unknownShape"].includes(code),
        );
        assert.ok(isMet || isExplained, JSON.stringify({ reasons, live: live.length, cores, slots }));
      }
      function isOpen(node: Node): boolean {
        return after.configs.find(({ autoscaleConfig }) => autoscaleConfig === node.autoscaleConfig)!.isActive;
      }
    });
  });

  it("makes nothing for a config that is inactive, disabled, drained, deleted or backing off", () => {
    check(worlds, (world) => {
      const state = build(world);
      const plan = planOf(state);
      for (const { autoscaleConfig, isActive } of plan.configs) {
        const retryAtMs = state.configStates.get(autoscaleConfig)?.failures?.["vms"]?.retryAtMs ?? 0;
        if (isActive && retryAtMs <= startMs) continue;
        const makes = plan.changes.some(
          (change) => change.kind === "create" && change.autoscaleConfig === autoscaleConfig,
        );
        assert.equal(makes, false);
      }
    });
  });

  it("gives every change and every waiting session a sentence", () => {
    check(worlds, (world) => {
      const { changes, waiting } = planOf(build(world));
      for (const { reason } of [...changes, ...waiting]) {
        assert.ok(reason.code !== "");
      }
      for (const { reason } of waiting) assert.ok(reason.text.length > 10);
    });
  });
});
