/** Labels: of random pools, members and workspaces, against a rule of one line that is written here anew. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Draft } from "../../runtime/model/draft";
import type { Node } from "../../runtime/model/state";
import { WindowCache } from "../../runtime/planner/config/windows";
import { traceOf } from "../../runtime/planner/explain/trace";
import { place } from "../../runtime/planner/placement/place";
import { fillNode } from "../../runtime/planner/placement/place-queue";
import { Journal } from "../../runtime/model/journal";
import type { HotState } from "../../runtime/store/hot-state";
import {
  agentConfigDoc,
  aNode,
  aSession,
  aState,
  catalog,
  gib,
  poolDoc,
  stagingDoc,
  workspaceDoc,
  zoneDoc,
} from "../support/builders";
import { SeededRng, startMs, VirtualClock } from "../support/virtual-clock";
import { applyPlan, planOf } from "./applied";
import { check } from "./worlds";

const labels = fc.subarray(["gpu", "cad", "slow"]);
const member = fc.record({ labels, isLarge: fc.boolean(), isBusy: fc.boolean() });
const pool = fc.record({
  labels,
  members: fc.array(member, { maxLength: 2 }),
  /** Running nodes of its autoscale config, with whether each is full. */
  nodes: fc.array(fc.boolean(), { maxLength: 2 }),
  hasConfig: fc.boolean(),
});
const labelWorlds = fc.record({
  pools: fc.tuple(pool, pool),
  includeLabels: labels,
  excludeLabels: labels,
  waiting: fc.nat(3),
  isCapped: fc.boolean(),
});
type LabelWorld = typeof labelWorlds extends fc.Arbitrary<infer T> ? T : never;

const poolNames = ["one", "two"] as const;

/** The rule: of those included at least one, of those excluded none. */
function goes({ includeLabels, excludeLabels }: LabelWorld, ...of: (readonly string[])[]): boolean {
  const all = new Set(of.flat());
  const included = includeLabels.length === 0 || includeLabels.some((label) => all.has(label));
  return included && !excludeLabels.some((label) => all.has(label));
}

function memberNode(
  name: string,
  index: number,
  { labels, isLarge }: { labels: readonly string[]; isLarge: boolean; isBusy: boolean },
): Node {
  return aNode({
    nodeId: `static:${name}:m${index}`,
    pool: name,
    autoscaleConfig: undefined,
    vmProvider: undefined,
    readyWhen: "declared",
    shape: { cores: isLarge ? 4 : 1, memoryBytes: 8 * gib, gpus: 0 },
    ...(labels.length > 0 ? { labels } : {}),
  });
}

/** 2 cores are taken of a busy member, all of a full node. */
function build(world: LabelWorld, sessionsStaged = 0): HotState {
  const nodes: Node[] = [];
  const full: string[] = [];
  const pools = world.pools.map((sketch, at) => {
    const name = poolNames[at]!;
    sketch.nodes.forEach((isFull, index) => {
      const nodeId = `${name}-${index}`;
      nodes.push(aNode({ nodeId, pool: name, autoscaleConfig: name }));
      if (isFull) full.push(nodeId);
    });
    sketch.members.forEach((each, index) => {
      const node = memberNode(name, index, each);
      nodes.push(node);
      if (each.isBusy) full.push(node.nodeId);
    });
    const staticMembers = sketch.members.map((each, index) => ({
      name: `m${index}`,
      zone: "eu",
      address: "10.0.0.1",
      cores: each.isLarge ? 4 : 1,
      memory: "8GiB",
      labels: each.labels,
    }));
    return poolDoc({ name, labels: sketch.labels, staticMembers });
  });
  const takers = world.pools.flatMap(({ hasConfig, nodes: own }, at) =>
    hasConfig || own.length > 0 ? [poolNames[at]!] : [],
  );
  return aState({
    zones: [zoneDoc()],
    pools,
    configs: takers.map((name) => agentConfigDoc({ name, pool: name, ...(world.isCapped ? { maxNodes: 2 } : {}) })),
    workspaces: [
      workspaceDoc({ pools: [...poolNames], includeLabels: world.includeLabels, excludeLabels: world.excludeLabels }),
    ],
    staging: sessionsStaged > 0 ? [stagingDoc({ sessions: sessionsStaged })] : [],
    nodes,
    sessions: [
      ...full.map((nodeId) => aSession({ nodeId, needs: { cores: 4, memoryBytes: 1, gpus: 0 } })),
      ...[...Array(world.waiting).keys()].map((index) => aSession({ sessionId: `w${index}`, sequence: index })),
    ],
  });
}

function labelsOf(nodeId: string, { pools }: LabelWorld): (readonly string[])[] {
  const at = nodeId.includes("one") ? 0 : 1;
  const index = /:m(\d)$/.exec(nodeId)?.[1];
  return [pools[at].labels, index === undefined ? [] : pools[at].members[Number(index)]!.labels];
}

