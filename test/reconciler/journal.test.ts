import assert from "node:assert/strict";
import type { Decision } from "../../runtime/model/state";
import { agentConfigDoc, vmProviderDoc } from "../support/builders";
import { guestScript, World } from "./world";

const second = 1000;
const minute = 60 * second;

describe("the decision journal", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  const start = (maxInstances = 100) =>
    World.start({
      configs: [agentConfigDoc({ startupScript: guestScript, downscaleBackoff: "5m" })],
      vmProviders: [vmProviderDoc({ maxInstances })],
    });
  const ticks = (): Decision[] => world.disk.decisions.filter(({ event }) => event === "tick");

  it("has one entry with its numbers for every tick that changed something", async () => {
    world = await start();
    await world.clock.advance(minute);
    const before = ticks().length;

    const outcome = await world.broker.requestSession({ workspace: "office", userId: "ann" });
    await world.clock.advance(10 * second);

    const fresh = ticks().slice(before);
    assert.match(fresh[0]!.reason.text, /^create 1 node; 1 session in the queue, 1 with a node promised/);
    assert.equal(fresh[0]!.reason.numbers["create"], 1);
    assert.equal(fresh[0]!.reason.numbers["waiting"], 1);
    assert.equal(fresh[0]!.reason.numbers["configsActive"], 1);
    if (outcome.kind !== "refused") await world.broker.releaseSession(outcome.session.sessionId);
    await world.clock.advance(20 * minute);
    const all = ticks().map(({ reason }) => reason.numbers);
    assert.ok(all.some((numbers) => numbers["drain"] === 1));
    assert.ok(all.some((numbers) => numbers["destroy"] === 1));
  });

  it("tells what holds ticks back once, and again only when that changes", async () => {
    world = await start(1);
    for (const userId of ["ann", "bob", "cho", "dan"]) {
      await world.broker.requestSession({ workspace: "office", userId });
    }
    await world.clock.advance(2 * minute);
    const stuck = ticks().filter(({ reason }) => reason.numbers["heldBack"] === "maxInstances");
    assert.ok(stuck.length > 0);
    assert.match(stuck.at(-1)!.reason.text, /has 1 of at most 1 instance \(max instances\)/);
    const before = ticks().length;

    await world.clock.advance(5 * minute);

    assert.equal(ticks().length, before);
  });

  it("has an entry for each refusal, with who asked for what", async () => {
    world = await start();
    const outcome = await world.broker.requestSession({ workspace: "desktop", userId: "ann" });

    assert.equal(outcome.kind, "refused");
    const entry = world.disk.decisions.find(({ event }) => event === "refused")!;
    assert.equal(entry.subject, "session");
    assert.equal(entry.reason.numbers["workspace"], "desktop");
    assert.equal(entry.reason.numbers["userId"], "ann");
  });

  it("never speaks of 1 nodes", async () => {
    world = await start(1);
    for (const userId of ["ann", "bob", "cho"]) await world.broker.requestSession({ workspace: "office", userId });
    await world.clock.advance(2 * minute);
    for (const sessionId of [...world.state.sessions.keys()]) await world.broker.releaseSession(sessionId);
    await world.clock.advance(20 * minute);

    assert.ok(world.disk.decisions.length > 10);
    const wrong = world.disk.decisions.filter(({ reason }) =>
      /\b1 (node|session|core|GPU|instance)s\b/.test(reason.text),
    );
    assert.deepEqual(wrong, []);
  });
});
