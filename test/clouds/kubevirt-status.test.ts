/** What a cluster says of a VM that was declared, what its refusals mean, and which of its addresses counts. */
import assert from "node:assert/strict";
import { kubevirt } from "../../provider/clouds/kubevirt";
import { claimProblems } from "../../provider/clouds/kubevirt/check-disk";
import { compareQuotas } from "../../provider/clouds/kubevirt/check-quota";
import { chooseAddress } from "../../provider/clouds/kubevirt/guest-address";
import { quantityOf, quantityText } from "../../provider/clouds/kubevirt/names";
import { kubevirtSettingsSchema } from "../../provider/clouds/kubevirt/settings";
import { refusedAtLast, standingOf, type EventObject, type VmiObject } from "../../provider/clouds/kubevirt/vm-status";
import type { CloudFailureClass } from "../../runtime/model/errors";

const { classify } = kubevirt.vm;
const metadata = { name: "n-1", namespace: "kasm" };

describe("the address of a VM", () => {
  for (const [what, interfaces, expected] of [
    ["none yet", [], undefined],
    ["none but its name", [{ name: "default" }], undefined],
    [
      "the one of its network",
      [
        { name: "other", ipAddress: "10.1.0.1" },
        { name: "default", ipAddress: "10.42.0.7" },
      ],
      "10.42.0.7",
    ],
    ["never one of containers in the guest", [{ interfaceName: "docker0", ipAddress: "172.17.0.1" }], undefined],
    ["never the one that is inside of masquerade", [{ name: "default", ipAddress: "10.0.2.2" }], undefined],
    [
      "the pod's beside that",
      [{ name: "default", ipAddress: "10.0.2.2", ipAddresses: ["10.0.2.2", "10.42.0.7"] }],
      "10.42.0.7",
    ],
    [
      "not what a system gives itself",
      [{ name: "default", ipAddresses: ["fe80::1", "169.254.3.4", "127.0.0.1"] }],
      undefined,
    ],
    ["IPv4 before IPv6", [{ name: "default", ipAddresses: ["2001:db8::7", "10.42.0.7"] }], "10.42.0.7"],
    ["IPv6 alone", [{ name: "default", ipAddress: "2001:db8::7/64" }], "2001:db8::7"],
    ["not that of masquerade's IPv6", [{ name: "default", ipAddress: "fd10:0:2::2" }], undefined],
  ] as const) {
    it(`is ${what}`, () => assert.equal(chooseAddress(interfaces, "default"), expected));
  }
});

function standing(printableStatus: string, conditions: readonly object[] = [], vmi?: VmiObject["status"]) {
  const vm = { metadata, status: { printableStatus, conditions: conditions as [] } };
  return standingOf(vm, vmi && { metadata, status: vmi }, "default");
}

const failure = (message: string) => [{ type: "Failure", status: "True", reason: "FailedCreate", message }];
const unscheduled = (message: string) => [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }];

