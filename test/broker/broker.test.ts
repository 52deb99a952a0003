import assert from "node:assert/strict";
import { ConfigError, ConflictError, GoneError, NotFoundError, UnauthorizedError } from "../../runtime/model/errors";
import type { Session } from "../../runtime/model/state";
import type { Change } from "../../runtime/model/changes";
import {
  aDesktopSession,
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  desktopDoc,
  gib,
  poolDoc,
  rowChanges,
  serverConfigDoc,
  tester,
  vmProviderDoc,
  workspaceDoc,
  zoneDoc,
  type WorldRows,
} from "../support/builders";
import { World } from "../reconciler/world";

/** Declared through the broker, rows put beside it; nothing ticks. */
async function aWorld(rows: WorldRows = {}): Promise<World> {
  const world = new World();
  await world.declare({ configs: [agentConfigDoc(), serverConfigDoc()], ...rows });
  await world.ledger.commit(rowChanges(rows));
  return world;
}

async function place(
  world: World,
  request: Partial<Parameters<World["broker"]["requestSession"]>[0]> = {},
): Promise<Session> {
  const outcome = await world.broker.requestSession({ workspace: "office", userId: "ann", ...request });
  if (outcome.kind === "refused") assert.fail(outcome.reason.text);
  return outcome.session;
}

async function refusal(world: World, request: Partial<Parameters<World["broker"]["requestSession"]>[0]> = {}) {
  const outcome = await world.broker.requestSession({ workspace: "office", userId: "ann", ...request });
  return outcome.kind === "refused" ? outcome.reason : assert.fail(outcome.kind);
}

describe("broker, placement", () => {
  const used = (nodeId: string, cores: number) =>
    aSession({ nodeId, needs: { cores, memoryBytes: gib, gpus: 0 }, userId: `${nodeId}-${cores}` });
  // b has the most sessions, a the most load, c none of both.
  const nodes = ["a", "b", "c"].map((nodeId, index) => aNode({ nodeId, createdAtMs: index }));
  const sessions = [used("a", 2), used("b", 0.5), used("b", 0.25)];
  for (const { loadStrategy, nodeId } of [
    { loadStrategy: "leastLoad", nodeId: "c" },
    { loadStrategy: "mostLoad", nodeId: "a" },
    { loadStrategy: "leastSessions", nodeId: "c" },
    { loadStrategy: "mostSessions", nodeId: "b" },
  ] as const) {
    it(`places by ${loadStrategy}`, async () => {
      const world = await aWorld({ zones: [zoneDoc({ loadStrategy })], nodes, sessions });
      assert.equal((await place(world)).nodeId, nodeId);
    });
  }

  it("places on static members first if the zone says so", async () => {
    const staticMembers = [{ name: "m1", zone: "eu", address: "10.0.0.9", cores: 8, memory: "16GiB" }];
    const pools = [poolDoc({ staticMembers }), poolDoc({ name: "servers", type: "server" })];
    const first = await aWorld({ pools, nodes, sessions });
    const later = await aWorld({ pools, nodes, sessions, zones: [zoneDoc({ prioritizeStaticAgents: false })] });

    assert.equal((await place(first)).nodeId, "static:agents:m1");
    assert.equal((await place(later)).nodeId, "b");
  });

  it("prefers the requested zone, goes elsewhere if it searches alternates, and waits if it does not", async () => {
    const rows = (searchAlternateZones: boolean) => ({
      zones: [zoneDoc(), zoneDoc({ name: "us", searchAlternateZones })],
      configs: [agentConfigDoc(), agentConfigDoc({ name: "over-there", zone: "us" })],
      workspaces: [workspaceDoc()],
      nodes: [aNode()],
    });
    assert.equal((await place(await aWorld(rows(true)), { zone: "us" })).nodeId, "n1");
    assert.equal((await place(await aWorld(rows(false)), { zone: "us" })).status, "queued");
  });

  it("spreads desktops over servers and gives a user one desktop per server", async () => {
    const configs = [serverConfigDoc({ maxSimultaneousSessionsPerServer: 5, maxSimultaneousUsers: 5 })];
    const servers = ["n1", "n2"].map((nodeId) => aServer({ nodeId, sessionsMax: 5, usersMax: 5 }));
    const world = await aWorld({ configs, nodes: servers, workspaces: [desktopDoc()] });
    const request = { workspace: "desktop" };

    const placed = [await place(world, request), await place(world, request)].map(({ nodeId }) => nodeId);
    assert.deepEqual(placed, ["n1", "n2"]);
    assert.equal((await place(world, request)).status, "queued");
    assert.equal((await place(world, { ...request, userId: "bob" })).nodeId, "n1");
  });

  it("counts distinct users of a server", async () => {
    const configs = [serverConfigDoc({ maxSimultaneousSessionsPerServer: 5, maxSimultaneousUsers: 2 })];
    const server = aServer({ sessionsMax: 5, usersMax: 2 });
    const world = await aWorld({ configs, nodes: [server], workspaces: [desktopDoc()] });

    for (const userId of ["a", "b"]) await place(world, { workspace: "desktop", userId });
    assert.equal((await place(world, { workspace: "desktop", userId: "c" })).status, "queued");
  });

  it("never places on a node that is not running or whose config is disabled, drained or deleted", async () => {
    for (const status of ["starting", "missing", "draining", "failed"] as const) {
      assert.equal((await place(await aWorld({ nodes: [aNode({ status })] }))).status, "queued");
    }
    const frozen = await aWorld({
      nodes: [aNode()],
      configs: [agentConfigDoc({ enabled: false })],
      workspaces: [workspaceDoc()],
    });
    assert.equal((await refusal(frozen)).code, "configDisabled");
  });

  it("fractions of a core fill a node exactly", async () => {
    const workspaces = [workspaceDoc({ cores: 0.1, memory: "1MiB" })];
    const world = await aWorld({
      workspaces,
      configs: [agentConfigDoc()],
      nodes: [aNode({ shape: { cores: 0.3, memoryBytes: gib, gpus: 0 } })],
    });
    const statuses = [];
    for (const userId of ["a", "b", "c", "d"]) statuses.push((await place(world, { userId })).status);
    assert.deepEqual(statuses, ["assigned", "assigned", "assigned", "queued"]);
  });
});

