import assert from "node:assert/strict";
import {
  agentConfigDoc,
  desktopDoc,
  scheduleDoc,
  stagingDoc,
  tester,
  vmProviderDoc,
  workspaceDoc,
} from "../support/builders";
import { goodCloud, guestScript, World } from "./world";

const second = 1000;
const minute = 60 * second;

function agents(doc: Parameters<typeof agentConfigDoc>[0] = {}) {
  return agentConfigDoc({ startupScript: guestScript, startTimeout: "0s", downscaleBackoff: "10m", ...doc });
}

async function ask(world: World, userId: string, workspace = "office") {
  const outcome = await world.broker.requestSession({ workspace, userId });
  return outcome.kind === "refused" ? assert.fail(outcome.reason.text) : outcome.session;
}

/** Staged sessions by node. */
function staged(world: World): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, nodeId = "" } of world.state.sessions.values()) {
    if (status === "staged") counts[nodeId] = (counts[nodeId] ?? 0) + 1;
  }
  return counts;
}

function total(world: World): number {
  return Object.values(staged(world)).reduce((sum, count) => sum + count, 0);
}

describe("reconciler, staging", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  const redeclare = (sessions: number, doc: Partial<ReturnType<typeof stagingDoc>> = {}) =>
    world.broker.putDefinition({
      kind: "stagingConfig",
      name: "offices",
      doc: stagingDoc({ sessions, ...doc }),
      owner: tester,
    });

  it("makes nodes for what is to be staged, stages it as soon as they run, and refills what users take", async () => {
    world = await World.start({ configs: [agents()], staging: [stagingDoc({ sessions: 3 })] });
    await world.clock.advance(minute);
    assert.equal(total(world), 3);
    assert.equal(world.state.nodes.size, 2);

    const session = await ask(world, "ann");
    assert.equal(session.status, "assigned");
    await world.clock.advance(second);
    assert.equal(total(world), 3, "the fourth place of the two nodes");
    await ask(world, "bob");
    await world.clock.advance(minute);
    assert.equal(total(world), 3, "on a third node");
    assert.equal(world.state.nodes.size, 3);
  });

  it("replaces sessions that nobody got in time, in one pass", async () => {
    world = await World.start({ configs: [agents()], staging: [stagingDoc({ expiration: "1h" })] });
    await world.clock.advance(minute);
    const before = [...world.state.sessions.keys()];
    await world.clock.advance(61 * minute);

    const after = [...world.state.sessions.keys()];
    assert.equal(total(world), 2);
    assert.equal(world.state.nodes.size, 1);
    assert.ok(before.every((sessionId) => !after.includes(sessionId)));
    assert.equal((await world.store.session(before[0]!))!.endReason, "expired");
  });

  it("ends the surplus when the number is lowered, first on the newest node, which then leaves", async () => {
    world = await World.start({ configs: [agents()], staging: [stagingDoc({ sessions: 4 })] });
    await world.clock.advance(minute);
    await redeclare(2);
    await world.clock.advance(second);
    assert.deepEqual(Object.values(staged(world)), [2]);
    const [keeper] = Object.keys(staged(world));
    await world.clock.advance(12 * minute);

    assert.deepEqual([...world.state.nodes.keys()], [keeper]);
  });

  it("ends everything that nobody has when the staging config is deleted, and nothing that somebody has", async () => {
    world = await World.start({ configs: [agents()], staging: [stagingDoc()] });
    await world.clock.advance(minute);
    const { sessionId } = await ask(world, "ann");
    await world.clock.advance(second);
    await world.broker.deleteDefinition({ kind: "stagingConfig", name: "offices", owner: tester });
    await world.clock.advance(second);

    assert.deepEqual([...world.state.sessions.keys()], [sessionId]);
  });

  it("replaces what was staged with other permissions or for another size", async () => {
    world = await World.start({ configs: [agents()], staging: [stagingDoc()] });
    await world.clock.advance(minute);
    await redeclare(2, { permissions: { microphone: true } });
    await world.clock.advance(second);
    assert.equal(total(world), 2);
    for (const { permissions } of world.state.sessions.values()) assert.equal(permissions!.microphone, true);

    await world.broker.putDefinition({
      kind: "workspace",
      name: "office",
      doc: workspaceDoc({ cores: 1 }),
      owner: tester,
    });
    await world.clock.advance(second);
    assert.equal(total(world), 2);
    for (const { needs } of world.state.sessions.values()) assert.equal(needs.cores, 1);
  });

  it("G: when the schedule closes removes what nobody has at once, the idle node after the back-off, not the busy one", async () => {
    // The world begins on a Wednesday at 12:00 UTC.
    const schedules = [scheduleDoc({ start: "08:00", end: "12:30" })];
    world = await World.start({ configs: [agents()], schedules, staging: [stagingDoc({ sessions: 3 })] });
    await world.clock.advance(minute);
    const { nodeId } = await ask(world, "ann");
    await world.clock.advance(29 * minute + 10 * second);

    assert.equal(total(world), 0);
    assert.equal(world.state.nodes.size, 2);
    await world.clock.advance(11 * minute);
    assert.deepEqual(world.statuses(), { [nodeId!]: "running" });
    const late = await world.broker.requestSession({ workspace: "office", userId: "late" });
    assert.equal(late.kind, "refused", "no placement on the busy node, though it has room");
  });

  for (const change of [{ enabled: false }, { drain: true }] as const) {
    it(`removes what nobody has at once when the autoscale config says ${JSON.stringify(change)}`, async () => {
      world = await World.start({ configs: [agents()], staging: [stagingDoc()] });
      await world.clock.advance(minute);
      const nodes = [...world.state.nodes.keys()];
      await world.broker.putDefinition({
        kind: "autoscaleConfig",
        name: "agents",
        doc: agents(change),
        owner: tester,
      });
      await world.clock.advance(second);
      assert.equal(total(world), 0);
      await world.clock.advance(minute);

      assert.deepEqual([...world.state.nodes.keys()], "drain" in change ? [] : nodes, "disabled = frozen");
    });
  }

  it("moves to another node what was staged on one that an operator removes", async () => {
    world = await World.start({ configs: [agents()], staging: [stagingDoc()] });
    await world.clock.advance(minute);
    const [removed] = Object.keys(staged(world));
    await world.broker.deleteNode(removed!);
    await world.clock.advance(minute);

    assert.equal(world.nodesInCloud().includes(removed!), false);
    assert.equal(total(world), 2);
  });

  it("loses what was staged on a node that dies, once and for that reason, and stages it elsewhere", async () => {
    world = await World.start({
      configs: [agents({ missingTimeout: "2m", deadTimeout: "5m" })],
      staging: [stagingDoc({ sessions: 1 })],
    });
    await world.clock.advance(minute);
    const [sessionId] = world.state.sessions.keys();
    const [nodeId] = Object.keys(staged(world));
    world.killed.add(nodeId!);
    await world.clock.advance(8 * minute);

    assert.equal((await world.store.session(sessionId!))!.endReason, "nodeDead");
    const story = await world.store.decisions({ subject: "session", subjectId: sessionId, limit: 100 });
    assert.deepEqual(story.map(({ event }) => event).reverse(), ["staged", "ended"]);
    assert.equal(total(world), 1);
    assert.notEqual(Object.keys(staged(world))[0], nodeId);
  });

  it("serves the queue before it stages", async () => {
    world = await World.start({
      configs: [agents()],
      vmProviders: [vmProviderDoc({ maxInstances: 1 })],
      staging: [stagingDoc({ sessions: 2 })],
    });
    const waiting = await ask(world, "ann");
    assert.equal(waiting.status, "queued");
    await world.clock.advance(minute);

    assert.equal(world.state.sessions.get(waiting.sessionId)!.status, "assigned");
    assert.equal(total(world), 1);
    const [position] = (await world.reconciler.tickNow()).staging;
    assert.deepEqual([position!.current, position!.desired, position!.reason.code], [1, 2, "maxInstances"]);
  });

  it("gives the room of an expired session to a user who waits", async () => {
    const staging = [stagingDoc({ sessions: 2, expiration: "10m", permissions: { audio: false } })];
    world = await World.start({ configs: [agents()], vmProviders: [vmProviderDoc({ maxInstances: 1 })], staging });
    await world.clock.advance(minute);
    const waiting = await ask(world, "ann");
    assert.equal(waiting.status, "queued", "permissions differ, and the node is full");
    await world.clock.advance(10 * minute);

    assert.equal(world.state.sessions.get(waiting.sessionId)!.status, "assigned");
    assert.equal(total(world), 1);
  });

  it("comes back after a crash with what was staged, and stages nothing twice", async () => {
    world = await World.start({ configs: [agents()], staging: [stagingDoc({ sessions: 3 })] });
    await world.clock.advance(minute);
    const before = staged(world);
    await world.reconciler.stop();
    const restarted = new World(world.rng, world.disk);
    restarted.state.apply(await restarted.store.load());
    await restarted.reconciler.start();
    await restarted.clock.advance(20 * second);

    assert.deepEqual(staged(restarted), before);
    await restarted.stop();
  });

  it("writes the story of a staging config and of its sessions to the journal", async () => {
    world = await World.start({ configs: [agents()], staging: [stagingDoc({ sessions: 1 })] });
    await world.clock.advance(minute);
    const { sessionId } = await ask(world, "ann");
    const story = async (subject: "session" | "staging", subjectId: string) =>
      (await world.store.decisions({ subject, subjectId, limit: 100 })).reverse().map(({ event }) => event);

    assert.deepEqual(await story("session", sessionId), ["staged", "placed"]);
    assert.deepEqual(await story("staging", "offices"), ["declared", "staging", "steady"]);
  });
});

