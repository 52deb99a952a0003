/** Nodes that run and have given no sign of life since: dead, or out of reach. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { poolDoc, serverConfigDoc } from "../support/builders";
import { countByStatus, events, request } from "./questions";
import { World } from "./world";

const minute = 60_000;

/** Servers that check in and send no heartbeats. */
function servers(count: number) {
  return serverConfigDoc({
    minNodes: count,
    maxNodes: 2 * count,
    requireCheckin: true,
    startupScript: { text: "{checkin_jwt}" },
    maxSimultaneousSessionsPerServer: 5,
    maxSimultaneousUsers: 5,
    missingTimeout: "4m",
    deadTimeout: "20m",
    startTimeout: "0s",
  });
}

const fleets = fc.record({
  /** Whether each of the servers dies before its port could ever be asked. */
  dies: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
  /** Whether the probes get through at all from then on. */
  isReachable: fc.boolean(),
  /** How long they have run by then. */
  ranMinutes: fc.constantFrom(0, 3, 45),
  /** Sessions that are on them. */
  sessions: fc.nat(3),
});

function member(name: string, address = `10.9.9.${name}`) {
  return { name: `m${name}`, zone: "eu", address, connectionPort: 22, cores: 8, memory: "16GiB" };
}

function poolsOf(...staticMembers: ReturnType<typeof member>[]) {
  return [poolDoc({ staticMembers }), poolDoc({ name: "servers", type: "server" })];
}

describe("nodes whose port never answered", () => {
  it("of servers are judged while another one of their config answers, and no longer", async () => {
    const property = fc.asyncProperty(fleets, async ({ dies, isReachable, ranMinutes, sessions }) => {
      const world = await World.start({ configs: [servers(dies.length)] });
      world.isPortOpen = false;
      await world.clock.advance((2 + ranMinutes) * minute);
      const nodeIds = [...world.state.nodes.keys()];
      assert.deepEqual(countByStatus(world), { running: dies.length });
      for (let user = 0; user < sessions; user += 1) await request(world, "desktop", `u${user}`);
      const isDead = (nodeId: string): boolean => dies[nodeIds.indexOf(nodeId)] === true;
      const isBusy = new Set(nodeIds.filter((nodeId) => world.state.usage(nodeId).pinned > 0));
      for (const nodeId of nodeIds) if (isDead(nodeId)) world.killed.add(nodeId);
      world.isPortOpen = isReachable;
      const isJudged = isReachable && dies.includes(false);

      await world.clock.advance(6 * minute);
      for (const nodeId of nodeIds) {
        const expected = isJudged && isDead(nodeId) ? "missing" : "running";
        assert.equal(world.state.nodes.get(nodeId)!.status, expected, nodeId);
      }
      const placed = world.state.sessions.get(await request(world, "desktop", "late"))!.nodeId!;
      assert.equal(isJudged && isDead(placed), false, "a session on a dead server");

      await world.clock.advance(25 * minute);
      for (const nodeId of nodeIds) {
        const isGone = isJudged && isDead(nodeId) && !isBusy.has(nodeId);
        assert.equal(world.state.nodes.has(nodeId), !isGone, `${nodeId} ${isBusy.has(nodeId) ? "busy" : "free"}`);
        if (!isDead(nodeId)) assert.equal((await events(world, "node", nodeId)).includes("missing"), false);
      }
      assert.deepEqual(world.errors, []);
      await world.stop();
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it("of static members take no session after 10 minutes, whoever else answers, and do when they are switched on", async () => {
    for (const isOtherThere of [true, false]) {
      const world = new World();
      const silent = member("1");
      await world.declare({ pools: isOtherThere ? poolsOf(silent, member("2")) : poolsOf(silent), configs: [] });
      world.alwaysListening.add("10.9.9.2");
      await world.reconciler.start();

      const status = () => world.state.nodes.get("static:agents:m1")!.status;
      await world.clock.advance(9 * minute);
      assert.equal(status(), "running", "it has 10 minutes");
      await world.clock.advance(3 * minute);
      assert.equal(status(), "missing");
      const outcome = await world.broker.requestSession({ workspace: "office", userId: "ann" });
      assert.equal(outcome.kind === "assigned" && outcome.session.nodeId === "static:agents:m1", false);
      await world.clock.advance(24 * 60 * minute);
      assert.equal(status(), "missing", "it is never destroyed");

      world.alwaysListening.add("10.9.9.1");
      await world.clock.advance(2 * minute);
      assert.equal(status(), "running");
      await world.stop();
    }
  });

  it("of a static member that moved is judged from then on", async () => {
    const world = new World();
    await world.declare({ pools: poolsOf(member("1"), member("2")), configs: [] });
    for (const name of ["1", "2"]) world.alwaysListening.add(`10.9.9.${name}`);
    await world.reconciler.start();
    await world.clock.advance(60 * minute);

    await world.declare({ pools: poolsOf(member("1", "10.9.9.77"), member("2")), configs: [] });
    const node = () => world.state.nodes.get("static:agents:m1")!;
    assert.deepEqual([node().statusSinceMs, node().runningSinceMs], [world.clock.now(), world.clock.now()]);
    await world.clock.advance(9 * minute);
    assert.equal(node().status, "running", "what ran at the old address is not held against the new one");
    await world.clock.advance(3 * minute);
    assert.equal(node().status, "missing");
    await world.stop();
  });
});
