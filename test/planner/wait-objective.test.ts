import assert from "node:assert/strict";
import fc from "fast-check";
import type { ConfigDemand } from "../../runtime/model/demand";
import { parseDefinition } from "../../runtime/model/config";
import type { Reason } from "../../runtime/model/reason";
import { advise } from "../../runtime/planner/forecast/forecast";
import { sessionsBySize, withSize } from "../../runtime/planner/demand/sizes";
import type { HotState } from "../../runtime/store/hot-state";
import {
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  aState,
  desktopDoc,
  gib,
  poolDoc,
  scheduleDoc,
  serverConfigDoc,
  vmProviderDoc,
  type AgentConfigDoc,
  type ServerConfigDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, countChanges, planOf, setNodes } from "./applied";
import { historyOptions, learnedDemand, type History } from "./demand-history";
import { build, check, minute, worlds } from "./worlds";

type Mode = "shadow" | "floor" | "replace";
const objective = (mode: Mode) => ({ share: "5%", within: "0s", mode });

// Steady demand of weeks, played once: much of it, and little.
const busy = learnedDemand("any", { perHour: 60 });
const quiet = learnedDemand("any", { perHour: 2 });
const young = learnedDemand("any", { perHour: 60, weeks: 0.2 });
const demandOf = (autoscaleConfig: string, { forecast, sizes }: ConfigDemand): ConfigDemand => ({
  ...{ autoscaleConfig, savedAtMs: startMs, sizes, forecast },
});

function servers(mode: Mode, doc: Partial<ServerConfigDoc> = {}, demand: ConfigDemand = busy, rows: WorldRows = {}) {
  const config = serverConfigDoc({ waitObjective: objective(mode), ...doc });
  return aState({
    pools: [poolDoc({ name: config.pool, type: "server" })],
    vmProviders: [vmProviderDoc({ maxInstances: 100 })],
    configs: [config],
    workspaces: [desktopDoc()],
    configDemands: [demandOf(config.name!, demand)],
    ...rows,
  });
}

function agents(mode: Mode, doc: Partial<AgentConfigDoc> = {}, demand: ConfigDemand = busy, rows: WorldRows = {}) {
  const config = agentConfigDoc({ waitObjective: objective(mode), ...doc });
  return aState({
    vmProviders: [vmProviderDoc({ maxInstances: 100, settings: { cores: 4 } })],
    configs: [config],
    configDemands: [demandOf(config.name!, demand)],
    ...rows,
  });
}

function objectiveIn(state: HotState, nowMs = startMs): Reason {
  const [config] = planOf(state, nowMs).configs;
  assert.ok(config!.objective, "the config has an objective");
  return config!.objective;
}
const wantedIn = (state: HotState): number => Number(objectiveIn(state).numbers["sessionsWanted"]);
const created = (state: HotState): number => countChanges(planOf(state))["create"] ?? 0;

