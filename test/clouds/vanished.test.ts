/** A VM that somebody deleted by hand is to be deleted: its node goes all the same, on every cloud and engine here. */
import assert from "node:assert/strict";
import type { AccountBench } from "./account-bench";
import { assertDone } from "./assert-done";
import { onEachCloud } from "./each-cloud";

onEachCloud("VMs that are gone when they are to go", ({ open }) => {
  let bench: AccountBench;
  beforeEach(async function () {
    bench = await open(this);
  });
  afterEach(() => bench?.close());

  it("hold up nobody: they leave the stack with all that was theirs, and the others leave or stay", async () => {
    const [gone, leaving, staying] = [bench.nodeWithRecord("n-gone"), bench.node("n-leaving"), bench.node("n-staying")];
    assertDone(await bench.update(gone, leaving, staying), "n-gone", "n-leaving", "n-staying");
    const stays = bench.vms()["n-staying"];
    bench.cloud.remove(bench.vms()["n-gone"]!);

    assertDone(await bench.update(staying), "n-staying");

    assert.deepEqual(bench.vms(), { "n-staying": stays });
    assert.deepEqual(bench.cloud.records(), []);
    const names = (bench.readState().resources ?? [])
      .map(({ urn }) => urn)
      .filter((urn) => /n-(gone|leaving)/.test(urn));
    assert.deepEqual(names, [], "nothing of theirs is left in the stack");
    const deleted = bench.events.flatMap((event) => (event.kind === "nodeDeleted" ? [event.nodeId] : []));
    assert.deepEqual(deleted.sort(), ["n-gone", "n-leaving"]);
  });
});