describe("the status of a VM", () => {
  it("is ready when it runs and its address is known, and not before", () => {
    const interfaces = [{ name: "default", ipAddress: "10.42.0.7" }];
    assert.deepEqual(standing("Running", [], { phase: "Running", interfaces }), { is: "ready", address: "10.42.0.7" });
    assert.equal(standing("Starting", [], { phase: "Scheduled", interfaces }).is, "waiting");
    assert.equal(standing("Running", [], { phase: "Running", interfaces: [] }).is, "waiting");
    assert.equal(standing("").is, "waiting");
  });

  for (const [what, status, conditions, is, failureClass] of [
    ["a clone that takes its time", "Provisioning", [], "waiting", "CAPACITY"],
    ["a volume for which there is no room", "WaitingForVolumeBinding", [], "waiting", "CAPACITY"],
    ["a PVC that is not there yet", "ErrorPvcNotFound", [], "waiting", "CONFIG"],
    ["a VM that ends at once", "CrashLoopBackOff", [], "waiting", "CONFIG"],
    ["an image that comes slowly", "ImagePullBackOff", [], "waiting", "TRANSIENT"],
    [
      "an image that is not there",
      "ErrImagePull",
      [{ type: "Ready", status: "False", message: 'failed to pull "quay.io/x:1": manifest unknown' }],
      "failed",
      "CONFIG",
    ],
    ["no machine with room", "ErrorUnschedulable", [], "without room", "CAPACITY"],
    [
      "no machine with memory",
      "Starting",
      unscheduled("0/3 nodes are available: 1 node(s) had untolerated taint {x: y}, 2 Insufficient memory."),
      "without room",
      "CAPACITY",
    ],
    [
      "no machine that may take it",
      "ErrorUnschedulable",
      unscheduled("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."),
      "without room",
      "CONFIG",
    ],
    [
      "machines without virtualization",
      "ErrorUnschedulable",
      unscheduled("0/3 nodes are available: 3 Insufficient devices.kubevirt.io/kvm."),
      "without room",
      "CONFIG",
    ],
    [
      "a quota",
      "Provisioning",
      failure(
        'pods "virt-launcher-n-1-x" is forbidden: exceeded quota: kasm, requested: limits.memory=26101153793, limited: limits.memory=24Gi',
      ),
      "failed",
      "QUOTA",
    ],
    [
      "a rule of the cluster",
      "Stopped",
      failure('admission webhook "policy.example.org" denied the request: no privileged pods'),
      "failed",
      "CONFIG",
    ],
    [
      "a webhook that does not answer: it is tried again",
      "Stopped",
      failure('Internal error occurred: failed calling webhook "virtualmachines-mutator.kubevirt.io": EOF'),
      "waiting",
      "TRANSIENT",
    ],
  ] as const) {
    it(`${what}: ${is}, ${failureClass}`, () => {
      const vmi =
        status === "Starting" || status === "ErrorUnschedulable" ? { phase: "Scheduling", conditions } : undefined;
      const found = standing(status, vmi ? [] : conditions, vmi as VmiObject["status"]);
      assert.equal(found.is, is);
      assert.equal("failureClass" in found && found.failureClass, failureClass);
    });
  }

  it("says what the cluster says, once", () => {
    const message = "volume pvc-1 is not ready for workloads";
    const told = [
      { type: "Ready", status: "False", message },
      { type: "Initialized", status: "False", message },
    ];
    const found = standing("Starting", told);
    assert.equal("text" in found && found.text, `the VM is Starting: ${message}`);
  });

  it("that somebody deletes is no node any more", () => {
    const vm = { metadata: { ...metadata, deletionTimestamp: "2026-01-01T00:00:00Z" }, status: {} };
    assert.equal(standingOf(vm, undefined, "default").is, "failed");
  });
});

describe("a VM that has waited too long", () => {
  const waited = { failureClass: "CAPACITY", text: "its volume was not ready in time" } as const;
  for (const [what, events, failureClass] of [
    ["nothing was told", [], "CAPACITY"],
    [
      "storage was full",
      [{ type: "Warning", reason: "FailedAttachVolume", message: "volume pvc-1 is not ready for workloads" }],
      "CAPACITY",
    ],
    [
      "a quota of storage",
      [
        {
          type: "Warning",
          reason: "ErrExceededQuota",
          message: "exceeded quota: kasm, requested: requests.storage=50Gi",
        },
      ],
      "QUOTA",
    ],
    [
      "a clone that is too small",
      [
        {
          type: "Warning",
          reason: "ErrIncompatiblePVC",
          message: "target resources requests storage size is smaller than the source",
        },
      ],
      "CONFIG",
    ],
    [
      "a golden disk that a VM runs from",
      [{ type: "Normal", reason: "CloneSourceInUse", message: "pod virt-launcher-golden-x2 is using PVC golden" }],
      "CONFIG",
    ],
    [
      "a golden disk that other clones read",
      [{ type: "Normal", reason: "CloneSourceInUse", message: "pod 1a-source-pod is using PVC golden" }],
      "TRANSIENT",
    ],
    ["words that nobody knows", [{ type: "Warning", reason: "Odd", message: "the moon is full" }], "CAPACITY"],
    ["something that went well", [{ type: "Normal", reason: "Started", message: "exceeded quota: none" }], "CAPACITY"],
  ] satisfies [string, EventObject[], CloudFailureClass][]) {
    it(`because ${what}: ${failureClass}`, () => {
      const last = refusedAtLast(waited, events);
      assert.equal(last.failureClass, failureClass);
      assert.ok(last.text.startsWith(waited.text));
    });
  }
});

