/** The check of a template's image: whether it is there, and whether it fits on the disk that it is to be on. */
import type { Lookups } from "../../frame/lookups";
import type { OpenStackApi } from "./api";
import type { Thing } from "./checked-things";
import { bootsFromVolume, bootVolumeSizeOf, imageIdOf } from "./disks";
import type { Flavor } from "./flavors";
import type { OpenStackSettings } from "./settings";

export interface Image {
  readonly id: string;
  readonly status: string;
  /** GiB. */
  readonly min_disk: number;
  /** MiB. */
  readonly min_ram: number;
  /** Bytes. */
  readonly size?: number | null;
  /** Bytes on a disk; absent where the cloud does not know. */
  readonly virtual_size?: number | null;
}

/** Undefined = the template names none, or there is not exactly one, which is noted. */
export async function imageOf(
  api: OpenStackApi,
  settings: OpenStackSettings,
  look: Lookups<Thing>,
): Promise<Image | undefined> {
  const { thing, value } = namedImage(settings);
  return look.up(thing, value, async (wanted) => {
    const images =
      thing === "image"
        ? [await api.get<Image>("image", `images/${wanted}`)]
        : await api.list<Image>("image", `images?name=${encodeURIComponent(wanted)}`, "images");
    const [image] = images;
    if (images.length !== 1 || image === undefined) {
      const ids = images.map(({ id }) => id).join(", ");
      const text =
        images.length === 0
          ? "the project sees no image of this name; name another one"
          : `${images.length} images have this name (${ids}); name one by imageId`;
      look.note(thing, wanted, "wrong", text);
      return undefined;
    }
    if (image.status !== "active") {
      look.note(thing, wanted, "wrong", `the image is there, but "${image.status}"; name one that is active`);
    }
    return image;
  });
}

/** By which of the settings, and how. */
function namedImage(settings: OpenStackSettings): { thing: "image" | "imageName"; value: string | undefined } {
  const id = imageIdOf(settings);
  return id === undefined ? { thing: "imageName", value: settings.imageName } : { thing: "image", value: id };
}

const gib = 2 ** 30;

/** A system that does not fit is refused only when a VM is made of it, or fails while its disk is written. */
export function checkFit(
  settings: OpenStackSettings,
  flavor: Flavor,
  image: Image | undefined,
  look: Lookups<Thing>,
): void {
  const name = settings.flavor ?? settings.flavorId ?? "";
  const isVolume = bootsFromVolume(settings);
  if (!isVolume && flavor.disk === 0) {
    const text =
      "the flavor has no disk, and clouds refuse it without a volume as a rule; set createVolume, or name another one";
    look.note(settings.flavor === undefined ? "flavorId" : "flavor", name, "wrong", text);
  }
  const { thing, value = "" } = namedImage(settings);
  if (image === undefined) return;
  const note = (text: string) => look.note(thing, value, "wrong", text);
  if (image.min_ram > flavor.ram) {
    note(`the image needs ${image.min_ram} MiB of memory, and flavor "${name}" has ${flavor.ram}; name a larger one`);
  }
  const needed = Math.max(image.min_disk, Math.ceil((image.virtual_size ?? image.size ?? 0) / gib));
  const given = isVolume ? bootVolumeSizeOf(settings) : flavor.disk;
  if (given === undefined || given === 0 || given >= needed) return;
  const has = isVolume
    ? `the volume has ${given}; make volumeSize larger`
    : `flavor "${name}" has ${given}; name a larger one`;
  note(`the image needs a disk of ${needed} GiB, and ${has}`);
}
