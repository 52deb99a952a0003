import assert from "node:assert/strict";
import { serverConfigDoc } from "../support/builders";
import { agents, only, request } from "./questions";
import { World } from "./world";

const minute = 60_000;

describe("a node that outlived the end that was announced", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  for (const [how, config] of [
    ["heartbeats", agents({ minNodes: 1, startTimeout: "0s" })],
    ["answers of its port", serverConfigDoc({ minNodes: 1, startTimeout: "0s" })],
  ] as const) {
    it(`is remembered as such by ${how}, also by whoever leads next`, async () => {
      world = await World.start({ configs: [config] });
      await world.clock.advance(5 * minute);
      const { nodeId, pool } = only(world);
      await request(world, pool === "agents" ? "office" : "desktop");
      const deadlineMs = world.clock.now() + 2 * minute;
      await world.broker.interruption(`agent:${nodeId}`, nodeId, { deadlineMs });
      await world.clock.advance(6 * minute);

      const row = (await world.store.load()).find(
        (change) => change.kind === "put" && change.table === "node" && change.row.nodeId === nodeId,
      );
      assert.ok(row?.kind === "put" && row.table === "node");
      assert.ok(Math.max(row.row.lastHeartbeatMs ?? 0, row.row.lastProbeMs ?? 0) > deadlineMs);
    });
  }
});
