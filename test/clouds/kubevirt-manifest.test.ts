/** The manifests that are sent: made of settings, or the user's own, which is checked before a cluster sees it. */
import assert from "node:assert/strict";
import { kubevirt } from "../../provider/clouds/kubevirt";
import { vmManifest, type SentParts } from "../../provider/clouds/kubevirt/vm";
import { placeIdentity } from "../../provider/clouds/kubevirt/find";
import { identityOf } from "../../provider/frame/identity";
import { valueAt, type Inputs } from "../../provider/frame/inputs";
import { problemsOf } from "../../runtime/model/config";
import type { OsType } from "../../runtime/model/config";
import { kubevirtSettingsSchema } from "../../provider/clouds/kubevirt/settings";

const access = { host: "https://kube.example.org:6443", apiToken: "t", namespace: "kasm" };
const plain = { ...access, diskSource: "golden", diskSize: "50GiB", cores: 4, memory: "8GiB" };
const image = { id: "kasm/image-x7k2p", storageClass: "longhorn-image-x7k2p" };

function sent(settings: Inputs, over: Partial<SentParts> & { readonly osType?: OsType } = {}): Inputs {
  const { osType = "linux", hasUserData = true, ...rest } = over;
  const node = {
    ...{ nodeId: "n-1", zone: "home", pool: "agents", autoscaleConfig: "main", vmProvider: "v", kind: "kubevirt" },
    ...{ osType, startupScript: "", installation: "inst-1", settings: kubevirtSettingsSchema.parse(settings) },
  };
  return placeIdentity(vmManifest(node, { hasUserData, ...rest }), identityOf(node));
}

const inner = (vm: Inputs, path: string) => valueAt(vm, `spec.template.spec.${path}`);

const ours = {
  "headroom-node": "n-1",
  "headroom-installation": "inst-1",
  "headroom-zone": "home",
  "headroom-pool": "agents",
  "headroom-config": "main",
};