describe("broker, refusals", () => {
  const cases: {
    name: string;
    rows: WorldRows;
    request?: { workspace?: string; zone?: string };
    code: string;
    text: RegExp;
  }[] = [
    {
      name: "a disabled workspace",
      rows: { workspaces: [workspaceDoc({ enabled: false })] },
      code: "workspaceDisabled",
      text: /disabled/,
    },
    {
      name: "no config",
      rows: { configs: [], workspaces: [workspaceDoc()] },
      code: "noConfig",
      text: /no autoscale config/,
    },
    {
      name: "a zone that the workspace is not allowed in and that looks nowhere else",
      rows: {
        zones: [zoneDoc(), zoneDoc({ name: "us", searchAlternateZones: false })],
        workspaces: [workspaceDoc({ zones: ["eu"] })],
      },
      request: { zone: "us" },
      code: "zone",
      text: /runs only in zone eu/,
    },
    {
      name: "a drained config",
      rows: { configs: [agentConfigDoc({ drain: true })], workspaces: [workspaceDoc()] },
      code: "configDraining",
      text: /being drained/,
    },
    {
      name: "a config that is being deleted",
      rows: {
        configs: [agentConfigDoc()],
        workspaces: [workspaceDoc()],
        configStates: [{ autoscaleConfig: "agents", isDeleting: true }],
      },
      code: "configDeleting",
      text: /being deleted/,
    },
  ];
  for (const { name, rows, request, code, text } of cases) {
    it(`refuses ${name} at once`, async () => {
      const reason = await refusal(await aWorld(rows), request);
      assert.equal(reason.code, code);
      assert.match(reason.text, text);
    });
  }

  it("refuses a GPU that no node has, and a node shape that is too small", async () => {
    const world = await aWorld({ vmProviders: [vmProviderDoc({ settings: { cores: 4, gpus: 1 } })], workspaces: [] });
    await world.ledger.commit([
      ...[
        { kind: "workspace" as const, doc: workspaceDoc({ name: "gpu", gpus: 2 }) },
        { kind: "workspace" as const, doc: workspaceDoc({ name: "big", cores: 64 }) },
      ].map(({ kind, doc }): Change => {
        return {
          kind: "put",
          table: "definition",
          row: { kind, name: doc.name, doc: { ...doc }, owner: tester, updatedAtMs: 0 },
        };
      }),
    ]);
    assert.deepEqual(
      [(await refusal(world, { workspace: "gpu" })).code, (await refusal(world, { workspace: "big" })).code],
      ["gpu", "shape"],
    );
  });

  it("names what is not declared", async () => {
    const world = await aWorld();
    await assert.rejects(place(world, { workspace: "nope" }), NotFoundError);
    await assert.rejects(place(world, { zone: "mars" }), (error: ConfigError) => error.problems[0]!.path === "zone");
  });
});

