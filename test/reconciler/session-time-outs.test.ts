import assert from "node:assert/strict";
import type { Change } from "../../runtime/model/changes";
import { aNode, poolDoc } from "../support/builders";
import { agents, countByStatus, only, request } from "./questions";
import { World } from "./world";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

async function ended(world: World, sessionId: string): Promise<string | undefined> {
  return (await world.store.session(sessionId))!.endReason;
}

describe("sessions before they run", () => {
  let world: World;
  afterEach(() => world.stop());

  it("assigned and never started end after startTimeout with their reason, and give back the node", async () => {
    world = await World.start({ configs: [agents({ startTimeout: undefined, downscaleBackoff: "1m" })] });
    const sessionId = await request(world);
    await world.clock.advance(9 * minute);
    assert.equal(world.state.sessions.get(sessionId)?.status, "assigned");
    await world.clock.advance(2 * minute);
    assert.equal(await ended(world, sessionId), "startTimeout");
    assert.match((await world.store.session(sessionId))!.reason.text, /did not run within 10m/);
    await world.clock.advance(5 * minute);
    assert.deepEqual(countByStatus(world), {});
  });

  for (const [startTimeout, status] of [
    ["2m", undefined],
    ["3h", "assigned"],
    ["0s", "assigned"],
  ] as const) {
    it(`may take ${startTimeout} to run when the config says so, and never end for that once they ran`, async () => {
      world = await World.start({ configs: [agents({ startTimeout, minNodes: 2 })] });
      const [unstarted, started] = [await request(world), await request(world)];
      await world.clock.advance(minute);
      await world.broker.setSessionStatus(started, "running");
      await world.clock.advance(2 * hour);
      assert.equal(world.state.sessions.get(unstarted)?.status, status);
      assert.equal(world.state.sessions.get(started)?.status, "running");
    });
  }

  it("end 10 minutes after they were given a static member", async () => {
    const staticMembers = [{ name: "a", zone: "eu", address: "10.9.0.1", cores: 4, memory: "8GiB" }];
    world = await World.start({ pools: [poolDoc({ staticMembers }), poolDoc({ name: "servers", type: "server" })] });
    const sessionId = await request(world);
    await world.clock.advance(11 * minute);
    assert.equal(await ended(world, sessionId), "startTimeout");
  });

  it("end when their requester stops asking, until they run: keepalive holds for an assigned session too", async () => {
    world = await World.start({ configs: [agents()] });
    const ask = async (userId: string) => {
      const outcome = await world.broker.requestSession({ workspace: "office", userId, keepalive: 30 });
      return outcome.kind === "refused" ? assert.fail() : outcome.session.sessionId;
    };
    const [gone, there, running] = [await ask("ann"), await ask("bob"), await ask("eve")];
    for (let seconds = 0; seconds < 300; seconds += 10) {
      if (seconds < 40) for (const id of [gone, running]) world.broker.seeRequester(id);
      if (seconds === 40) await world.broker.setSessionStatus(running, "running");
      world.broker.seeRequester(there);
      await world.clock.advance(10 * second);
    }
    assert.equal(await ended(world, gone), "left");
    assert.equal(world.state.sessions.get(there)?.status, "assigned");
    assert.equal(world.state.sessions.get(running)?.status, "running");
  });

  it("give their room to who waits in the pass that ends them", async () => {
    world = await World.start({ configs: [agents({ maxNodes: 1, startTimeout: "2m" })] });
    const first = [await request(world, "office", "a"), await request(world, "office", "b")];
    const late = await request(world, "office", "c");
    await world.clock.advance(minute);
    assert.equal(world.state.sessions.get(late)?.status, "queued");
    await world.clock.advance(2 * minute);
    assert.deepEqual(
      [await ended(world, first[0]!), world.state.sessions.get(late)?.status],
      ["startTimeout", "assigned"],
    );
  });
});

describe("clocks and absences", () => {
  let world: World;
  afterEach(() => world.stop());

  for (const jumpMs of [2 * hour, -2 * hour, 26 * hour]) {
    it(`end nobody's wait: set by ${jumpMs / hour} h`, async () => {
      world = await World.start({ configs: [agents({ startTimeout: undefined, maxNodes: 1, queueTimeout: "10m" })] });
      const sessions = [];
      for (const userId of ["a", "b", "c", "d"]) {
        const outcome = await world.broker.requestSession({ workspace: "office", userId, keepalive: 60 });
        if (outcome.kind !== "refused") sessions.push(outcome.session.sessionId);
      }
      const watching = sessions.map((id) => world.broker.watchRequester(id));
      await world.clock.advance(minute);
      world.clock.set(jumpMs);
      for (const stop of watching) stop();
      await world.reconciler.tickNow();
      await world.clock.advance(30 * second);
      const statuses = sessions.map((id) => world.state.sessions.get(id)?.status);
      assert.deepEqual(statuses, ["assigned", "assigned", "queued", "queued"]);
      assert.equal(only(world).status, "running");

      // Time goes on: who waits ends for want of a requester, and what is not started ends in its time.
      await world.clock.advance(2 * minute);
      assert.equal(await ended(world, sessions[3]!), "left");
      await world.clock.advance(15 * minute);
      assert.equal(world.state.sessions.size, 0);
    });
  }

  it("end nobody's wait: an absence longer than queueTimeout and startTimeout", async () => {
    world = await World.start({ configs: [agents({ startTimeout: undefined, maxNodes: 1, queueTimeout: "10m" })] });
    const sessions = [];
    for (const userId of ["a", "b", "c"]) sessions.push(await request(world, "office", userId));
    await world.clock.advance(minute);
    await world.stop();
    await world.clock.advance(hour);
    await world.reconciler.tickNow();
    assert.deepEqual(
      sessions.map((id) => world.state.sessions.get(id)?.status),
      ["assigned", "assigned", "queued"],
    );
  });

  for (const status of ["running", "starting"] as const) {
    it(`of the last leader, which was ahead, hide no dead node that is ${status}`, async () => {
      world = new World();
      await world.declare({ configs: [agents({ minNodes: 1, missingTimeout: "2m", deadTimeout: "5m" })] });
      const late = world.clock.now() + 2 * hour;
      const row = aNode({ laneId: undefined, status, statusSinceMs: late, createdAtMs: late, lastHeartbeatMs: late });
      const change: Change = {
        kind: "put",
        table: "node",
        row: { ...row, missingTimeoutSeconds: 120, deadTimeoutSeconds: 300 },
      };
      await world.ledger.commit([change]);
      await world.laneRunner.start();
      await world.reconciler.start();
      await world.clock.advance(11 * minute);
      const now = world.state.nodes.get(row.nodeId);
      assert.ok(now === undefined || now.status === "destroying", now?.status);
    });
  }
});
