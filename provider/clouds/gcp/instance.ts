/** The request for one VM: what becomes of settings and script in the inputs of `gcp.compute.Instance`. */
import type { InstanceArgs } from "@pulumi/gcp/compute/instance";
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../../runtime/model/errors";
import { shortDigest } from "../../../runtime/model/short-digest";
import { isRecord, mergeInputs, type Inputs } from "../../frame/inputs";
import { RememberedAnswers } from "../../frame/lookups";
import { loadSdk } from "../../frame/sdk";
import type { NodeOf } from "../../vm-provider";
import { packageName } from "./account";
import { interfacesIn } from "./combinations";
import { metadataBytesMax, metadataBytesOf, tooLarge, type Metadata } from "./metadata";
import { acceleratorAt, imageAt, networkAt, subnetworkAt } from "./names";
import { onFirstStart, scriptKeyOf, scriptProblem } from "./scripts";
import type { GcpSettings } from "./settings";
import { acceleratorsIn, isSpot, machineTypeIn, overrideOf, regionOfZones, schedulingIn, zonesOf } from "./template";

/** The same one for the same node in each run. */
export function zoneOf({ nodeId, settings }: Pick<NodeOf<GcpSettings>, "nodeId" | "settings">): string {
  const zones = zonesOf(settings);
  return zones[Number.parseInt(shortDigest(nodeId).slice(0, 8), 16) % zones.length]!;
}

/** What is known of a machine type when a VM is made. */
export interface TypeFacts {
  /** GPUs that it has by itself. */
  readonly builtInGpus: number;
}

const types = new RememberedAnswers<TypeFacts>();

/** Of the machine types that are known to have GPUs a list would be old soon, so the zone is asked. */
export async function typeFactsOf(
  node: NodeOf<GcpSettings>,
  provider: pulumi.ProviderResource | undefined,
): Promise<TypeFacts> {
  const { settings } = node;
  // Whatever the type has, the VM ends at a maintenance of its host.
  if (schedulingIn(settings)["onHostMaintenance"] === "TERMINATE" || isMovedByNobody(settings))
    return { builtInGpus: 0 };
  const [zone, machineType] = [zoneOf(node), machineTypeIn(settings)];
  const { getMachineTypes } = loadSdk(
    packageName,
    () => require("@pulumi/gcp/compute/getMachineTypes") as typeof import("@pulumi/gcp/compute/getMachineTypes"),
  );
  return types.of(provider, `${zone} ${machineType}`, async () => {
    const args = { project: settings.project, zone, filter: `name = "${machineType}"` };
    const { machineTypes } = await getMachineTypes(args, { provider });
    return { builtInGpus: gpusOf(machineTypes[0]?.accelerators ?? []) };
  });
}

export function gpusOf(accelerators: readonly { readonly guestAcceleratorCount: number }[]): number {
  return accelerators.reduce((sum, { guestAcceleratorCount }) => sum + guestAcceleratorCount, 0);
}

/** Attached GPUs, spot VMs and confidential ones can't be moved to another host. */
function isMovedByNobody(settings: GcpSettings): boolean {
  const confidential = overrideOf(settings)["confidentialInstanceConfig"];
  return acceleratorsIn(settings).length > 0 || isSpot(settings) || isRecord(confidential);
}

/** Without overrides and identity. */
export function instanceArgs(node: NodeOf<GcpSettings>, script: string, { builtInGpus }: TypeFacts): InstanceArgs {
  const { settings } = node;
  const { project, cmek, bootVolumeSize, customLabels, serviceAccount, guestAccelerators, networkTags } = settings;
  return {
    project,
    zone: zoneOf(node),
    machineType: settings.machineType,
    bootDisk: {
      autoDelete: true,
      ...(cmek !== undefined && { kmsKeySelfLink: cmek }),
      initializeParams: {
        image: imageAt(settings.image, project).path,
        ...(bootVolumeSize !== undefined && { size: bootVolumeSize }),
        type: settings.diskType ?? defaultDiskType(machineTypeIn(settings)),
        labels: customLabels,
      },
    },
    networkInterfaces: [interfaceOf(settings)] as InstanceArgs["networkInterfaces"],
    ...(networkTags.length > 0 && { tags: networkTags }),
    labels: customLabels,
    metadata: metadataOf(node, script),
    ...(serviceAccount !== undefined && { serviceAccount }),
    ...(guestAccelerators.length > 0 && {
      guestAccelerators: guestAccelerators.map(({ acceleratorType, acceleratorCount: count }) => ({
        type: acceleratorAt(acceleratorType).name,
        count,
      })),
    }),
    ...schedulingOf(settings, builtInGpus),
    deletionProtection: false,
  };
}

