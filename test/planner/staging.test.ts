import assert from "node:assert/strict";
import fc from "fast-check";
import type { Node, Session } from "../../runtime/model/state";
import { HotState } from "../../runtime/store/hot-state";
import {
  agentConfigDoc,
  aNode,
  aSession,
  aState,
  definitionChanges,
  poolDoc,
  rowChanges,
  scheduleDoc,
  stagingDoc,
  vmProviderDoc,
  workspaceDoc,
  zoneDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, countChanges, planOf, setNodes } from "./applied";

const minute = 60_000;

/** Staged for `offices`, as its config wants it. */
export function aStaged(session: Partial<Session> = {}): Session {
  return aSession({
    status: "staged",
    userId: "",
    stagingConfig: "offices",
    stagedAtMs: startMs,
    sequence: 0,
    ...session,
  });
}

function run(state: HotState): void {
  setNodes(state, (node) => (node.status === "requested" ? { status: "running" } : {}));
}

describe("planner, staging", () => {
  it("C: packs 25 staged sessions of 2 cores and 2 cores of standby on 13 nodes of 4 cores", () => {
    const state = aState({ configs: [agentConfigDoc({ standbyCores: 2 })], staging: [stagingDoc({ sessions: 25 })] });

    const plan = planOf(state);
    applyPlan(state, plan);

    assert.deepEqual(countChanges(plan), { create: 13 });
    assert.deepEqual(countChanges(planOf(state)), {}, "what is on its way is promised");
    assert.deepEqual(plan.staging, [{ ...plan.staging[0], stagingConfig: "offices", desired: 25, current: 0 }]);
  });

  it("makes the same nodes whether the pool, its autoscale config or both are named", () => {
    const others = {
      pools: [poolDoc(), poolDoc({ name: "others" })],
      vmProviders: [vmProviderDoc({ maxInstances: 20 })],
    };
    const workspaces = [workspaceDoc({ pools: ["others", "agents"] })];
    const configs = [agentConfigDoc(), agentConfigDoc({ name: "others", pool: "others" })];
    const named = [{ pool: "agents" }, { autoscaleConfig: "agents" }, { pool: "agents", autoscaleConfig: "agents" }];
    const made = named.map((names) => {
      const state = aState({ ...others, workspaces, configs, staging: [stagingDoc({ sessions: 5, ...names })] });
      return planOf(state).changes.map((change) => ("autoscaleConfig" in change ? change.autoscaleConfig : undefined));
    });

    assert.ok(made[0]!.length > 0 && made[0]!.every((config) => config === "agents"), JSON.stringify(made));
    assert.deepEqual(made[1], made[0]);
    assert.deepEqual(made[2], made[0]);
  });

  it("counts a staged session once: it takes its node's room and is no demand any more", () => {
    const nodes = [aNode({ nodeId: "n1" }), aNode({ nodeId: "n2" })];
    const sessions = ["n1", "n1", "n2"].map((nodeId) => aStaged({ nodeId }));
    const configs = [agentConfigDoc({ standbyCores: 2, downscaleBackoff: "0s" })];
    const state = aState({ configs, nodes, sessions, staging: [stagingDoc({ sessions: 3 })] });

    const plan = planOf(state);

    assert.deepEqual(plan.changes, []);
    assert.deepEqual([plan.staging[0]!.current, plan.staging[0]!.reason.code], [3, "steady"]);
  });

  it("takes what is free before standby does: standby comes on top", () => {
    const configs = [agentConfigDoc({ standbyCores: 4 })];
    const state = aState({ configs, nodes: [aNode()], staging: [stagingDoc({ sessions: 2 })] });

    assert.deepEqual(countChanges(planOf(state)), { create: 1 });
  });

  it("comes after the queue and before standby when the cap does not allow everything", () => {
    const configs = [agentConfigDoc({ standbyCores: 4 })];
    const vmProviders = [vmProviderDoc({ maxInstances: 2 })];
    const sessions = [aSession({ needs: { cores: 4, memoryBytes: 1, gpus: 0 } })];
    const plan = planOf(aState({ configs, vmProviders, sessions, staging: [stagingDoc()] }));

    assert.deepEqual(
      plan.changes.map(({ reason }) => reason.code),
      ["queue", "staging"],
    );
    assert.equal(plan.configs[0]!.reasons[0]!.code, "maxInstances", "standby has to do without");
  });

  it("says why it has fewer sessions than it wants", () => {
    const vmProviders = [vmProviderDoc({ maxInstances: 1 })];
    const capped = planOf(aState({ configs: [agentConfigDoc()], vmProviders, staging: [stagingDoc({ sessions: 3 })] }));
    const nowhere = planOf(aState({ configs: [], staging: [stagingDoc()] }));
    const closed = planOf(
      aState({
        configs: [agentConfigDoc()],
        schedules: [scheduleDoc({ start: "20:00", end: "21:00" })],
        staging: [stagingDoc()],
      }),
    );

    assert.equal(capped.staging[0]!.reason.code, "maxInstances");
    assert.match(capped.staging[0]!.reason.text, /staged: 0 of 3 sessions; .* 1 of at most 1 instance /);
    assert.equal(nowhere.staging[0]!.reason.code, "noConfig");
    assert.equal(closed.staging[0]!.reason.code, "schedule");
    assert.deepEqual(closed.changes, []);
  });

  it("shares nodes also where aggressive scaling gives each waiting user one of his own", () => {
    const configs = [agentConfigDoc({ aggressiveScaling: true })];
    const state = aState({ configs, staging: [stagingDoc({ sessions: 4 })], sessions: [aSession(), aSession()] });

    const plan = planOf(state);
    applyPlan(state, plan);

    assert.deepEqual(
      countChanges(plan),
      { create: 3 },
      "two for the waiting, with room for two more; one for two more",
    );
    assert.deepEqual(planOf(state).changes, []);
  });

  it("makes nodes of the named autoscale config only", () => {
    const configs = [agentConfigDoc(), agentConfigDoc({ name: "burst" })];
    const state = aState({ configs, nodes: [aNode()], staging: [stagingDoc({ autoscaleConfig: "burst" })] });

    assert.deepEqual(
      planOf(state).changes.map((change) => change.kind === "create" && change.autoscaleConfig),
      ["burst"],
    );
  });

  it("makes nodes of the named pool only", () => {
    const rows = {
      pools: [poolDoc(), poolDoc({ name: "others" })],
      configs: [agentConfigDoc(), agentConfigDoc({ name: "others", pool: "others" })],
      workspaces: [workspaceDoc({ pools: ["agents", "others"] })],
    };
    const made = (pool?: string) =>
      planOf(aState({ ...rows, staging: [stagingDoc(pool === undefined ? {} : { pool })] })).changes.map(
        (change) => change.kind === "create" && change.autoscaleConfig,
      );

    assert.deepEqual(made(), ["agents"], "the workspace's pools, in their order");
    assert.deepEqual(made("others"), ["others"]);
  });

  it("brings a draining node back instead of making one", () => {
    const reason = { code: "excess", text: "", numbers: {} };
    const nodes = [aNode({ status: "draining", statusSinceMs: startMs, reason })];

    const plan = planOf(aState({ configs: [agentConfigDoc()], nodes, staging: [stagingDoc()] }), startMs + 1);

    assert.deepEqual(countChanges(plan), { undrain: 1 });
  });

  it("keeps a node that staged sessions are on, and one that has room for those that are missing", () => {
    const configs = [agentConfigDoc({ downscaleBackoff: "0s" })];
    const nodes = ["n1", "n2", "n3"].map((nodeId, index) => aNode({ nodeId, createdAtMs: index }));
    const sessions = [aStaged({ nodeId: "n1" }), aStaged({ nodeId: "n1" })];
    const state = aState({ configs, nodes, sessions, staging: [stagingDoc({ sessions: 4 })] });

    const plan = planOf(state);

    assert.deepEqual(
      plan.changes.map((change) => change.kind === "drain" && change.nodeId),
      ["n3"],
    );
  });

  it("makes room for what is staged on a node that is about to be replaced, before it goes", () => {
    const configs = [agentConfigDoc({ maxNodeAge: "70m", rotatePreWarm: "15m" })];
    const rows = { configs, nodes: [aNode()], sessions: [aStaged({ nodeId: "n1" }), aStaged({ nodeId: "n1" })] };
    const state = aState({ ...rows, staging: [stagingDoc()] });

    const plan = planOf(state);
    applyPlan(state, plan);

    assert.deepEqual(countChanges(plan), { create: 1 });
    assert.equal(plan.staging[0]!.current, 2, "until then users may have them");
    assert.deepEqual(planOf(state).changes, []);
  });

  it("does not count sessions on a silent node, and staged as something else", () => {
    const nodes = [aNode({ nodeId: "n1" }), aNode({ nodeId: "n2", status: "missing" })];
    const wrong: Partial<Session>[] = [
      { nodeId: "n2" },
      { nodeId: "n1", needs: { cores: 1, memoryBytes: 1, gpus: 0 } },
      { nodeId: "n1", stagedAtMs: startMs - 25 * 60 * minute },
    ];
    const sessions = wrong.map((session) => aStaged(session));
    const state = aState({ configs: [agentConfigDoc()], nodes, sessions, staging: [stagingDoc({ sessions: 3 })] });

    assert.equal(planOf(state).staging[0]!.current, 0);
  });
});

