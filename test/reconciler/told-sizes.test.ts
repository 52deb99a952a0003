/** What follows for sessions and nodes when a cloud tells what a size has. */
import assert from "node:assert/strict";
import { AccountChecks } from "../../runtime/reconciler/account-checks";
import { catalog, gib, vmProviderDoc, workspaceDoc } from "../support/builders";
import { agents, request } from "./questions";
import { World } from "./world";

const second = 1_000;
const minute = 60_000;

describe("a session larger than the size that was told", () => {
  it("is refused while nothing can hold it, and waits for an older, larger node that can", async () => {
    const sized = (size: string) => vmProviderDoc({ settings: { size } });
    const world = await World.start({
      vmProviders: [sized("large")],
      configs: [agents({ maxNodes: 1 })],
      workspaces: [workspaceDoc({ name: "wide", cores: 12, memory: "8GiB" })],
    });
    const checks = new AccountChecks({ ...world, catalog, wakeReconciler: () => world.reconciler.wake() });
    const tell = async (name: string, cores: number): Promise<void> => {
      const size = { name, shape: { cores, memoryBytes: 64 * gib, gpus: 0 } };
      await checks.nextQuestion(world.clock.now())!.conclude({ kind: "check", check: { findings: [], size } });
      await world.clock.advance(minute);
    };
    const ask = (userId: string) => world.broker.requestSession({ workspace: "wide", userId });
    try {
      await tell("large", 4);
      const refused = await ask("ann");
      assert.equal(refused.kind, "refused");
      assert.match(refused.kind === "refused" ? refused.reason.text : "", /needs 12 cores.*has only 4 cores/);

      await world.declare({ vmProviders: [sized("huge")] });
      assert.equal((await ask("bob")).kind, "queued", "nobody knows yet");
      await tell("huge", 16);
      assert.equal(world.state.assigned.size, 1);
      const waiting = await ask("cid");
      assert.equal(waiting.kind, "queued");

      await world.declare({ vmProviders: [sized("large")] });
      await tell("large", 4);
      assert.equal(world.state.queue().length, 1, "it still waits");
      assert.equal((await ask("dan")).kind, "queued");
      const [first] = world.state.assigned.keys();
      await world.broker.releaseSession(first!);
      await world.clock.advance(minute);
      assert.equal(world.state.queue().length, 1);
      assert.equal(world.state.assigned.size, 1);
    } finally {
      await world.stop();
    }
  });
});

describe("a size that is told while nodes are on their way", () => {
  it("counts for them too: no node more than what waits has need of", async () => {
    const world = await World.start({
      vmProviders: [vmProviderDoc({ settings: { size: "large" } })],
      configs: [agents()],
    });
    const checks = new AccountChecks({ ...world, catalog, wakeReconciler: () => world.reconciler.wake() });
    try {
      for (const user of ["ann", "bob", "cid", "dan"]) await request(world, "office", user);
      await world.clock.advance(2 * second);
      assert.equal(world.state.nodes.size, 1, "one until its size is known");
      const due = checks.nextQuestion(world.clock.now())!;

      const shape = { cores: 4, memoryBytes: 16 * gib, gpus: 0 };
      const size = { name: "large", shape };
      await due.conclude({ kind: "check", check: { findings: [], size } });
      await world.clock.advance(2 * second);

      assert.equal(world.state.nodes.size, 2, "four sessions of 2 cores on nodes of 4");
      assert.deepEqual(
        [...world.state.nodes.values()].map((node) => node.size),
        [shape, shape],
      );
      await world.clock.advance(5 * minute);
      assert.equal(world.state.nodes.size, 2);
      assert.equal(world.state.queue().length, 0);
    } finally {
      await world.stop();
    }
  });
});
