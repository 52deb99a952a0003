/** Where the fields of Nova's request for a server go in the Pulumi resource, and what an override must leave alone. */
import { z } from "zod";
import {
  fields,
  flag,
  into,
  overrideSchema,
  ownNames,
  refuse,
  text,
  to,
  type OverrideRule,
  type OverrideTable,
} from "../../frame/overrides";
import { blockDeviceFields, ownBlockDevices } from "./block-devices";
import type { InstanceArgs } from "./instance";
import { metadataShape, name, networkUuid, tag, tagsMax, uuid, zoneName } from "./names";

const setBy = (setting: string): OverrideRule => refuse(`not settable here: use the setting ${setting}`);
const byNodeId = refuse("not settable: a VM's name is its node's id");
const ownScript = refuse("not settable: the autoscale config's startupScript is sent as user data");
const oneVm = refuse("not settable: each node is exactly one VM");
const noPassword = refuse("not settable: it would stand here in clear; use keyName, or set it in the startup script");
const oneHost = refuse("not settable: all VMs of these settings would be on one host; use schedulerHints");
const notByPlugin = refuse("not settable: Pulumi's plugin for OpenStack can't send it");

const ownAddress = z.undefined("not settable: each VM needs an address of its own");
const ownPort = z.undefined("not settable: a port can be attached to one VM, and these settings make many");

const tags = z.array(tag).max(tagsMax);
const groupNames = z.array(name).max(50);
const groups = z.array(z.strictObject({ name })).transform((list) => ({ securityGroups: list.map((one) => one.name) }));

const networks = z
  .array(z.strictObject({ uuid: networkUuid, fixed_ip: ownAddress, port: ownPort }).partial().required({ uuid: true }))
  .min(1, "at least one: nobody reaches a VM without a network")
  .transform((list) => ({ networks: list.map((one) => ({ uuid: one.uuid })) }));

const hostsOf = z.union([uuid.transform((id) => [id]), z.array(uuid)]);
const hintFields = {
  group: uuid,
  different_host: hostsOf,
  same_host: hostsOf,
  query: z.union([text.transform((one) => [one]), z.array(text)]),
  target_cell: text,
  different_cell: z.union([text.transform((one) => [one]), z.array(text)]),
  build_near_host_ip: text,
};
const hintNames = {
  group: "group",
  different_host: "differentHosts",
  same_host: "sameHosts",
  query: "queries",
  target_cell: "targetCell",
  different_cell: "differentCells",
  build_near_host_ip: "buildNearHostIp",
} as const satisfies Record<keyof typeof hintFields, string>;

/** Any other hint is one of the cloud's own filters. */
const hints = into(
  z
    .object(hintFields)
    .partial()
    .catchall(text)
    .transform((given) => {
      const known: Record<string, unknown> = {};
      const others: Record<string, string> = {};
      for (const [field, value] of Object.entries(given)) {
        if (value === undefined) continue;
        if (Object.hasOwn(hintNames, field)) known[hintNames[field as keyof typeof hintNames]] = value;
        else others[field] = value as string;
      }
      const more = Object.keys(others).length === 0 ? {} : { additionalProperties: others };
      return { schedulerHints: [{ ...known, ...more }] };
    }),
);

const base64 = text.regex(
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  "use base64, as Nova does",
);
const files = z
  .array(z.strictObject({ path: text.min(1).max(255), contents: base64 }))
  .max(5)
  .transform((list) => ({
    personalities: list.map(({ path, contents }) => ({
      file: path,
      content: Buffer.from(contents, "base64").toString("utf8"),
    })),
  }));

/** Of `server` in `POST /servers`, and the hints that stand beside it. */
export const serverFields: OverrideTable = {
  name: byNodeId,
  hostname: byNodeId,
  imageRef: setBy("imageId"),
  flavorRef: setBy("flavorId"),
  networks: into(networks),
  security_groups: into(groups),
  key_name: to("keyPair", name),
  availability_zone: to("availabilityZone", zoneName),
  config_drive: to("configDrive", flag),
  metadata: to("metadata", metadataShape),
  tags: to("tags", tags),
  personality: into(files),
  block_device_mapping_v2: into(blockDeviceFields),
  block_device_mapping: refuse("not settable: use block_device_mapping_v2"),
  scheduler_hints: hints,
  "os:scheduler_hints": hints,
  "OS-SCH-HNT:scheduler_hints": hints,
  user_data: ownScript,
  adminPass: noPassword,
  min_count: oneVm,
  max_count: oneVm,
  return_reservation_id: oneVm,
  accessIPv4: refuse("not settable: each VM has an address of its own"),
  accessIPv6: refuse("not settable: each VM has an address of its own"),
  host: oneHost,
  hypervisor_hostname: oneHost,
  description: notByPlugin,
  "OS-DCF:diskConfig": notByPlugin,
  trusted_image_certificates: notByPlugin,
};

/** Every input of the Pulumi resource; the compiler keeps the list complete. */
export const instanceInputs = ownNames({
  adminPass: noPassword,
  availabilityZone: zoneName,
  availabilityZoneHints: setBy("availabilityZone"),
  blockDevices: ownBlockDevices,
  configDrive: flag,
  flavorId: setBy("flavorId"),
  flavorName: setBy("flavor"),
  forceDelete: flag,
  hypervisorHostname: oneHost,
  imageId: setBy("imageId"),
  imageName: setBy("imageName"),
  keyPair: name,
  metadata: metadataShape,
  name: byNodeId,
  networkMode: refuse("not settable: name the network with networkId or networkName"),
  networks: z
    .array(
      z
        .strictObject({
          ...{ uuid: networkUuid, name, accessNetwork: flag },
          ...{ fixedIpV4: ownAddress, fixedIpV6: ownAddress, port: ownPort },
        })
        .partial()
        .refine((one) => (one.uuid ?? one.name) !== undefined, "names no network: give its uuid or its name"),
    )
    .min(1, "at least one: nobody reaches a VM without a network"),
  personalities: z.array(z.strictObject({ file: text.min(1).max(255), content: text })).max(5),
  powerState: refuse("not settable: a node's VM runs; a server in the state ERROR could not be deleted with it"),
  region: setBy("region"),
  schedulerHints: z
    .array(
      fields({
        ...{ group: uuid, differentHosts: z.array(uuid), sameHosts: z.array(uuid), queries: z.array(text) },
        ...{ targetCell: text, differentCells: z.array(text), buildNearHostIp: text },
        additionalProperties: z.record(text, text),
      }),
    )
    .max(1, "one set of hints"),
  securityGroups: groupNames,
  stopBeforeDestroy: flag,
  tags,
  userData: ownScript,
  vendorOptions: fields({
    detachPortsBeforeDestroy: flag,
    ignoreResizeConfirmation: z.undefined("not settable: nodes are never resized"),
  }),
} satisfies Record<keyof InstanceArgs, z.ZodType | OverrideRule>);

export const serverOverride = overrideSchema(serverFields);
export const inputOverride = overrideSchema(instanceInputs);
