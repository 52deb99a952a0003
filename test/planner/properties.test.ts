/** Rules that hold for every plan of every state. A failing run prints its seed and the
 * smallest state that fails; `HEADROOM_SEED` repeats it, `HEADROOM_RUNS` tries more. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ConfigState, Node, NodeStatus, Session } from "../../runtime/model/state";
import { isInFlight } from "../../runtime/planner/node-status";
import { HotState } from "../../runtime/store/hot-state";
import {
  aDesktopSession,
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  definitionChanges,
  desktopDoc,
  gib,
  poolDoc,
  rowChanges,
  scheduleDoc,
  serverConfigDoc,
  someFailures,
  vmProviderDoc,
  workspaceDoc,
  zoneDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, planOf } from "./applied";

const minute = 60_000;
const memories = ["0GiB", "2GiB", "9GiB"] as const;

const agentConfigs = fc
  .record({
    standbyCores: fc.constantFrom(0, 1, 4, 10),
    standbyMemory: fc.constantFrom(...memories),
    minNodes: fc.nat(3),
    maxNodes: fc.option(fc.integer({ min: 3, max: 8 }), { nil: undefined }),
    aggressiveScaling: fc.boolean(),
    countStatic: fc.boolean(),
    enabled: fc.constantFrom(true, true, true, false),
    drain: fc.constantFrom(false, false, false, true),
    downscaleBackoff: fc.constantFrom("0s", "10m"),
    coresOverride: fc.constantFrom(0, 0, 16),
    zone: fc.constantFrom("eu", "us"),
  })
  .map((doc) => agentConfigDoc(doc));

const serverConfigs = fc
  .record({
    minimumAvailableSessions: fc.nat(6),
    sessions: fc.integer({ min: 1, max: 4 }),
    maxSimultaneousUsers: fc.integer({ min: 1, max: 4 }),
    reusable: fc.boolean(),
    minNodes: fc.nat(2),
    downscaleBackoff: fc.constantFrom("0s", "10m"),
  })
  .map(({ sessions, ...doc }) =>
    serverConfigDoc({ ...doc, maxSimultaneousSessionsPerServer: doc.reusable ? sessions : 1 }),
  );

const statuses: readonly NodeStatus[] = [
  "requested",
  "provisioning",
  "starting",
  "running",
  "running",
  "running",
  "missing",
  "draining",
  "destroying",
  "failed",
];

const nodeSketches = fc.array(
  fc.record({
    owner: fc.constantFrom("agents", "spare", "servers", "static"),
    status: fc.constantFrom(...statuses),
    ageMinutes: fc.nat(5),
    hasServed: fc.boolean(),
    isManual: fc.boolean(),
  }),
  { maxLength: 12 },
);

const sessionSketches = fc.array(
  fc.record({
    at: fc.option(fc.nat(20), { nil: undefined }),
    isDesktop: fc.boolean(),
    cores: fc.constantFrom(0.5, 1, 2, 4),
    user: fc.nat(4),
    isStopped: fc.constantFrom(false, false, false, true),
    zone: fc.option(fc.constantFrom("eu", "us"), { nil: undefined }),
  }),
  { maxLength: 14 },
);

const configStates = fc.record({
  excessMinutes: fc.option(fc.nat(20), { nil: undefined }),
  failures: fc.constantFrom(0, 0, 1, 4),
  retries: fc.boolean(),
  isDeleting: fc.constantFrom(false, false, false, false, true),
});

/** A zone pair, two agent configs that share a VM provider config with a server config, and anything on top. */
const worlds: fc.Arbitrary<WorldRows> = fc
  .record({
    agents: agentConfigs,
    spare: agentConfigs,
    servers: serverConfigs,
    maxInstances: fc.integer({ min: 1, max: 14 }),
    isShapeKnown: fc.constantFrom(true, true, true, false),
    schedule: fc.constantFrom("none", "open", "closed"),
    nodes: nodeSketches,
    sessions: sessionSketches,
    state: configStates,
  })
  .map((sketch) => {
    const nodes = sketch.nodes.map(({ owner, status, ageMinutes, hasServed, isManual }, index): Node => {
      const nodeId = `n${index}`;
      const createdAtMs = startMs - ageMinutes * minute;
      const code = isManual ? "manual" : "excess";
      const common = {
        nodeId,
        createdAtMs,
        statusSinceMs: createdAtMs,
        status,
        reason: { code, text: "", numbers: {} },
      };
      const config = { agents: sketch.agents, spare: sketch.spare }[owner as "agents" | "spare"];
      if (owner === "servers") {
        const { maxSimultaneousSessionsPerServer: sessionsMax = 1, maxSimultaneousUsers: usersMax = 1 } =
          sketch.servers;
        const isReusable = sketch.servers.reusable ?? true;
        return aServer({ ...common, sessionsMax, usersMax: isReusable ? usersMax : 1, isReusable, hasServed });
      }
      if (!config) {
        return aNode({
          ...common,
          autoscaleConfig: undefined,
          vmProvider: undefined,
          status: "running",
          readyWhen: "declared",
        });
      }
      const cores = config.coresOverride || 4;
      const shape = sketch.isShapeKnown ? { cores, memoryBytes: 8 * gib, gpus: 0 } : undefined;
      return aNode({
        ...common,
        autoscaleConfig: owner,
        zone: config.zone,
        ...(shape ? { shape } : { shape: undefined }),
      });
    });
    const takers = nodes.filter(({ status }) => status === "running" || status === "missing" || status === "draining");
    const sessions = sketch.sessions.map(({ at, isDesktop, cores, user, isStopped, zone }, index): Session => {
      const node = at === undefined ? undefined : takers[at];
      const base = {
        sessionId: `s${index}`,
        userId: `u${user}`,
        sequence: index,
        requestedAtMs: startMs - 100 + index,
      };
      const placed = node
        ? { nodeId: node.nodeId, status: isStopped ? ("stopped" as const) : ("running" as const) }
        : {};
      const onServer = node ? node.sessionsMax !== undefined : isDesktop;
      if (onServer) return aDesktopSession({ ...base, ...placed, ...(zone ? { zone } : {}) });
      return aSession({ ...base, ...placed, needs: { cores, memoryBytes: gib, gpus: 0 }, ...(zone ? { zone } : {}) });
    });
    const { excessMinutes, failures, retries, isDeleting } = sketch.state;
    const failed = someFailures({ consecutiveFailures: failures, retryAtMs: startMs + (retries ? minute : -minute) });
    const configState: ConfigState = {
      autoscaleConfig: "agents",
      ...(excessMinutes === undefined ? {} : { excessSinceMs: startMs - excessMinutes * minute }),
      ...(failures > 0 ? { failures: { vms: failed } } : {}),
      ...(isDeleting ? { isDeleting } : {}),
    };
    const window = sketch.schedule === "open" ? { start: "11:00", end: "13:00" } : { start: "20:00", end: "21:00" };
    return {
      zones: [zoneDoc(), zoneDoc({ name: "us" })],
      pools: [poolDoc(), poolDoc({ name: "servers", type: "server" })],
      vmProviders: [
        vmProviderDoc({ maxInstances: sketch.maxInstances, settings: sketch.isShapeKnown ? { cores: 4 } : {} }),
      ],
      configs: [sketch.agents, { ...sketch.spare, name: "spare" }, sketch.servers],
      schedules: sketch.schedule === "none" ? [] : [scheduleDoc(window)],
      workspaces: [workspaceDoc(), desktopDoc()],
      nodes,
      sessions,
      configStates: [configState],
    };
  });

function build(world: WorldRows): HotState {
  const state = new HotState();
  state.apply([...definitionChanges(world), ...rowChanges(world)]);
  return state;
}

function check<T>(arbitrary: fc.Arbitrary<T>, rule: (value: T) => void): void {
  const { HEADROOM_SEED: seed, HEADROOM_RUNS: runs = "120" } = process.env;
  fc.assert(fc.property(arbitrary, rule), {
    numRuns: Number(runs),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  });
}

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
        const cores = [...state.nodesIn(config.pool, config.zone).values()]
          .filter(
            (node) =>
              (isInFlight(node) || node.status === "running") &&
              (node.autoscaleConfig ? isOpen(node) : config.countStatic),
          )
          .reduce((sum, node) => sum + Math.max(0, (node.shape?.cores ?? 0) - state.usage(node.nodeId).cores), 0);
        const isMet = live.length >= config.minNodes && (waiting || cores >= config.standbyCores);
        const isExplained = reasons.some(({ code }) =>
          ["maxInstances", "maxNodes", "backoff", "singleTry", "unknownShape"].includes(code),
        );
        assert.ok(isMet || isExplained, JSON.stringify({ reasons, live: live.length, cores }));
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