interface Sketch {
  readonly world: WorldRows;
  readonly maxInstances: number;
}

const sketches: fc.Arbitrary<Sketch> = fc
  .record({
    maxInstances: fc.integer({ min: 1, max: 12 }),
    standbyCores: fc.constantFrom(0, 3, 8),
    aggressiveScaling: fc.boolean(),
    zone: fc.constantFrom("eu", "us"),
    wanted: fc.array(fc.record({ sessions: fc.nat(9), zone: fc.constantFrom("eu", "us"), isOwn: fc.boolean() }), {
      maxLength: 3,
    }),
    nodes: fc.array(
      fc.record({
        owner: fc.constantFrom("agents", "spare"),
        status: fc.constantFrom<Node["status"]>("running", "running", "requested", "starting", "draining", "missing"),
      }),
      { maxLength: 6 },
    ),
    staged: fc.array(fc.record({ at: fc.nat(5), config: fc.nat(3), isOld: fc.boolean() }), { maxLength: 8 }),
    waiting: fc.nat(5),
  })
  .map((sketch) => {
    const zoneOf = (owner: string) => (owner === "agents" ? "eu" : sketch.zone);
    const nodes = sketch.nodes.map(({ owner, status }, index) =>
      aNode({
        nodeId: `n${index}`,
        status,
        autoscaleConfig: owner,
        zone: zoneOf(owner),
        createdAtMs: startMs - index,
        statusSinceMs: startMs,
        reason: { code: "excess", text: "", numbers: {} },
      }),
    );
    const holders = nodes.filter(({ status }) => status === "running" || status === "missing" || status === "draining");
    const load = new Map<string, number>();
    const sessions = sketch.staged.flatMap(({ at, config, isOld }, index) => {
      const node = holders[at];
      const count = load.get(node?.nodeId ?? "") ?? 0;
      if (!node || count === 2) return [];
      load.set(node.nodeId, count + 1);
      const stagedAtMs = isOld ? startMs - 48 * 60 * minute : startMs - index;
      return [aStaged({ sessionId: `t${index}`, nodeId: node.nodeId, stagingConfig: `want${config}`, stagedAtMs })];
    });
    const queue = [...Array(sketch.waiting).keys()].map((index) =>
      aSession({ sessionId: `q${index}`, sequence: index, requestedAtMs: startMs - 10 }),
    );
    const { standbyCores, aggressiveScaling, maxInstances } = sketch;
    const staging = sketch.wanted.map(({ sessions: wanted, zone, isOwn }, index) =>
      stagingDoc({
        name: `want${index}`,
        zone,
        sessions: wanted,
        ...(isOwn && zone === "eu" ? { autoscaleConfig: "agents" } : {}),
      }),
    );
    const world: WorldRows = {
      zones: [zoneDoc(), zoneDoc({ name: "us" })],
      configs: [
        agentConfigDoc({ standbyCores, aggressiveScaling }),
        agentConfigDoc({ name: "spare", zone: sketch.zone }),
      ],
      vmProviders: [vmProviderDoc({ maxInstances })],
      staging,
      nodes,
      sessions: [...sessions, ...queue],
    };
    return { world, maxInstances };
  });

