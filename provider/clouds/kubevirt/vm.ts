/** The manifest of a node's VirtualMachine, made of its settings or of the user's own manifest. Pure. */
import type { OsType } from "../../../runtime/model/config";
import type { Shape } from "../../../runtime/model/shapes";
import { isRecord, mergeInputs, type Inputs } from "../../frame/inputs";
import type { NodeOf } from "../../vm-provider";
import type { FoundImage } from "./image";
import { claimTemplatesKey, cloudInitKinds, harvesterClaims, listAt, manifestFor, recordAt } from "./manifest";
import { quantityOf, quantityText, splitName } from "./names";
import type { KubeVirtSettings } from "./settings";

/** What the VM's own secrets are called; they go with it. */
export const userDataSecretOf = (nodeId: string): string => `${nodeId}-userdata`;
export const sshSecretOf = (nodeId: string): string => `${nodeId}-ssh`;
const diskOf = (nodeId: string): string => `${nodeId}-disk`;

/** PVCs that Harvester deletes with the VM, separated by commas. It makes them of the VM's annotation, and nobody owns them. */
export const removedClaimsKey = "harvesterhci.io/removedPersistentVolumeClaims";
const imageIdKey = "harvesterhci.io/imageId";

export interface SentParts {
  /** There is something for cloud-init to read: a script, or a key. */
  readonly hasUserData: boolean;
  /** Harvester's image, where the settings name one. */
  readonly image?: FoundImage | undefined;
}

/** Without identity. */
export function vmManifest(node: NodeOf<KubeVirtSettings>, parts: SentParts): Inputs {
  const { nodeId, settings } = node;
  const manifest =
    settings.configOverride === undefined
      ? computedManifest(node, parts.image)
      : manifestFor(settings.configOverride, nodeId);
  return completed(manifest, node, parts);
}

/** What every VM of ours has, whoever wrote its manifest. */
function completed(manifest: Inputs, node: NodeOf<KubeVirtSettings>, { hasUserData }: SentParts): Inputs {
  const { nodeId, settings } = node;
  const spec = withoutRunning(recordAt(manifest, "spec") ?? {});
  const template = recordAt(spec, "template") ?? {};
  const inner = { ...recordAt(template, "spec"), hostname: nodeId };
  const claims = harvesterClaims(manifest);
  const annotations = claims.length === 0 ? {} : { annotations: { [removedClaimsKey]: claims.join(",") } };
  const whole = {
    ...manifest,
    metadata: { ...recordAt(manifest, "metadata"), namespace: settings.namespace },
    spec: {
      ...spec,
      runStrategy: "Always",
      ...("dataVolumeTemplates" in spec && { dataVolumeTemplates: labelledTemplates(spec) }),
      template: { ...template, spec: hasUserData ? withUserData(inner, node) : inner },
    },
  };
  return mergeInputs(whole, { metadata: annotations });
}

/** It says in an older way what runStrategy says, and KubeVirt refuses both together. */
function withoutRunning(spec: Inputs): Inputs {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => field !== "running"));
}

/** With a place for the labels that say whose they are. */
function labelledTemplates(spec: Inputs): Inputs[] {
  return listAt(spec, "dataVolumeTemplates").map((template) =>
    mergeInputs(template, { metadata: { labels: recordAt(template, "metadata", "labels") ?? {} } }),
  );
}

const cloudInitDisk = "cloudinitdisk";

/** The disk that cloud-init, or Cloudbase-Init of Windows, reads. */
function withUserData(inner: Inputs, { nodeId, osType, settings }: NodeOf<KubeVirtSettings>): Inputs {
  const secretRef = { name: userDataSecretOf(nodeId) };
  const volumes = listAt(inner, "volumes");
  const present = volumes.find((volume) => cloudInitKinds.some((kind) => kind in volume));
  const presentKind = present && cloudInitKinds.find((kind) => kind in present);
  const kind = presentKind ?? (osType === "windows" ? "cloudInitConfigDrive" : "cloudInitNoCloud");
  const source = { secretRef };
  const devices = recordAt(inner, "domain", "devices") ?? {};
  const disks = listAt(devices, "disks");
  const withVolume =
    present === undefined
      ? {
          volumes: [...volumes, { name: cloudInitDisk, [kind]: source }],
          disks: [...disks, { name: cloudInitDisk, ...busOf(osType) }],
        }
      : {
          volumes: volumes.map((volume) => (volume === present ? mergeInputs(volume, { [kind]: source }) : volume)),
          disks,
        };
  const keys =
    settings.sshPublicKey === undefined
      ? []
      : [sshCredential(nodeId, kind === "cloudInitNoCloud" ? "noCloud" : "configDrive")];
  const credentials = [...listAt(inner, "accessCredentials"), ...keys];
  return {
    ...inner,
    domain: { ...recordAt(inner, "domain"), devices: { ...devices, disks: withVolume.disks } },
    volumes: withVolume.volumes,
    ...(credentials.length > 0 && { accessCredentials: credentials }),
  };
}

/** Windows finds its config drive among CDs without a driver of its own. */
function busOf(osType: OsType): Inputs {
  return osType === "windows" ? { cdrom: { bus: "sata" } } : { disk: { bus: "virtio" } };
}

function sshCredential(nodeId: string, method: "noCloud" | "configDrive"): Inputs {
  return {
    sshPublicKey: { source: { secret: { secretName: sshSecretOf(nodeId) } }, propagationMethod: { [method]: {} } },
  };
}

