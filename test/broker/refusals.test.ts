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

  it("queues what waits for a window, however far away, and tells when it opens", async () => {
    const tonight = await ask({ schedules: [scheduleDoc({ start: "20:00", end: "21:00" })] });
    const inSpring = await ask({
      schedules: [scheduleDoc({ days: undefined, dates: ["2026-04-01"], start: "08:00", end: "18:00" })],
    });

    assert.deepEqual([tonight.kind, tonight.code], ["queued", "schedule"]);
    assert.match(tonight.text, /it opens at 2026-01-14T20:00/);
    assert.deepEqual([inSpring.kind, inSpring.code], ["queued", "schedule"]);
    assert.match(inSpring.text, /it opens at 2026-04-01T08:00/);
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
