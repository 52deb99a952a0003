/** What the check of a Nutanix account tells. */
import type { CheckCase } from "../cloud-under-test";
import type { EmulatedNutanix } from "../emulated-nutanix";
import { uuidOf } from "../emulated-prism";
import { PrismRefusal } from "../emulated-prism-users";

export const nutanixChecks: readonly CheckCase<EmulatedNutanix>[] = [
  {
    name: "an image that is not there",
    template: { vmCandidate: "nobody" },
    finds: [["wrong", "vmCandidate", /^vmCandidate "nobody": Prism Central has no image of this name/]],
  },
  {
    name: "an image by a UUID that nothing has",
    template: { vmCandidate: uuidOf("image", 77) },
    finds: [["wrong", "vmCandidate", /no image with this UUID/]],
  },
  {
    name: "an image by its UUID",
    template: { vmCandidate: uuidOf("image", 1) },
    finds: [],
  },
  {
    name: "two images of one name",
    arrange: ({ home }) =>
      void home.images.push({ uuid: uuidOf("image", 3), name: "twice" }, { uuid: uuidOf("image", 5), name: "twice" }),
    template: { vmCandidate: "twice" },
    finds: [["wrong", "vmCandidate", /2 are called so \(.*\); use the UUID of one/]],
  },
  {
    name: "an image that is still being uploaded",
    arrange: ({ home }) => void home.images.push({ uuid: uuidOf("image", 4), name: "new", state: "RUNNING" }),
    template: { vmCandidate: "new" },
    finds: [["wrong", "vmCandidate", /no image of this name/]],
  },
  {
    name: "a VM as an image",
    arrange: (emulation) => void (emulation.vmOf(emulation.launch({})).name = "golden"),
    template: { vmCandidate: "golden" },
    finds: [["wrong", "vmCandidate", /it is a VM, and VMs are not copied; make an image of its disk/]],
  },
  {
    name: "no cluster named, and there is one",
    template: { cluster: undefined },
    finds: [],
  },
  {
    name: "a cluster that is not there",
    template: { cluster: "gone" },
    finds: [["wrong", "cluster", /no cluster of this name/]],
  },
  {
    name: "a subnet of another cluster",
    arrange: ({ home }) => void home.clusters.push({ uuid: uuidOf("cluster", 3), name: "far" }),
    template: { cluster: "far" },
    finds: [["wrong", "subnet", /it is not on cluster "far"; name a subnet of that/]],
  },
  {
    name: "no cluster named, and there are two",
    arrange: ({ home }) => void home.clusters.push({ uuid: uuidOf("cluster", 2), name: "edge" }),
    template: { cluster: undefined },
    finds: [["wrong", "cluster", /name one of Prism Central's; it has compute, edge, far/]],
  },
  {
    name: "a subnet of a virtual network, which is of no cluster",
    template: { subnet: "overlay" },
    finds: [],
  },
  {
    name: "a subnet that is not there",
    template: { subnet: "gone" },
    finds: [["wrong", "subnet", /no subnet of this name/]],
  },
  {
    name: "a project that is not there",
    template: { project: "gone" },
    finds: [["wrong", "project", /no project of this name/]],
  },
  {
    name: "a disk smaller than its image",
    template: { diskSize: "20GiB" },
    finds: [["wrong", "diskSize", /^diskSize "20GiB": image "ubuntu-agent" has 40GiB; make it at least that large/]],
  },
  {
    name: "a user that may not see projects: no fault of the template",
    arrange: ({ access }) => access.take("K1", "View_Project"),
    finds: [
      [
        "unchecked",
        "project",
        /could not be checked: Prism Central says "No permission.*allow the action View Project/,
      ],
    ],
  },
  {
    name: "a user that may not see clusters",
    arrange: ({ access }) => access.take("K1", "View_Cluster"),
    finds: [
      ["unchecked", "host", /could not be checked/],
      ["unchecked", "cluster", /could not be checked/],
    ],
    isNobody: true,
  },
  {
    name: "a password that is not valid any more",
    arrange: ({ access }) => access.revoke("K1"),
    finds: [["wrong", "password", /says "Authentication required\.".*does not know the user "headroom@example\.org"/]],
    isNobody: true,
  },
  {
    name: "a Prism Central that is being upgraded",
    arrange: ({ api }) => {
      api.refuses = () => new PrismRefusal(503, "SERVICE_UNAVAILABLE", "being upgraded");
    },
    finds: [["passing", "host", /Prism Central could not be asked/]],
    isNobody: true,
  },
];
