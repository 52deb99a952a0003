/** What a VM provider config of kind `kubevirt` may say. */
import { z } from "zod";
import { durationSchema, memorySchema } from "../../../runtime/model/fields";
import { valueHidden } from "../../../runtime/model/shown-value";
import { wholeGib } from "../../frame/fields";
import { accessFields, accessProblems } from "./access";
import { manifestProblems } from "./manifest";
import { containerImage, dnsLabel, harvesterImage, namespacedName, objectName, sshPublicKey } from "./names";

export const flavors = ["generic", "gke", "harvester"] as const;

/** Where the root disk of a VM comes from. */
export const diskSourceTypes = ["pvc", "snapshot", "dataSource", "containerDisk"] as const;

export const kubevirtSettingsSchema = z
  .strictObject({
    flavor: z
      .enum(flavors)
      .default("generic")
      .describe(
        "Which installation of KubeVirt the cluster has: `generic`, `gke` (Google Kubernetes Engine, made like `generic`), or `harvester`, whose disks come of its own images (`diskImage`).",
      ),
    ...accessFields,
    namespace: dnsLabel.describe(
      'Namespace of the VMs and of all that belongs to them, e.g. "kasm". Another one is for new nodes: those of the old one are looked after there until they are gone.',
    ),
    sshPublicKey: sshPublicKey
      .optional()
      .describe(
        'Public key that may log in to the VMs, in OpenSSH\'s form, e.g. "ssh-ed25519 AAAA... ops". It comes with the cloud-init disk, and fills `{ssh_key}` in startup scripts. Default none.',
      ),
    cores: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe("vCPUs of a VM. Default: `configOverride` has them; without it they must be given."),
    memory: memorySchema
      .refine((bytes) => bytes >= 2 ** 25 && bytes % 2 ** 20 === 0, 'use whole MiB, at least 32MiB, such as "8GiB"')
      .optional()
      .describe(
        'Memory of a VM as its guest sees it, in whole MiB, e.g. "8GiB"; KubeVirt itself needs some 250 MiB more for each. Default: `configOverride` has it; without it it must be given.',
      ),
    diskSize: wholeGib
      .optional()
      .describe(
        'Size of the root disk in whole GiB, e.g. "50GiB": at least that of its source. Default: `configOverride` has it; without it it must be given, but for a container disk, which has its own.',
      ),
    diskSource: z
      .union([namespacedName, containerImage])
      .optional()
      .describe(
        'What the root disk is cloned from: the name of a PVC with a cloud-ready image, with its namespace before it where that is another, e.g. "ubuntu-golden" or "images/ubuntu-golden". No VM may run from it. Default: `configOverride` has the disks; without it it must be given, in Harvester `diskImage`.',
      ),
    diskSourceType: z
      .enum(diskSourceTypes)
      .default("pvc")
      .describe(
        "What `diskSource` names: a PVC, a `snapshot` of a volume, a `dataSource` of CDI, or a `containerDisk`, a disk in a container image that each VM has anew, without a volume.",
      ),
    diskImage: harvesterImage
      .optional()
      .describe(
        'Harvester: image of the root disk, by the name that people see or by that of its object, with its namespace before it where that is another, e.g. "ubuntu-22.04". Default: `configOverride` has the disks.',
      ),
    storageClass: objectName
      .optional()
      .describe(
        'Storage class of the root disk, e.g. "ceph-block"; it must be able to clone. Default: that of the cluster; in Harvester that of the image, which alone can make disks of it.',
      ),
    interfaceType: z
      .enum(["masquerade", "bridge"])
      .optional()
      .describe(
        "How the VM's network interface is tied to its network: `masquerade`, behind the pod's address, or `bridge`, with an address of its own. Default: `masquerade` on the network of pods, `bridge` on others.",
      ),
    networkName: namespacedName
      .default("default")
      .describe(
        'Name of the VM\'s network interface. With `networkType` `multus` that of the NetworkAttachmentDefinition, with its namespace before it where that is another, e.g. "kasm-network".',
      ),
    networkType: z
      .enum(["pod", "multus"])
      .default("pod")
      .describe("Which network VMs are in: that of the cluster's pods, or one of Multus, e.g. a VLAN."),
    enableTpm: z.boolean().default(false).describe("Whether a VM has a TPM. Not with `configOverride`."),
    enableEfiBoot: z
      .boolean()
      .default(false)
      .describe("Whether a VM boots by EFI, and not by BIOS. Not with `configOverride`."),
    enableSecureBoot: z
      .boolean()
      .default(false)
      .describe("Whether EFI starts signed systems only; needs `enableEfiBoot`. Not with `configOverride`."),
    configOverride: z
      .union([z.string().max(256 * 1024), z.record(z.string(), z.unknown())], {
        error: "use the whole manifest of a VirtualMachine: a text in YAML or JSON, or an object",
      })
      .optional()
      .describe(
        "The whole manifest of a VirtualMachine in the place of the one that is made of the other settings. `$KASM_NAME`, or `{server_id}` as in startup scripts, or `{node_id}`, stands for the node's id wherever each VM needs a name of its own. Default: made of the other settings.",
      ),
    startTimeout: durationSchema
      .refine((seconds) => seconds >= 30 && seconds <= 14_400, "at least 30s, at most 4h")
      .prefault("15m")
      .describe(
        "How long a VM may take from its declaration until the cluster tells its address: clone of the disk, download of images, boot. Then the node counts as failed, and goes.",
      ),
    capacityTimeout: durationSchema
      .refine((seconds) => seconds <= 14_400, "at most 4h")
      .prefault("2m")
      .describe(
        "How long the cluster may find no machine for a VM until the node counts as failed for want of capacity: as long as the cluster needs to grow, where it does. 0s fails it at once.",
      ),
  })
  .superRefine((settings, context) => {
    const issue = (path: PropertyKey[], message: string, input?: unknown) =>
      context.addIssue({ code: "custom", path, message, input });
    for (const [field, message] of accessProblems(settings)) issue([field], message);
    for (const [field, message] of sizeProblems(settings)) issue([field], message);
    for (const [field, message] of firmwareProblems(settings)) issue([field], message);
    for (const [field, message] of diskProblems(settings)) issue([field], message);
    for (const [field, message] of networkProblems(settings)) issue([field], message);
    if (settings.configOverride === undefined) return;
    for (const { path, message } of manifestProblems(settings.configOverride)) {
      // Whatever stands there may be a secret by mistake.
      context.addIssue({ code: "custom", path: ["configOverride", ...path], message, params: valueHidden });
    }
  });