/** Nodes that are free, large enough and labelled. */
function fitting(world: LabelWorld, state: HotState): string[] {
  return [...state.nodes.values()]
    .filter(
      ({ nodeId, shape }) =>
        shape!.cores >= 2 && state.usage(nodeId).cores === 0 && goes(world, ...labelsOf(nodeId, world)),
    )
    .map(({ nodeId }) => nodeId);
}

function contextOf(state: HotState) {
  const clock = new VirtualClock();
  const journal = new Journal(clock, new SeededRng(1));
  return { draft: new Draft(state), windows: new WindowCache(), catalog, nowMs: startMs, journal };
}

describe("labels", () => {
  it("say where a session is placed: on a node that has one of those included and none of those excluded, if any has room (property)", () => {
    check(labelWorlds, (world) => {
      const state = build({ ...world, waiting: 0 });
      const placement = place(aSession({ sessionId: "new" }), contextOf(state));
      const nodes = fitting(world, state);

      if (placement.kind === "assigned") assert.ok(nodes.includes(placement.nodeId), placement.nodeId);
      else assert.deepEqual(nodes, []);
    });
  });

  it("refuse a session, as the constraint that fails, just where no pool and no member is labelled for it (property)", () => {
    check(labelWorlds, (world) => {
      const placement = place(aSession(), contextOf(build(world)));
      const isLabelled = world.pools.some(
        ({ labels: own, members }) => goes(world, own) || members.some((each) => goes(world, own, each.labels)),
      );

      assert.equal(placement.kind === "refused" && /because of labels/.test(placement.reason.text), !isLabelled);
      if (placement.kind !== "refused" || isLabelled) return;
      assert.equal(placement.reason.code, "labels");
      for (const name of poolNames)
        assert.ok(placement.reason.text.includes(`pool "${name}" has`), placement.reason.text);
    });
  });

  it("say which node that comes free takes who waits (property)", () => {
    check(labelWorlds, (world) => {
      const state = build(world);
      for (const nodeId of [...state.nodes.keys()]) {
        const context = contextOf(state);
        fillNode(context, nodeId);
        const taken = context.draft.changes.some((change) => change.kind === "put" && change.table === "session");
        assert.equal(taken, world.waiting > 0 && fitting(world, state).includes(nodeId), nodeId);
      }
    });
  });

  it("say which config makes nodes, and on which nodes room is promised, also to staged sessions (property)", () => {
    check(fc.tuple(labelWorlds, fc.nat(2)), ([world, sessionsStaged]) => {
      const state = build(world, sessionsStaged);
      const plan = planOf(state);
      const makers = world.pools.flatMap(({ labels: own }, at) => (goes(world, own) ? [poolNames[at] as string] : []));
      const creates = plan.changes.flatMap((change) => (change.kind === "create" ? [change.autoscaleConfig] : []));

      assert.deepEqual(
        creates.filter((name) => !makers.includes(name)),
        [],
      );
      for (const { nodeId } of plan.waiting) {
        if (nodeId !== undefined) assert.ok(goes(world, ...labelsOf(nodeId, world)), nodeId);
      }
      const rooms = fitting(world, state).length * 2;
      const mayMake = makers.some((name) => state.autoscaleConfigs.has(name) && !world.isCapped);
      const isShort = world.waiting + sessionsStaged > rooms;
      if (mayMake)
        assert.equal(creates.length > 0, isShort, "makes nodes just when the labelled ones have too little room");
      applyPlan(state, plan);
      assert.deepEqual(planOf(state).changes, [], "plans nothing anew");
    });
  });

  it("are told of each node and config that they rule out (property)", () => {
    check(labelWorlds, (world) => {
      const state = build({ ...world, waiting: 1 });
      for (const { kind, id, reason } of traceOf(state.queue()[0]!, state, { nowMs: startMs, catalog })) {
        const own = kind === "node" ? labelsOf(id, world) : [world.pools[id === "one" ? 0 : 1].labels];
        assert.equal(reason.code === "labels", !goes(world, ...own), `${id}: ${reason.text}`);
      }
    });
  });

  it("count slots only on nodes that they allow", () => {
    const slots = agentConfigDoc({ standbySlots: { workspace: "office", count: 2 } });
    const own = { name: "m", zone: "eu", address: "10.0.0.1", cores: 8, memory: "16GiB" };
    const member = memberNode("agents", 0, { labels: ["slow"], isLarge: true, isBusy: false });
    const creates = (excludeLabels: string[]) => {
      const pools = [poolDoc({ staticMembers: [{ ...own, name: "m0", labels: ["slow"] }] })];
      const state = aState({ pools, configs: [slots], workspaces: [workspaceDoc({ excludeLabels })], nodes: [member] });
      return planOf(state).changes.filter(({ kind }) => kind === "create").length;
    };

    assert.deepEqual([creates([]), creates(["slow"])], [0, 1]);
  });
});