const create = (reason: string) =>
  `resource "n-1" was not successfully created by the Kubernetes API server: ${reason}`;
const denied = (webhook: string, why: string) => create(`admission webhook "${webhook}" denied the request: ${why}`);
const forbidden = (verb: string, resource: string) =>
  `${resource}.kubevirt.io is forbidden: User "system:serviceaccount:kasm:headroom" cannot ${verb} resource "${resource}" in API group "kubevirt.io" in the namespace "kasm"`;

const refusals: Readonly<Record<CloudFailureClass, readonly string[]>> = {
  QUOTA: [
    create(
      'virtualmachines.kubevirt.io "n-1" is forbidden: exceeded quota: kasm, requested: count/virtualmachines.kubevirt.io=1',
    ),
    denied("validator.harvesterhci.io", "storage insufficient resources due to resource quota"),
    denied("validator.harvesterhci.io", "limits.memory resource is not enough, it currently uses 20Gi of 24Gi"),
    create('pods "x" is forbidden: failed quota: kasm: must specify limits.cpu for: compute'),
  ],
  CAPACITY: [
    "KubeVirtCapacity: VM kasm/n-1: 0/3 nodes are available: 3 Insufficient cpu.",
    "0/2 nodes are available: 2 Insufficient nvidia.com/gpu.",
    "volume pvc-1 is not ready for workloads",
    create("rpc error: code = ResourceExhausted desc = insufficient storage"),
  ],
  CONFIG: [
    denied("datavolume-validate.cdi.kubevirt.io", "target resources requests storage size is smaller than the source"),
    denied("virtualmachine-validator.kubevirt.io", "spec.template.spec.hostname must be no more than 63 characters"),
    denied("virtualmachine-validator.kubevirt.io", "disk name must not contain dots"),
    create(forbidden("create", "virtualmachines")),
    create('no matches for kind "VirtualMachine" in version "kubevirt.io/v1"'),
    create('namespaces "kasm" not found'),
    create('VirtualMachine.kubevirt.io "n.1" is invalid: metadata.name: Invalid value'),
    create('unknown field "spec.colour"'),
    "configured Kubernetes cluster is unreachable: unable to load schema information from the API server: the server has asked for the client to provide credentials",
    "configured Kubernetes cluster is unreachable: tls: failed to verify certificate: x509: certificate signed by unknown authority",
    "configured Kubernetes cluster is unreachable: dial tcp: lookup kube.example.org: no such host",
    "GET /apis/kubevirt.io/v1/namespaces/kasm/virtualmachines: Kubernetes answered HTTP 401: Unauthorized",
  ],
  TRANSIENT: [
    create(
      'Internal error occurred: failed calling webhook "virtualmachines-mutator.kubevirt.io": failed to call webhook: the server is currently unable to handle the request',
    ),
    create('virtualmachines.kubevirt.io "n-1" already exists'),
    create("etcdserver: request timed out"),
    create("the server has received too many requests and has asked us to try again later"),
    "configured Kubernetes cluster is unreachable: unable to load schema information from the API server: dial tcp 10.0.0.1:6443: i/o timeout",
    "no answer from Kubernetes to GET /version: connect ECONNREFUSED 127.0.0.1:1 (ECONNREFUSED)",
    "GET /version: Kubernetes answered HTTP 503: the server is currently unable to handle the request",
    "read tcp 10.0.0.1:443: connection reset by peer",
    "timed out waiting for the condition",
  ],
};