describe("planner, wait objective", () => {
  it("in shadow tells what it would keep free and changes nothing", () => {
    const shadow = servers("shadow", { minimumAvailableSessions: 2 });
    const without = servers("shadow", {}, busy, { configs: [serverConfigDoc({ minimumAvailableSessions: 2 })] });

    assert.deepEqual(planOf(shadow).changes, planOf(without).changes);
    const { code, text } = objectiveIn(shadow);
    assert.equal(code, "objectiveShadow");
    assert.ok(wantedIn(shadow) > 2, "so much demand takes more than two");
    assert.match(
      text,
      /^wait objective in shadow would keep \d+ sessions kept free|would keep \d+ sessions? kept free/,
    );
  });

  it("as a floor only raises what is declared", () => {
    for (const minimumAvailableSessions of [0, 1, 50]) {
      const state = servers("floor", { minimumAvailableSessions });
      const wanted = wantedIn(state);
      assert.ok(wanted > 1 && wanted < 50, `${wanted} wanted`);
      assert.equal(created(state), Math.max(wanted, minimumAvailableSessions));
    }
  });

  it("as a replacement keeps what the forecast wants, less than is declared too, and never below minNodes", () => {
    const state = servers("replace", { minimumAvailableSessions: 50 });
    assert.equal(created(state), wantedIn(state));
    const idle = servers("replace", { minimumAvailableSessions: 50, minNodes: 30 }, quiet);
    assert.ok(wantedIn(idle) < 30);
    assert.equal(created(idle), 30);
  });

  it("keeps what an open schedule itself declares, also as a replacement", () => {
    const window = scheduleDoc({ start: "11:00", end: "13:00", autoscaleConfig: serverConfigDoc().name! });
    const state = servers("replace", {}, quiet, { schedules: [{ ...window, minimumAvailableSessions: 40 }] });
    assert.equal(created(state), 40);
  });

  it("wants nothing while no schedule is open", () => {
    const window = scheduleDoc({ start: "20:00", end: "21:00", autoscaleConfig: serverConfigDoc().name! });
    const state = servers("floor", {}, busy, { schedules: [window] });
    assert.equal(planOf(state).configs[0]!.objective, undefined);
    assert.equal(created(state), 0);
  });

  it("leaves it to the declared standby while too little is known, and says so", () => {
    for (const mode of ["floor", "replace"] as const) {
      const state = servers(mode, { minimumAvailableSessions: 3 }, young);
      assert.equal(created(state), 3);
      const { code, text } = objectiveIn(state);
      assert.equal(code, "objectiveLearning");
      assert.match(text, /^the declared standby of 3 sessions holds: .* known, too little yet/);
    }
    assert.equal(objectiveIn(servers("replace", {}, young, { configDemands: [] })).code, "objectiveLearning");
  });

  it("never passes a limit, however much it wants", () => {
    assert.equal(created(servers("replace", { maxNodes: 2 })), 2);
    const vmProviders = [vmProviderDoc({ maxInstances: 3 })];
    assert.equal(created(servers("replace", {}, busy, { vmProviders })), 3);
    assert.equal(created(agents("replace", { maxNodes: 1 })), 1);
    const { reasons } = planOf(servers("replace", { maxNodes: 2 })).configs[0]!;
    assert.ok(reasons.some(({ code }) => code === "maxNodes"));
  });

  it("gives docker agents room for whole sessions of the sizes that come, each on one node", () => {
    let sizes = withSize([], { cores: 3, memoryBytes: 2 * gib, gpus: 0 });
    for (let more = 0; more < 2; more += 1) sizes = withSize(sizes, { cores: 1, memoryBytes: gib, gpus: 0 });
    const state = agents("replace", {}, { ...busy, sizes });
    const wanted = wantedIn(state);
    const [large] = sessionsBySize(wanted, sizes);
    assert.equal(large!.needs.cores, 3);
    // A node has 4 cores: one large session and one small.
    const small = wanted - large!.sessions;
    const least = large!.sessions + Math.max(0, Math.ceil((small - large!.sessions) / 4));
    assert.equal(created(state), least);
    assert.equal(planOf(state).changes[0]!.reason.code, "waitObjective");
  });

  it("does not take what is free in pieces for room, and keeps the nodes that hold the room", () => {
    const sizes = withSize([], { cores: 2, memoryBytes: 2 * gib, gpus: 0 });
    const nodes = [...Array(30).keys()].map((index) => aNode({ nodeId: `n${index}` }));
    const sessions = nodes.map(({ nodeId }) =>
      aSession({ sessionId: `on-${nodeId}`, nodeId, needs: { cores: 3, memoryBytes: gib, gpus: 0 } }),
    );
    const full = agents("replace", {}, { ...busy, sizes }, { nodes, sessions });
    assert.equal(created(full), Math.ceil(wantedIn(full) / 2));

    const idle = agents("replace", { downscaleBackoff: "0s" }, { ...busy, sizes }, { nodes });
    const ready = Number(objectiveIn(idle).numbers["sessionsReady"]);
    assert.equal(countChanges(planOf(idle))["drain"], 30 - Math.ceil(ready / 2));
    applyPlan(idle, planOf(idle));
    assert.deepEqual(
      planOf(idle).changes.filter(({ kind }) => kind !== "destroy"),
      [],
    );
  });

  it("counts staged sessions as room that is there", () => {
    const plain = servers("floor");
    const staged = [...Array(2).keys()].map((index) =>
      aSession({
        ...{ sessionId: `t${index}`, nodeId: `n${index}`, status: "staged", userId: "", stagingConfig: "gone" },
        workspace: "desktop",
      }),
    );
    const nodes = staged.map(({ nodeId = "" }) => aServer({ nodeId, sessionsMax: 1, usersMax: 1 }));
    const state = servers("floor", {}, busy, { nodes, sessions: staged });
    assert.equal(wantedIn(state), wantedIn(plain) - 2);
    assert.equal(objectiveIn(state).numbers["sessionsStaged"], 2);
  });

  it("lets nodes go as soon as the forecast has it with an automatic back-off, and with what is declared before", () => {
    const server = serverConfigDoc();
    const nodes = [...Array(40).keys()].map((index) =>
      aServer({ nodeId: `n${index}`, pool: server.pool, autoscaleConfig: server.name! }),
    );
    const backoffOf = (state: HotState): unknown => {
      const reasons = planOf(state).configs[0]!.reasons;
      return reasons.find(({ code }) => code === "backoffDown")?.numbers["downscaleBackoffSeconds"];
    };
    const followed = servers("replace", { downscaleBackoff: "auto" }, busy, { nodes });
    const { backoffSeconds } = objectiveIn(followed).numbers;
    assert.notEqual(backoffSeconds, 900, "else this shows nothing");
    assert.equal(backoffOf(followed), backoffSeconds);
    assert.equal(backoffOf(servers("shadow", { downscaleBackoff: "auto" }, busy, { nodes })), 900);
    assert.equal(backoffOf(servers("replace", { downscaleBackoff: "auto" }, young, { nodes })), 900);
    assert.equal(backoffOf(servers("replace", { downscaleBackoff: "2m" }, busy, { nodes })), 120);
  });

  it("refuses what is no share, and an automatic back-off without an objective, by name", () => {
    const shareOf = (share: string | number): number | undefined => {
      const doc = serverConfigDoc({ waitObjective: { share } });
      return parseDefinition("autoscaleConfig", doc).waitObjective?.share;
    };
    for (const [written, share] of [
      ["5%", 0.05],
      ["0.1%", 0.001],
      [" 12.5 % ", 0.125],
      ["50%", 0.5],
      [0.02, 0.02],
    ] as const) {
      assert.equal(shareOf(written), share);
    }
    for (const share of ["0%", "0.05%", "51%", "5", "five", "-5%", "", 0, 5, 0.6, Number.NaN, "1e1%", "5%%"]) {
      assert.throws(() => shareOf(share), /waitObjective\.share/, String(share));
    }
    assert.throws(
      () => parseDefinition("autoscaleConfig", serverConfigDoc({ downscaleBackoff: "auto" })),
      /downscaleBackoff.*only with waitObjective/,
    );
  });
});

