/** Deliberate bugs in what belongs to VMs of KubeVirt, and whose they are. */
import type { Mutant } from "./mutant";

export const kubevirtMutants: readonly Mutant[] = [
  {
    name: "secrets that nobody owns",
    rule: "what belongs to a VM of KubeVirt goes with it, whoever deletes it",
    file: "../provider/clouds/kubevirt",
    find: 'return [{ apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", name: identity.nodeId, uid }];',
    replace: "return [];",
    tests: ["clouds/kubevirt"],
    bySimulation: false,
  },
  {
    name: "volumes of Harvester stay",
    rule: "what belongs to a VM of KubeVirt goes with it, whoever deletes it",
    file: "../provider/clouds/kubevirt/vm",
    find: '[removedClaimsKey]: claims.join(",")',
    replace: '[removedClaimsKey]: ""',
    tests: ["clouds/kubevirt-manifest"],
    bySimulation: false,
  },
  {
    name: "objects of others are taken over",
    rule: "what exists in a cluster is never overwritten",
    file: "../provider/clouds/kubevirt",
    find: "upsertExistingObjects: false,",
    replace: "upsertExistingObjects: true,",
    tests: ["clouds/kubevirt"],
    bySimulation: false,
  },
  {
    name: "a VM of somebody else counts",
    rule: "a VM whose labels do not say so is never a node's",
    file: "../provider/clouds/kubevirt/guest-resource",
    find: "labelsForm.read(vm.metadata.labels).nodeId !== nodeId",
    replace: "nodeId === undefined",
    tests: ["clouds/kubevirt"],
    bySimulation: false,
  },
];
