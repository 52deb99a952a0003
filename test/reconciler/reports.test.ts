import assert from "node:assert/strict";
import fc from "fast-check";
import { type PartialShape, reportBounds, type Shape } from "../../runtime/model/shapes";
import type { Node } from "../../runtime/model/state";
import { gib, vmProviderDoc, workspaceDoc, type AgentConfigDoc } from "../support/builders";
import { agents, only, request } from "./questions";
import { goodCloud, World } from "./world";

const second = 1_000;
const minute = 60_000;

/** Guests boot and say nothing by themselves; the size of their VMs is not known unless settings name it. */
async function aWorld(config: Partial<AgentConfigDoc> = {}, settings: Record<string, unknown> = {}): Promise<World> {
  const world = new World();
  world.behaviour = { ...goodCloud, guest: () => "staysSilent" };
  await world.declare({
    vmProviders: [vmProviderDoc({ settings })],
    configs: [agents(config)],
    workspaces: [workspaceDoc(), workspaceDoc({ name: "gpu", gpus: 1 })],
  });
  await world.laneRunner.start();
  await world.reconciler.start();
  return world;
}

function beat(world: World, node: Node, report: PartialShape): Promise<Node> {
  return world.broker.heartbeat(node.spec!.startupScript.split(" ")[1]!, node.nodeId, report);
}

function shapeOf(world: World, { nodeId }: Node): Shape | undefined {
  return world.state.nodes.get(nodeId)!.shape;
}

/** The statuses of these sessions, ended ones too. */
async function statuses(world: World, ids: readonly string[]): Promise<string[]> {
  return Promise.all(ids.map(async (id) => (await world.store.session(id))!.status));
}

async function told(world: World, { nodeId: subjectId }: Node, event: string): Promise<string[]> {
  const decisions = await world.store.decisions({ subject: "node", subjectId, limit: 100 });
  return decisions.filter((decision) => decision.event === event).map(({ reason }) => reason.text);
}

const small: PartialShape = { cores: 8, memoryBytes: 32 * gib };