const objectives = fc.record({
  mode: fc.constantFrom<Mode>("shadow", "floor", "replace"),
  demand: fc.constantFrom(busy, quiet, young),
});

/** Random worlds in which every config has an objective. */
const withObjectives = fc.tuple(worlds, objectives).map(([world, { mode, demand }]) => {
  const configs = (world.configs ?? []).map((config) => ({ ...config, waitObjective: objective(mode) }));
  const rows: WorldRows = { ...world, configs, configDemands: configs.map(({ name }) => demandOf(name!, demand)) };
  return { plain: world, mode, rows };
});

describe("planner, wait objectives in any world", () => {
  it("changes nothing in shadow, and never passes a limit", () => {
    check(withObjectives, ({ plain, mode, rows }) => {
      const state = build(rows);
      const made = planOf(state);
      if (mode === "shadow") assert.deepEqual(made.changes, planOf(build(plain)).changes);
      const before = state.nodes.size;
      applyPlan(state, made);
      const grew = state.nodes.size > before;
      const max = state.vmProviderConfigs.get("vms")!.maxInstances;
      const instances = [...state.nodes.values()].filter((node) => node.vmProvider === "vms").length;
      assert.ok(!grew || instances <= max, `${instances} instances of ${max}`);
      for (const { name, maxNodes = Infinity } of state.autoscaleConfigs.values()) {
        const makes = made.changes.some((change) => change.kind === "create" && change.autoscaleConfig === name);
        assert.ok(!makes || state.nodesOfConfig(name).size <= maxNodes, name);
      }
    });
  });

  it("changes nothing when it plans again after its plan was applied", () => {
    check(withObjectives, ({ rows }) => {
      const state = build(rows);
      applyPlan(state, planOf(state));
      assert.deepEqual(planOf(state).changes, []);
    });
  });

  it("as a floor never has fewer nodes than without", () => {
    check(withObjectives, ({ plain, mode, rows }) => {
      if (mode !== "floor") return;
      const [without, state] = [build(plain), build(rows)];
      const drained = (of: HotState): number => countChanges(planOf(of, startMs + 60 * minute))["drain"] ?? 0;
      assert.ok(drained(state) <= drained(without));
    });
  });

  it("says nothing that is not so: each number of the sentence is one of the plan's, and counted anew", () => {
    check(withObjectives, ({ rows }) => {
      const state = build(rows);
      for (const { autoscaleConfig, objective: told } of planOf(state).configs) {
        if (!told) continue;
        const { text, numbers } = told;
        const known = new Set(Object.values(numbers).map(String)).add("90");
        // Times of day and names aside, whatever is a number in the sentence is one of those beside it.
        for (const [found] of text.matchAll(/\d+(\.\d+)?/g)) assert.ok(known.has(found), `${found} in: ${text}`);
        const waiting = state.queue().filter(({ reason }) => reason.numbers["autoscaleConfig"] === autoscaleConfig);
        assert.equal(numbers["sessionsWaiting"], waiting.length);
        const staged = [...state.sessions.values()].filter(
          ({ status, nodeId = "" }) =>
            status === "staged" && state.nodes.get(nodeId)?.autoscaleConfig === autoscaleConfig,
        );
        assert.ok(Number(numbers["sessionsStaged"]) >= staged.length);
        const { forecast } = state.configDemands.get(autoscaleConfig)!;
        const position = { free: 0, coming: 0, waiting: 0, busy: 0 };
        const { parts, record } = advise(forecast as never, startMs, position, historyOptions());
        assert.equal(numbers["bootSeconds"], Math.round(parts.bootSeconds));
        assert.equal(numbers["sessionsMeasured"], record.sessions);
        assert.equal(numbers["waitingPercent"], Math.round(record.waitingShare * 10_000) / 100);
      }
    });
  });

  it("draws nothing from when nodes were made that run alike", () => {
    const history: History = { perHour: 60 };
    const state = servers("replace", {}, learnedDemand("any", history));
    const plan = planOf(state);
    applyPlan(state, plan);
    setNodes(state, () => ({ status: "running" }));
    assert.deepEqual(planOf(state).changes, []);
    assert.deepEqual(planOf(state, startMs + 1), planOf(state, startMs + 1));
  });
});
