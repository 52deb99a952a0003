/**
 * A VM that somebody deleted by hand is to be deleted: its node goes all the same, on every cloud and engine here. With credentials
 * of another account every VM seems to be gone: then nothing goes.
 */
import assert from "node:assert/strict";
import type { AccountBench } from "./account-bench";
import { assertDone } from "./assert-done";
import { onEachCloud } from "./each-cloud";

onEachCloud("VMs that are gone when they are to go", "few", ({ kind, open }) => {
  let bench: AccountBench;
  beforeEach(async function () {
    bench = await open(this);
  });
  afterEach(() => bench?.close());
  const left = () =>
    (bench.readState().resources ?? []).map(({ urn }) => urn).filter((urn) => /n-(gone|leaving)/.test(urn));

  it("hold up nobody where the account is known: they leave the stack with all that was theirs", async () => {
    const { home } = bench.cloud.access;
    bench.useKey("K1", "vm", home);
    const [gone, leaving, staying] = [bench.nodeWithRecord("n-gone"), bench.node("n-leaving"), bench.node("n-staying")];
    assertDone(await bench.update(gone, leaving, staying), "n-gone", "n-leaving", "n-staying");
    const { "n-staying": stays, "n-gone": vmId = "" } = bench.vms();
    bench.cloud.remove(vmId);

    assertDone(await bench.update(staying), "n-staying");

    assert.deepEqual(bench.vms(), { "n-staying": stays });
    assert.deepEqual(bench.cloud.records(), []);
    assert.deepEqual(left(), [], "nothing of theirs is left in the stack");
    const deleted = bench.events.flatMap((event) => (event.kind === "nodeDeleted" ? [event.nodeId] : []));
    assert.deepEqual(deleted.sort(), ["n-gone", "n-leaving"]);
  });

  if (kind !== "proxmox") return;

  it("stay in the stack where nobody knows whose the account is", async () => {
    const [gone, staying] = [bench.node("n-gone"), bench.node("n-staying")];
    assertDone(await bench.update(gone, staying), "n-gone", "n-staying");
    bench.cloud.remove(bench.vms()["n-gone"]!);

    const { outcome } = await bench.update(staying);

    assert.equal(outcome, "failed");
    assert.ok(left().length > 0);
  });
});
