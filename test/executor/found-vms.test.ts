import assert from "node:assert/strict";
import { chooseVms } from "../../runtime/executor/found-vms";

const known = (vmId?: string) => ({ a: { vmId, isYoung: false } });
const found = (...ids: string[]) => ids.map((id) => ({ nodeId: "a", id }));
const others = (...ids: string[]) => ids.map((vmId) => ({ nodeId: "a", vmId }));

describe("VMs that a cloud lists under a node's id", () => {
  it("are its own when the row knows the id, whatever else is listed and in whatever order", () => {
    for (const listed of [found("i-1", "i-2", "i-3"), found("i-3", "i-2", "i-1")]) {
      const { vms, duplicates } = chooseVms(listed, known("i-2"));
      assert.deepEqual([...vms], [["a", "i-2"]]);
      assert.deepEqual(
        duplicates.toSorted((x, y) => (x.vmId < y.vmId ? -1 : 1)),
        others("i-1", "i-3"),
      );
    }
  });

  it("are not its own when the row knows another id", () => {
    assert.deepEqual(chooseVms(found("i-9"), known("i-2")), { vms: new Map(), duplicates: others("i-9") });
  });

  it("are its own where the row knows none, the same one each time", () => {
    assert.deepEqual([...chooseVms(found("i-5"), {}).vms], [["a", "i-5"]]);
    for (const listed of [found("i-5", "i-4"), found("i-4", "i-5", "i-4")]) {
      assert.deepEqual(chooseVms(listed, known()), { vms: new Map([["a", "i-4"]]), duplicates: others("i-5") });
    }
  });
});