describe("the manifest of a VM", () => {
  it("is made of the settings: every one has its place", () => {
    const vm = sent({
      ...plain,
      ...{ storageClass: "ceph-block", networkType: "multus", networkName: "net/vlan-7", enableTpm: true },
      ...{ enableEfiBoot: true, enableSecureBoot: true, sshPublicKey: "ssh-ed25519 AAAAC3 ops" },
    });
    assert.deepEqual(vm, {
      apiVersion: "kubevirt.io/v1",
      kind: "VirtualMachine",
      metadata: { name: "n-1", namespace: "kasm", labels: ours },
      spec: {
        runStrategy: "Always",
        dataVolumeTemplates: [
          {
            metadata: { name: "n-1-disk", labels: ours },
            spec: {
              source: { pvc: { namespace: "kasm", name: "golden" } },
              storage: { resources: { requests: { storage: "50Gi" } }, storageClassName: "ceph-block" },
            },
          },
        ],
        template: {
          metadata: { labels: ours },
          spec: {
            hostname: "n-1",
            domain: {
              cpu: { cores: 4 },
              memory: { guest: "8Gi" },
              firmware: { bootloader: { efi: { secureBoot: true } } },
              features: { smm: { enabled: true } },
              devices: {
                disks: [
                  { name: "rootdisk", bootOrder: 1, disk: { bus: "virtio" } },
                  { name: "cloudinitdisk", disk: { bus: "virtio" } },
                ],
                interfaces: [{ name: "vlan-7", bridge: {} }],
                tpm: {},
              },
            },
            networks: [{ name: "vlan-7", multus: { networkName: "net/vlan-7" } }],
            volumes: [
              { name: "rootdisk", dataVolume: { name: "n-1-disk" } },
              { name: "cloudinitdisk", cloudInitNoCloud: { secretRef: { name: "n-1-userdata" } } },
            ],
            accessCredentials: [
              {
                sshPublicKey: {
                  source: { secret: { secretName: "n-1-ssh" } },
                  propagationMethod: { noCloud: {} },
                },
              },
            ],
          },
        },
      },
    });
  });

  it("has what is left out by default: masquerade on pods, BIOS, no TPM, no cloud-init disk without anything in it", () => {
    const vm = sent(plain, { hasUserData: false });
    assert.deepEqual(inner(vm, "domain.devices"), {
      disks: [{ name: "rootdisk", bootOrder: 1, disk: { bus: "virtio" } }],
      interfaces: [{ name: "default", masquerade: {} }],
    });
    assert.deepEqual(inner(vm, "networks"), [{ name: "default", pod: {} }]);
    assert.equal(inner(vm, "domain.firmware"), undefined);
    assert.equal((inner(vm, "volumes") as unknown[]).length, 1);
  });

  it("clones what the source is", () => {
    const specOf = (over: Inputs) => {
      const [template] = valueAt(sent({ ...plain, ...over }), "spec.dataVolumeTemplates") as Inputs[];
      const { storage, ...from } = template!["spec"] as Inputs;
      assert.ok(storage);
      return from;
    };
    assert.deepEqual(specOf({ diskSource: "images/g" }), { source: { pvc: { namespace: "images", name: "g" } } });
    assert.deepEqual(specOf({ diskSourceType: "snapshot" }), {
      source: { snapshot: { namespace: "kasm", name: "golden" } },
    });
    assert.deepEqual(specOf({ diskSourceType: "dataSource" }), {
      sourceRef: { kind: "DataSource", namespace: "kasm", name: "golden" },
    });
    const disk = { diskSource: "quay.io/containerdisks/ubuntu:24.04", diskSourceType: "containerDisk" };
    const vm = sent({ ...plain, ...disk, diskSize: undefined });
    assert.equal(valueAt(vm, "spec.dataVolumeTemplates"), undefined);
    assert.deepEqual((inner(vm, "volumes") as unknown[])[0], {
      name: "rootdisk",
      containerDisk: { image: "quay.io/containerdisks/ubuntu:24.04" },
    });
  });

  it("in Harvester: a volume of the image's own class, which Harvester makes and deletes with the VM", () => {
    const vm = sent({ ...plain, flavor: "harvester", diskSource: undefined, diskImage: "ubuntu" }, { image });
    const annotations = valueAt(vm, "metadata.annotations") as Record<string, string>;
    assert.deepEqual(JSON.parse(annotations["harvesterhci.io/volumeClaimTemplates"]!), [
      {
        metadata: { name: "n-1-disk", annotations: { "harvesterhci.io/imageId": "kasm/image-x7k2p" } },
        spec: {
          accessModes: ["ReadWriteMany"],
          volumeMode: "Block",
          resources: { requests: { storage: "50Gi" } },
          storageClassName: "longhorn-image-x7k2p",
        },
      },
    ]);
    assert.equal(annotations["harvesterhci.io/removedPersistentVolumeClaims"], "n-1-disk");
    assert.deepEqual(inner(vm, "domain.resources"), { limits: { cpu: "4", memory: "8Gi" } });
    assert.deepEqual((inner(vm, "volumes") as unknown[])[0], {
      name: "rootdisk",
      persistentVolumeClaim: { claimName: "n-1-disk" },
    });
  });

  it("for Windows: a config drive among the CDs", () => {
    const vm = sent(plain, { osType: "windows" });
    assert.deepEqual((inner(vm, "volumes") as unknown[])[1], {
      name: "cloudinitdisk",
      cloudInitConfigDrive: { secretRef: { name: "n-1-userdata" } },
    });
    assert.deepEqual((inner(vm, "domain.devices.disks") as unknown[])[1], {
      name: "cloudinitdisk",
      cdrom: { bus: "sata" },
    });
  });
});

const manifest = `# made for $KASM_NAME
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: kasm-app
  namespace: elsewhere
  labels: {team: labs, headroom-node: mine}
spec:
  running: true
  dataVolumeTemplates:
  - metadata: {name: $KASM_NAME-pvc}
    spec:
      source: {pvc: {name: golden, namespace: kasm}}
      storage: {resources: {requests: {storage: 50Gi}}}
  template:
    metadata: {labels: {team: labs}}
    spec:
      hostname: other
      nodeSelector: {gpu: "true"}
      domain:
        cpu: {cores: 2, sockets: 2, threads: 2}
        memory: {guest: 12Gi}
        devices:
          gpus: [{name: gpu1, deviceName: nvidia.com/A16}]
          disks: [{name: root, disk: {bus: virtio}}]
          interfaces: [{name: net, masquerade: {}}]
      networks: [{name: net, pod: {}}]
      volumes: [{name: root, dataVolume: {name: "{node_id}-pvc"}}]
`;