describe("broker, queue", () => {
  it("gives a freed place to the first that fits, in the commit that freed it, and skips what does not", async () => {
    const big = aSession({ sessionId: "big", needs: { cores: 4, memoryBytes: gib, gpus: 0 }, sequence: 1 });
    const small = aSession({ sessionId: "small", sequence: 2 });
    const later = aSession({ sessionId: "later", sequence: 3 });
    const taken = ["t1", "t2"].map((sessionId) => aSession({ sessionId, nodeId: "n1" }));
    const world = await aWorld({ nodes: [aNode()], sessions: [big, small, later, ...taken] });

    await world.broker.releaseSession("t1");
    assert.equal(world.state.sessions.get("small")!.nodeId, "n1");
    assert.equal(world.state.sessions.get("big")!.status, "queued");
    await world.broker.releaseSession("t2");
    assert.equal(world.state.sessions.get("later")!.nodeId, "n1");
  });

  it("places the queue as soon as a node checks in", async () => {
    const world = await aWorld({
      nodes: [aNode({ status: "starting", runningSinceMs: undefined })],
      sessions: [aSession({ sessionId: "s" })],
    });
    const node = await world.broker.heartbeat("agent:n1", "n1", {});
    assert.equal(node.status, "running");
    assert.equal(world.state.sessions.get("s")!.nodeId, "n1");
  });

  it("cancels a waiting session, and knows no session that has ended", async () => {
    const world = await aWorld({ sessions: [aSession({ sessionId: "s" })] });
    const session = await world.broker.releaseSession("s");
    assert.deepEqual([session.status, session.endReason], ["ended", "cancelled"]);
    assert.deepEqual(world.state.queue(), []);
    await assert.rejects(world.broker.releaseSession("s"), NotFoundError);
  });

  it("tells the place in the queue before the session is in it, and commits it together with what its asker adds", async () => {
    const world = await aWorld({ sessions: [aSession()] });
    const { outcome, commit } = world.broker.decideSession({ workspace: "office", userId: "ann" });
    assert.ok(outcome.kind === "queued");
    assert.deepEqual([outcome.session.status, outcome.position], ["queued", 2]);
    assert.equal(world.state.queue().length, 1, "nothing has happened yet");

    const row = { key: "k", bodyHash: "", status: 202, body: outcome.session, atMs: 0 };
    await commit([{ kind: "put", table: "idempotentAnswer", row }]);

    assert.equal(
      world.state.queue().indexOf(world.state.sessions.get(outcome.session.sessionId)!),
      outcome.position - 1,
    );
    assert.ok(world.state.idempotentAnswers.has("k"));
  });

  it("keeps the order of requests over a restart", async () => {
    const world = await aWorld({ sessions: [aSession({ sequence: 41 })] });
    const restarted = new World(world.rng, world.disk);
    restarted.state.apply(await restarted.store.load());
    const later = await place(restarted);
    assert.deepEqual(
      restarted.state.queue().map(({ sequence }) => sequence),
      [41, later.sequence],
    );
  });

  it("a stopped session gives its room away and comes back only where there is some", async () => {
    const holder = aSession({ sessionId: "s1", nodeId: "n1", needs: { cores: 4, memoryBytes: gib, gpus: 0 } });
    const world = await aWorld({ nodes: [aNode()], sessions: [holder, aSession({ sessionId: "s2" })] });

    await world.broker.setSessionStatus("s1", "stopped");
    assert.equal(world.state.sessions.get("s2")!.nodeId, "n1");
    await assert.rejects(world.broker.setSessionStatus("s1", "running"), ConflictError);
    await world.broker.releaseSession("s2");
    assert.equal((await world.broker.setSessionStatus("s1", "running")).status, "running");
    await assert.rejects(world.broker.setSessionStatus("nope", "running"), NotFoundError);
  });

  it("a stopped desktop still keeps its user from a second one on that server", async () => {
    const stopped = aDesktopSession({ sessionId: "s1", nodeId: "n1", userId: "ann", status: "stopped" });
    const world = await aWorld({
      nodes: [aServer()],
      sessions: [stopped],
      configs: [serverConfigDoc()],
      workspaces: [desktopDoc()],
    });
    assert.equal((await place(world, { workspace: "desktop" })).status, "queued");
    assert.equal((await place(world, { workspace: "desktop", userId: "bob" })).nodeId, "n1");
  });
});

