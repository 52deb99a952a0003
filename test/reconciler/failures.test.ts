import assert from "node:assert/strict";
import type { FailureClass } from "../../runtime/model/state";
import { plainDocs, vmProviderDoc } from "../support/builders";
import { agents, countByStatus, events, only, request } from "./questions";
import { goodCloud, World } from "./world";

const second = 1000;
const minute = 60 * second;

describe("failures of the cloud", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  const two = [vmProviderDoc({ name: "spot" }), vmProviderDoc({ name: "ondemand" })];
  const refuse = (vmProvider: string, failure: FailureClass | undefined) => ({
    ...goodCloud,
    failCreate: (nodeId: string) =>
      world.state.nodes.get(nodeId)!.vmProvider === vmProvider ? (failure as "CAPACITY" | undefined) : undefined,
  });
  const spotFirst = agents({ vmProvider: "spot", fallbackVmProviders: ["ondemand"], minNodes: 1 });

  it("falls back while the preferred VM provider config has no capacity, and goes back when it has some again", async () => {
    world = new World();
    world.behaviour = refuse("spot", "CAPACITY");
    await world.declare({ ...plainDocs, vmProviders: two, configs: [spotFirst] });
    await world.laneRunner.start();
    await world.reconciler.start();
    await world.clock.advance(45 * second);
    assert.deepEqual(
      [...world.state.nodes.values()].map(({ vmProvider, status }) => [vmProvider, status]),
      [["ondemand", "running"]],
    );

    const [fallbackLane] = [...world.state.nodes.values()].map(({ laneId }) => laneId);
    const refusedLanes = [...world.state.lanes.keys()].filter((laneId) => laneId !== fallbackLane);
    assert.ok(refusedLanes.length > 0, "nodes of different VM provider configs share no lane");

    world.behaviour = goodCloud;
    await request(world, "office", "a");
    await request(world, "office", "b");
    await request(world, "office", "c");
    await world.clock.advance(2 * minute);
    assert.deepEqual([...world.state.nodes.values()].map(({ vmProvider }) => vmProvider).sort(), ["ondemand", "spot"]);
    assert.equal(world.state.configStates.get("agents")?.failures, undefined, "a node that runs ends the row");
  });

  it("CONFIG opens the circuit at once; it closes as soon as the definition changes", async () => {
    world = new World();
    world.behaviour = refuse("vms", "CONFIG");
    await world.declare({ configs: [agents({ minNodes: 1 })] });
    await world.laneRunner.start();
    await world.reconciler.start();
    await world.clock.advance(14 * minute);
    assert.equal(world.state.configStates.get("agents")!.failures!["vms"]!.consecutiveFailures, 1);
    assert.deepEqual(world.nodesInCloud(), []);

    world.behaviour = goodCloud;
    await world.declare({ configs: [agents({ minNodes: 1 })] });
    assert.ok(world.state.configStates.get("agents")!.failures, "the same document changes nothing");
    await world.declare({
      vmProviders: [vmProviderDoc({ settings: { cores: 8 } })],
      configs: [agents({ minNodes: 1 })],
    });
    await world.clock.advance(minute);
    assert.equal(only(world).status, "running");
    const told = await events(world, "config", "agents");
    assert.ok(told.indexOf("circuitOpened") < told.indexOf("circuitClosed"), told.join());
  });

  it("a broken configuration is tried again every quarter of an hour, one node at a time, when nobody edits it", async () => {
    world = new World();
    world.behaviour = refuse("vms", "CONFIG");
    await world.declare({ configs: [agents({ minNodes: 5 })] });
    await world.laneRunner.start();
    await world.reconciler.start();
    await world.clock.advance(10 * minute);
    const before = world.updates;
    await world.clock.advance(60 * minute);
    const tries = world.updates - before;
    assert.ok(tries === 3 || tries === 4, `${tries} tries in an hour`);
    world.behaviour = goodCloud;
    await world.clock.advance(20 * minute);
    assert.deepEqual(countByStatus(world), { running: 5 });
  });

  it("a config whose nodes never come up does not keep another one of the pool from serving", async () => {
    world = await World.start({
      configs: [agents({ name: "aa", provisionTimeout: "2m" }), agents({ name: "healthy" })],
    });
    world.behaviour = {
      ...goodCloud,
      guest: (nodeId) => (world.state.nodes.get(nodeId)!.autoscaleConfig === "aa" ? "staysSilent" : "checksIn"),
    };
    for (let user = 0; user < 8; user += 1) {
      const sessionId = await request(world, "office", `u${user}`);
      await world.clock.advance(4 * minute);
      assert.equal(world.state.sessions.get(sessionId)!.status, "assigned", `user ${user}`);
    }
  });
});
