/** What the check of a vSphere account tells. */
import type { CheckCase } from "../cloud-under-test";
import type { EmulatedVSphere } from "../emulated-vsphere";
import { VimFault } from "../emulated-vcenter-users";

const linked = { cloneType: "linked", inputOverride: {} };

export const vsphereChecks: readonly CheckCase<EmulatedVSphere>[] = [
  {
    name: "a datacenter that is not there",
    template: { datacenter: "DC9" },
    finds: [["wrong", "datacenter", /^datacenter "DC9": there is no such datacenter .*it may see DC1, DC2/]],
  },
  {
    name: "a template that is not there",
    template: { templateName: "nobody" },
    finds: [["wrong", "templateName", /^templateName "nobody": datacenter "DC1" has no such template/]],
  },
  {
    name: "a template in another folder",
    template: { templateName: "labs/ubuntu-agent" },
    finds: [["wrong", "templateName", /no such template; there is "templates\/ubuntu-agent"/]],
  },
  {
    name: "a template by its path",
    template: { templateName: "templates/ubuntu-agent" },
    finds: [],
  },
  {
    name: "two templates of one name",
    arrange: ({ home }) => {
      home.addTemplate("vm-61", "twice");
      home.addTemplate("vm-62", "twice", { parent: "group-v11" });
    },
    template: { templateName: "twice" },
    finds: [["wrong", "templateName", /2 have this name: use "labs\/twice" or "templates\/twice"/]],
  },
  {
    name: "a linked clone of a template, which needs no snapshot",
    template: linked,
    finds: [],
  },
  ...(
    [
      ["no snapshot", [], /and it has none: take one, or make it a template/],
      ["two snapshots", [0, 0], /and it has 2 at its root: delete all but one/],
      ["snapshots below one another", [1], /"one-0" has others below it: delete those/],
    ] as const
  ).map(([what, children, says], index): CheckCase<EmulatedVSphere> => ({
    name: `a linked clone of a VM with ${what}`,
    arrange: ({ home }) =>
      home.addTemplate(`vm-7${index}`, `vm-${index}`, {
        isTemplate: false,
        snapshots: children.map((count, at) => ({ name: `one-${at}`, children: count })),
      }),
    template: { ...linked, templateName: `vm-${index}` },
    finds: [["wrong", "cloneType", says]],
  })),
  {
    name: "a snapshot of another name",
    arrange: ({ home }) => home.addTemplate("vm-75", "with-snapshot", { snapshots: [{ name: "clean", children: 0 }] }),
    template: { ...linked, templateName: "with-snapshot", snapshotName: "golden" },
    finds: [["wrong", "snapshotName", /^snapshotName "golden": "with-snapshot" has the snapshot "clean"/]],
  },
  {
    name: "a disk smaller than the template's",
    template: { inputOverride: { disks: [{ size: 20 }] } },
    finds: [["wrong", "inputOverride", /^inputOverride "disks\[0\]": size: got 20; the template's disk has 40 GiB/]],
  },
  {
    name: "a linked clone with another disk than the template's",
    template: { ...linked, inputOverride: { disks: [{ size: 80 }] } },
    finds: [["wrong", "inputOverride", /size: got 80; a linked clone must keep the template's disk settings \(40\)/]],
  },
  {
    name: "a folder, a datastore, a cluster and a network that are not there, all at once",
    template: { folder: "labs/gone", datastore: "gone", cluster: "gone", network: "gone" },
    finds: [
      ["wrong", "folder", /no such folder of VMs: make it/],
      ["wrong", "datastore", /no such datastore that this account may see; it may see fast, lost, slow/],
      ["wrong", "cluster", /no such cluster that this account may see; it may see compute, spare/],
      ["wrong", "network", /no such network .*it may see VM Network, labs/],
    ],
  },
  {
    name: "a datastore that no host reaches",
    template: { datastore: "lost", inputOverride: {} },
    finds: [["wrong", "datastore", /no host can reach the datastore now/]],
  },
  {
    name: "a datastore without room for one more clone: it may have some again",
    arrange: ({ home }) => void home.freeGib.set("datastore-40", 30),
    finds: [["passing", "datastore", /30 GiB are free, and a full clone may grow to 60 GiB; .*pauses all VMs on it/]],
  },
  {
    name: "a datastore cluster",
    template: { datastore: undefined, datastoreCluster: "pods" },
    finds: [],
  },
  {
    name: "a resource pool of another cluster, and one that is called alike in two",
    template: { cluster: "spare", resourcePool: "compute-pool" },
    finds: [["wrong", "resourcePool", /no such resource pool in "spare"/]],
  },
  {
    name: "a resource pool that two clusters have",
    template: { cluster: undefined, resourcePool: "labs" },
    finds: [["wrong", "resourcePool", /2 resource pools are called so: name its cluster/]],
  },
  {
    name: "a host of another cluster",
    template: { host: "esx3a.example.org" },
    finds: [["wrong", "host", /the host is not in cluster "compute"/]],
  },
  {
    name: "everything that may be left out",
    template: { folder: undefined, datastore: undefined, cluster: undefined, resourcePool: undefined },
    finds: [],
  },
  {
    name: "a role that lacks two privileges",
    arrange: ({ access }) =>
      ["VirtualMachine.Config.Rename", "Resource.AssignVMToPool"].forEach((name) => access.take("K1", name)),
    finds: [
      [
        "wrong",
        "username",
        /its roles lack VirtualMachine\.Config\.Rename on datacenter "DC1", Resource\.AssignVMToPool on the resource pool/,
      ],
    ],
  },
  {
    name: "a role that lacks guest operations, where VMware Tools run the script",
    arrange: ({ access }) => access.take("K1", "VirtualMachine.GuestOperations.Execute"),
    template: { guestUsername: "root", guestPassword: "in-the-guest" },
    finds: [["wrong", "username", /VirtualMachine\.GuestOperations\.Execute on datacenter/]],
  },
  {
    name: "the same where cloud-init runs it",
    arrange: ({ access }) => access.take("K1", "VirtualMachine.GuestOperations.Execute"),
    finds: [],
  },
  {
    name: "a password that is not good any more",
    arrange: ({ access }) => access.revoke("K1"),
    finds: [
      [
        "wrong",
        "password",
        /Cannot complete login.*does not know the user "user-4b31@vsphere\.local" with this password, or has locked it/,
      ],
    ],
    isNobody: true,
  },
  {
    name: "a single host in the place of a vCenter",
    arrange: ({ vim }) => void (vim.apiType = "HostAgent"),
    finds: [["wrong", "vcenterAddress", /is no vCenter: VMs can't be cloned by a single host/]],
    isNobody: true,
  },
  {
    name: "a vCenter that is being restarted",
    arrange: ({ vim }) => {
      vim.refuses = () =>
        new VimFault("HostCommunication", "An error occurred while communicating with the remote host.");
    },
    finds: [["passing", "vcenterAddress", /vCenter could not be asked/]],
    isNobody: true,
  },
];
