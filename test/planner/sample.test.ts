/** What is kept of a minute is what was there: every sum equals that of the state at the same moment. */
import assert from "node:assert/strict";
import type { Sample, SampleValueName } from "../../runtime/model/sample";
import { holdsCapacity } from "../../runtime/model/usage";
import { sampleOf } from "../../runtime/planner/explain/sample";
import { aNode, aSession, aState, agentConfigDoc, definitionChanges, gib, vmProviderDoc } from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { build, check, worlds } from "./worlds";

function sumOf({ series }: Sample, name: SampleValueName): number {
  return series.reduce((sum, { values }) => sum + (values[name] ?? 0), 0);
}

describe("a sample of the state", () => {
  it("has every node once, every session that holds room or waits, and each of their cores", () => {
    check(worlds, (world) => {
      const state = build(world);
      const sample = sampleOf(state, { nowMs: startMs });

      const groups = ["nodesReady", "nodesComing", "nodesLeaving", "nodesTroubled"] as const;
      const nodes = groups.map((name) => sumOf(sample, name)).reduce((sum, count) => sum + count, 0);
      assert.equal(nodes, state.nodes.size);
      const placed = [...state.sessions.values()].filter(
        (each) => holdsCapacity(each) && state.nodes.has(each.nodeId!),
      );
      const waiting = state.queue();
      assert.equal(sumOf(sample, "waiting"), waiting.length);
      assert.equal(sumOf(sample, "demandSessions"), placed.length + waiting.length);
      const cores = [...placed, ...waiting].reduce((sum, { needs }) => sum + needs.cores, 0);
      assert.ok(Math.abs(sumOf(sample, "demandCores") - cores) < 0.001, `${sumOf(sample, "demandCores")} of ${cores}`);
    });
  });

  it("gives each VM exactly one use, and never tells more room free than there is", () => {
    check(worlds, (world) => {
      const sample = sampleOf(build(world), { nowMs: startMs });

      for (const { values } of sample.series) {
        const { vmsInUse, vmsStandby, vmsExcess, vmsBooting, vmsLeaving } = values;
        const used = [vmsInUse, vmsStandby, vmsExcess, vmsBooting, vmsLeaving];
        assert.equal(
          used.reduce<number>((sum, count) => sum + (count ?? 0), 0),
          values.vms,
        );
        for (const count of used) assert.ok((count ?? 0) >= 0, JSON.stringify(values));
        assert.ok((values.coresFree ?? 0) <= (values.coresTotal ?? 0), JSON.stringify(values));
        assert.ok((values.sessionsFree ?? 0) <= (values.sessionsTotal ?? 0), JSON.stringify(values));
      }
    });
  });

  it("does not depend on the order in which rows were stored", () => {
    check(worlds, (world) => {
      const turned = { nodes: [...(world.nodes ?? [])].reverse(), sessions: [...(world.sessions ?? [])].reverse() };

      const again = sampleOf(build({ ...world, ...turned }), { nowMs: startMs });

      assert.deepEqual(again, sampleOf(build(world), { nowMs: startMs }));
    });
  });

  it("says who waits for which config, what stands by, the cap, and what the VMs cost", () => {
    const state = aState();
    state.apply(
      definitionChanges({
        vmProviders: [vmProviderDoc({ maxInstances: 7, hourlyCost: 0.25 })],
        configs: [agentConfigDoc({ standbyCores: 3, maxNodes: 5 })],
      }),
    );
    const vm = (nodeId: string) => aNode({ nodeId, status: "running", vmId: `vm-${nodeId}` });
    const reason = { code: "newNode", text: "x", numbers: { autoscaleConfig: "agents" } };
    const needs = { cores: 1.5, memoryBytes: gib, gpus: 0 };
    const waits = aSession({ sessionId: "w", status: "queued", nodeId: undefined, needs, reason });
    const placed = aSession({ sessionId: "p", status: "running", nodeId: "a", needs });
    state.apply([
      ...[vm("a"), vm("b"), aNode({ nodeId: "c", status: "requested", address: undefined })].map(
        (row) => ({ kind: "put", table: "node", row }) as const,
      ),
      ...[waits, placed].map((row) => ({ kind: "put", table: "session", row }) as const),
    ]);

    const [series] = sampleOf(state, { nowMs: startMs }).series.filter((each) => each.autoscaleConfig === "agents");
    const { waiting, demandCores, standbyCores, nodesMax, vms, vmsInUse, vmsStandby, costPerHour } = series!.values;
    assert.deepEqual(
      { waiting, demandCores, standbyCores, nodesMax, vms, vmsInUse, vmsStandby, costPerHour },
      {
        waiting: 1,
        demandCores: 3,
        standbyCores: 3,
        nodesMax: 5,
        vms: 2,
        vmsInUse: 1,
        vmsStandby: 1,
        costPerHour: 0.5,
      },
    );
  });
});