describe("reconciler, queue", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  /** One instance is taken, so that who comes now waits. */
  async function crowded(queueTimeout = "30m"): Promise<void> {
    const workspaces = [workspaceDoc(), workspaceDoc({ name: "whole", cores: 4, memory: "1GiB" }), desktopDoc()];
    const vmProviders = [vmProviderDoc({ maxInstances: 1 })];
    world = await World.start({ configs: [agents({ queueTimeout })], vmProviders, workspaces });
    await ask(world, "first", "whole");
    await world.clock.advance(minute);
  }

  const wait = async (keepalive?: number) => {
    const request = { workspace: "office", userId: "ann", ...(keepalive === undefined ? {} : { keepalive }) };
    const outcome = await world.broker.requestSession(request);
    return outcome.kind === "queued" ? outcome.session.sessionId : assert.fail(outcome.kind);
  };

  it("a session whose requester stops asking leaves the queue, if it was asked for with a keepalive", async () => {
    await crowded();
    const [polite, silent, patient] = [await wait(30), await wait(30), await wait()];
    for (let poll = 0; poll < 6; poll += 1) {
      await world.clock.advance(20 * second);
      world.broker.seeRequester(polite);
    }

    assert.equal(world.state.sessions.has(silent), false);
    assert.equal((await world.store.session(silent))!.endReason, "left");
    assert.deepEqual(
      world.state.queue().map(({ sessionId }) => sessionId),
      [polite, patient],
    );
  });

  it("a session that is watched stays, and leaves when nobody watches any more", async () => {
    await crowded();
    const sessionId = await wait(30);
    const stops = [world.broker.watchRequester(sessionId), world.broker.watchRequester(sessionId)];
    await world.clock.advance(2 * minute);
    stops[0]!();
    await world.clock.advance(2 * minute);
    assert.equal(world.state.sessions.get(sessionId)!.status, "queued");
    stops[1]!();
    await world.clock.advance(40 * second);
    assert.equal(world.state.sessions.has(sessionId), false);
  });

  it("does not count its own absence as the requester's", async () => {
    await crowded();
    const sessionId = await wait(60);
    await world.reconciler.stop();
    const restarted = new World(world.rng, world.disk);
    restarted.clock.jump(10 * minute);
    restarted.state.apply(await restarted.store.load());
    await restarted.reconciler.start();
    assert.equal(restarted.state.sessions.get(sessionId)!.status, "queued");
    await restarted.clock.advance(70 * second);
    assert.equal(restarted.state.sessions.has(sessionId), false);
    await restarted.stop();
  });

  it("cancelling, leaving and the queue timeout release the demand at once: no node is made for it", async () => {
    world = await World.start({ configs: [agents({ queueTimeout: "1m" })] });
    world.behaviour = { ...goodCloud, failCreate: () => "CAPACITY" };
    const cancelled = await wait();
    await world.broker.releaseSession(cancelled);
    await world.clock.advance(10 * second);
    assert.equal(world.state.nodes.size, 0, "cancelled before anything was made");

    await wait(20);
    await wait();
    await world.clock.advance(70 * second);
    assert.deepEqual(world.state.queue(), []);
    world.behaviour = goodCloud;
    await world.clock.advance(5 * minute);
    assert.deepEqual(world.nodesInCloud(), []);
  });
});
