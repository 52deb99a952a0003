/**
 * The request that the Pulumi plugin makes of the inputs of a server, as version 3 of the Terraform provider beneath it does
 * with gophercloud 2. What the plugin refuses by itself, it refuses here in its own words.
 */
import type { Properties } from "../../provider/resource-kernel";
import type { OpenStackFacts } from "./openstack-facts";

/** A body of `POST /servers`, and the microversion that it is sent with. */
export interface ServerRequest {
  readonly microversion: string;
  readonly body: { readonly server: Properties } & Properties;
}

interface Disk {
  readonly sourceType: string;
  readonly destinationType: string;
  readonly uuid?: string;
  readonly volumeSize?: number;
  readonly bootIndex?: number;
  readonly deleteOnTermination?: boolean;
  readonly volumeType?: string;
  readonly guestFormat?: string;
  readonly deviceType?: string;
  readonly diskBus?: string;
}

/** @throws Error in the plugin's words. */
export function requestOf(inputs: Properties, facts: OpenStackFacts): ServerRequest {
  const disks = inputs["blockDevices"] as Disk[] | undefined;
  const imageRef = imageIn(inputs, disks, facts);
  const flavorRef = flavorIn(inputs, facts);
  for (const disk of disks ?? []) requireWhole(disk);
  const networks = networksIn(inputs, facts);
  const { metadata, securityGroups, keyPair, availabilityZone, userData, tags, personalities, schedulerHints } =
    inputs as {
      metadata?: Record<string, string>;
      securityGroups?: string[];
      keyPair?: string;
      availabilityZone?: string;
      userData?: string;
      tags?: string[];
      personalities?: { file: string; content: string }[];
      schedulerHints?: Properties[];
    };
  const server = {
    name: inputs["name"],
    imageRef,
    flavorRef,
    networks,
    config_drive: inputs["configDrive"] ?? false,
    ...(metadata && { metadata }),
    ...(securityGroups && securityGroups.length > 0 && { security_groups: securityGroups.map((name) => ({ name })) }),
    ...(keyPair !== undefined && { key_name: keyPair }),
    ...(availabilityZone !== undefined && { availability_zone: availabilityZone }),
    ...(userData !== undefined && { user_data: encoded(userData) }),
    ...(tags && { tags }),
    ...(disks && { block_device_mapping_v2: disks.map(diskInRequest) }),
    ...(personalities && {
      personality: personalities.map(({ file, content }) => ({
        path: file,
        contents: Buffer.from(content).toString("base64"),
      })),
    }),
  };
  const hints = schedulerHints?.[0] && hintsInRequest(schedulerHints[0]);
  const microversion = disks?.some(({ volumeType }) => volumeType !== undefined) ? "2.67" : tags ? "2.52" : "2.1";
  return { microversion, body: { server, ...(hints && { "os:scheduler_hints": hints }) } };
}

/** As Nova has it: what is base64 already is sent as it is. */
function encoded(userData: string): string {
  const isEncoded = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(
    userData.replace(/[\r\n]/g, ""),
  );
  return isEncoded ? userData : Buffer.from(userData).toString("base64");
}

function imageIn(inputs: Properties, disks: readonly Disk[] | undefined, { images }: OpenStackFacts): string {
  const isNeeded =
    disks === undefined || disks.some((disk) => disk.sourceType === "image" && disk.destinationType === "local");
  if (!isNeeded) return "";
  const { imageId, imageName } = inputs as { imageId?: string; imageName?: string };
  if (imageId !== undefined) return imageId;
  if (imageName === undefined) {
    throw new Error("Neither a boot device, image ID, or image name were able to be determined");
  }
  const found = images.filter(({ name }) => name === imageName);
  if (found.length === 1) return found[0]!.id;
  throw new Error(
    found.length === 0
      ? `Unable to find image with name ${imageName}`
      : `Found ${found.length} images matching ${imageName}`,
  );
}

function flavorIn(inputs: Properties, { flavors }: OpenStackFacts): string {
  const { flavorId, flavorName } = inputs as { flavorId?: string; flavorName?: string };
  if (flavorId !== undefined) return flavorId;
  if (flavorName === undefined) throw new Error("Neither a flavor_id or flavor_name could be determined");
  const found = flavors.filter(({ name }) => name === flavorName);
  if (found.length === 1) return found[0]!.id;
  throw new Error(
    found.length === 0
      ? `Unable to find flavor with name ${flavorName}`
      : `Found ${found.length} flavors matching ${flavorName}`,
  );
}

function requireWhole({ sourceType, destinationType, uuid, volumeSize }: Disk): void {
  if (sourceType !== "blank" && uuid === undefined) {
    throw new Error(`You must specify a uuid for ${sourceType} block device types`);
  }
  if (sourceType === "image" && destinationType === "volume" && !volumeSize) {
    throw new Error("You must specify a volume_size when creating a volume from an image");
  }
  if (sourceType === "blank" && destinationType === "local" && !volumeSize) {
    throw new Error("You must specify a volume_size when creating a blank block device");
  }
}

function networksIn(inputs: Properties, facts: OpenStackFacts): { uuid: string }[] {
  const networks = (inputs["networks"] ?? []) as { uuid?: string; name?: string }[];
  return networks.map(({ uuid, name }) => {
    const [query, term] = uuid === undefined ? ["name", name] : ["id", uuid];
    const found = facts.networks.filter(
      (network) => network.status === "ACTIVE" && (uuid === undefined ? network.name === name : network.id === uuid),
    );
    if (found.length === 1) return { uuid: found[0]!.id };
    throw new Error(
      `Error trying to get network information from the Network API: ${
        found.length === 0 ? "Could not find any matching network" : "More than one network found"
      } for ${query} ${term}`,
    );
  });
}

function diskInRequest(disk: Disk): Properties {
  const { sourceType, destinationType, uuid, volumeSize, volumeType, guestFormat, deviceType, diskBus } = disk;
  return {
    source_type: sourceType,
    destination_type: destinationType,
    boot_index: disk.bootIndex ?? 0,
    delete_on_termination: disk.deleteOnTermination ?? false,
    ...(uuid !== undefined && { uuid }),
    ...(volumeSize !== undefined && { volume_size: volumeSize }),
    ...(volumeType !== undefined && { volume_type: volumeType }),
    ...(guestFormat !== undefined && { guest_format: guestFormat }),
    ...(deviceType !== undefined && { device_type: deviceType }),
    ...(diskBus !== undefined && { disk_bus: diskBus }),
  };
}

function hintsInRequest(hints: Properties): Properties {
  const {
    group,
    differentHosts,
    sameHosts,
    queries,
    targetCell,
    differentCells,
    buildNearHostIp,
    additionalProperties,
  } = hints;
  const named = {
    ...{ group, different_host: differentHosts, same_host: sameHosts, query: queries, target_cell: targetCell },
    ...{ different_cell: differentCells, build_near_host_ip: buildNearHostIp },
  };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...((additionalProperties as Properties | undefined) ?? {}) };
}
