/** Credentials are rotated and mistaken for another account's while nodes live, on every cloud and engine here. */
import assert from "node:assert/strict";
import type { AccountBench } from "./account-bench";
import { assertDone, idsIn } from "./assert-done";
import { onEachCloud } from "./each-cloud";

onEachCloud("accounts of living nodes", "few", ({ known, open }) => {
  let bench: AccountBench;
  beforeEach(async function () {
    bench = await open(this);
  });
  afterEach(() => bench?.close());

  const both = (key: string): void => {
    for (const service of ["vm", "dns"] as const) bench.useKey(key, service);
  };

  for (const when of known.noticed) {
    it(`a revoked key, noticed at the ${when}: nodes get neighbours, are recovered, and go one by one and all`, async () => {
      bench.cloud.access.noticeAt(when);
      const [a, b, c] = ["n-a", "n-b", "n-c"].map((nodeId) => bench.node(nodeId)) as [Node, Node, Node];
      assertDone(await bench.update(a, b), "n-a", "n-b");
      const born = bench.vms();

      bench.cloud.access.revoke("K1");
      bench.useKey("K2");

      assertDone(await bench.update(c, a, b), "n-a", "n-b", "n-c");
      assert.deepEqual({ ...bench.vms(), ...born }, bench.vms(), "no VM was replaced");
      assertDone(await bench.recover(a, b, c, bench.node("n-x")), "n-a", "n-b", "n-c");
      assertDone(await bench.update(b, c), "n-b", "n-c");
      assert.deepEqual(Object.keys(bench.vms()).sort(), ["n-b", "n-c"]);
      assert.equal(bench.providers().length, 1);
      assertDone(await bench.update());
      assert.deepEqual(bench.cloud.leftovers(), []);
    });

    it(`a key revoked while all nodes leave, noticed at the ${when}: they go`, async () => {
      bench.cloud.access.noticeAt(when);
      assertDone(await bench.update(bench.nodeWithRecord("n-a")), "n-a");

      bench.cloud.access.revoke("K1");
      both("K2");

      assertDone(await bench.update());
      assert.deepEqual(bench.cloud.leftovers(), []);
    });
  }

  it("a create whose answer was lost, then the key: the VM is adopted with the new one", async () => {
    assertDone(await bench.update(bench.node("n-a")), "n-a");
    bench.cloud.cloud.loseAnswerOf("n-lost");
    const held = bench.cloud.cloud.hold("create", "n-lost");
    void held.asked.then(() => {
      bench.cloud.access.revoke("K1");
      held.release();
    });
    // Nobody may ask the cloud with the old key, so the update can't tell how it ended.
    await assert.rejects(bench.update(bench.node("n-lost"), bench.node("n-a")), known.says.revoked);
    const vms = bench.vms();
    assert.deepEqual(Object.keys(vms).sort(), ["n-a", "n-lost"]);
    bench.useKey("K2");

    assertDone(await bench.recover(bench.node("n-lost"), bench.node("n-a")), "n-a", "n-lost");

    assert.deepEqual(bench.vms(), vms);
    assertDone(await bench.update());
    assert.deepEqual(bench.cloud.leftovers(), []);
  });

  it("an older state takes the place of a damaged one after the key was rotated: what is gone is told, the rest stays", async () => {
    assertDone(await bench.update(bench.node("n-a"), bench.node("n-b")), "n-a", "n-b");
    const { "n-a": gone = "", ...left } = bench.vms();
    bench.damageState();
    bench.cloud.remove(gone);
    bench.cloud.access.revoke("K1");
    bench.useKey("K2");

    const recovered = await bench.recover(bench.node("n-a"), bench.node("n-b"));

    assert.deepEqual(recovered.absent, ["n-a"], recovered.message);
    assert.deepEqual(idsIn(recovered), ["n-b"]);
    assert.deepEqual(bench.vms(), left);
    assertDone(await bench.update());
    assert.deepEqual(bench.cloud.leftovers(), []);
  });

  if (known.dns !== undefined) {
    it("the credentials of DNS alone", async () => {
      bench.useKey("D1", "dns");
      const [a, b, c] = ["n-a", "n-b", "n-c"].map((nodeId) => bench.nodeWithRecord(nodeId)) as [Node, Node, Node];
      assertDone(await bench.update(a, b), "n-a", "n-b");

      bench.cloud.access.revoke("D1");
      bench.useKey("D2", "dns");

      assertDone(await bench.update(c, a, b), "n-a", "n-b", "n-c");
      assertDone(await bench.update(c), "n-c");
      assert.deepEqual(
        bench.cloud.records().map(({ name }) => name),
        [`n-c.${bench.dns!.baseDomainName}`],
      );
      assertDone(await bench.update());
      assert.deepEqual(bench.cloud.leftovers(), []);
      assert.deepEqual(bench.cloud.violations, []);
    });
  }

  if (known.otherPlace !== undefined) {
    it("another place for new nodes: the old ones stay in theirs and can go", async () => {
      const moved = bench.node("n-new", { settings: { ...bench.template, ...known.otherPlace } });
      assertDone(await bench.update(bench.node("n-old")), "n-old");
      bench.cloud.access.revoke("K1");
      bench.useKey("K2");

      assertDone(await bench.update(moved, bench.node("n-old")), "n-new", "n-old");
      assert.equal(bench.providers().length, 2);
      const { "n-new": newest } = bench.vms();
      assertDone(await bench.update(moved), "n-new");
      assert.deepEqual(bench.vms(), { "n-new": newest });
      assertDone(await bench.update());
      assert.deepEqual(bench.cloud.leftovers(), []);
    });
  }

  it("twenty edits of the template leave one Pulumi provider in the lane", async () => {
    const nodes = Array.from({ length: 20 }, (_, edit) =>
      bench.node(`n-${edit}`, { settings: known.edit(bench.template, edit) }),
    );
    assertDone(await bench.update(...nodes.slice(0, 10)), ...nodes.slice(0, 10).map(({ nodeId }) => nodeId));
    bench.cloud.cloud.configurations.length = 0;

    assertDone(await bench.update(...nodes), ...nodes.map(({ nodeId }) => nodeId));

    assert.deepEqual(bench.providers(), [[bench.vmAccount, ...Object.values(bench.place)].join("-")]);
    assert.equal(bench.cloud.cloud.configurations.length, 1, "one plugin connection for the whole update");
  });

  for (const isTold of known.vmsTellOwner ? [true, false] : [true]) {
    it(`credentials of another account never make a VM seem to be gone, its owner ${isTold ? "told" : "not told"}`, async () => {
      const { home, other } = bench.cloud.access;
      const told = isTold ? home : undefined;
      bench.useKey("K1", "vm", told);
      const [a, b] = [bench.node("n-a"), bench.node("n-b")];
      assertDone(await bench.update(a, b), "n-a", "n-b");
      const vms = bench.vms();
      bench.cloud.access.giveTo("X1", other);
      bench.useKey("X1", "vm", told);

      const oneGoes = await bench.update(b);
      const allGo = await bench.update();
      const recovered = await bench.recover(a, b, bench.node("n-x"));

      for (const result of [oneGoes, allGo, recovered]) {
        assert.equal(result.outcome, "failed");
        assert.match(result.message ?? "", known.says.foreign);
        if (result.present) assert.deepEqual(idsIn(result), ["n-a", "n-b"], "both are still in the stack");
      }
      assert.deepEqual(bench.vms(), vms);
      bench.useKey("K3", "vm", told);
      assertDone(await bench.update());
      assert.deepEqual(bench.cloud.leftovers(), []);
    });
  }
});

type Node = ReturnType<AccountBench["node"]>;
