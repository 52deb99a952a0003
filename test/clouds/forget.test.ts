/** Nodes of an account that nobody gets into any more are taken out of their stack, on every cloud and engine here. */
import assert from "node:assert/strict";
import { nameOf } from "../../runtime/executor/stack-state";
import type { AccountBench } from "./account-bench";
import { onEachCloud } from "./each-cloud";

onEachCloud("nodes that are forgotten", "few", ({ open }) => {
  let bench: AccountBench;
  beforeEach(async function () {
    bench = await open(this);
  });
  afterEach(() => bench?.close());

  const left = () =>
    (bench.readState().resources ?? [])
      .map(({ urn }) => nameOf(urn))
      .filter((name) => name !== "headroom-nodes-lane-1");

  it("all of them, with every key revoked: the stack is empty, no cloud was asked, their VMs live on", async () => {
    await bench.update(bench.nodeWithRecord("n-a"), bench.node("n-b"));
    const before = bench.vms();
    bench.cloud.access.revoke("K1");
    const connections = bench.cloud.cloud.configurations.length;

    const result = await bench.forget([], "n-a", "n-b");

    assert.equal(result.outcome, "succeeded", result.message);
    assert.deepEqual(result.present, []);
    assert.deepEqual(left(), []);
    assert.deepEqual(bench.vms(), before);
    assert.equal(bench.cloud.cloud.configurations.length, connections);
    bench.useKey("K2");
    assert.equal((await bench.update(bench.node("n-c"))).outcome, "succeeded");
  });

  it("one of them: the others stay as they are, and go on", async () => {
    const [a, b] = [bench.nodeWithRecord("n-a"), bench.nodeWithRecord("n-b")];
    await bench.update(a, b);
    const before = bench.vms();

    const result = await bench.forget([b], "n-a", "n-unknown");

    assert.deepEqual(
      result.present?.map(({ nodeId }) => nodeId),
      ["n-b"],
    );
    assert.deepEqual(bench.vms(), before);
    assert.deepEqual(
      left().filter((name) => name.startsWith("n-a")),
      [],
    );
    assert.equal((await bench.update(b, bench.node("n-c"))).outcome, "succeeded");
    assert.equal(bench.vms()["n-b"], before["n-b"]);
    assert.equal((await bench.update()).outcome, "succeeded");
    assert.deepEqual(Object.keys(bench.vms()), ["n-a"]);
  });
});
