import assert from "node:assert/strict";
import {
  agentConfigDoc,
  aNode,
  aSession,
  rowChanges,
  scheduleDoc,
  vmProviderDoc,
  workspaceDoc,
  type WorldRows,
} from "../support/builders";
import { World } from "../reconciler/world";

/** What a request for `office` is told; the world begins on 2026-01-14 at 12:00 UTC. */
async function ask(rows: WorldRows): Promise<{ kind: string; code: string; text: string }> {
  const world = new World();
  const docs = { configs: [agentConfigDoc()], workspaces: [workspaceDoc()], ...rows };
  await world.declare(docs);
  await world.ledger.commit(rowChanges(docs));
  const outcome = await world.broker.requestSession({ workspace: "office", userId: "ann" });
  const { code, text } = outcome.kind === "refused" ? outcome.reason : outcome.session.reason;
  return { kind: outcome.kind, code, text };
}

describe("broker, queue or refusal", () => {
  it("queues what waits for a cap: instances come free", async () => {
    const vmProviders = [vmProviderDoc({ maxInstances: 1 })];
    const nodes = [aNode({ shape: { cores: 4, memoryBytes: 2 ** 33, gpus: 0 } })];
    const sessions = [aSession({ nodeId: "n1", needs: { cores: 4, memoryBytes: 1, gpus: 0 } })];

    assert.equal((await ask({ vmProviders, nodes, sessions })).kind, "queued");
  });

  it("queues what waits for a window that opens while it may wait, refuses at once before any other, and tells when it opens", async () => {
    for (const queueTimeout of ["1m", "30m", "8h", "1d"]) {
      const timeoutMinutes = { "1m": 1, "30m": 30, "8h": 480, "1d": 1440 }[queueTimeout]!;
      for (const minutesAway of [1, 29, 30, 31, 479, 480, 481, 700]) {
        const opens = new Date(Date.UTC(2026, 0, 14, 12, minutesAway)).toISOString();
        const schedules = [scheduleDoc({ start: opens.slice(11, 16), end: "23:59" })];
        const { kind, code, text } = await ask({ configs: [agentConfigDoc({ queueTimeout })], schedules });

        assert.deepEqual([kind, code], [minutesAway <= timeoutMinutes ? "queued" : "refused", "schedule"]);
        assert.ok(text.includes(`it opens at ${opens}`), text);
        assert.equal(text.includes(`waits at most ${queueTimeout} (queueTimeout)`), kind === "refused", text);
      }
    }
    const dates = ["2026-04-01"];
    const inSpring = await ask({ schedules: [scheduleDoc({ days: undefined, dates, start: "08:00", end: "18:00" })] });
    assert.deepEqual([inSpring.kind, inSpring.code], ["refused", "schedule"]);
    assert.match(inSpring.text, /it opens at 2026-04-01T08:00/);
  });

  it("ends the wait of those whose window has closed and opens too late for them, with when it opens", async () => {
    const schedules = [scheduleDoc({ start: "08:00", end: "12:05" })];
    const world = await World.start({
      configs: [agentConfigDoc({ maxNodes: 1 })],
      workspaces: [workspaceDoc()],
      schedules,
    });
    world.behaviour = { ...world.behaviour, guest: () => "staysSilent" };
    const outcome = await world.broker.requestSession({ workspace: "office", userId: "ann" });
    assert.ok(outcome.kind === "queued");
    await world.clock.advance(4 * 60_000);
    assert.equal(world.state.sessions.get(outcome.session.sessionId)?.status, "queued");
    await world.clock.advance(2 * 60_000);

    const ended = await world.store.session(outcome.session.sessionId);
    assert.deepEqual([ended?.status, ended?.reason.code], ["ended", "schedule"]);
    assert.match(ended!.reason.text, /it opens at 2026-01-15T08:00/);
    await world.stop();
  });

  it("refuses at once what waits for a window that never comes again", async () => {
    const schedules = [scheduleDoc({ days: undefined, dates: ["2025-12-24"], start: "08:00", end: "18:00" })];
    const { kind, code, text } = await ask({ schedules });

    assert.deepEqual([kind, code], ["refused", "schedule"]);
    assert.match(text, /no window to come/);
  });

  it("queues when only one of several configs could ever serve it", async () => {
    const configs = [agentConfigDoc({ enabled: false }), agentConfigDoc({ name: "backup" })];

    assert.equal((await ask({ configs })).kind, "queued");
  });
});
