/** Deliberate bugs in how VMs of vSphere are found, cloned and entered. */
import type { Mutant } from "./mutant";

export const vsphereMutants: readonly Mutant[] = [
  {
    name: "copied notes count",
    rule: "a clone that somebody makes of a node's VM by hand is nobody's",
    file: "../provider/clouds/vsphere/find",
    find: "  return identity.nodeId !== undefined && identity.nodeId !== name ? {} : identity;",
    replace: "  return identity.nodeId !== undefined && name === undefined ? {} : identity;",
    tests: ["clouds/vsphere"],
    bySimulation: false,
  },
  {
    name: "what may not be read is not there",
    rule: "a list that is not complete is no answer",
    file: "../provider/clouds/vsphere/find",
    find: '  const [lacking] = await vcenter.lacking(referenceTo(found), ["System.Read"]);',
    replace: "  const [lacking]: string[] = [];",
    tests: ["clouds/vsphere"],
    bySimulation: false,
  },
  {
    name: "only the first page counts",
    rule: "a list that is not complete is no answer",
    file: "../provider/clouds/vsphere/vcenter",
    find: "      if (token === undefined) return found;",
    replace: "      if (token !== undefined || token === undefined) return found;",
    tests: ["clouds/vsphere"],
    bySimulation: false,
  },
  {
    name: "a script runs in any VM",
    rule: "a startup script never runs in a VM of somebody else",
    file: "../provider/clouds/vsphere/guest-resource",
    find: "  if (name === nodeId) return reference;",
    replace: "  if (name !== undefined) return reference;",
    tests: ["clouds/vsphere"],
    bySimulation: false,
  },
  {
    name: "bridges of containers are addresses",
    rule: "a node's address is one that others can reach",
    file: "../provider/clouds/vsphere/guest-address",
    find: "    .filter(({ key }) => key >= 0)",
    replace: "    .filter(({ key }) => !Number.isNaN(key))",
    tests: ["clouds/vsphere"],
    bySimulation: false,
  },
  {
    name: "a smaller disk is tried",
    rule: "a clone's disks are never smaller than the template's",
    file: "../provider/clouds/vsphere/hardware",
    find: '  if (typeof size !== "number" || size >= source.size) return undefined;',
    replace: '  if (typeof size !== "number" || size >= 1) return undefined;',
    tests: ["clouds/vsphere-settings"],
    bySimulation: false,
  },
];
