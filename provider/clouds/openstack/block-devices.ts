/**
 * Disks that an override adds to a VM. Each is made with the VM and goes with it: one that outlives its VM costs money, and
 * nobody would know whose it is.
 */
import { z } from "zod";
import { text } from "../../frame/overrides";
import type { BlockDevice } from "./instance";
import { uuid } from "./names";

const goesWithVm = "use true: a disk that outlives its VM would cost money for ever";
const kept =
  "not settable: one volume can be attached to one VM, and these settings make many; use an image or a snapshot";

/** As Nova writes it, with a size as a number or a text. */
const novaDevice = z
  .strictObject({
    source_type: z.enum(["image", "snapshot", "blank", "volume"]),
    destination_type: z.enum(["volume", "local"]),
    uuid,
    boot_index: z.union([
      z.int(),
      z
        .string()
        .regex(/^-?\d+$/)
        .transform(Number),
      z.null(),
    ]),
    delete_on_termination: z.literal(true, goesWithVm),
    volume_size: z.union([
      z.int().min(1),
      z
        .string()
        .regex(/^[1-9]\d*$/)
        .transform(Number),
    ]),
    volume_type: text.min(1).max(255),
    guest_format: text,
    device_type: text,
    disk_bus: text,
    device_name: z.undefined("not settable: Pulumi's plugin for OpenStack can't send it"),
    no_device: z.undefined("not settable: Pulumi's plugin for OpenStack can't send it"),
    tag: z.undefined("not settable: Pulumi's plugin for OpenStack can't send it"),
    image_id: z.undefined('use uuid with source_type "image"'),
    snapshot_id: z.undefined('use uuid with source_type "snapshot"'),
    volume_id: z.undefined(kept),
  })
  .partial()
  .required({ source_type: true, destination_type: true });

const ownDevice = z
  .strictObject({
    sourceType: z.enum(["image", "snapshot", "blank", "volume"]),
    destinationType: z.enum(["volume", "local"]),
    uuid,
    bootIndex: z.int(),
    deleteOnTermination: z.literal(true, goesWithVm),
    volumeSize: z.int().min(1),
    volumeType: text.min(1).max(255),
    guestFormat: text,
    deviceType: text,
    diskBus: text,
    multiattach: z.literal(false, "use false: a disk belongs to one VM"),
  })
  .partial()
  .required({ sourceType: true, destinationType: true });

type Given = z.output<typeof ownDevice>;

const names = {
  source_type: "sourceType",
  destination_type: "destinationType",
  uuid: "uuid",
  boot_index: "bootIndex",
  delete_on_termination: "deleteOnTermination",
  volume_size: "volumeSize",
  volume_type: "volumeType",
  guest_format: "guestFormat",
  device_type: "deviceType",
  disk_bus: "diskBus",
} as const;

/** A half described disk is refused by the cloud only when a VM is made of it. */
function problemOf({
  sourceType,
  destinationType,
  uuid: source,
  volumeSize,
  bootIndex,
}: Given): [string, string] | undefined {
  if (sourceType === "volume") return ["source", kept];
  if (sourceType === "blank" && source !== undefined)
    return ["uuid", "not with a blank disk, which is made of nothing"];
  if (sourceType !== "blank" && source === undefined) {
    return ["uuid", `required: the id of the ${sourceType} that the disk is made of`];
  }
  if (sourceType === "snapshot" && destinationType === "local") {
    return ["destination", 'use "volume": a snapshot can only become a volume'];
  }
  if (sourceType === "image" && destinationType === "local" && bootIndex !== 0) {
    return ["destination", 'use "volume": only the disk that the system boots from is made of an image on the host'];
  }
  const needsSize = sourceType !== "snapshot" && !(sourceType === "image" && destinationType === "local");
  return needsSize && volumeSize === undefined ? ["size", "required: the size of the disk in GiB"] : undefined;
}

/** Names of fields in both spellings, for the path of a problem. */
const fieldNames = {
  nova: {
    source: "source_type",
    uuid: "uuid",
    destination: "destination_type",
    size: "volume_size",
    boot: "boot_index",
  },
  own: { source: "sourceType", uuid: "uuid", destination: "destinationType", size: "volumeSize", boot: "bootIndex" },
} as const;

function devices<Device extends z.ZodType>(
  device: Device,
  spelling: keyof typeof fieldNames,
  read: (one: z.output<Device>) => Given,
) {
  return z
    .array(device)
    .min(1)
    .max(20)
    .transform((list, context): BlockDevice[] => {
      const given = list.map(read);
      const issue = (index: number, field: string, message: string) => {
        const known: Readonly<Record<string, string>> = fieldNames[spelling];
        context.addIssue({ code: "custom", path: [index, known[field] ?? field], message });
      };
      for (const [index, one] of given.entries()) {
        const problem = problemOf(one);
        if (problem) issue(index, ...problem);
        const isSecond = one.bootIndex === 0 && given.findIndex(({ bootIndex }) => bootIndex === 0) < index;
        if (isSecond) issue(index, "boot", "the system is booted from one disk: only one has 0");
      }
      return given.map((one) => ({ ...one, bootIndex: one.bootIndex ?? -1, deleteOnTermination: true }));
    });
}

export const blockDeviceFields = devices(novaDevice, "nova", (one) => {
  const renamed = Object.entries(names).map(([nova, own]) => [own, one[nova as keyof typeof names] ?? undefined]);
  return Object.fromEntries(renamed.filter(([, value]) => value !== undefined)) as Given;
}).transform((blockDevices) => ({ blockDevices }));

export const ownBlockDevices = devices(ownDevice, "own", ({ multiattach: _, ...one }) => one);
