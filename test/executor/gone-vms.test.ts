/** Which VMs leave a state when their cloud says that they are gone. */
import assert from "node:assert/strict";
import { withoutVms } from "../../runtime/executor/gone-vms";
import { nodeComponentType, nodeUrn, vmUrn, type Deployment } from "../../runtime/executor/stack-state";

const urnsOf = (nodeId: string) => ({
  node: nodeUrn("lane-1", "p", nodeId),
  vm: vmUrn({ stack: "lane-1", project: "p", nodeId, vmType: "moon:index:Vm" }),
});
const nodeResources = (nodeId: string) => {
  const { node, vm } = urnsOf(nodeId);
  return [
    { urn: node, type: nodeComponentType },
    { urn: vm, type: "moon:index:Vm", custom: true, id: `id of ${nodeId}`, parent: node },
  ];
};

describe("VMs that are gone", () => {
  const state: Deployment = { resources: [...nodeResources("n-a"), ...nodeResources("n-b")] };

  it("leave the state, and nothing else does", () => {
    const after = withoutVms(state, new Set(["n-a", "n-unknown"]));
    const urns = (after.resources ?? []).map(({ urn }) => urn);
    assert.deepEqual(urns, [urnsOf("n-a").node, ...nodeResources("n-b").map(({ urn }) => urn)]);
  });

  it("stay while something is there that depends on them", () => {
    const { node, vm } = urnsOf("n-a");
    const record = { urn: `${vm}-dns`, type: "moon:index:Record", custom: true, parent: node, dependencies: [vm] };
    const withRecord = { ...state, resources: [...state.resources!, record] };
    assert.equal(withoutVms(withRecord, new Set(["n-a"])), withRecord);
  });

  it("are none where none is", () => {
    assert.equal(withoutVms(state, new Set()), state);
    assert.deepEqual(withoutVms({}, new Set(["n-a"])), {});
  });
});
