import assert from "node:assert/strict";
import fc from "fast-check";
import { ConflictError } from "../../runtime/model/errors";
import { defaultPermissions } from "../../runtime/model/staging-config";
import type { Session } from "../../runtime/model/state";
import type { SessionRequest } from "../../runtime/broker/broker";
import {
  agentConfigDoc,
  aNode,
  aSession,
  poolDoc,
  rowChanges,
  stagingDoc,
  tester,
  workspaceDoc,
  zoneDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { World } from "../reconciler/world";

/** Zones eu and us with a node each, and a staging config in both. Nothing ticks. */
async function aWorld(rows: WorldRows = {}): Promise<World> {
  const world = new World();
  const docs: WorldRows = {
    zones: [zoneDoc(), zoneDoc({ name: "us" })],
    configs: [agentConfigDoc(), agentConfigDoc({ name: "over-there", zone: "us" })],
    workspaces: [workspaceDoc()],
    staging: [stagingDoc({ name: "in-eu" }), stagingDoc({ name: "in-us", zone: "us" })],
    nodes: [aNode({ nodeId: "eu1" }), aNode({ nodeId: "us1", zone: "us", autoscaleConfig: "over-there" })],
    ...rows,
  };
  await world.declare(docs);
  await world.ledger.commit(rowChanges(docs));
  return world;
}

function aStaged(zone: "eu" | "us", session: Partial<Session> = {}): Session {
  return aSession({
    status: "staged",
    userId: "",
    stagingConfig: `in-${zone}`,
    stagedAtMs: startMs,
    sequence: 0,
    nodeId: `${zone}1`,
    permissions: defaultPermissions,
    ...session,
  });
}

async function ask(world: World, request: Partial<SessionRequest> = {}): Promise<Session> {
  const outcome = await world.broker.requestSession({ workspace: "office", userId: "ann", ...request });
  if (outcome.kind === "refused") assert.fail(outcome.reason.text);
  return outcome.session;
}

describe("broker, staged sessions", () => {
  it("go first in the requested zone, then elsewhere; then come new sessions in the zone, then elsewhere", async () => {
    const sessions = [aStaged("us", { sessionId: "far" }), aStaged("eu", { sessionId: "near" })];
    const world = await aWorld({ sessions });
    const got = [];
    for (let count = 0; count < 5; count += 1) {
      const { sessionId, nodeId } = await ask(world, { zone: "eu", userId: `u${count}` });
      got.push(["near", "far"].includes(sessionId) ? sessionId : `new on ${nodeId}`);
    }

    assert.deepEqual(got, ["near", "far", "new on eu1", "new on us1", `new on undefined`]);
  });

  it("are not searched in other zones when the requested zone does not search them", async () => {
    const zones = [zoneDoc({ searchAlternateZones: false }), zoneDoc({ name: "us" })];
    const world = await aWorld({ zones, sessions: [aStaged("us", { sessionId: "far" })] });

    assert.equal((await ask(world, { zone: "eu" })).nodeId, "eu1");
    assert.equal((await ask(world, { zone: "us", userId: "bob" })).sessionId, "far");
  });

  it("become the user's under their own id, on their node, with what was fixed when they were staged", async () => {
    const world = await aWorld({ sessions: [aStaged("eu", { sessionId: "t" })] });
    world.clock.jump(90_000);

    const session = await ask(world, { zone: "eu" });

    assert.deepEqual(world.state.sessions.get("t"), session);
    const { status, userId, nodeId, zone, stagedAtMs, requestedAtMs, assignedAtMs } = session;
    assert.deepEqual([status, userId, nodeId, zone], ["assigned", "ann", "eu1", "eu"]);
    assert.deepEqual([stagedAtMs, requestedAtMs, assignedAtMs], [startMs, startMs + 90_000, startMs + 90_000]);
    assert.equal(session.reason.code, "staged");
    assert.equal(world.state.staged.size, 0);
  });

  it("fit only requests with the same permissions; those left out are the defaults", async () => {
    const staging = [stagingDoc({ name: "in-eu", permissions: { audio: false, webcam: true } })];
    const permissions = { ...defaultPermissions, audio: false, webcam: true };
    const world = await aWorld({ staging, sessions: [aStaged("eu", { sessionId: "t", permissions })] });

    assert.notEqual((await ask(world)).sessionId, "t");
    assert.notEqual((await ask(world, { permissions: { ...permissions, printing: true } })).sessionId, "t");
    assert.equal((await ask(world, { permissions })).sessionId, "t");
  });

  it("the one that has run the longest goes first", async () => {
    const sessions = ["old", "new"].map((sessionId) => aStaged("eu", { sessionId }));

    assert.equal((await ask(await aWorld({ sessions }))).sessionId, "old");
  });

  const closed: { name: string; rows: WorldRows }[] = [
    { name: "its node is silent", rows: { nodes: [aNode({ nodeId: "eu1", status: "missing" })] } },
    { name: "its node drains", rows: { nodes: [aNode({ nodeId: "eu1", status: "draining" })] } },
    { name: "its autoscale config is drained", rows: { configs: [agentConfigDoc({ drain: true })] } },
    { name: "its autoscale config is disabled", rows: { configs: [agentConfigDoc({ enabled: false })] } },
    {
      name: "it has expired",
      rows: { sessions: [aStaged("eu", { sessionId: "t", stagedAtMs: startMs - 86_400_000 })] },
    },
    { name: "its staging config is gone", rows: { staging: [] } },
    { name: "its workspace has another size now", rows: { workspaces: [workspaceDoc({ cores: 1 })] } },
  ];
  for (const { name, rows } of closed) {
    it(`are not given to anybody when ${name}`, async () => {
      const staging = [stagingDoc({ name: "in-eu" })];
      const sessions = [aStaged("eu", { sessionId: "t" })];
      const world = await aWorld({
        configs: [agentConfigDoc()],
        nodes: [aNode({ nodeId: "eu1" })],
        staging,
        sessions,
        ...rows,
      });

      const outcome = await world.broker.requestSession({ workspace: "office", userId: "ann" });

      assert.notEqual(outcome.kind !== "refused" && outcome.session.sessionId, "t");
      assert.equal(world.state.sessions.get("t")!.status, "staged");
    });
  }

  it("are never given to two users, however many ask at once", async () => {
    const counts = fc.record({ eu: fc.nat(4), us: fc.nat(4), requests: fc.integer({ min: 1, max: 24 }) });
    await fc.assert(
      fc.asyncProperty(counts, async ({ eu, us, requests }) => {
        const shape = { cores: 8, memoryBytes: 2 ** 35, gpus: 0 };
        const nodes = [
          aNode({ nodeId: "eu1", shape }),
          aNode({ nodeId: "us1", shape, zone: "us", autoscaleConfig: "over-there" }),
        ];
        const sessions = [
          ...[...Array(eu).keys()].map((index) => aStaged("eu", { sessionId: `eu-${index}` })),
          ...[...Array(us).keys()].map((index) => aStaged("us", { sessionId: `us-${index}` })),
        ];
        const world = await aWorld({ nodes, sessions });
        const got = await Promise.all(
          [...Array(requests).keys()].map((index) =>
            ask(world, { userId: `u${index}`, ...(index % 2 ? {} : { zone: "eu" }) }),
          ),
        );

        assert.equal(new Set(got.map(({ sessionId }) => sessionId)).size, requests, "each has a session of his own");
        const taken = got.filter(({ stagingConfig }) => stagingConfig !== undefined);
        assert.equal(taken.length, Math.min(requests, eu + us), "staged sessions go first");
        for (const session of got) assert.deepEqual(world.state.sessions.get(session.sessionId), session);
        assert.equal(world.state.usage("eu1").cores <= 8 && world.state.usage("us1").cores <= 8, true);
      }),
      { numRuns: 40 },
    );
  });

  it("outlive a crash, and so does their assignment", async () => {
    const sessions = ["a", "b"].map((sessionId) => aStaged("eu", { sessionId }));
    const world = await aWorld({ sessions });
    const taken = await ask(world);

    const restarted = new World(world.rng, world.disk);
    restarted.state.apply(await restarted.store.load());

    assert.deepEqual(restarted.state.sessions.get("a"), taken);
    assert.deepEqual([...restarted.state.staged.get("in-eu")!.keys()], ["b"]);
    assert.equal((await ask(restarted, { userId: "bob" })).sessionId, "b");
  });

  it("can be ended, but not paused or started, by hand", async () => {
    const world = await aWorld({ sessions: [aStaged("eu", { sessionId: "t" })] });

    await assert.rejects(world.broker.setSessionStatus("t", "running"), ConflictError);
    assert.equal((await world.broker.releaseSession("t")).endReason, "released");
    assert.equal(world.state.usage("eu1").pinned, 0);
  });

  it("on a static member that is taken out of its pool end with it", async () => {
    const member = { name: "m1", zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB" };
    const world = await aWorld({ pools: [poolDoc({ staticMembers: [member] })] });
    await world.ledger.commit([
      { kind: "put", table: "session", row: aStaged("eu", { sessionId: "t", nodeId: "static:agents:m1" }) },
    ]);
    await world.broker.putDefinition({ kind: "pool", name: "agents", doc: poolDoc(), owner: tester });

    assert.equal(world.state.sessions.has("t"), false);
    assert.equal((await world.store.session("t"))!.endReason, "unstaged");
  });
});