describe("what a cluster's refusals mean", () => {
  for (const [failureClass, messages] of Object.entries(refusals)) {
    it(`${failureClass}, by what failed innermost`, () => {
      for (const message of messages) assert.equal(classify(message), failureClass, message);
    });
  }

  it("our own code decides before the words that it tells", () => {
    for (const failureClass of Object.keys(refusals) as CloudFailureClass[]) {
      const code = `KubeVirt${failureClass[0]}${failureClass.slice(1).toLowerCase()}`;
      for (const other of Object.values(refusals).flat()) {
        if (!/KubeVirt[A-Z]\w+: /.test(other))
          assert.equal(classify(`${code}: VM kasm/n-1: ${other}`), failureClass, other);
      }
    }
  });
});

describe("what a namespace allows and a disk needs", () => {
  const access = { host: "https://kube.example.org", apiToken: "t", namespace: "kasm", diskSource: "golden" };
  const settings = kubevirtSettingsSchema.parse({ ...access, cores: 4, memory: "24GiB", diskSize: "50GiB" });
  const quota = (hard: Record<string, string>) => [{ metadata: { name: "kasm" }, spec: { hard } }];

  it("memory as large as the quota is too much: KubeVirt itself needs some for each VM", () => {
    assert.equal(compareQuotas(quota({ "limits.memory": "24Gi" }), settings).length, 1);
    assert.equal(compareQuotas(quota({ "requests.memory": "24Gi", memory: "24Gi" }), settings).length, 2);
    assert.deepEqual(
      compareQuotas(quota({ "limits.memory": "25Gi", "requests.storage": "50Gi", pods: "1" }), settings),
      [],
    );
    assert.equal(compareQuotas(quota({ "requests.storage": "49Gi" }), settings).length, 1);
  });

  it("a clone is at least as large as its source, of which no VM may run", () => {
    const claim = (storage: string) => ({
      metadata: { name: "golden" },
      spec: { resources: { requests: { storage } } },
    });
    const runs = (volume: object) => [{ metadata: { name: "vm" }, spec: { volumes: [volume] } }];
    const problems = (storage: string, running: ReturnType<typeof runs> = []) =>
      claimProblems(claim(storage), { diskSize: 50, running }).length;
    assert.deepEqual(
      ["50Gi", "53687091200", "51Gi", "60G", "50000Mi"].map((size) => problems(size)),
      [0, 0, 1, 1, 0],
    );
    assert.equal(problems("20Gi", runs({ persistentVolumeClaim: { claimName: "golden" } })), 1);
    assert.equal(problems("20Gi", runs({ dataVolume: { name: "golden" } })), 1);
    assert.equal(problems("20Gi", runs({ dataVolume: { name: "n-1-disk" } })), 0);
  });

  it("quantities are read in every form, and written exactly", () => {
    const read = {
      "1": 1,
      "24Gi": 24 * 2 ** 30,
      "1.5G": 1.5e9,
      "2e9": 2e9,
      "500m": 0.5,
      "10k": 1e4,
      "8Ti": 8 * 2 ** 40,
    };
    for (const [text, bytes] of Object.entries(read)) assert.equal(quantityOf(text), bytes, text);
    for (const text of ["", "Gi", "1 Gi", "1GiB", "x", "1.2.3"]) assert.equal(quantityOf(text), undefined, text);
    for (const mib of [32, 1024, 1536, 8192, 12_345]) {
      assert.equal(quantityOf(quantityText(mib * 2 ** 20)), mib * 2 ** 20);
    }
  });
});