export type KubeVirtSettings = z.output<typeof kubevirtSettingsSchema>;

type Problems = readonly (readonly [field: string, message: string])[];

function sizeProblems({ cores, memory, configOverride }: KubeVirtSettings): Problems {
  if (configOverride !== undefined) return [];
  const required = "required without configOverride";
  return [
    ...(cores === undefined ? [["cores", required] as const] : []),
    ...(memory === undefined ? [["memory", required] as const] : []),
  ];
}

function firmwareProblems(settings: KubeVirtSettings): Problems {
  const flags = ["enableTpm", "enableEfiBoot", "enableSecureBoot"] as const;
  if (settings.configOverride !== undefined) {
    const set = flags.filter((flag) => settings[flag]);
    return set.map((flag) => [flag, "not with configOverride: say it in the manifest"] as const);
  }
  return settings.enableSecureBoot && !settings.enableEfiBoot
    ? [["enableSecureBoot", "needs enableEfiBoot: only EFI checks signatures"]]
    : [];
}

function diskProblems(settings: KubeVirtSettings): Problems {
  const { flavor, diskSource, diskSourceType, diskImage, diskSize, storageClass, configOverride } = settings;
  const isHarvester = flavor === "harvester";
  const problems: [string, string][] = [];
  if (diskImage !== undefined && !isHarvester) {
    problems.push(["diskImage", 'only with flavor "harvester"; name a PVC with diskSource']);
  }
  if (diskSource !== undefined && isHarvester) {
    problems.push(["diskSource", 'not with flavor "harvester"; name an image of Harvester with diskImage']);
  }
  const isContainerDisk = diskSourceType === "containerDisk";
  if (diskSource !== undefined) {
    const shape = isContainerDisk ? containerImage : namespacedName;
    const [wrong] = shape.safeParse(diskSource).error?.issues ?? [];
    if (wrong) problems.push(["diskSource", wrong.message]);
    if (isContainerDisk && storageClass !== undefined) {
      problems.push(["storageClass", "not with a container disk, which is no volume"]);
    }
    if (isContainerDisk && diskSize !== undefined) {
      problems.push(["diskSize", "not with a container disk, which has the size of its image"]);
    }
  }
  if (configOverride !== undefined) return problems;
  if (isHarvester && diskImage === undefined) problems.push(["diskImage", "required without configOverride"]);
  if (!isHarvester && diskSource === undefined) problems.push(["diskSource", "required without configOverride"]);
  if (!isContainerDisk && diskSize === undefined) problems.push(["diskSize", "required without configOverride"]);
  return problems;
}

function networkProblems({ networkName, networkType, interfaceType, flavor }: KubeVirtSettings): Problems {
  if (networkType === "pod" && !dnsLabel.safeParse(networkName).success) {
    return [["networkName", "on the network of pods it is the interface's name: one label, without slash and dots"]];
  }
  if (networkType === "multus" && networkName === "default") {
    return [["networkName", 'required with networkType "multus": name the NetworkAttachmentDefinition']];
  }
  if (networkType === "multus" && interfaceType === "masquerade") {
    return [
      ["interfaceType", 'only "bridge" with networkType "multus": KubeVirt masquerades on the network of pods alone'],
    ];
  }
  if (flavor === "gke" && networkType === "pod" && interfaceType === "bridge") {
    return [["interfaceType", 'use "masquerade": on GKE the network of pods knows no addresses but those of pods']];
  }
  return [];
}