describe("broker, check-in", () => {
  const starting = (changes = {}) =>
    aServer({ status: "starting", readyWhen: "checkin", runningSinceMs: undefined, ...changes });

  it("I: follows progress to running; a replay changes nothing", async () => {
    const world = await aWorld({ nodes: [starting()] });
    await world.broker.serverStatus("checkin:n1", { status: "starting", progressPercent: 40, message: "installing" });
    assert.deepEqual(
      [world.state.nodes.get("n1")!.status, world.state.nodes.get("n1")!.progressPercent],
      ["starting", 40],
    );
    await world.broker.serverStatus("checkin:n1", { status: "running", progressPercent: 100 });
    assert.equal(world.state.nodes.get("n1")!.status, "running");
    const before = world.state.nodes.get("n1");
    for (const status of ["starting", "running", "failed"] as const)
      await world.broker.serverStatus("checkin:n1", { status });
    assert.equal(world.state.nodes.get("n1"), before);
  });

  it("a reported failure fails the node and makes its config wait", async () => {
    const world = await aWorld({ nodes: [starting()] });
    await world.broker.serverStatus("checkin:n1", { status: "failed", message: "no disk" });
    assert.deepEqual(world.state.nodes.get("n1")!.failure, { class: "REPORTED", message: "no disk" });
    assert.equal(world.state.configStates.get("servers")!.failures!["vms"]!.last.class, "REPORTED");
  });

  it("answers Gone for a node that was destroyed and Unauthorized for a token of another purpose or node", async () => {
    const world = await aWorld({ nodes: [starting({ status: "destroying" }), starting({ nodeId: "n2" })] });
    await assert.rejects(world.broker.serverStatus("checkin:n1", { status: "running" }), GoneError);
    await assert.rejects(world.broker.serverStatus("checkin:n9", { status: "running" }), GoneError);
    await assert.rejects(world.broker.serverStatus("agent:n2", { status: "running" }), UnauthorizedError);
    await assert.rejects(world.broker.heartbeat("agent:n1", "n2", {}), UnauthorizedError);
  });

  it("takes the shape that an agent reports when its size is not known, overrides first", async () => {
    const configs = [agentConfigDoc({ coresOverride: 16 })];
    const node = aNode({ status: "starting", shape: undefined });
    const world = await aWorld({
      configs,
      vmProviders: [vmProviderDoc({ settings: {} })],
      nodes: [node],
      workspaces: [workspaceDoc()],
    });
    await world.broker.heartbeat("agent:n1", "n1", { cores: 4, memoryBytes: 8 * gib });
    assert.deepEqual(world.state.nodes.get("n1")!.shape, { cores: 16, memoryBytes: 8 * gib, gpus: 0 });
  });

  it("remembers every heartbeat and writes none that tells nothing new", async () => {
    const world = await aWorld({ nodes: [aNode({ lastHeartbeatMs: 0 })] });
    const written = [...world.disk.rows.values()];
    for (let beat = 0; beat < 60; beat += 1) {
      world.clock.jump(1_000);
      await world.broker.heartbeat("agent:n1", "n1", {});
      assert.equal(world.state.nodes.get("n1")!.lastHeartbeatMs, world.clock.now());
    }
    assert.deepEqual([...world.disk.rows.values()], written);
    assert.equal(world.state.nodesOfConfig(aNode().autoscaleConfig!).get("n1"), world.state.nodes.get("n1"));
  });
});
