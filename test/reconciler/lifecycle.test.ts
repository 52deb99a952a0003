import assert from "node:assert/strict";
import { poolDoc, serverConfigDoc, vmProviderDoc } from "../support/builders";
import { agents, countByStatus, events, only, request } from "./questions";
import { goodCloud, guestScript, World } from "./world";

const second = 1000;
const minute = 60 * second;

/** Servers that neither check in nor send heartbeats: only their port tells of them. */
function silentServers(doc: Parameters<typeof serverConfigDoc>[0] = {}) {
  return serverConfigDoc({
    minimumAvailableSessions: 1,
    missingTimeout: "2m",
    deadTimeout: "10m",
    startTimeout: "0s",
    ...doc,
  });
}

describe("node lifecycle", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  describe("signs of life", () => {
    it("a server without heartbeats whose port falls silent is missing, then dead, its sessions end and it is replaced", async () => {
      world = await World.start({ configs: [silentServers()] });
      await world.clock.advance(minute);
      const sessionId = await request(world, "desktop");
      const { nodeId = "" } = world.state.sessions.get(sessionId)!;
      await world.clock.advance(minute);
      world.killed.add(nodeId);

      await world.clock.advance(3 * minute);
      assert.equal(world.state.nodes.get(nodeId)!.status, "missing");
      assert.match(world.state.nodes.get(nodeId)!.reason.text, /^no answered probe for 2m/);
      assert.equal(world.state.sessions.get(sessionId)!.status, "assigned", "a missing node keeps its sessions");
      await world.clock.advance(9 * minute);

      assert.equal(world.state.nodes.has(nodeId), false);
      assert.equal((await world.store.session(sessionId))!.endReason, "nodeDead");
      assert.deepEqual(countByStatus(world), { running: 1 });
      assert.equal(world.state.configStates.get("servers")?.failures, undefined, "death is no failure of the config");
    });

    it("silence of a whole zone is taken for the network's: no node of it is destroyed until one is heard, for a day", async () => {
      const config = silentServers({ minimumAvailableSessions: 3, maxNodes: 3 });
      world = await World.start({ configs: [config] });
      await world.clock.advance(minute);
      const sessionId = await request(world, "desktop");
      const nodes = [...world.state.nodes.values()];
      assert.equal(nodes.length, 3);
      await world.clock.advance(minute);
      for (const { nodeId } of nodes) world.killed.add(nodeId);

      await world.clock.advance(12 * 60 * minute);
      assert.deepEqual(countByStatus(world), { missing: 3 });
      const kept = world.state.nodes.get(nodes[0]!.nodeId)!;
      assert.match(
        kept.reason.text,
        /nor from any other of the 3 nodes in zone .*the network is doubted, not the node/,
      );
      assert.equal(world.state.sessions.get(sessionId)!.status, "assigned");

      world.killed.delete(nodes[0]!.nodeId);
      await world.clock.advance(20 * minute);
      assert.equal(world.state.nodes.get(nodes[0]!.nodeId)!.status, "running");
      for (const { nodeId } of nodes.slice(1)) assert.equal(world.state.nodes.has(nodeId), false);
    });

    it("a zone that stays silent for a day longer is given up", async () => {
      world = await World.start({ configs: [silentServers({ minimumAvailableSessions: 3, maxNodes: 3 })] });
      await world.clock.advance(2 * minute);
      const nodes = [...world.state.nodes.keys()];
      for (const nodeId of nodes) world.killed.add(nodeId);
      await world.clock.advance(25 * 60 * minute);
      for (const nodeId of nodes) assert.equal(world.state.nodes.has(nodeId), false);
      assert.deepEqual(countByStatus(world), { running: 3 });
    });

    it("an answered probe brings a missing server back", async () => {
      world = await World.start({ configs: [silentServers()] });
      await world.clock.advance(minute);
      const { nodeId } = only(world);
      world.killed.add(nodeId);
      await world.clock.advance(4 * minute);
      assert.equal(world.state.nodes.get(nodeId)!.status, "missing");
      world.killed.delete(nodeId);
      await world.clock.advance(minute);
      assert.equal(world.state.nodes.get(nodeId)!.status, "running");
      assert.equal(world.state.nodes.get(nodeId)!.reason.code, "back");
    });

    for (const secondsBefore of [1, 5, 30]) {
      it(`a server that is back ${secondsBefore} s before its deadline is asked again, not given up`, async () => {
        world = await World.start({ configs: [silentServers({ missingTimeout: "4m", maxNodes: 1 })] });
        await world.clock.advance(minute);
        const { nodeId } = only(world);
        const silentUntil = async (timeoutMs: number) => {
          world.killed.add(nodeId);
          const { lastProbeMs = 0 } = only(world);
          await world.clock.advance(lastProbeMs + timeoutMs - secondsBefore * second - world.clock.now());
          world.killed.delete(nodeId);
          await world.clock.advance((secondsBefore + 10) * second);
        };

        await silentUntil(4 * minute);
        assert.equal(only(world).status, "running");
        assert.equal((await events(world, "node", nodeId)).includes("missing"), false);
        await silentUntil(10 * minute);
        assert.deepEqual([only(world).nodeId, only(world).status], [nodeId, "running"]);
      });
    }

    it("a server that checks in and sends no heartbeats is judged by its port too", async () => {
      world = await World.start({
        configs: [silentServers({ requireCheckin: true, startupScript: { text: "{checkin_jwt}" } })],
      });
      await world.clock.advance(2 * minute);
      const { nodeId } = only(world);
      assert.equal(world.state.nodes.get(nodeId)!.status, "running");
      world.killed.add(nodeId);
      await world.clock.advance(4 * minute);
      assert.equal(world.state.nodes.get(nodeId)!.status, "missing");
    });

    it("a server whose port never answered from here is not judged by it", async () => {
      world = await World.start({
        configs: [silentServers({ requireCheckin: true, startupScript: { text: "{checkin_jwt}" } })],
      });
      world.isPortOpen = false;
      await world.clock.advance(2 * minute);
      const { nodeId } = only(world);
      await world.clock.advance(30 * minute);
      assert.equal(only(world).nodeId, nodeId, "it was not replaced");
      assert.equal(only(world).status, "running");
    });
  });

  it("a static member whose port falls silent takes no new session until it answers again; it is never destroyed", async () => {
    const member = { name: "m1", zone: "eu", address: "10.9.9.9", connectionPort: 22, cores: 8, memory: "16GiB" };
    const pools = [poolDoc({ staticMembers: [member] }), poolDoc({ name: "servers", type: "server" })];
    world = new World();
    world.alwaysListening.add("10.9.9.9");
    await world.declare({ pools, configs: [] });
    await world.reconciler.start();
    await world.clock.advance(minute);
    const { nodeId } = only(world);
    const status = () => world.state.nodes.get(nodeId)!.status;
    world.alwaysListening.clear();
    await world.clock.advance(9 * minute);
    assert.equal(status(), "running");
    await world.clock.advance(2 * minute);
    assert.equal(status(), "missing");
    assert.equal((await world.broker.requestSession({ workspace: "office", userId: "ann" })).kind, "queued");
    await world.declare({ pools, configs: [] });
    assert.equal(status(), "missing", "to declare it anew does not bring it back");
    await world.clock.advance(180 * minute);
    assert.equal(status(), "missing");
    world.alwaysListening.add("10.9.9.9");
    await world.clock.advance(2 * minute);
    assert.equal(status(), "running");
    await world.broker.drainNode(nodeId);
    await world.declare({ pools, configs: [] });
    assert.equal(status(), "draining");
  });

  describe("rotation", () => {
    it("by age: the replacement runs before the old node goes, and the user of a busy one is never cut off", async () => {
      world = await World.start({ configs: [agents({ minNodes: 1, maxNodeAge: "1h", rotatePreWarm: "10m" })] });
      await world.clock.advance(minute);
      const first = only(world).nodeId;
      const sessionId = await request(world);
      await world.clock.advance(48 * minute);
      assert.deepEqual(countByStatus(world), { running: 1 });
      await world.clock.advance(3 * minute);
      assert.deepEqual(countByStatus(world), { running: 2 });
      await world.clock.advance(10 * minute);
      assert.equal(world.state.nodes.get(first)!.status, "draining");
      assert.equal(world.state.sessions.get(sessionId)!.nodeId, first);
      await world.broker.releaseSession(sessionId);
      await world.clock.advance(minute);
      assert.equal(world.state.nodes.has(first), false);
      assert.deepEqual(countByStatus(world), { running: 1 });
    });

    it("by definition: a changed size reaches every node, one after the other", async () => {
      const configs = [agents({ minNodes: 3, onSpecChange: "rotate" })];
      world = await World.start({ configs });
      await world.clock.advance(minute);
      const before = new Set(world.state.nodes.keys());
      await world.declare({ vmProviders: [vmProviderDoc({ settings: { cores: 8 } })], configs });
      for (let step = 0; step < 60; step += 1) {
        await world.clock.advance(5 * second);
        const running = countByStatus(world).running ?? 0;
        assert.ok(running >= 3 && world.nodesInCloud().length <= 4, `${running} of ${world.nodesInCloud().length} run`);
      }
      const after = [...world.state.nodes.values()];
      assert.deepEqual(
        after.map(({ nodeId, shape }) => [before.has(nodeId), shape!.cores]),
        [
          [false, 8],
          [false, 8],
          [false, 8],
        ],
      );
    });
  });

  describe("time-outs", () => {
    for (const { osType, limit } of [
      { osType: "linux" as const, limit: 10 },
      { osType: "windows" as const, limit: 20 },
    ]) {
      it(`a ${osType} node that does not check in within ${limit} minutes fails`, async () => {
        world = await World.start({ configs: [agents({ minNodes: 1, startupScript: { ...guestScript, osType } })] });
        world.behaviour = { ...goodCloud, guest: () => "staysSilent" };
        await world.clock.advance((limit - 1) * minute);
        assert.equal(only(world).status, "starting");
        await world.clock.advance(2 * minute);
        assert.equal(world.state.configStates.get("agents")!.failures!["vms"]!.last.class, "TIMEOUT");
      });
    }

    it("a node whose lane can't destroy it is tried again and again, is shown, and is not forgotten", async () => {
      world = await World.start({ configs: [agents({ minNodes: 1 })] });
      await world.clock.advance(minute);
      const { nodeId } = only(world);
      world.isDeleteRefused = true;
      await world.declare({ configs: [agents({ minNodes: 0 })] });
      await world.broker.deleteNode(nodeId);
      await world.clock.advance(30 * minute);
      assert.equal(world.state.nodes.get(nodeId)!.status, "destroying");
      assert.equal(world.state.nodes.get(nodeId)!.reason.code, "destroyOverdue");
      assert.match(
        world.state.nodes.get(nodeId)!.reason.text,
        /^was to be destroyed at 2026.* \(deleted by request\) and is still there; .*without deleting it$/,
      );
      const tries = world.updates;
      await world.clock.advance(30 * minute);
      assert.ok(world.updates > tries && world.updates < tries + 20, `${world.updates - tries} tries in half an hour`);

      world.isDeleteRefused = false;
      await world.clock.advance(6 * minute);
      assert.deepEqual([...world.state.nodes.keys(), ...world.nodesInCloud()], []);
    });
  });

  describe("quarantine", () => {
    it("keeps the last node that failed after its VM was made until a newer one or an operator", async () => {
      world = await World.start({
        configs: [agents({ minNodes: 1, quarantine: 1, provisionTimeout: "2m" })],
        vmProviders: [vmProviderDoc({ maxInstances: 2 })],
      });
      world.behaviour = { ...goodCloud, guest: () => "fails" };
      await world.clock.advance(35 * second);
      const first = only(world);
      assert.equal(first.status, "failed");
      assert.deepEqual(world.nodesInCloud(), [first.nodeId]);

      await world.clock.advance(minute);
      assert.equal(world.state.nodes.has(first.nodeId), false, "a newer failure took its place");
      const second_ = only(world);
      assert.deepEqual([second_.status, world.nodesInCloud()], ["failed", [second_.nodeId]]);

      world.behaviour = goodCloud;
      await world.clock.advance(5 * minute);
      assert.deepEqual(countByStatus(world), { failed: 1, running: 1 });
      await world.broker.deleteNode(second_.nodeId);
      await world.clock.advance(2 * minute);
      assert.deepEqual(countByStatus(world), { running: 1 });
    });

    for (const [cap, config, maxInstances] of [
      ["max nodes", { maxNodes: 1 }, 100],
      ["max instances", {}, 1],
    ] as const) {
      it(`goes at ${cap} when a user waits for its place`, async () => {
        world = await World.start({
          configs: [agents({ quarantine: 1, provisionTimeout: "2m", ...config })],
          vmProviders: [vmProviderDoc({ maxInstances })],
        });
        world.behaviour = { ...goodCloud, guest: () => "fails" };
        const sessionId = await request(world);
        await world.clock.advance(27 * second);
        assert.equal(only(world).status, "failed");
        world.behaviour = goodCloud;
        await world.clock.advance(20 * minute);
        assert.deepEqual(countByStatus(world), { running: 1 });
        assert.equal(world.state.sessions.get(sessionId)!.status, "assigned");
      });
    }

    it("goes when its config is emptied", async () => {
      world = await World.start({ configs: [agents({ minNodes: 1, quarantine: 1 })] });
      world.behaviour = { ...goodCloud, guest: () => "fails" };
      await world.clock.advance(35 * second);
      assert.equal(only(world).status, "failed");
      await world.declare({ configs: [agents({ drain: true, quarantine: 1 })] });
      await world.clock.advance(minute);
      assert.deepEqual(world.nodesInCloud(), []);
    });
  });

  describe("spot interruption", () => {
    const configs = [agents({ downscaleBackoff: "1m" })];

    it("the node takes no new session at once and is replaced; what runs on it goes on until the cloud takes it", async () => {
      world = await World.start({ configs });
      const sessionId = await request(world);
      await world.clock.advance(minute);
      const { nodeId } = only(world);
      const deadlineMs = world.clock.now() + 2 * minute;
      await world.broker.interruption(`agent:${nodeId}`, nodeId, { deadlineMs, message: "spot" });
      assert.equal(only(world).status, "draining");
      await request(world, "office", "bob");
      await world.clock.advance(minute);
      assert.deepEqual(countByStatus(world), { draining: 1, running: 1 });
      assert.equal(world.state.sessions.get(sessionId)!.status, "assigned");

      world.killed.add(nodeId);
      await world.clock.advance(3 * minute);
      assert.equal(world.state.nodes.has(nodeId), false);
      const session = await world.store.session(sessionId);
      assert.equal(session!.endReason, "nodeDead");
      assert.match(session!.reason.text, /the cloud took it back at .*, as announced/);
      assert.equal(world.state.configStates.get("agents")?.failures, undefined);
      assert.deepEqual(await events(world, "node", nodeId), [
        "requested",
        "starting",
        "running",
        "draining",
        "dead",
        "destroying",
        "gone",
      ]);
    });

    it("a node that the cloud leaves running keeps its sessions, and an idle one goes at once", async () => {
      world = await World.start({ configs });
      const sessionId = await request(world);
      await world.clock.advance(minute);
      const { nodeId } = only(world);
      await world.broker.interruption(`checkin:${nodeId}`, nodeId, {});
      await world.clock.advance(10 * minute);
      assert.equal(world.state.nodes.get(nodeId)!.status, "draining");
      await world.broker.releaseSession(sessionId);
      await world.clock.advance(minute);
      assert.equal(world.state.nodes.has(nodeId), false);
    });
  });

  describe("orders of operators", () => {
    it("a drained node takes no session and stays when it is empty; undrained it takes sessions again", async () => {
      world = await World.start({ configs: [agents({ minNodes: 1, downscaleBackoff: "1m" })] });
      await world.clock.advance(minute);
      const { nodeId } = only(world);
      await world.broker.drainNode(nodeId);
      const sessionId = await request(world);
      await world.clock.advance(10 * minute);
      assert.equal(world.state.nodes.get(nodeId)!.status, "draining");
      assert.notEqual(world.state.sessions.get(sessionId)!.nodeId, nodeId);
      assert.equal((await world.broker.undrainNode(nodeId)).status, "running");
    });

    it("a node whose VM somebody deleted in the cloud can be deleted, also when its config is disabled", async () => {
      world = await World.start({ configs: [agents({ minNodes: 1 })] });
      await world.clock.advance(minute);
      const { nodeId } = only(world);
      await world.declare({ configs: [agents({ minNodes: 1, enabled: false })] });
      for (const nodes of world.stacks.values()) nodes.delete(nodeId);
      await world.broker.deleteNode(nodeId);
      await world.clock.advance(minute);
      assert.deepEqual([...world.state.nodes.keys()], []);
    });
  });

  it("enabled: false freezes a config: no create, no destroy, no placement", async () => {
    world = await World.start({ configs: [agents({ minNodes: 2, downscaleBackoff: "1m" })] });
    await world.clock.advance(minute);
    const before = world.statuses();
    await world.declare({
      configs: [agents({ minNodes: 0, standbyCores: 40, downscaleBackoff: "1m", enabled: false })],
    });
    const refused = await world.broker.requestSession({ workspace: "office", userId: "ann" });
    assert.equal(refused.kind, "refused");
    await world.clock.advance(30 * minute);
    assert.deepEqual(world.statuses(), before);
  });
});
