import assert from "node:assert/strict";
import type { NodeStatus } from "../../runtime/model/state";
import { agentConfigDoc, scheduleDoc, serverConfigDoc, vmProviderDoc, tester } from "../support/builders";
import { settle } from "../support/virtual-clock";
import { goodCloud, guestScript, World } from "./world";

const second = 1000;
const minute = 60 * second;

function agents(doc: Parameters<typeof agentConfigDoc>[0] = {}) {
  return agentConfigDoc({ startupScript: guestScript, startTimeout: "0s", ...doc });
}

function servers(doc: Parameters<typeof serverConfigDoc>[0] = {}) {
  return serverConfigDoc({ startupScript: guestScript, requireCheckin: true, ...doc });
}

async function request(world: World, workspace = "office", userId = "ann") {
  const outcome = await world.broker.requestSession({ workspace, userId });
  assert.notEqual(outcome.kind, "refused");
  return outcome.kind === "refused" ? assert.fail() : outcome.session.sessionId;
}

function nodeOf(world: World, sessionId: string): string | undefined {
  return world.state.sessions.get(sessionId)?.nodeId;
}

function countByStatus(world: World): Partial<Record<NodeStatus, number>> {
  const counts: Partial<Record<NodeStatus, number>> = {};
  for (const { status } of world.state.nodes.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe("reconciler", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  it("blames no node for a silence that is its own: a clock that jumps, or a process that was held", async () => {
    world = await World.start({ configs: [agents({ deadTimeout: "1h" })] });
    const sessionId = await request(world);
    await world.clock.advance(2 * minute);
    assert.equal(world.state.sessions.get(sessionId)!.status, "assigned");

    world.clock.jump(120 * minute);
    await world.clock.advance(5 * minute);

    assert.deepEqual(countByStatus(world), { running: 1 });
    assert.equal(world.state.sessions.get(sessionId)!.status, "assigned");
  });

  it("makes every node of a plan in the pass that made the plan, whatever is asked for meanwhile", async () => {
    world = await World.start({ configs: [agents()], vmProviders: [vmProviderDoc({ maxInstances: 1000 })] });
    let nodesMade = 0;
    for (let moments = 0; moments < 24; moments += 1) {
      const before = world.state.nodes.size;
      await request(world);

      const pass = world.reconciler.tickNow();
      for (let moment = 0; moment < moments; moment += 1) await Promise.resolve();
      const meanwhile = Promise.all(["ben", "cid", "dot", "eve"].map((userId) => request(world, "office", userId)));
      const { changes } = await pass;

      const planned = changes.filter(({ kind }) => kind === "create").length;
      assert.equal(world.state.nodes.size - before, planned, `asked after ${moments} turns`);
      nodesMade += planned;
      await meanwhile;
    }
    assert.ok(nodesMade > 24, `made ${nodesMade}`);
  });

  it("takes a request from the queue to a node that it makes, and the node away again", async () => {
    world = await World.start({ configs: [agents({ downscaleBackoff: "5m" })] });
    const sessionId = await request(world);
    assert.equal(world.state.sessions.get(sessionId)!.status, "queued");

    await world.clock.advance(2 * second);
    assert.deepEqual(countByStatus(world), { provisioning: 1 });
    assert.equal(world.state.sessions.get(sessionId)!.reason.code, "inFlight");
    await world.clock.advance(10 * second);
    assert.deepEqual(countByStatus(world), { starting: 1 });
    await world.clock.advance(20 * second);
    assert.equal(world.state.sessions.get(sessionId)!.status, "assigned");

    await world.broker.releaseSession(sessionId);
    await world.clock.advance(4 * minute);
    assert.deepEqual(countByStatus(world), { running: 1 });
    await world.clock.advance(2 * minute);
    assert.deepEqual(countByStatus(world), {});
    assert.deepEqual(world.nodesInCloud(), []);
  });

  it("writes the story of a session and a node to the journal, in order", async () => {
    world = await World.start({ configs: [agents({ downscaleBackoff: "1m" })] });
    const sessionId = await request(world);
    await world.clock.advance(minute);
    const nodeId = nodeOf(world, sessionId)!;
    await world.broker.releaseSession(sessionId);
    await world.clock.advance(5 * minute);

    const story = async (subject: "session" | "node", subjectId: string) =>
      (await world.store.decisions({ subject, subjectId, limit: 100 })).reverse().map(({ event }) => event);
    const ofSession = await story("session", sessionId);
    assert.deepEqual(
      ofSession.filter((event) => event !== "waits"),
      ["queued", "placed", "ended"],
    );
    assert.deepEqual(await story("node", nodeId), [
      "requested",
      "starting",
      "running",
      "draining",
      "destroying",
      "gone",
    ]);
  });

  it("I: fails a node that never checks in, destroys it and waits before it makes another", async () => {
    world = await World.start({ configs: [agents({ provisionTimeout: "2m", queueTimeout: "1h" })] });
    world.behaviour = { ...goodCloud, guest: () => "staysSilent" };
    const sessionId = await request(world);
    await world.clock.advance(2 * minute + 20 * second);

    assert.deepEqual(world.nodesInCloud(), []);
    assert.equal(world.state.configStates.get("agents")!.failures!["vms"]!.consecutiveFailures, 1);
    assert.equal(world.state.sessions.get(sessionId)!.reason.code, "backoff");

    world.behaviour = goodCloud;
    await world.clock.advance(2 * minute);
    assert.equal(world.state.sessions.get(sessionId)!.status, "assigned");
    assert.equal(world.state.configStates.get("agents")!.failures, undefined, "a node that runs ends the row");
  });

  it("backs off longer with each failed create, without starving the other config of the pool", async () => {
    world = await World.start({ configs: [agents(), agents({ name: "backup" })] });
    const broken = new Set<string>();
    world.behaviour = {
      ...goodCloud,
      failCreate: (nodeId) => {
        if (world.state.nodes.get(nodeId)!.autoscaleConfig !== "agents") return undefined;
        broken.add(nodeId);
        return "CAPACITY";
      },
    };
    const sessionId = await request(world);
    await world.clock.advance(2 * minute);

    assert.equal(world.state.sessions.get(sessionId)!.status, "assigned");
    assert.equal(world.state.nodes.get(nodeOf(world, sessionId)!)!.autoscaleConfig, "backup");
    assert.equal(broken.size, 1);
  });

  it("J: a silent agent is missing, comes back with a heartbeat, and is dead in the end with its sessions", async () => {
    world = await World.start({ configs: [agents({ missingTimeout: "5m", deadTimeout: "20m" })] });
    const sessionId = await request(world);
    await world.clock.advance(minute);
    const nodeId = nodeOf(world, sessionId)!;
    world.killed.add(nodeId);

    await world.clock.advance(7 * minute);
    assert.equal(world.state.nodes.get(nodeId)!.status, "missing");
    await world.broker.heartbeat(`agent:${nodeId}`, nodeId, {});
    assert.equal(world.state.nodes.get(nodeId)!.status, "running");

    await world.clock.advance(22 * minute);
    assert.equal(world.state.nodes.has(nodeId), false);
    const session = await world.store.session(sessionId);
    assert.deepEqual([session!.status, session!.endReason], ["ended", "nodeDead"]);
  });

  it("does not count its own absence as the nodes' silence", async () => {
    world = await World.start({ configs: [agents({ missingTimeout: "1m", deadTimeout: "2m" })] });
    const sessionId = await request(world);
    await world.clock.advance(minute);
    await world.reconciler.stop();

    const later = new World(world.rng, world.disk);
    later.clock.jump(3600 * second);
    later.state.apply(await later.store.load());
    await later.reconciler.start();

    assert.equal(later.state.nodes.get(nodeOf(world, sessionId)!)!.status, "running");
    await later.stop();
  });

  it("F: a non-reusable server serves once, goes at once, and is replaced", async () => {
    world = await World.start({ configs: [servers({ reusable: false, minimumAvailableSessions: 1 })] });
    await world.clock.advance(minute);
    const sessionId = await request(world, "desktop");
    const nodeId = nodeOf(world, sessionId)!;
    await world.clock.advance(minute);
    assert.deepEqual(countByStatus(world), { running: 2 });

    await world.broker.releaseSession(sessionId);
    await world.clock.advance(20 * second);
    assert.equal(world.nodesInCloud().includes(nodeId), false);
    assert.deepEqual(countByStatus(world), { running: 1 });
  });

  it("probes the port of a server that need not check in", async () => {
    world = await World.start({ configs: [serverConfigDoc({ minimumAvailableSessions: 1 })] });
    await world.clock.advance(20 * second);
    assert.deepEqual(countByStatus(world), { starting: 1 });
    await world.clock.advance(20 * second);
    assert.deepEqual(countByStatus(world), { running: 1 });
  });

  it("a node that checks in before its update told the address runs as soon as that is known", async () => {
    world = await World.start({ configs: [agents()] });
    await request(world);
    await world.clock.advance(second);
    const [nodeId] = [...world.state.nodes.keys()];
    const early = await world.broker.serverStatus(`checkin:${nodeId}`, { status: "running" });
    assert.equal(early.status, "provisioning");

    await world.clock.advance(6 * second);
    assert.equal(world.state.nodes.get(nodeId!)!.status, "running");
  });

  it("ends a session that waits too long, with what it waited for", async () => {
    world = await World.start({
      configs: [agents({ queueTimeout: "5m" })],
      vmProviders: [vmProviderDoc({ maxInstances: 1 })],
    });
    await request(world, "office", "a");
    await request(world, "office", "b");
    const third = await request(world, "office", "c");
    await world.clock.advance(6 * minute);

    const session = await world.store.session(third);
    assert.equal(session!.endReason, "queueTimeout");
    assert.match(session!.reason.text, /at most 1 instance/);
  });

  it("drains a deleted config around its sessions, then the definition goes by itself", async () => {
    world = await World.start({ configs: [agents({ minNodes: 2 })] });
    await world.clock.advance(minute);
    const sessionId = await request(world);
    const remove = () => world.broker.deleteDefinition({ kind: "autoscaleConfig", name: "agents", owner: tester });

    assert.deepEqual(await remove(), { kind: "draining", nodesLeft: 2, sessionsLeft: 1 });
    await world.clock.advance(minute);
    assert.deepEqual(countByStatus(world), { draining: 1 });
    assert.equal((await world.broker.requestSession({ workspace: "office", userId: "x" })).kind, "refused");

    await world.broker.releaseSession(sessionId);
    await world.clock.advance(minute);
    assert.equal(world.state.autoscaleConfigs.has("agents"), false);
    assert.deepEqual(world.nodesInCloud(), []);
  });

  it("removes a lane that was kept empty for later when its config goes", async () => {
    world = await World.start({ configs: [agents({ downscaleBackoff: "1m" })] });
    const sessionId = await request(world);
    await world.clock.advance(minute);
    await world.broker.releaseSession(sessionId);
    await world.clock.advance(3 * minute);
    assert.deepEqual(countByStatus(world), {});
    assert.equal(world.state.lanes.size, 1);

    await world.broker.deleteDefinition({ kind: "autoscaleConfig", name: "agents", owner: tester });
    await world.clock.advance(minute);

    assert.equal(world.state.lanes.size, 0);
  });

  it("G: outside the schedule keeps the busy node and lets the idle one go", async () => {
    // The world begins on a Wednesday at 12:00 UTC.
    const schedules = [scheduleDoc({ start: "08:00", end: "12:30" })];
    world = await World.start({ configs: [agents({ minNodes: 2, downscaleBackoff: "10m" })], schedules });
    await world.clock.advance(minute);
    const sessionId = await request(world);
    await world.clock.advance(35 * minute);
    assert.deepEqual(countByStatus(world), { running: 2 });
    const late = await world.broker.requestSession({ workspace: "office", userId: "late" });
    assert.equal(late.kind === "refused" && late.reason.code, "schedule");

    await world.clock.advance(10 * minute);
    assert.deepEqual(world.statuses(), { [nodeOf(world, sessionId)!]: "running" });
  });

  it("has the nodes of a window's floor running when it starts, by leadTime, and keeps them though boots were quick", async () => {
    // The world begins on a Wednesday at 12:00 UTC; before the first boot the lead is 5 minutes.
    const schedules = [scheduleDoc({ start: "12:10", end: "12:30", minNodes: 3, leadTime: "auto" })];
    world = await World.start({ configs: [agents({ downscaleBackoff: "0s" })], schedules });
    await world.clock.advance(4.9 * minute);
    assert.deepEqual(countByStatus(world), {});
    await world.clock.advance(2 * minute);
    assert.deepEqual(countByStatus(world), { running: 3 });
    const nodeIds = [...world.state.nodes.keys()];
    assert.ok(world.state.configStates.get("agents")!.bootSeconds!.every((seconds) => seconds < 60));

    await world.clock.advance(2 * minute);
    assert.deepEqual([...world.state.nodes.keys()], nodeIds, "3 minutes early, though boots take less than one");
    const early = await world.broker.requestSession({ workspace: "office", userId: "early" });
    assert.equal(early.kind, "assigned");
    await world.clock.advance(20 * minute);
    assert.equal(world.state.configStates.get("agents")!.earlyForMs, undefined);
    await world.clock.advance(5 * minute);
    assert.equal(world.state.nodes.size, 1, "after its end only the busy node stays");
  });

  it("marks every node with the installation that it is born in", async () => {
    world = await World.start({ configs: [agents({ minNodes: 0 })] });
    const row = { installationId: "i-lab", backend: "file:///srv", passphrase: "a", tokenSecret: "b" };
    await world.ledger.commit([{ kind: "put", table: "installation", row }]);

    await request(world);
    await world.clock.advance(2 * second);

    assert.deepEqual(
      [...world.state.nodes.values()].map(({ spec }) => spec?.installation),
      ["i-lab"],
    );
  });

  it("spreads nodes over lanes of at most 25", async () => {
    world = await World.start({ configs: [agents({ minNodes: 60 })] });
    await world.clock.advance(minute);
    const perLane = new Map<string, number>();
    for (const { laneId } of world.state.nodes.values()) perLane.set(laneId!, (perLane.get(laneId!) ?? 0) + 1);
    assert.deepEqual([...perLane.values()].sort(), [10, 25, 25]);
  });

  it("an operator's delete empties a node even when its config is disabled", async () => {
    world = await World.start({ configs: [agents({ minNodes: 1 })] });
    await world.clock.advance(minute);
    const [nodeId] = [...world.state.nodes.keys()];
    await world.declare({ configs: [agents({ minNodes: 1, enabled: false })] });
    await world.broker.deleteNode(nodeId!);
    await settle();
    await world.clock.advance(minute);
    assert.deepEqual(world.nodesInCloud(), []);
    assert.deepEqual(countByStatus(world), {});
  });
});
