/** What is heard of a node has its effect at once, and not with the next tick. */
import assert from "node:assert/strict";
import type { CloudFailureClass } from "../../runtime/model/errors";
import { agentConfigDoc, serverConfigDoc, vmProviderDoc } from "../support/builders";
import { only, request } from "./questions";
import { goodCloud, guestScript, World } from "./world";

const second = 1000;

/** VMs are made right after a tick, and the update that made them goes on: nothing but the event itself can help. */
const busyCloud = { ...goodCloud, createMs: 5_500, endMs: 60_000 };

const agents = agentConfigDoc({ startupScript: guestScript, startTimeout: "0s" });
const servers = (requireCheckin: boolean) =>
  serverConfigDoc({ startupScript: guestScript, startTimeout: "0s", requireCheckin });

describe("node events", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  /** Stops at the moment at which it holds; fails when it does not within `limitMs`. */
  async function advanceUntil(holds: () => boolean, limitMs: number): Promise<void> {
    for (let passedMs = 0; !holds(); passedMs += 10) {
      assert.ok(passedMs < limitMs, "it does not come to pass in time");
      await world.clock.advance(10);
    }
  }

  for (const [how, config, workspace] of [
    ["an agent that beats", agents, "office"],
    ["a server that checks in", servers(true), "desktop"],
  ] as const) {
    it(`${how} before its address is known runs, with its session, the moment that is known`, async () => {
      world = await World.start({ configs: [config] });
      world.behaviour = { ...busyCloud, guest: () => "staysSilent" };
      const sessionId = await request(world, workspace);
      await advanceUntil(() => world.state.nodes.size === 1 && only(world).status === "provisioning", 2 * second);

      const [checkin = "", agent = ""] = only(world).spec!.startupScript.split(" ");
      if (config === agents)
        await world.broker.heartbeat(agent, only(world).nodeId, { cores: 4, memoryBytes: 2 ** 33 });
      else await world.broker.serverStatus(checkin, { status: "running" });
      assert.equal(only(world).status, "provisioning");
      await advanceUntil(() => only(world).address !== undefined, 10 * second);

      assert.equal(only(world).status, "running");
      assert.equal(world.state.sessions.get(sessionId)?.nodeId, only(world).nodeId);
      assert.equal(world.engines.now, 1, "its update goes on");
    });
  }

  it("a server that need not check in is probed as soon as its address is known", async () => {
    world = await World.start({ configs: [servers(false)] });
    world.behaviour = { ...busyCloud, bootMs: 10, guest: () => "staysSilent" };
    const sessionId = await request(world, "desktop");
    await advanceUntil(() => world.state.nodes.size === 1 && only(world).address !== undefined, 10 * second);

    await advanceUntil(() => only(world).status === "running", 1.5 * second);

    assert.equal(world.state.sessions.get(sessionId)?.nodeId, only(world).nodeId);
    assert.equal(world.engines.now, 1, "its update goes on");
  });

  for (const failureClass of ["CAPACITY", "QUOTA", "CONFIG"] satisfies CloudFailureClass[]) {
    it(`a node that is refused (${failureClass}) is replaced at once where another cloud may serve`, async () => {
      const vmProviders = [vmProviderDoc({ name: "spot" }), vmProviderDoc({ name: "ondemand" })];
      const config = { ...agents, vmProvider: "spot", fallbackVmProviders: ["ondemand"] };
      world = await World.start({ vmProviders, configs: [config] });
      const madeOn = (vmProvider: string) =>
        [...world.state.nodes.values()].filter((node) => node.vmProvider === vmProvider);
      world.behaviour = {
        ...busyCloud,
        failCreate: (nodeId) => (world.state.nodes.get(nodeId)?.vmProvider === "spot" ? failureClass : undefined),
      };
      await request(world);
      await advanceUntil(() => madeOn("spot").some(({ failure }) => failure !== undefined), 10 * second);

      await advanceUntil(() => madeOn("ondemand").length === 1, second);

      const { laneId = "" } = madeOn("spot")[0]!;
      assert.notEqual(
        world.state.lanes.get(laneId)?.openRevision,
        undefined,
        "the update that it was refused in goes on",
      );
    });
  }
});