describe("what nodes report", () => {
  let world: World;
  afterEach(() => world.stop());

  for (const [name, first] of [
    ["no word of GPUs", small],
    ["0 GPUs", { ...small, gpus: 0 }],
  ] as const) {
    it(`ends and refuses no session: a first heartbeat with ${name}, before the driver is loaded`, async () => {
      world = await aWorld({ maxNodes: 5 });
      const waiting = [await request(world, "gpu", "ann"), await request(world, "gpu", "bob")];
      await world.clock.advance(minute);
      const node = only(world);

      await beat(world, node, first);
      await world.clock.advance(2 * second);
      assert.deepEqual(await statuses(world, waiting), ["queued", "queued"]);
      assert.match(world.state.sessions.get(waiting[0]!)!.reason.text, /GPU/);
      const late = await request(world, "gpu", "eve");
      await world.clock.advance(10 * second);
      assert.equal(world.state.nodes.size, 1, "no second node is made for what one node did not have");

      await beat(world, node, { ...small, gpus: 4 });
      assert.deepEqual(shapeOf(world, node), { ...small, gpus: 4 });
      assert.deepEqual(await statuses(world, [...waiting, late]), ["assigned", "assigned", "assigned"]);
      assert.equal((await world.broker.requestSession({ workspace: "gpu", userId: "joe" })).kind, "assigned");
    });
  }

  it("counts where nothing is declared, each dimension for itself, within bounds, whatever comes in which order", async () => {
    const amount = (most: number) => fc.option(fc.integer({ min: 0, max: most }), { nil: undefined });
    const report = fc.record({ cores: amount(10_000), memoryBytes: amount(2 ** 50), gpus: amount(1000) });
    const override = fc.record({
      cores: fc.constantFrom(0, 2),
      memory: fc.constantFrom(0, 4),
      gpus: fc.constantFrom(0, 1),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(report, { minLength: 1, maxLength: 6 }),
        override,
        async (reports, { cores, memory, gpus }) => {
          world = await aWorld({
            coresOverride: cores,
            memoryOverride: `${memory}GiB`,
            gpusOverride: gpus,
            minNodes: 1,
            maxNodes: 1,
          });
          const waiting = [await request(world), await request(world)];
          await world.clock.advance(minute);
          const node = only(world);
          const last: Partial<Record<keyof Shape, number>> = {};
          for (const heard of reports) {
            await beat(world, node, heard);
            for (const [dimension, value] of Object.entries(heard)) {
              if (value !== undefined) last[dimension as keyof Shape] = value;
            }
          }
          const credited = (dimension: keyof Shape, declared: number) =>
            declared ||
            (last[dimension] === undefined ? undefined : Math.min(last[dimension], reportBounds[dimension]));
          const expected = {
            cores: credited("cores", cores),
            memoryBytes: credited("memoryBytes", memory * gib),
            gpus: credited("gpus", gpus) ?? 0,
          };
          const isKnown = expected.cores !== undefined && expected.memoryBytes !== undefined;
          assert.deepEqual(shapeOf(world, node), isKnown ? expected : undefined);
          assert.ok((await statuses(world, waiting)).every((status) => status !== "ended"));
          await world.stop();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("beyond what machines have gets no more than that, and is told once", async () => {
    world = await aWorld({ maxNodes: 50, standbyCores: 4 });
    await request(world);
    await world.clock.advance(minute);
    const node = only(world);
    for (let beats = 0; beats < 3; beats += 1) {
      await beat(world, node, { cores: 10_000, memoryBytes: 2 ** 50, gpus: 1000 });
      await world.clock.advance(30 * second);
    }
    assert.deepEqual(shapeOf(world, node), reportBounds);
    const texts = await told(world, node, "overstated");
    assert.equal(texts.length, 1);
    assert.match(texts[0]!, /10000 cores, at most 256 cores are credited/);
    for (let user = 0; user < 200; user += 1) await request(world, "office", `user${user}`);
    const cores = world.state.usage(node.nodeId).cores;
    assert.ok(cores <= reportBounds.cores, `${cores} cores placed`);
  });

  it("beyond what its size has is not believed, and is told", async () => {
    world = await aWorld({ minNodes: 1 }, { cores: 4, gpus: 1 });
    await world.clock.advance(minute);
    const node = only(world);
    for (const cores of [64, 64, 65]) await beat(world, node, { cores, memoryBytes: 256 * gib, gpus: 0 });
    assert.deepEqual(shapeOf(world, node), { cores: 4, memoryBytes: 8 * gib, gpus: 1 });
    const texts = await told(world, node, "overstated");
    assert.equal(texts.length, 1);
    assert.match(texts[0]!, /64 cores, it was declared with 4 cores; 256GiB memory, it was declared with 8GiB memory/);
  });

  it("corrects the node and what its config expects of the next one, up and down", async () => {
    world = await aWorld({ minNodes: 1 });
    await world.clock.advance(minute);
    const node = only(world);
    for (const cores of [2, 16, 1, 8]) {
      await beat(world, node, { cores, memoryBytes: 32 * gib, gpus: 0 });
      await world.clock.advance(30 * second);
      assert.equal(shapeOf(world, node)!.cores, cores);
    }
    assert.equal((await told(world, node, "reshaped")).length, 3);
    const full = [await request(world, "office", "u1"), await request(world, "office", "u2")];
    for (let user = 3; user <= 5; user += 1) full.push(await request(world, "office", `u${user}`));
    await world.clock.advance(10 * second);
    const [, second_] = [...world.state.nodes.values()];
    assert.equal(second_?.shape?.cores, 8);
  });

  it("ends nothing when the node turns out smaller than what runs on it", async () => {
    world = await aWorld({ minNodes: 1, maxNodes: 1 });
    await world.clock.advance(minute);
    const node = only(world);
    await beat(world, node, { ...small, gpus: 0 });
    const running = [await request(world, "office", "u1"), await request(world, "office", "u2")];
    for (const id of running) await world.broker.setSessionStatus(id, "running");
    await beat(world, node, { cores: 1, memoryBytes: gib });
    const late = await request(world, "office", "u3");
    await world.clock.advance(5 * minute);
    assert.deepEqual(await statuses(world, [...running, late]), ["running", "running", "queued"]);
    assert.equal(only(world).status, "running");
  });

  it("overrides of cores and memory leave the GPUs to the size, else to the node", async () => {
    world = await aWorld({ coresOverride: 6, memoryOverride: "12GiB", minNodes: 1 }, { cores: 4, gpus: 2 });
    await world.clock.advance(minute);
    assert.deepEqual(shapeOf(world, only(world)), { cores: 6, memoryBytes: 12 * gib, gpus: 2 });
    await world.stop();
    world = await aWorld({ coresOverride: 6, memoryOverride: "12GiB" });
    const waiting = await request(world, "gpu");
    await world.clock.advance(minute);
    await beat(world, only(world), { ...small, gpus: 3 });
    assert.deepEqual(shapeOf(world, only(world)), { cores: 6, memoryBytes: 12 * gib, gpus: 3 });
    assert.deepEqual(await statuses(world, [waiting]), ["assigned"]);
  });

  it("of nodes of an older definition says nothing about the next one", async () => {
    world = await aWorld({ minNodes: 1 });
    await world.clock.advance(minute);
    await beat(world, only(world), { ...small, gpus: 0 });
    const doc = vmProviderDoc({ settings: { gpus: 1 } });
    await world.broker.putDefinition({ kind: "vmProviderConfig", name: "vms", doc, owner: "tester" });
    await request(world, "gpu");
    await world.clock.advance(10 * second);
    assert.equal(world.state.nodes.size, 2);
  });
});
