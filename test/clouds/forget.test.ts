/** Nodes of an account that nobody gets into any more are taken out of their stack, on every engine here. */
import assert from "node:assert/strict";
import { enginesHere } from "../executor/bench";
import { nameOf } from "../../runtime/executor/stack-state";
import { AccountBench, aNode, dns, keysOf } from "./account-bench";

for (const kind of ["embedded", "official"] as const) {
  describe(`nodes that are forgotten, ${kind} engine`, () => {
    let bench: AccountBench;
    beforeEach(async function () {
      const engine = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (!engine) return this.skip();
      bench = await AccountBench.open(engine);
    });
    afterEach(() => bench?.close());

    const left = () =>
      (bench.readState().resources ?? [])
        .map(({ urn }) => nameOf(urn))
        .filter((name) => name !== "headroom-nodes-lane-1");

    it("all of them, with every key revoked: the stack is empty, no cloud was asked, their VMs live on", async () => {
      await bench.update(aNode("n-a", { dns }), aNode("n-b"));
      const before = bench.vms();
      bench.aws.iam.revoke("K1");
      const connections = bench.aws.cloud.configurations.length;

      const result = await bench.forget([], "n-a", "n-b");

      assert.equal(result.outcome, "succeeded", result.message);
      assert.deepEqual(result.present, []);
      assert.deepEqual(left(), []);
      assert.deepEqual(bench.vms(), before);
      assert.equal(bench.aws.cloud.configurations.length, connections);
      bench.useAccount(keysOf("K2"));
      assert.equal((await bench.update(aNode("n-c"))).outcome, "succeeded");
    });

    it("one of them: the others stay as they are, and go on", async () => {
      await bench.update(aNode("n-a", { dns }), aNode("n-b", { dns }));
      const before = bench.vms();

      const result = await bench.forget([aNode("n-b", { dns })], "n-a", "n-unknown");

      assert.deepEqual(
        result.present?.map(({ nodeId }) => nodeId),
        ["n-b"],
      );
      assert.deepEqual(bench.vms(), before);
      assert.deepEqual(
        left().filter((name) => name.startsWith("n-a")),
        [],
      );
      assert.equal((await bench.update(aNode("n-b", { dns }), aNode("n-c"))).outcome, "succeeded");
      assert.equal(bench.vms()["n-b"], before["n-b"]);
      assert.equal((await bench.update()).outcome, "succeeded");
      assert.deepEqual(Object.keys(bench.vms()), ["n-a"]);
    });
  });
}
