/** Ids of VMs that come again and scripts that fail, through workers and an engine. */
import assert from "node:assert/strict";
import { enginesHere } from "../executor/bench";
import { AccountBench } from "./account-bench";
import { assertDone } from "./assert-done";
import type { EmulatedProxmox } from "./emulated-proxmox";

describe("nodes on Proxmox VE", () => {
  let bench: AccountBench<EmulatedProxmox>;
  beforeEach(async () => {
    const [engine] = await enginesHere();
    bench = await AccountBench.open<EmulatedProxmox>("proxmox", engine!);
  });
  afterEach(() => bench?.close());

  it("a VM of somebody else that has got a node's id lives, whatever becomes of the node", async () => {
    const [a, b] = [bench.node("n-a", { installation: "inst-1" }), bench.node("n-b", { installation: "inst-1" })];
    assertDone(await bench.update(a, b), "n-a", "n-b");
    const { "n-a": vmId = "" } = bench.vms();
    bench.cloud.remove(vmId);
    bench.cloud.home.add({ vmid: Number(vmId), name: "accounting", node: "pve2" });

    const result = await bench.update(b);

    assert.equal(result.outcome, "failed");
    assert.match(result.message ?? "", /ProxmoxVmForeign: VM \d+ \("accounting"\) is not that of node n-a/);
    assert.ok(bench.lives(vmId));
    bench.cloud.remove(vmId);
    bench.cloud.home.add({ vmid: Number(vmId), name: "n-a", node: "pve2" });
    assertDone(await bench.update(b), "n-b");
    assert.equal(bench.lives(vmId), false, "its own goes, whatever its tags say by now");
  });

  it("a script that fails at once fails its node alone, with what it printed", async () => {
    const bad = bench.node("n-bad", { startupScript: "echo no such package >&2; exit 4" });

    const good = bench.node("n-good");
    await bench.update(bad, good);

    const failed = bench.events.filter((event) => event.kind === "nodeFailed");
    assert.deepEqual(
      failed.map(({ nodeId, class: failureClass }) => [nodeId, failureClass]),
      [["n-bad", "CONFIG"]],
    );
    assert.match(failed[0]!.message, /ProxmoxScriptFailed: .*exit code 4; it printed last: no such/);
    const made = bench.events.flatMap((event) => (event.kind === "nodeCreated" ? [event.nodeId] : []));
    assert.deepEqual(made, ["n-good"]);
    await bench.recover(bad, good);
    assertDone(await bench.update());
    assert.deepEqual(bench.cloud.leftovers(), []);
  });

  it("a VM whose create lost its answer is adopted, and its script runs then, once", async () => {
    bench.cloud.cloud.loseAnswerOf("n-lost");

    assertDone(
      await bench.update(bench.node("n-lost", { startupScript: "echo ran" }), bench.node("n-a")),
      "n-a",
      "n-lost",
    );

    const { "n-lost": vmId = "" } = bench.vms();
    assert.deepEqual(bench.cloud.vmOf(vmId).guest.scripts, ["echo ran"]);
    assert.equal(bench.cloud.vms().length, 2);
  });
});
