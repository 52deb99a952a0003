/**
 * What is particular to clusters: a VM's address and failures by its status, what belongs to it, and the two other flavours
 * through an engine. `conformance.test.ts` has the rest.
 */
import assert from "node:assert/strict";
import { kubevirt } from "../../provider/clouds/kubevirt";
import { clusterOf, type Access } from "../../provider/clouds/kubevirt/access";
import { KubernetesApi } from "../../provider/clouds/kubevirt/api";
import { findVmsIn, listVmsIn } from "../../provider/clouds/kubevirt/find";
import { guestKernel } from "../../provider/clouds/kubevirt/guest-resource";
import type { DesiredNode } from "../../runtime/model/state";
import { enginesHere } from "../executor/bench";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { Refusal, signedTokenOf } from "./emulated-kube-tokens";
import { EmulatedKubeVirt } from "./emulated-kubevirt";
import { NodeStack } from "./node-stack";
import { underTest } from "./under-test/kubevirt";

describe("KubeVirt", () => {
  let cloud: EmulatedKubeVirt;
  let access: Access;
  beforeEach(async () => {
    cloud = new EmulatedKubeVirt();
    await cloud.api.listen();
    access = { host: cloud.api.host, sslCertificate: cloud.api.authority, apiToken: "token-of-K1" };
  });
  afterEach(() => cloud.close());

  const addVm = (name: string, nodeId = name) =>
    cloud.home.create("virtualmachines", {
      metadata: { name, namespace: "kasm", labels: { "headroom-node": nodeId } },
      spec: { runStrategy: "Always", template: { spec: { hostname: name, domain: { devices: {} } } } },
    });
  const logged: string[] = [];
  const born = async (nodeId: string, over: object = {}): Promise<unknown> => {
    const inputs = {
      nodeId,
      access,
      namespace: "kasm",
      network: "default",
      waitSeconds: 0,
      capacitySeconds: 0,
      ...over,
    };
    const context = {
      ...{ owner: "urn", isPreview: false, signal: new AbortController().signal },
      log: (line: string) => void logged.push(line),
    };
    const { outputs } = await guestKernel.create(inputs, context as never);
    return outputs["address"];
  };

  describe("a node is made when the cluster tells its address", () => {
    it("that of its own network", async () => {
      addVm("n-1");
      assert.equal(await born("n-1"), "10.42.0.1");
    });

    it("however long that takes, within the time that the settings give", async () => {
      addVm("n-1");
      let asked = 0;
      cloud.home.standing = () =>
        (asked += 1) < 6 ? { vm: { printableStatus: "Provisioning" }, vmi: "absent" } : undefined;
      assert.equal(await born("n-1", { waitSeconds: 600 }), "10.42.0.1");
    });

    it("although the cluster is out of reach for a moment", async () => {
      addVm("n-1");
      let failed = 0;
      cloud.api.refuses = () =>
        (failed += 1) < 3 ? new Refusal(503, "ServiceUnavailable", "etcdserver: no leader") : undefined;
      assert.equal(await born("n-1"), "10.42.0.1");
    });

    it("not in a preview", async () => {
      const context = { isPreview: true, signal: new AbortController().signal } as never;
      assert.equal((await guestKernel.create({ nodeId: "n-1" }, context)).id, "");
      assert.deepEqual(cloud.api.requests, []);
    });
  });

  describe("a node fails with the class and the words of the cluster", () => {
    const memory = "0/3 nodes are available: 3 Insufficient memory.";
    for (const [what, standing, over, says] of [
      [
        "no room, after the time that the cluster has to grow",
        {
          vm: {
            printableStatus: "ErrorUnschedulable",
            conditions: [{ type: "Ready", status: "False", message: memory }],
          },
          vmi: "absent",
        },
        { waitSeconds: 600 },
        /KubeVirtCapacity: VM kasm\/n-1: 0\/3 nodes are available: 3 Insufficient memory/,
      ],
      [
        "a quota, at once",
        {
          vm: {
            conditions: [
              { type: "Failure", status: "True", message: "forbidden: exceeded quota: kasm, requested: pods=1" },
            ],
          },
        },
        { waitSeconds: 600, capacitySeconds: 600 },
        /KubeVirtQuota: VM kasm\/n-1: forbidden: exceeded quota/,
      ],
      [
        "no address in time",
        { vmi: { interfaces: [{ name: "default", ipAddress: "10.0.2.2" }] } },
        {},
        /KubeVirtTransient: VM kasm\/n-1 after 0 s: the VM runs, but no address of network "default" is known/,
      ],
    ] as const) {
      it(what, async () => {
        addVm("n-1");
        cloud.home.standing = () => standing;
        await assert.rejects(born("n-1", over), says);
      });
    }

    it("what the events of its volume tell, when it has waited too long", async () => {
      addVm("n-1");
      cloud.home.standing = () => ({ vm: { printableStatus: "Provisioning" }, vmi: "absent" });
      const tell = (name: string, message: string) =>
        cloud.home.put("events", {
          metadata: { name: `${name}.1`, namespace: "kasm" },
          ...{ type: "Warning", reason: "FailedMount", message, involvedObject: { name } },
        });
      tell("n-2-disk", "exceeded quota: of another VM");
      await assert.rejects(born("n-1"), /KubeVirtCapacity: .* its volume was not ready in time$/);
      tell("n-1-disk", "volume pvc-1 is not ready for workloads");
      await assert.rejects(born("n-1"), /KubeVirtCapacity: .*FailedMount: volume pvc-1 is not ready for workloads/);
      cloud.access.take("K1", { verb: "list", group: "", resource: "events" });
      await assert.rejects(born("n-1"), /KubeVirtCapacity: .* its volume was not ready in time$/);
    });

    it("a VM that is gone, and one of somebody else with the node's name", async () => {
      await assert.rejects(born("n-1"), /KubeVirtTransient: VM kasm\/n-1: it is not there any more/);
      addVm("n-1", "n-other");
      await assert.rejects(born("n-1"), /KubeVirtConfig: .* is not that of node n-1: its labels do not say so/);
    });

    it("never with the token", async () => {
      cloud.access.revoke("K1");
      const error = await born("n-1").then(
        () => assert.fail("it should be refused"),
        (refused: Error) => refused,
      );
      assert.match(error.message, /HTTP 401: Unauthorized/);
      assert.doesNotMatch(`${error.message} ${logged.join(" ")}`, /token-of/);
    });
  });

  it("a token that ends within days is told before it does, and one that does not end is fine", async () => {
    const template = {
      ...access,
      namespace: "kasm",
      diskSource: "ubuntu-golden",
      diskSize: "50GiB",
      cores: 1,
      memory: "1GiB",
    };
    const told = async (apiToken: string) => {
      const settings = kubevirt.vm.settings.parse({ ...template, apiToken });
      return (await kubevirt.vm.check(settings, {})).findings.map(
        ({ kind, field, text }) => `${kind} ${field}: ${text}`,
      );
    };
    const inDays = (days: number) => signedTokenOf("K1", { exp: Math.floor(Date.now() / 1000) + days * 86_400 });
    assert.match(
      (await told(inDays(3))).join("; "),
      /^wrong apiToken: .*system:serviceaccount:kasm:K1.*its time ends at 20/,
    );
    for (const token of [inDays(30), signedTokenOf("K1", {}), "token-of-K1"]) assert.deepEqual(await told(token), []);
  });

  describe("VMs of a namespace", () => {
    it("are all found and listed, page by page, and only those of the namespace", async () => {
      for (let index = 0; index < 1203; index += 1) cloud.launch({ nodeId: `n-${index}`, installation: "inst-1" });
      cloud.launch({ nodeId: "n-7" }, { place: { namespace: "elsewhere" } });
      const api = new KubernetesApi(clusterOf(access));
      const all = await listVmsIn(api, { installationId: "inst-1", knownIds: [] }, "kasm");
      assert.equal(new Set(all.map(({ vmId }) => vmId)).size, 1203);
      assert.deepEqual(await findVmsIn(api, ["n-7", "n-1202", "n-none"], "kasm"), [
        { nodeId: "n-7", id: "kasm/by-hand-8" },
        { nodeId: "n-1202", id: "kasm/by-hand-1203" },
      ]);
    });

    it("are not asked of a server whose certificate nobody trusts", async () => {
      const { sslCertificate, ...untrusting } = access;
      assert.ok(sslCertificate);
      const api = new KubernetesApi(clusterOf(untrusting));
      const refused = findVmsIn(api, ["n-1"], "kasm").then(
        () => "",
        (error: Error) => error.message,
      );
      assert.match(await refused, /no answer from Kubernetes to GET .*(SELF_SIGNED|UNABLE_TO_VERIFY)/);
      assert.equal(kubevirt.vm.classify(await refused), "CONFIG");
      assert.equal(kubevirt.vm.accountRefusal?.(await refused, {})?.field, "sslCertificate");
    });
  });
});