function computedManifest(node: NodeOf<KubeVirtSettings>, image: FoundImage | undefined): Inputs {
  const { nodeId, settings } = node;
  const { cores = 1, memory = 0 } = settings;
  const memoryText = quantityText(memory);
  const isHarvester = settings.flavor === "harvester";
  const root = rootDiskOf(node, image);
  const network = networkOf(settings);
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: root.annotations === undefined ? {} : { annotations: root.annotations },
    spec: {
      ...(root.template && { dataVolumeTemplates: [root.template] }),
      template: {
        // Harvester's load balancers and network policies go by it.
        metadata: isHarvester ? { labels: { "harvesterhci.io/vmName": nodeId } } : {},
        spec: {
          domain: {
            cpu: { cores },
            memory: { guest: memoryText },
            // Harvester counts its quotas and its overcommitment by limits.
            ...(isHarvester && { resources: { limits: { cpu: String(cores), memory: memoryText } } }),
            ...firmwareOf(settings),
            devices: {
              disks: [{ name: rootDisk, bootOrder: 1, disk: { bus: "virtio" } }],
              interfaces: [{ name: network.name, ...network.binding }],
              ...(settings.enableTpm && { tpm: {} }),
            },
          },
          networks: [{ name: network.name, ...network.source }],
          volumes: [{ name: rootDisk, ...root.volume }],
        },
      },
    },
  };
}

const rootDisk = "rootdisk";

interface RootDisk {
  readonly volume: Inputs;
  /** Of a volume that CDI makes with the VM. */
  readonly template?: Inputs;
  readonly annotations?: Inputs;
}

function rootDiskOf({ nodeId, settings }: NodeOf<KubeVirtSettings>, image: FoundImage | undefined): RootDisk {
  const { diskSource = "", diskSourceType, diskSize = 0, storageClass, namespace } = settings;
  const resources = { requests: { storage: `${diskSize}Gi` } };
  const name = diskOf(nodeId);
  if (image !== undefined) {
    const claim = {
      metadata: { name, annotations: { [imageIdKey]: image.id } },
      spec: {
        accessModes: ["ReadWriteMany"],
        volumeMode: "Block",
        resources,
        storageClassName: storageClass ?? image.storageClass,
      },
    };
    return {
      volume: { persistentVolumeClaim: { claimName: name } },
      annotations: { [claimTemplatesKey]: JSON.stringify([claim]) },
    };
  }
  if (diskSourceType === "containerDisk") return { volume: { containerDisk: { image: diskSource } } };
  const source = splitName(diskSource, namespace);
  const from =
    diskSourceType === "dataSource"
      ? { sourceRef: { kind: "DataSource", ...source } }
      : { source: { [diskSourceType]: source } };
  return {
    volume: { dataVolume: { name } },
    template: {
      metadata: { name },
      // `storage` and not `pvc`: CDI itself adds what a file system takes of it, and knows the access modes of the class.
      spec: { ...from, storage: { resources, ...(storageClass !== undefined && { storageClassName: storageClass }) } },
    },
  };
}

function firmwareOf({ enableEfiBoot, enableSecureBoot }: KubeVirtSettings): Inputs {
  if (!enableEfiBoot) return {};
  return {
    firmware: { bootloader: { efi: { secureBoot: enableSecureBoot } } },
    ...(enableSecureBoot && { features: { smm: { enabled: true } } }),
  };
}

/** The VM's interface and its network have one name. */
function networkOf({ networkName, networkType, interfaceType }: KubeVirtSettings) {
  if (networkType === "pod") {
    return { name: networkName, source: { pod: {} }, binding: { [interfaceType ?? "masquerade"]: {} } };
  }
  const name = networkName.split("/").at(-1)!.replaceAll(".", "-");
  return { name, source: { multus: { networkName } }, binding: { [interfaceType ?? "bridge"]: {} } };
}

/** Which interface's address is the node's: that of the first network. */
export function interfaceNameOf(settings: KubeVirtSettings, nodeId: string): string {
  if (settings.configOverride === undefined) return networkOf(settings).name;
  const inner = recordAt(manifestFor(settings.configOverride, nodeId), "spec", "template", "spec") ?? {};
  const [first] = [...listAt(inner, "networks"), ...listAt(recordAt(inner, "domain", "devices") ?? {}, "interfaces")];
  // Without any, KubeVirt makes one of this name.
  return String(first?.["name"] ?? "default");
}

/** What the manifest says of it, or else the settings. Undefined = neither says it, as with an instance type. */
export function shapeOf(settings: KubeVirtSettings): Shape | undefined {
  const { cores, memory, configOverride } = settings;
  const given = cores === undefined || memory === undefined ? undefined : { cores, memoryBytes: memory, gpus: 0 };
  if (configOverride === undefined) return given;
  const domain = recordAt(manifestFor(configOverride, "n-1"), "spec", "template", "spec", "domain");
  if (domain === undefined) return given;
  const cpu = recordAt(domain, "cpu") ?? {};
  const count = (name: string) => (typeof cpu[name] === "number" ? cpu[name] : 1);
  const asked = [recordAt(domain, "resources", "requests"), recordAt(domain, "resources", "limits")];
  const cpuCount =
    "cores" in cpu || "sockets" in cpu
      ? count("cores") * count("sockets") * count("threads")
      : quantityIn(asked, "cpu");
  const bytes = quantityIn([recordAt(domain, "memory")], "guest") ?? quantityIn(asked, "memory");
  const [coresSaid, memorySaid] = [cpuCount ?? cores, bytes ?? memory];
  if (coresSaid === undefined || memorySaid === undefined) return undefined;
  const devices = recordAt(domain, "devices") ?? {};
  return { cores: coresSaid, memoryBytes: memorySaid, gpus: listAt(devices, "gpus").length };
}

function quantityIn(holders: readonly (Inputs | undefined)[], field: string): number | undefined {
  const said = holders.find((holder) => holder !== undefined && isRecord(holder) && holder[field] !== undefined);
  return said === undefined ? undefined : quantityOf(said[field]);
}