/** From the fourth generation on machine types take disks of the kind Hyperdisk only. */
export function defaultDiskType(machineType: string): string {
  const [, generation = "0"] = /^[a-z]+(\d+)/.exec(machineType) ?? [];
  return Number(generation) >= 4 ? "hyperdisk-balanced" : "pd-balanced";
}

/** A network beside its subnetwork says nothing more, and contradicts it where it is another one's. */
function interfaceOf({ project, network, subnetwork, publicIp, addressType, ...settings }: GcpSettings): Inputs {
  const isPublic = publicIp ?? addressType === "public";
  return {
    ...(subnetwork !== undefined
      ? { subnetwork: wholeSubnetwork(subnetwork, project, regionOfZones(settings)) }
      : network !== undefined && { network: networkAt(network, project) }),
    ...(isPublic && { accessConfigs: [{}] }),
  };
}

function wholeSubnetwork(text: string, ownProject: string, ownRegion: string): string {
  const { project, region = ownRegion, name } = subnetworkAt(text, ownProject);
  return `projects/${project}/regions/${region}/subnetworks/${name}`;
}

/** Nothing for one that can be moved: an empty rule would not be that of Compute Engine. */
function schedulingOf(settings: GcpSettings, builtInGpus: number): { readonly scheduling?: Inputs } {
  if (!isSpot(settings)) {
    const isMoved = builtInGpus === 0 && !isMovedByNobody(settings);
    return isMoved ? {} : { scheduling: { onHostMaintenance: "TERMINATE" } };
  }
  const { terminationAction = "DELETE", maxRunHours } = settings.spot ?? {};
  const scheduling = {
    provisioningModel: "SPOT",
    preemptible: true,
    automaticRestart: false,
    onHostMaintenance: "TERMINATE",
    instanceTerminationAction: terminationAction,
    ...(maxRunHours !== undefined && { maxRunDuration: { seconds: maxRunHours * 3600 } }),
  };
  return { scheduling };
}

interface Interface {
  readonly networkIp?: string;
  readonly ipv6Address?: string;
  readonly accessConfigs?: readonly { readonly natIp?: string }[];
  readonly ipv6AccessConfigs?: readonly { readonly externalIpv6?: string }[];
}

/** Of a VM's first interface; one in a subnetwork of IPv6 alone has no other. Empty: it has none of this kind. */
export function addressIn(
  { networkIp, ipv6Address, accessConfigs = [], ipv6AccessConfigs = [] }: Interface,
  type: GcpSettings["addressType"],
): string {
  const options =
    type === "public" ? [accessConfigs[0]?.natIp, ipv6AccessConfigs[0]?.externalIpv6] : [networkIp, ipv6Address];
  return options.find((address) => address !== undefined && address !== "") ?? "";
}

function metadataOf({ nodeId, settings, osType, isRawScript = false }: NodeOf<GcpSettings>, script: string): Metadata {
  const key = scriptKeyOf(settings, osType);
  const problem = isRawScript ? undefined : scriptProblem(script, key);
  if (problem !== undefined) throw ConfigError.of([{ path: "startupScript.text", message: problem }], `node ${nodeId}`);
  const sent = isRawScript ? script : onFirstStart(script, key);
  const metadata = { ...settings.metadata, ...(sent === "" ? {} : { [key]: sent }) };
  const { metadata: further } = overrideOf(settings);
  const bytes = metadataBytesOf({ ...metadata, ...(isRecord(further) ? (further as Metadata) : {}) });
  if (bytes <= metadataBytesMax) return metadata;
  throw ConfigError.of([{ path: "metadata", message: `with the startup script ${tooLarge(bytes)}` }], `node ${nodeId}`);
}

/** Of lists with places each entry is merged with that of the same place; the first interface is the settings'. */
export function wholeOverrides(settings: GcpSettings): readonly Inputs[] {
  const own = interfaceOf(settings);
  let interfaces: readonly Inputs[] = [own];
  return [settings.configOverride, settings.inputOverride].map((override) => {
    const { networkInterfaces, ...rest } = override;
    if (!Array.isArray(networkInterfaces)) return rest;
    const given = interfacesIn(override);
    interfaces = given.map((one, index) => mergeInterface(interfaces[index] ?? {}, one));
    return { ...rest, networkInterfaces: interfaces };
  });
}

/** Whoever names another network or subnetwork means it in the place of the settings' own. */
function mergeInterface(base: Inputs, over: Inputs): Inputs {
  const places = ["network", "subnetwork", "subnetworkProject", "networkAttachment"];
  const isElsewhere = places.some((place) => place in over);
  const kept = Object.entries(base).filter(([field]) => !(isElsewhere && places.includes(field)));
  return mergeInputs(Object.fromEntries(kept), over);
}
