/** VMs found by node ids and by installation, from answers about one and from lists of all. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { findAmong, findEach, soughtAmong } from "../../provider/frame/find";

const ids = fc.uniqueArray(fc.stringMatching(/^n[0-9]{1,3}$/), { maxLength: 40 });
const vm = fc.record(
  {
    vmId: fc.stringMatching(/^i-[0-9]{1,4}$/),
    nodeId: fc.stringMatching(/^n[0-9]{1,2}$/),
    installation: fc.constantFrom("i1", "i2"),
  },
  { requiredKeys: ["vmId"], noNullPrototype: true },
);
const vms = fc.uniqueArray(vm, { selector: ({ vmId }) => vmId });

describe("finding VMs", () => {
  it("each by itself: answers come back in the order asked, never more than ten at a time (property)", async () => {
    await fc.assert(
      fc.asyncProperty(ids, async (nodeIds) => {
        let [asking, most] = [0, 0];
        const found = await findEach(nodeIds, async (nodeId) => {
          most = Math.max(most, ++asking);
          await new Promise((resolve) => setImmediate(resolve));
          asking -= 1;
          return [`${nodeId}-a`, `${nodeId}-b`];
        });
        const expected = nodeIds.flatMap((nodeId) => ["a", "b"].map((end) => ({ nodeId, id: `${nodeId}-${end}` })));
        assert.deepEqual(found, expected);
        assert.ok(most <= 10);
      }),
    );
  });

  it("each by itself: one question without an answer is no answer at all", async () => {
    const ask = (nodeId: string) => (nodeId === "n2" ? Promise.reject(new Error("no answer")) : Promise.resolve([]));
    await assert.rejects(findEach(["n1", "n2", "n3"], ask), /no answer/);
  });

  it("from a list: exactly those that carry one of the ids (property)", () => {
    fc.assert(
      fc.property(ids, vms, (nodeIds, list) => {
        const expected = list.filter(({ nodeId }) => nodeId !== undefined && nodeIds.includes(nodeId));
        assert.deepEqual(
          findAmong(nodeIds, list),
          expected.map(({ vmId, nodeId }) => ({ nodeId, id: vmId })),
        );
      }),
    );
  });

  it("for a sweep: those of the installation, and known ones whatever they carry, and nothing but their tags (property)", () => {
    fc.assert(
      fc.property(vms, fc.array(fc.nat(40)), (list, indexes) => {
        const knownIds = indexes.flatMap((index) => list[index]?.vmId ?? []);
        const sought = soughtAmong(
          { installationId: "i1", knownIds },
          list.map((one) => ({ ...one, more: 1 })),
        );
        assert.deepEqual(
          sought,
          list.filter(({ vmId, installation }) => installation === "i1" || knownIds.includes(vmId)),
        );
      }),
    );
  });
});
