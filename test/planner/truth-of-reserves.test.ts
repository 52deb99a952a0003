/** What is told of floor, standby and staged sessions: the numbers are those of the snapshot, counted here anew. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { AutoscaleConfig } from "../../runtime/model/config";
import type { Reason } from "../../runtime/model/reason";
import type { Node } from "../../runtime/model/state";
import type { HotState } from "../../runtime/store/hot-state";
import {
  agentConfigDoc,
  aNode,
  aSession,
  aState,
  gib,
  scheduleDoc,
  stagingDoc,
  vmProviderDoc,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, planOf } from "./applied";
import { redeclare } from "./lifts";
import { check } from "./worlds";

/** One config with 4 cores, 8 GiB and maybe GPUs on a node, some nodes that are partly taken, a cap that may be near. */
const reserves = fc.record({
  gpus: fc.constantFrom(0, 1),
  gpusReported: fc.constantFrom(0, 1),
  taken: fc.array(fc.nat(4), { maxLength: 4 }),
  standbyCores: fc.nat(12),
  standbyGpus: fc.nat(2),
  minNodes: fc.nat(4),
  maxInstances: fc.integer({ min: 1, max: 5 }),
  staged: fc.nat(6),
  isOpen: fc.boolean(),
});
type Reserves = typeof reserves extends fc.Arbitrary<infer T> ? T : never;

/** Staged sessions take 2 cores each. */
function build(world: Reserves): HotState {
  const { standbyCores, standbyGpus, minNodes, maxInstances, staged, taken, isOpen } = world;
  const nodes = taken.slice(0, maxInstances).map((_, index): Node => {
    const shape = { cores: 4, memoryBytes: 8 * gib, gpus: world.gpusReported };
    return aNode({ nodeId: `n${index}`, shape, reported: shape, createdAtMs: startMs - index });
  });
  const sessions = nodes.flatMap(({ nodeId }, index) => {
    const cores = taken[index]!;
    return cores === 0 ? [] : [aSession({ nodeId, needs: { cores, memoryBytes: 1, gpus: 0 } })];
  });
  const configs = [agentConfigDoc({ standbyCores, standbyGpus, minNodes: Math.min(minNodes, 10) })];
  const schedules = isOpen ? [] : [scheduleDoc({ start: "20:00", end: "21:00" })];
  const staging = staged > 0 ? [stagingDoc({ sessions: staged })] : [];
  return aState({
    vmProviders: [vmProviderDoc({ maxInstances, settings: {} })],
    configs,
    schedules,
    staging,
    nodes,
    sessions,
  });
}

function liveNodes(state: HotState): Node[] {
  return [...state.nodes.values()].filter(({ status }) =>
    ["requested", "provisioning", "starting", "running"].includes(status),
  );
}

/** Free of all that lives, before staged sessions that are missing take their part. */
function coresFree(state: HotState): number {
  const free = liveNodes(state).map(({ nodeId, shape }) => (shape ? shape.cores - state.usage(nodeId).cores : 0));
  return free.reduce((sum, cores) => sum + cores, 0);
}

function reasonsOf(state: HotState): readonly Reason[] {
  return planOf(state).configs[0]!.reasons;
}

describe("sentences about what is kept ready are true", () => {
  it("of the floor: how many nodes live and how many must; a higher cap changes it", () => {
    check(reserves, (world) => {
      const state = build(world);
      applyPlan(state, planOf(state));
      const told = reasonsOf(state).find(({ text }) => text.includes("(min nodes)"));
      if (!told) return;

      assert.match(
        told.text,
        new RegExp(`^${liveNodes(state).length} of the ${world.minNodes} nodes? that must always`),
      );
      const before = told.text;
      if (told.code !== "maxInstances") return;
      redeclare(state, "vmProviderConfig", "vms", { maxInstances: 1000 });
      assert.ok(!reasonsOf(state).some(({ text }) => text === before), before);
    });
  });

  it("of standby: what is free and what is wanted; of what no node has it says that more would not help", () => {
    check(reserves, (world) => {
      const state = build({ ...world, staged: 0 });
      applyPlan(state, planOf(state));
      const reasons = reasonsOf(state);
      const config = state.autoscaleConfigs.get("agents") as AutoscaleConfig;
      for (const { text, numbers } of reasons) {
        if (numbers["free.cores"] !== undefined) {
          assert.deepEqual(
            [numbers["free.cores"], numbers["standby.cores"]],
            [coresFree(state), world.standbyCores],
            text,
          );
          assert.ok(coresFree(state) < world.standbyCores, text);
        }
      }
      const isGpuless =
        liveNodes(state).length > 0 && world.gpusReported === 0 && world.isOpen && state.nodes.has("n0");
      const never = reasons.find(({ code }) => code === "standbyNever");
      if (isGpuless && world.standbyGpus > 0) {
        assert.match(
          never?.text ?? "nothing",
          new RegExp(`^0 GPUs free of ${world.standbyGpus} GPUs? wanted on standby; a node of`),
        );
        assert.ok(config.type === "dockerAgent" && !reasons.some(({ code }) => code === "steady"));
      } else assert.equal(never, undefined, never?.text);
    });
  });

  it("of staged sessions: how many there are and how many are wanted; without what is told there is room for them", () => {
    check(reserves, (world) => {
      const state = build(world);
      applyPlan(state, planOf(state));
      const [position] = planOf(state).staging;
      if (!position) return;
      const { desired, current, reason } = position;
      const staged = [...state.sessions.values()].filter(({ status }) => status === "staged").length;

      assert.deepEqual([desired, current], [world.staged, staged]);
      assert.ok(reason.text.startsWith(`staged: ${staged} of ${desired} session`), reason.text);
      if (reason.code === "staging") return;
      if (reason.code === "schedule") {
        for (const { name } of [...state.schedulesOf("agents")]) {
          state.apply([{ kind: "delete", table: "definition", id: `schedule/${name}` }]);
        }
      } else if (reason.code === "maxInstances") redeclare(state, "vmProviderConfig", "vms", { maxInstances: 1000 });
      else return assert.equal(reason.code, "unknownShape", reason.text);
      const after = planOf(state).staging[0]!.reason;
      assert.notEqual(after.code, reason.code, after.text);
    });
  });
});
