/** Which disks a VM has: one that the system boots from, and those that an override adds. */
import type { Inputs } from "../../frame/inputs";
import type { BlockDevice, InstanceArgs } from "./instance";

export interface DiskSettings {
  readonly imageId?: string | undefined;
  readonly imageName?: string | undefined;
  readonly createVolume: boolean;
  /** GiB. */
  readonly volumeSize?: number | undefined;
  readonly volumeType?: string | undefined;
  readonly configOverride: Inputs;
  readonly inputOverride: Inputs;
}

/** Of the overrides. */
export function disksOf({ configOverride, inputOverride }: DiskSettings): {
  /** Undefined: the settings say what the system boots from. */
  readonly boot: BlockDevice | undefined;
  readonly more: readonly BlockDevice[];
} {
  const disks = (inputOverride["blockDevices"] ?? configOverride["blockDevices"] ?? []) as readonly BlockDevice[];
  return {
    boot: disks.find(({ bootIndex }) => bootIndex === 0),
    more: disks.filter(({ bootIndex }) => bootIndex !== 0),
  };
}

/** Id of the image that the system is made of; undefined = it is named by its name, or made of a snapshot. */
export function imageIdOf(settings: DiskSettings): string | undefined {
  const { boot } = disksOf(settings);
  if (boot === undefined) return settings.imageId;
  return boot.sourceType === "image" ? boot.uuid : undefined;
}

/** GiB of the volume that the system boots from; undefined = it has the size that the flavor or the snapshot says. */
export function bootVolumeSizeOf(settings: DiskSettings): number | undefined {
  const { boot } = disksOf(settings);
  if (boot === undefined) return settings.createVolume ? settings.volumeSize : undefined;
  return boot.destinationType === "volume" ? boot.volumeSize : undefined;
}

/** True where the system boots from a volume, and not from a disk on the VM's host. */
export function bootsFromVolume(settings: DiskSettings): boolean {
  return disksOf(settings).boot?.destinationType === "volume" || settings.createVolume;
}

/** Image and disks of the request. */
export function diskArgs(settings: DiskSettings): Pick<InstanceArgs, "imageId" | "imageName" | "blockDevices"> {
  const { boot, more } = disksOf(settings);
  const { imageId, imageName } = settings;
  const first = boot ?? (settings.createVolume || more.length > 0 ? bootDiskOf(settings) : undefined);
  if (first === undefined) return imageId === undefined ? { imageName: imageName! } : { imageId };
  // For a disk on the host, Nova wants the image as well; for a volume, it must not be said again.
  const image = first.destinationType === "local" && first.uuid !== undefined ? { imageId: first.uuid } : {};
  return { ...image, blockDevices: [first, ...more] };
}

function bootDiskOf({ imageId, createVolume, volumeSize, volumeType }: DiskSettings): BlockDevice {
  const source = { sourceType: "image", uuid: imageId!, bootIndex: 0, deleteOnTermination: true };
  if (!createVolume) return { ...source, destinationType: "local" };
  return {
    ...source,
    destinationType: "volume",
    volumeSize: volumeSize!,
    ...(volumeType === undefined ? {} : { volumeType }),
  };
}
