/** What many nodes at once, and clouds that hang, cost those who wait; slots are the lane runner's, time is virtual. */
import assert from "node:assert/strict";
import { poolDoc, vmProviderDoc, workspaceDoc } from "../support/builders";
import { agents, request } from "./questions";
import { runBurst } from "./run-burst";
import { goodCloud, World } from "./world";

const second = 1_000;
const minute = 60 * second;

describe("bursts", () => {
  for (const { nodes, updateSeconds, slots, gapMs } of [
    { nodes: 600, updateSeconds: 90, slots: 4, gapMs: 0 },
    // The first updates begin before the others have asked, so one round of updates comes on top.
    { nodes: 1_100, updateSeconds: 90, slots: 4, gapMs: 1 },
    { nodes: 400, updateSeconds: 40, slots: 16, gapMs: 0 },
  ]) {
    it(`${nodes} nodes at ${updateSeconds} s an update with ${slots} slots, asked ${gapMs} ms apart: in 1.1 of the ideal, none failed, none made in vain`, async function () {
      this.timeout(120_000);

      const burst = await runBurst({ nodes, updateSeconds, slots, gapMs });

      assert.equal(burst.running, nodes);
      assert.ok(burst.seconds <= 1.1 * burst.idealSeconds, `${burst.seconds} s, ideal ${burst.idealSeconds} s`);
      assert.equal(burst.vmsMade, nodes);
      assert.equal(burst.failed, 0);
      assert.ok(burst.enginesMost <= slots, `${burst.enginesMost} updates at once`);
      assert.deepEqual(burst.errors, []);
    });
  }
});

describe("a healthy config beside sick ones", () => {
  const sick = ["sick1", "sick2", "sick3", "sick4"];

  for (const healthyCloud of ["vms", "sick"]) {
    for (const hangs of ["deletes", "creates"] as const) {
      it(`starts its node as soon as alone while ${hangs} of four others hang, itself on ${healthyCloud === "sick" ? "the same" : "another"} VM provider config`, async () => {
        const docs = {
          pools: [poolDoc(), ...sick.map((name) => poolDoc({ name }))],
          vmProviders: [vmProviderDoc({ name: "sick" }), vmProviderDoc({ name: "vms" })],
          configs: [
            ...sick.map((name) => agents({ name, pool: name, downscaleBackoff: "0s", vmProvider: "sick" })),
            agents({ name: "healthy", vmProvider: healthyCloud }),
          ],
          workspaces: [workspaceDoc(), ...sick.map((name) => workspaceDoc({ name, pools: [name] }))],
        };
        const world = await World.start(docs);
        world.hangs = ({ request: { laneId }, isCreate }) =>
          laneId.startsWith("sick") && isCreate === (hangs === "creates");
        const sessions: string[] = [];
        const limit = hangs === "deletes" ? sick.length : 3;
        for (const name of sick.slice(0, limit)) {
          sessions.push(await request(world, name, "user"));
        }
        await world.clock.advance(2 * minute);
        if (hangs === "deletes") for (const id of sessions) await world.broker.releaseSession(id);
        await world.clock.advance(30 * second);

        const aloneMs = goodCloud.createMs + goodCloud.bootMs;
        await world.broker.requestSession({ workspace: "office", userId: "guest" });
        await world.clock.advance(1.2 * aloneMs);

        const nodes = [...world.state.nodesOfConfig("healthy").values()];
        assert.deepEqual(
          nodes.map(({ status }) => status),
          ["running"],
        );
        await world.stop();
      });
    }
  }
});