describe("the other flavours of KubeVirt through an engine", () => {
  it("Harvester's volumes, volumes of a user's manifest, and secrets are all gone with their VMs, whoever deletes them", async function () {
    const [engine] = await enginesHere();
    const folder = newOpenFolder("headroom-kubevirt-");
    const running = await underTest.start(folder);
    const { emulation } = running;
    try {
      const environment = { ...running.environment };
      const stack = await NodeStack.open({ engine: engine!, folder, cloud: { vm: kubevirt.vm }, environment });
      const base = { ...underTest.credentials("K1"), namespace: "kasm", startTimeout: "60s" };
      const harvester = {
        ...base,
        flavor: "harvester",
        diskImage: "ubuntu-22.04",
        diskSize: "50GiB",
        cores: 2,
        memory: "4GiB",
      };
      const nodes = [nodeWith("n-h", harvester), nodeWith("n-m", { ...base, configOverride: manifest }, "windows")];

      const first = await stack.update(nodes);

      assert.deepEqual([...first.errors], []);
      const made = emulation
        .leftovers()
        .map((each) => each.split(" ").join(" "))
        .sort();
      assert.deepEqual(made, [
        "datavolumes kasm/n-m-pvc",
        "persistentvolumeclaims kasm/n-h-disk",
        "persistentvolumeclaims kasm/n-m-pvc",
        "secrets kasm/n-h-userdata",
        "secrets kasm/n-m-userdata",
        "virtualmachineinstances kasm/n-h",
        "virtualmachineinstances kasm/n-m",
        "virtualmachines kasm/n-h",
        "virtualmachines kasm/n-m",
      ]);
      emulation.remove("kasm/n-h");
      assert.deepEqual(
        emulation.leftovers().filter((each) => each.includes("n-h")),
        [],
        "somebody deleted it by hand",
      );
      const removed = await stack.update([nodes[1]!]);
      assert.deepEqual([...removed.errors], [], "what is gone already can be deleted");
      await stack.destroy();
      assert.deepEqual(emulation.leftovers(), []);
      assert.deepEqual(emulation.violations, []);
    } finally {
      await running.close();
      removeFolder(folder);
    }
  });
});

const manifest = `
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: kasm-app}
spec:
  dataVolumeTemplates:
  - metadata: {name: $KASM_NAME-pvc}
    spec: {source: {pvc: {name: ubuntu-golden, namespace: kasm}}, storage: {resources: {requests: {storage: 50Gi}}}}
  template:
    spec:
      domain: {devices: {disks: [{name: root, disk: {bus: virtio}}], interfaces: [{name: lan, masquerade: {}}]}}
      networks: [{name: lan, pod: {}}]
      volumes: [{name: root, dataVolume: {name: $KASM_NAME-pvc}}]
`;

function nodeWith(
  nodeId: string,
  settings: DesiredNode["settings"],
  osType: DesiredNode["osType"] = "linux",
): DesiredNode {
  const names = { zone: "home", pool: "agents", autoscaleConfig: "main", vmProvider: "main", kind: "kubevirt" };
  return { nodeId, ...names, settings, osType, startupScript: "echo hello" };
}
