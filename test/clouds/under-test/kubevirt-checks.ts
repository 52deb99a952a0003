/** What the check of a Kubernetes cluster tells. */
import type { CheckCase } from "../cloud-under-test";
import { Refusal } from "../emulated-kube-tokens";
import type { EmulatedKubeVirt } from "../emulated-kubevirt";

export const kubevirtChecks: readonly CheckCase<EmulatedKubeVirt>[] = [
  {
    name: "a namespace that is not there, and nothing that would be in it",
    template: { namespace: "nowhere" },
    finds: [
      ["wrong", "namespace", /^namespace "nowhere": Kubernetes says "namespaces "nowhere" not found": .*make it, or/],
      ["wrong", "diskSource", /persistentvolumeclaims "ubuntu-golden" not found.*there is no such source/],
    ],
  },
  {
    name: "a disk that is smaller than what it is cloned from",
    template: { diskSize: "10GiB" },
    finds: [["wrong", "diskSource", /it has 20 GiB, and a clone of it can't be smaller: diskSize is 10 GiB/]],
  },
  {
    name: "a golden disk that a VM runs from",
    arrange: ({ home }) =>
      home.putForNow("virtualmachineinstances", {
        metadata: { name: "builder", namespace: "kasm" },
        spec: { volumes: [{ name: "root", persistentVolumeClaim: { claimName: "ubuntu-golden" } }] },
      }),
    finds: [["wrong", "diskSource", /VM builder runs from it, and no clone of it is made meanwhile/]],
  },
  {
    name: "a source in another namespace, a snapshot that is not there",
    template: { diskSource: "images/golden-snap", diskSourceType: "snapshot" },
    finds: [["wrong", "diskSource", /volumesnapshots.snapshot.storage.k8s.io "golden-snap" not found/]],
  },
  {
    name: "a storage class and a network that are not there",
    template: { storageClass: "fast", networkType: "multus", networkName: "vlan-7" },
    finds: [
      ["wrong", "storageClass", /the cluster has no such class/],
      ["wrong", "networkName", /there is no such NetworkAttachmentDefinition/],
    ],
  },
  {
    name: "a storage class that the token may not see: no fault of the template",
    arrange: ({ access }) => access.take("K1", { verb: "get", group: "storage.k8s.io", resource: "storageclasses" }),
    template: { storageClass: "ceph-block" },
    finds: [
      ["unchecked", "storageClass", /could not be checked: .*allow the action get of storageclasses.storage.k8s.io/],
    ],
  },
  {
    name: "a token that may not make or delete VMs",
    arrange: ({ access }) => {
      access.deny("K1", "create a VM");
      access.deny("K1", "delete a VM");
    },
    finds: [
      ["wrong", "apiToken", /it lacks create of virtualmachines.kubevirt.io, delete of virtualmachines.kubevirt.io in/],
    ],
  },
  {
    name: "a cluster that does not tell which it is",
    arrange: ({ access }) => access.take("K1", { verb: "get", group: "", resource: "namespaces" }),
    finds: [
      ["unchecked", "host", /allow the action get of namespaces/],
      ["unchecked", "namespace", /allow the action get of namespaces/],
    ],
    isNobody: true,
  },
  {
    name: "a cluster without KubeVirt",
    arrange: ({ home }) => home.installed.clear(),
    finds: [
      ["wrong", "host", /the cluster has no KubeVirt; install it/],
      ["wrong", "host", /the cluster has no Containerized Data Importer/],
    ],
  },
  {
    name: "a quota that not even the first VM keeps, with what KubeVirt itself needs",
    arrange: ({ home }) =>
      home.putForNow("resourcequotas", {
        metadata: { name: "kasm", namespace: "kasm" },
        spec: { hard: { "limits.memory": "8Gi", "requests.storage": "40Gi", pods: "10" } },
      }),
    finds: [
      [
        "wrong",
        "memory",
        /one VM takes some 8\d\d\d MiB with what KubeVirt .*quota "kasm" allows limits.memory of 8Gi/,
      ],
      ["wrong", "memory", /one VM takes 50 GiB, and quota "kasm" allows requests.storage of 40Gi/],
    ],
  },
  {
    name: "Harvester: an image by the name that people see",
    template: { flavor: "harvester", diskImage: "ubuntu-22.04", diskSource: undefined },
    finds: [],
  },
  {
    name: "Harvester: an image that is not there",
    template: { flavor: "harvester", diskImage: "debian-13", diskSource: undefined },
    finds: [["wrong", "diskImage", /^diskImage "debian-13": namespace "kasm" has no image of this name/]],
  },
  {
    name: "Harvester: a disk that is smaller than its image, whose upload has not ended",
    arrange: ({ home }) =>
      home.putForNow("virtualmachineimages", {
        metadata: { name: "image-big", namespace: "images" },
        spec: { displayName: "windows" },
        status: { storageClassName: "longhorn-image-big", progress: 40, virtualSize: 64 * 2 ** 30 },
      }),
    template: { flavor: "harvester", diskImage: "images/windows", diskSource: undefined },
    finds: [["wrong", "diskImage", /its upload is at 40%; wait until it has ended/]],
  },
  {
    name: "a token that is not known any more",
    arrange: ({ access }) => access.revoke("K1"),
    finds: [["wrong", "apiToken", /^apiToken: Kubernetes says "Unauthorized": the cluster does not know the token/]],
    isNobody: true,
  },
  {
    name: "an API server that is overloaded",
    arrange: ({ api }) => (api.refuses = () => new Refusal(503, "ServiceUnavailable", "etcdserver: leader changed")),
    finds: [["passing", "host", /the cluster could not be asked: Kubernetes says "etcdserver: leader changed"/]],
    isNobody: true,
  },
  {
    name: "a request that fails",
    arrange: ({ api }) =>
      (api.refuses = (request) =>
        /persistentvolumeclaims/.test(request) ? new Refusal(500, "InternalError", "etcdserver: timeout") : undefined),
    finds: [["passing", "diskSource", /could not be checked this time: Kubernetes says "etcdserver: timeout"/]],
  },
  {
    name: "a refusal that repeats the token, without the token",
    arrange: ({ api }) =>
      (api.refuses = (request) =>
        /persistentvolumeclaims/.test(request)
          ? new Refusal(422, "Invalid", "odd: you sent token-of-K1 with it")
          : undefined),
    finds: [["wrong", "diskSource", /you sent \[secret\] with/]],
  },
];
