/** What the check of a Proxmox VE account tells. */
import type { CheckCase } from "../cloud-under-test";
import type { EmulatedProxmox } from "../emulated-proxmox";
import { Refusal } from "../emulated-pve-tokens";

export const proxmoxChecks: readonly CheckCase<EmulatedProxmox>[] = [
  {
    name: "a template that is not there",
    template: { templateName: "nobody" },
    finds: [["wrong", "templateName", /^templateName "nobody": node "pve1" has no template of this name/]],
  },
  {
    name: "a template on another node of the cluster",
    template: { clusterNode: "pve2" },
    finds: [["wrong", "templateName", /node "pve2" has no template/]],
  },
  {
    name: "two templates of one name",
    arrange: ({ home }) => home.addTemplate(9001, "twice", "ceph") ?? home.addTemplate(9002, "twice", "ceph"),
    template: { templateName: "twice" },
    finds: [["wrong", "templateName", /2 templates of this name \(9001, 9002\); rename all but one/]],
  },
  {
    name: "a VM that is no template",
    arrange: ({ home }) => void home.add({ vmid: 9003, name: "plain" }),
    template: { templateName: "plain" },
    finds: [["wrong", "templateName", /VM 9003 on node "pve1" has this name but is no template/]],
  },
  {
    name: "nodes that the cluster does not have",
    template: { clusterNode: "pve7", targetNode: "pve8" },
    finds: [
      ["wrong", "clusterNode", /no such node; it has pve1, pve2/],
      ["wrong", "targetNode", /no such node/],
      ["passing", "templateName", /could not be checked this time/],
    ],
  },
  {
    name: "a node that is off-line: it may come back",
    arrange: ({ home }) => void home.nodes.set("pve2", "offline"),
    finds: [["passing", "targetNode", /the node is offline/]],
  },
  {
    name: "a storage that takes no disks, and one that is not there",
    template: { fullClone: true, storagePool: "local" },
    finds: [["wrong", "storagePool", /takes no disk images/]],
  },
  {
    name: "a storage that is not there",
    template: { fullClone: true, storagePool: "gone" },
    finds: [["wrong", "storagePool", /node "pve2" has no such storage.*it has ceph, local, local-lvm/]],
  },
  {
    name: "a linked clone on another node than a template on local storage",
    arrange: ({ home }) => home.addTemplate(9004, "local-disks", "local-lvm"),
    template: { templateName: "local-disks" },
    finds: [["wrong", "targetNode", /only from shared storage, and the template's disks are on local-lvm of "pve1"/]],
  },
  {
    name: "the same as a full clone",
    arrange: ({ home }) => home.addTemplate(9005, "local-disks-too", "local-lvm"),
    template: { templateName: "local-disks-too", fullClone: true },
    finds: [],
  },
  {
    name: "a resource pool that is not there",
    template: { resourcePool: "gone" },
    finds: [["wrong", "resourcePool", /no such resource pool/]],
  },
  {
    name: "a role that lacks two privileges",
    arrange: ({ access }) => ["VM.PowerMgmt", "VM.GuestAgent.Unrestricted"].forEach((name) => access.take("K1", name)),
    finds: [["wrong", "tokenName", /it lacks VM\.PowerMgmt on \/vms, VM\.GuestAgent\.Unrestricted on \/vms; add them/]],
  },
  {
    name: "a token without any permission",
    arrange: ({ api }) => {
      api.answers = (request) => (request === "GET /access/permissions" ? {} : undefined);
    },
    finds: [["wrong", "tokenName", /no permission at all; one with privilege separation begins with none/]],
  },
  {
    name: "a token that may not be told which cluster it is: no fault of the template",
    arrange: ({ access }) => access.take("K1", "Sys.Audit"),
    finds: [
      [
        "unchecked",
        "host",
        /could not be checked: Proxmox VE says "Permission check failed.*allow the action \/, Sys\.Audit/,
      ],
    ],
    isNobody: true,
  },
  {
    name: "a revoked token",
    arrange: ({ access }) => access.revoke("K1"),
    finds: [
      ["wrong", "tokenValue", /says "invalid token value!".*does not know the API token "K1" of user "headroom@pve"/],
    ],
    isNobody: true,
  },
  {
    name: "an API that is being restarted",
    arrange: ({ api }) => {
      api.refuses = () => new Refusal(503, "Service Unavailable");
    },
    finds: [["passing", "host", /the cluster could not be asked/]],
    isNobody: true,
  },
];
