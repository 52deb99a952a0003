/** VMs that are gone and nodes that are given up, through broker, reconciler and lanes. */
import assert from "node:assert/strict";
import type { AccountAnswer, AskRequest } from "../../runtime/model/account-questions";
import { AccountQuestions } from "../../runtime/reconciler/account-questions";
import { Sweep } from "../../runtime/reconciler/sweep";
import { catalog, poolDoc, serverConfigDoc } from "../support/builders";
import { agents, countByStatus, events, only, request } from "./questions";
import { goodCloud, guestScript, World } from "./world";

const minute = 60_000;
const installation = { installationId: "inst-1", backend: "", passphrase: "", tokenSecret: "" };

/** Asks the world's own stacks, which are its cloud, but for the VMs that were deleted by hand. */
function sweep(world: World, deleted: ReadonlySet<string>): AccountQuestions {
  const { ledger, clock, rng, laneRunner } = world;
  const log = { warn: () => undefined, error: (fields: object) => void world.errors.push(fields) };
  const ask = async ({ question }: AskRequest): Promise<AccountAnswer> => {
    if (question.kind !== "list") return { kind: "failed", failed: "not asked here" };
    const nodeIds = world.nodesInCloud().filter((nodeId) => !deleted.has(nodeId));
    const vms = nodeIds.map((nodeId) => ({ vmId: `vm-${nodeId}`, nodeId, installation: question.installationId }));
    return { kind: "list", vms };
  };
  const stackOf = (laneId: string) => laneRunner.stackOf(laneId);
  const wakeReconciler = () => world.reconciler.wake();
  const inquirers = [new Sweep({ ledger, clock, rng, catalog, log, stackOf, wakeReconciler })];
  const questions = new AccountQuestions({ clock, log, ask, isBusy: () => laneRunner.isBusy(), inquirers });
  questions.start();
  return questions;
}

describe("VMs that somebody deleted", () => {
  let world: World;
  let questions: AccountQuestions;
  const deleted = new Set<string>();
  beforeEach(async () => {
    deleted.clear();
    world = new World();
    await world.ledger.commit([{ kind: "put", table: "installation", row: installation }]);
    questions = sweep(world, deleted);
  });
  afterEach(async () => {
    questions.stop();
    await world.stop();
    assert.deepEqual(world.errors, []);
  });
  const start = async (docs: Parameters<World["declare"]>[0]): Promise<void> => {
    await world.declare(docs);
    await world.laneRunner.start();
    await world.reconciler.start();
  };

  it("a server that never answered and has a session: it ends with the reason, and another server comes", async () => {
    world.isPortOpen = false;
    await start({
      configs: [serverConfigDoc({ minimumAvailableSessions: 1, startTimeout: "0s", startupScript: guestScript })],
    });
    await world.clock.advance(20 * minute);
    const { nodeId } = only(world);
    const sessionId = await request(world, "desktop");
    const before = [...world.state.nodes.keys()];
    assert.ok(before.includes(nodeId));
    deleted.add(nodeId);
    world.killed.add(nodeId);

    await world.clock.advance(10 * minute);

    assert.equal(world.state.nodes.has(nodeId), false);
    const ended = await world.store.session(sessionId);
    assert.equal(ended!.endReason, "nodeDead");
    assert.match(ended!.reason.text, /did not list it twice in a row/);
    assert.deepEqual(countByStatus(world), { running: 1 });
    assert.equal(world.nodesInCloud().includes(nodeId), false, "what its stack held of it is gone too");
  });

  it("a node that failed and is kept for diagnosis goes when its VM is gone", async () => {
    world.behaviour = { ...goodCloud, guest: () => "fails" };
    const config = serverConfigDoc({
      minimumAvailableSessions: 1,
      quarantine: 1,
      startupScript: guestScript,
    });
    await start({ configs: [config] });
    await world.clock.advance(minute);
    const failed = [...world.state.nodes.values()].filter(({ status }) => status === "failed");
    assert.equal(failed.length, 1);
    world.behaviour = goodCloud;
    await world.clock.advance(30 * minute);
    const { nodeId } = failed[0]!;
    assert.equal(world.state.nodes.get(nodeId)?.status, "failed", "it is kept while its VM is there");

    deleted.add(nodeId);
    await world.clock.advance(10 * minute);

    assert.equal(world.state.nodes.has(nodeId), false);
    assert.ok((await events(world, "node", nodeId)).includes("destroying"));
  });
});

describe("nodes that are given up", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  it("one that can't be deleted: its row goes at once, its stack forgets it, nothing of it is deleted", async () => {
    world = await World.start({ configs: [agents({ minNodes: 2, maxNodes: 2 })] });
    await world.clock.advance(2 * minute);
    const [nodeId = "", other = ""] = world.state.nodes.keys();
    world.isDeleteRefused = true;
    await world.broker.deleteNode(nodeId);
    await world.clock.advance(20 * minute);
    assert.equal(world.state.nodes.get(nodeId)?.status, "destroying");
    const { updates } = world;

    await world.broker.forgetNode(nodeId, false);
    assert.equal(world.state.nodes.has(nodeId), false);
    await world.clock.advance(10 * minute);

    assert.equal(world.nodesInCloud().includes(nodeId), false);
    assert.ok(world.nodesInCloud().includes(other));
    assert.deepEqual(countByStatus(world), { running: 2 });
    assert.ok(world.updates > updates, "another one was made in its place");
    for (const lane of world.state.lanes.values()) assert.equal(lane.forgotten, undefined);
    assert.equal((await events(world, "node", nodeId)).at(-1), "forgotten");
  });

  it("a healthy one only by force: its sessions end with the reason, also while its lane is at work", async () => {
    world = await World.start({ configs: [agents({ minNodes: 1, maxNodes: 3 })] });
    await world.clock.advance(2 * minute);
    const { nodeId } = only(world);
    const sessionId = await request(world);
    await assert.rejects(
      world.broker.forgetNode(nodeId, false),
      /is running; without force only a node that is missing/,
    );
    await world.declare({ configs: [agents({ minNodes: 3, maxNodes: 3 })] });
    await world.clock.advance(1_000);

    const { sessions } = await world.broker.forgetNode(nodeId, true);

    assert.deepEqual(
      sessions.map((session) => session.sessionId),
      [sessionId],
    );
    assert.equal((await world.store.session(sessionId))!.endReason, "nodeDead");
    await world.clock.advance(5 * minute);
    assert.equal(world.nodesInCloud().includes(nodeId), false);
    assert.deepEqual(countByStatus(world), { running: 3 });
    await assert.rejects(world.broker.forgetNode(nodeId, true), /there is no node/);
  });

  it("one that is being made: what came of it is taken out of the stack", async () => {
    world = await World.start({ configs: [agents({ minNodes: 1, maxNodes: 1 })] });
    await world.clock.advance(2_000);
    const { nodeId } = only(world);
    await world.broker.forgetNode(nodeId, true);

    await world.clock.advance(5 * minute);

    assert.equal(world.nodesInCloud().includes(nodeId), false);
    assert.deepEqual(countByStatus(world), { running: 1 });
  });

  it("never a static member", async () => {
    const staticMembers = [{ name: "rack-1", address: "10.1.1.1", zone: "eu", cores: 4, memory: "8GiB" }];
    world = await World.start({
      configs: [],
      pools: [poolDoc({ staticMembers }), poolDoc({ name: "servers", type: "server" })],
    });
    const { nodeId } = only(world);
    await assert.rejects(world.broker.forgetNode(nodeId, true), /is a static member/);
  });
});
