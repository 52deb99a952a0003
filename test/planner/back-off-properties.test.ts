/** What the back-off is for: nodes that come and go with every change of the load. `HEADROOM_SEED` repeats a run. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { AutoscaleConfig } from "../../runtime/model/config";
import { Draft } from "../../runtime/model/draft";
import { isInFlight } from "../../runtime/planner/lifecycle/node-status";
import { place } from "../../runtime/planner/placement/place";
import { WindowCache } from "../../runtime/planner/config/windows";
import type { HotState } from "../../runtime/store/hot-state";
import { agentConfigDoc, aNode, aSession, aState, catalog, gib, workspaceDoc } from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, countChanges, planOf } from "./applied";
import { build, check, minute, worlds } from "./worlds";

const backoffMinutes = 10;

/** Sessions of one size that come and go, one step a minute: how many there are at each step. */
const noise = fc.record({
  cores: fc.constantFrom(1, 2, 4),
  standbyCores: fc.nat(6),
  slots: fc.nat(4),
  low: fc.integer({ min: 0, max: 6 }),
  width: fc.integer({ min: 1, max: 6 }),
  nodesAtStart: fc.nat(8),
  /** Where between low and high the load is, in thousandths. */
  levels: fc.array(fc.nat(1000), { minLength: 40, maxLength: 60 }),
  leaving: fc.infiniteStream(fc.nat(1000)),
});

/** Sessions go at random and come; those that wait are placed when there is room. New nodes run a minute later. */
function setLoad(
  state: HotState,
  wanted: number,
  nowMs: number,
  needs: ReturnType<typeof needsOf>,
  chance: () => number,
) {
  const here = () => [...state.sessions.values()].filter(({ status }) => status !== "ended");
  while (here().length > wanted) {
    const [session] = here().splice(chance() % here().length, 1);
    state.apply([{ kind: "delete", table: "session", id: session!.sessionId }]);
  }
  while (here().length < wanted) state.apply([{ kind: "put", table: "session", row: aSession({ needs }) }]);
  for (const session of here()) {
    if (session.nodeId !== undefined) continue;
    const context = { draft: new Draft(state), windows: new WindowCache(), catalog, nowMs };
    const placement = place(session, context);
    if (placement.kind !== "assigned") continue;
    const row = { ...session, nodeId: placement.nodeId, status: "running" as const };
    state.apply([{ kind: "put", table: "session", row }]);
  }
}

function moveOn(state: HotState) {
  for (const node of [...state.nodes.values()]) {
    if (node.status === "destroying") state.apply([{ kind: "delete", table: "node", id: node.nodeId }]);
    if (node.status === "requested") state.apply([{ kind: "put", table: "node", row: { ...node, status: "running" } }]);
  }
}

const needsOf = (cores: number) => ({ cores, memoryBytes: gib, gpus: 0 });

/** Cores that the config may count on: free on what runs or comes, whoever waits for them. */
function freeCores(state: HotState, config: AutoscaleConfig, isOpen: (name: string) => boolean): number {
  const counted = [...state.nodesIn(config.pool, config.zone).values()].filter(
    (node) =>
      (node.status === "running" || isInFlight(node)) &&
      (node.autoscaleConfig === undefined ? config.countStatic : isOpen(node.autoscaleConfig)),
  );
  return counted.reduce(
    (sum, { nodeId, shape }) => sum + Math.max(0, (shape?.cores ?? 0) - state.usage(nodeId).cores),
    0,
  );
}

describe("planner, back-off properties", () => {
  it("starts the back-off anew for every config that is short of its floor or standby, and lets none of its nodes go", () => {
    let short = 0;
    check(worlds, (world) => {
      const state = build(world);
      applyPlan(state, planOf(state));
      const { configs, changes } = planOf(state);
      const isOpen = (name: string) => configs.some((made) => made.autoscaleConfig === name && made.isActive);
      for (const { autoscaleConfig: name, nextState } of configs) {
        const config = state.autoscaleConfigs.get(name)!;
        if (config.type !== "dockerAgent" || !isOpen(name)) continue;
        const live = [...state.nodesOfConfig(name).values()].filter(
          (node) => node.status === "running" || isInFlight(node),
        );
        if (live.length >= config.minNodes && freeCores(state, config, isOpen) >= config.standbyCores) continue;
        short += 1;
        assert.equal(nextState.excessSinceMs, undefined);
        const leaving = changes.filter(
          (change) => change.kind === "drain" && state.nodes.get(change.nodeId)!.autoscaleConfig === name,
        );
        assert.deepEqual(leaving, []);
      }
    });
    assert.ok(short > 0, "no world was short of anything");
  });

  it("never drains a node and makes or wants one again within one back-off, while the load comes back to its peak within it", () => {
    check(noise, ({ cores, standbyCores, slots, low, width, nodesAtStart, levels, leaving }) => {
      const standbySlots = { workspace: "office", count: slots };
      const state = aState({
        configs: [agentConfigDoc({ standbyCores, standbySlots, downscaleBackoff: `${backoffMinutes}m` })],
        workspaces: [workspaceDoc({ cores, memory: "1GiB" })],
        nodes: [...Array(nodesAtStart).keys()].map((at) => aNode({ nodeId: `n${at}` })),
      });
      let drainedAt = -Infinity;
      for (const [step, level] of levels.entries()) {
        const nowMs = startMs + step * minute;
        const isPeak = step % (backoffMinutes - 1) === 0;
        const wanted = low + (isPeak ? width : Math.floor((level * width) / 1001));
        moveOn(state);
        setLoad(state, wanted, nowMs, needsOf(cores), () => leaving.next().value as number);
        const plan = planOf(state, nowMs);
        applyPlan(state, plan);
        const { drain = 0, create = 0, undrain = 0 } = countChanges(plan);
        const isThrash = create + undrain > 0 && step - drainedAt <= backoffMinutes;
        assert.ok(!isThrash, `step ${step}: ${JSON.stringify(plan.changes)} after a drain at step ${drainedAt}`);
        if (drain > 0) drainedAt = step;
      }
    });
  });
});