describe("a user's whole manifest", () => {
  const override = (configOverride: unknown) => ({ ...access, configOverride });

  it("is kept, but for what each VM has for itself and what says whose it is", () => {
    const vm = sent(override(manifest));
    assert.deepEqual(vm["metadata"], { name: "n-1", namespace: "kasm", labels: { team: "labs", ...ours } });
    assert.equal(valueAt(vm, "spec.runStrategy"), "Always");
    assert.equal(valueAt(vm, "spec.running"), undefined);
    assert.equal(inner(vm, "hostname"), "n-1");
    assert.deepEqual(inner(vm, "nodeSelector"), { gpu: "true" });
    assert.deepEqual(valueAt(vm, "spec.template.metadata.labels"), { team: "labs", ...ours });
    assert.deepEqual(valueAt((valueAt(vm, "spec.dataVolumeTemplates") as Inputs[])[0]!, "metadata"), {
      name: "n-1-pvc",
      labels: ours,
    });
    assert.deepEqual(inner(vm, "volumes"), [
      { name: "root", dataVolume: { name: "n-1-pvc" } },
      { name: "cloudinitdisk", cloudInitNoCloud: { secretRef: { name: "n-1-userdata" } } },
    ]);
    assert.doesNotMatch(JSON.stringify(vm), /KASM_NAME|\{node_id\}|kasm-app|"mine"|elsewhere/);
  });

  it("is the same in YAML, in JSON and as an object, and tells the shape", async () => {
    const { parse } = await import("yaml");
    const object = parse(
      manifest.replaceAll("$KASM_NAME", "{node_id}").replace("{node_id}-pvc}", '"{node_id}-pvc"}'),
    ) as object;
    const all = [manifest, JSON.stringify(object), object].map((source) => sent(override(source)));
    assert.deepEqual(all[1], all[0]);
    assert.deepEqual(all[2], all[0]);
    const settings = kubevirtSettingsSchema.parse(override(manifest));
    assert.deepEqual(kubevirt.vm.shape(settings), { cores: 8, memoryBytes: 12 * 2 ** 30, gpus: 1 });
  });

  it("names the node in every spelling, in text and as an object, in keys too", () => {
    for (const spelling of ["$KASM_NAME", "${KASM_NAME}", "{server_id}", "{node_id}"]) {
      const text = manifest
        .replaceAll("$KASM_NAME", spelling)
        .replace(`name: ${spelling}-pvc`, `name: "${spelling}-pvc"`);
      assert.deepEqual(sent(override(text)), sent(override(manifest)), spelling);
      const annotated = { annotations: { [`for-${spelling}`]: `${spelling}.` } };
      const object = { ...vmOf(spelling), metadata: annotated };
      assert.deepEqual(valueAt(sent(override(object)), "metadata.annotations"), { "for-n-1": "n-1." }, spelling);
    }
    assert.match(
      JSON.stringify(sent(override({ ...vmOf("x"), metadata: { annotations: { a: "$KASM_NAMES {id}" } } }))),
      /\$KASM_NAMES \{id\}/,
    );
  });

  it("with a cloud-init disk of its own for the network alone: the script comes into it", () => {
    const network = manifest.replace("volumes: [", "volumes: [{name: ci, cloudInitConfigDrive: {networkData: x}}, ");
    assert.deepEqual((inner(sent(override(network)), "volumes") as unknown[])[0], {
      name: "ci",
      cloudInitConfigDrive: { networkData: "x", secretRef: { name: "n-1-userdata" } },
    });
  });

  it("of Harvester: what it makes of the annotation goes with the VM", () => {
    const claims = `'[{"metadata":{"name":"$KASM_NAME-a"}},{"metadata":{"name":"$KASM_NAME-b"}}]'`;
    const text = manifest
      .replace("  labels:", `  annotations: {harvesterhci.io/volumeClaimTemplates: ${claims}}\n  labels:`)
      .replace("volumes: [", "volumes: [{name: b, persistentVolumeClaim: {claimName: $KASM_NAME-b}}, ");
    const annotations = valueAt(sent(override(text)), "metadata.annotations") as Record<string, string>;
    assert.equal(annotations["harvesterhci.io/removedPersistentVolumeClaims"], "n-1-a,n-1-b");
  });

  const change = (from: string | RegExp, into: string) => manifest.replace(from, into);
  const volume = (text: string) => change(/volumes: .*/, `volumes: [{name: root, ${text}}]`);
  const top = "configOverride";
  const body = `${top}.spec.template.spec`;
  for (const [what, source, ...paths] of [
    ["no YAML", "a: [", top],
    ["nothing", " # empty\n", top],
    ["a text", "hello", top],
    ["several documents", `${manifest}---\napiVersion: v1\nkind: PersistentVolumeClaim\n`, top],
    ["more aliases than anybody can hold", bomb(), top],
    ["another kind", change("VirtualMachine", "Pod"), `${top}.kind`],
    ["an older version", change("kubevirt.io/v1", "kubevirt.io/v1alpha3"), `${top}.apiVersion`],
    ["unknown fields", `${manifest}colour: red\nstatus: {}\n`, `${top}.colour`, `${top}.status`],
    [
      "what the cluster writes",
      change("  labels:", "  uid: x\n  resourceVersion: '1'\n  finalizers: [a]\n  generateName: n-\n  labels:"),
      ...["uid", "resourceVersion", "generateName", "finalizers"].map((field) => `${top}.metadata.${field}`),
    ],
    ["an owner", change("  labels:", "  ownerReferences: []\n  labels:"), `${top}.metadata.ownerReferences`],
    ["labels that are no text", change("team: labs", "team: 7"), `${top}.metadata.labels.team`],
    ["no domain", change(/ {6}domain:[^]*?( {6}networks)/, "$1"), `${body}.domain`],
    ["lists that are none", change(/volumes: .*/, "volumes: {}"), `${body}.volumes`],
    [
      "dots in names of disks",
      change("disks: [{name: root", "disks: [{name: root.disk"),
      `${body}.domain.devices.disks.0.name`,
    ],
    ["a disk twice", change("disks: [", "disks: [{name: root}, "), `${body}.domain.devices.disks.1.name`],
    [
      "EFI without SMM",
      change("cpu:", "firmware: {bootloader: {efi: {}}}\n        cpu:"),
      `${body}.domain.features.smm.enabled`,
    ],
    [
      "a volume of one name for all",
      change("$KASM_NAME-pvc", "pvc"),
      `${top}.spec.dataVolumeTemplates.0.metadata.name`,
      `${body}.volumes.0.dataVolume.name`,
    ],
    [
      "the golden disk itself",
      volume("persistentVolumeClaim: {claimName: golden}"),
      `${body}.volumes.0.persistentVolumeClaim.claimName`,
    ],
    [
      "a PVC that nobody makes",
      volume("persistentVolumeClaim: {claimName: $KASM_NAME-x}"),
      `${body}.volumes.0.persistentVolumeClaim.claimName`,
    ],
    [
      "user data of its own",
      volume("cloudInitNoCloud: {userData: golden-secret}"),
      `${body}.volumes.0.cloudInitNoCloud.userData`,
    ],
  ] as const) {
    it(`is refused with ${what}, by its place`, () => {
      const settings = override(source);
      const parsed = kubevirtSettingsSchema.safeParse(settings);
      assert.ok(!parsed.success);
      assert.doesNotMatch(JSON.stringify(problemsOf(parsed.error, settings)), /golden-secret|got /);
      assert.deepEqual(
        problemsOf(parsed.error, settings)
          .map(({ path }) => path.replace(/\[(\d+)\]/g, ".$1"))
          .sort(),
        [...paths].sort(),
      );
    });
  }

  for (const [what, text] of [
    ["a disk that is only read", "persistentVolumeClaim: {claimName: tools, readOnly: true}"],
    ["a PVC of its own", "persistentVolumeClaim: {claimName: $KASM_NAME-pvc}"],
    ["a container disk", "containerDisk: {image: quay.io/x}"],
  ] as const) {
    it(`may have ${what}`, () => assert.ok(kubevirtSettingsSchema.safeParse(override(volume(text))).success));
  }

  it("says the firmware itself: a setting for it would be lost", () => {
    const parsed = kubevirtSettingsSchema.safeParse({ ...override(manifest), enableTpm: true, enableEfiBoot: true });
    assert.deepEqual(
      parsed.error?.issues.map(({ path }) => path.join(".")),
      ["enableTpm", "enableEfiBoot"],
    );
  });
});

/** Each line is nine times the one before. */
function bomb(): string {
  const lines = Array.from({ length: 9 }, (_, index) => {
    const inside = index === 0 ? '"x"' : `*a${index - 1}`;
    return `a${index}: &a${index} [${Array.from({ length: 9 }, () => inside).join(", ")}]`;
  });
  return lines.join("\n");
}

/** The least that is a VM. */
function vmOf(name: string): Inputs {
  const volumes = [{ name: "root", dataVolume: { name: `${name}-root` } }];
  const own = name === "x" ? { volumes: [] } : { volumes };
  const dataVolumeTemplates = name === "x" ? [] : [{ metadata: { name: `${name}-root` } }];
  const spec = { dataVolumeTemplates, template: { spec: { domain: { devices: {} }, ...own } } };
  return { apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", spec };
}