function build(world: WorldRows): HotState {
  const state = new HotState();
  state.apply([...definitionChanges(world), ...rowChanges(world)]);
  return state;
}

function check(rule: (sketch: Sketch) => void): void {
  const { HEADROOM_SEED: seed, HEADROOM_RUNS: runs = "150" } = process.env;
  fc.assert(fc.property(sketches, rule), {
    numRuns: Number(runs),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  });
}

describe("planner, staging, properties", () => {
  it("changes nothing when it plans again after its plan was applied", () => {
    check(({ world }) => {
      const state = build(world);
      applyPlan(state, planOf(state));
      assert.deepEqual(planOf(state).changes, []);
    });
  });

  it("never passes the cap, and never destroys or drains for excess a node with a staged session", () => {
    check(({ world, maxInstances }) => {
      const state = build(world);
      const before = state.nodes.size;
      const plan = planOf(state);
      for (const change of plan.changes) {
        if (change.kind === "drain" || change.kind === "destroy") assert.equal(state.usage(change.nodeId).pinned, 0);
      }
      applyPlan(state, plan);
      assert.ok(state.nodes.size === before || state.nodes.size <= maxInstances);
    });
  });

  it("has or gets room for every staged session that is wanted, or says why not", () => {
    check(({ world }) => {
      const state = build(world);
      const plan = planOf(state);
      const states = plan.staging.map(({ reason }) => reason.code);
      assert.equal(plan.staging.length, world.staging!.length);
      const isExplained = states.every((code) => ["steady", "staging", "maxInstances", "noConfig"].includes(code));
      assert.ok(isExplained, states.join());
      if (states.some((code) => code === "maxInstances" || code === "noConfig") || plan.waiting.some(isStuck)) return;
      applyPlan(state, plan);
      run(state);
      const missing = plan.staging.reduce((sum, { desired, current }) => sum + desired - current, 0);
      const free = [...state.nodes.values()]
        .filter(({ status }) => status === "running" || status === "starting")
        .reduce((sum, { nodeId }) => sum + Math.floor((4 - state.usage(nodeId).cores) / 2), 0);
      assert.ok(free >= missing + plan.waiting.length, `${free} of ${missing} and ${plan.waiting.length}`);
    });
  });

  it("never wants fewer nodes because a staging config wants more", () => {
    check(({ world }) => {
      const [first, ...others] = world.staging!;
      if (!first) return;
      const wanted = (rows: WorldRows) => {
        const { changes } = planOf(build(rows));
        const count = (kind: string) => changes.filter((change) => change.kind === kind).length;
        return count("create") + count("undrain") - count("drain");
      };
      const more = { ...world, staging: [{ ...first, sessions: first.sessions + 1 }, ...others] };
      assert.ok(wanted(more) >= wanted(world));
    });
  });
});

function isStuck({ nodeId, reason }: { nodeId?: string; reason: { code: string } }): boolean {
  return nodeId === undefined && reason.code !== "newNode";
}
