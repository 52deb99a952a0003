/** A cloud that takes its time with one VM, on every cloud and engine here. */
import assert from "node:assert/strict";
import { until } from "../support/until";
import type { AccountBench } from "./account-bench";
import { assertDone } from "./assert-done";
import { onEachCloud } from "./each-cloud";

onEachCloud("a cloud that hangs", "few", ({ open }) => {
  let bench: AccountBench;
  beforeEach(async function () {
    bench = await open(this);
  });
  afterEach(() => bench?.close());

  it("with one create: the others are ready meanwhile, and it is one VM when the cloud answers", async () => {
    const slow = bench.cloud.cloud.hold("create", "n-slow");
    const updated = bench.update(bench.node("n-slow"), bench.node("n-a"), bench.node("n-b"));
    await slow.asked;

    for (const nodeId of ["n-a", "n-b"]) await until(`${nodeId} is ready`, () => hasEvent("nodeCreated", nodeId));
    assert.equal(hasEvent("nodeCreated", "n-slow"), false);
    slow.release();

    assertDone(await updated, "n-a", "n-b", "n-slow");
    assert.deepEqual(
      bench.cloud
        .vms()
        .map(({ nodeId }) => nodeId)
        .sort(),
      ["n-a", "n-b", "n-slow"],
    );
  });

  it("with one delete: the others go meanwhile, and it is gone when the cloud answers", async () => {
    const [slow, a, b] = [bench.node("n-slow"), bench.node("n-a"), bench.node("n-b")];
    assertDone(await bench.update(slow, a, b), "n-a", "n-b", "n-slow");
    const held = bench.cloud.cloud.hold("delete", "n-slow");
    const updated = bench.update(b);
    await held.asked;

    await until("n-a is gone", () => bench.vms()["n-a"] === undefined);
    assert.deepEqual(Object.keys(bench.vms()).sort(), ["n-b", "n-slow"]);
    held.release();

    assertDone(await updated, "n-b");
    assert.deepEqual(Object.keys(bench.vms()), ["n-b"]);
  });

  const hasEvent = (kind: string, nodeId: string): boolean =>
    bench.events.some((event) => event.kind === kind && "nodeId" in event && event.nodeId === nodeId);
});
