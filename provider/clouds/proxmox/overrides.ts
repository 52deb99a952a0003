/** Which inputs of `proxmoxve.VmLegacy` an override may set, and in which shape. */
import type { VmLegacyArgs } from "@muhlba91/pulumi-proxmoxve/vmLegacy";
import { z } from "zod";
import { fields, flag, ownNames, refuse, text, texts, whole, type OverrideRule } from "../../frame/overrides";
import { bridgeName, deviceModel, diskInterface, mtu, passedDevice, storageId, vlanId } from "./names";

const number = z.number();
const seconds = z.int().min(1).max(7200);
const bySetting = (setting: string) => `say it with the setting ${setting}`;
const rootOnly = "Proxmox VE lets only root with its password set it, never an API token";

/** A field inside of an input that must be left alone. */
const never = (why: string) => z.undefined(why);
const sameInAll = (what: string) => never(`not settable: each VM needs ${what} of its own`);

const disk = z
  .strictObject({
    interface: diskInterface,
    ...{ aio: text, backup: flag, cache: text, datastoreId: storageId, discard: text, fileFormat: text, fileId: text },
    ...{
      importFrom: text,
      iothread: flag,
      queues: whole,
      replicate: flag,
      serial: text,
      size: whole.min(1),
      ssd: flag,
    },
    pathInDatastore: never("not settable: the disk would go with the first VM that is deleted"),
    speed: fields({
      ...{ iopsRead: whole, iopsReadBurstable: whole, iopsWrite: whole, iopsWriteBurstable: whole },
      ...{ read: whole, readBurstable: whole, write: whole, writeBurstable: whole },
    }),
  })
  .partial()
  .required({ interface: true });

const networkDevice = fields({
  ...{ bridge: bridgeName, disconnected: flag, enabled: flag, firewall: flag, model: deviceModel, mtu, queues: whole },
  ...{ rateLimit: number, trunks: text, vlanId },
  macAddress: sameInAll("a MAC address"),
});

const hostPci = z
  .strictObject({
    ...{ device: passedDevice, mapping: text, mdev: text, pcie: flag, romFile: text, rombar: flag, xvga: flag },
    id: never(`not settable: ${rootOnly}; name a resource mapping with "mapping"`),
  })
  .partial()
  .required({ device: true });

const initialization = fields({
  ...{ datastoreId: storageId, fileFormat: text, interface: diskInterface, type: text, upgrade: flag },
  ...{ metaDataFileId: text, networkDataFileId: text, userDataFileId: text, vendorDataFileId: text },
  dns: fields({ domain: text, servers: texts }),
  ipConfigs: z.array(
    fields({
      ipv4: fields({
        address: z.literal("dhcp", 'use "dhcp": all VMs of a template would have the same address'),
        gateway: text,
      }),
      ipv6: fields({
        address: z.enum(["dhcp", "auto"], 'use "dhcp" or "auto": all VMs of a template would have the same address'),
        gateway: text,
      }),
    }),
  ),
  userAccount: fields({
    keys: texts,
    username: text,
    password: never("not settable: it would stand here in clear; give `keys`, or set it in the startup script"),
  }),
});

export const vmInputs = ownNames<Exclude<keyof VmLegacyArgs, "timeoutMoveDisk">>({
  acpi: flag,
  agent: fields({
    ...{ trim: flag, type: text },
    enabled: never("always on: the startup script comes by the guest agent"),
    timeout: never(bySetting("agentTimeout")),
    waitForIp: never(bySetting("agentTimeout")),
  }),
  amdSev: fields({ allowSmt: flag, kernelHashes: flag, noDebug: flag, noKeySharing: flag, type: text }),
  audioDevice: fields({ device: text, driver: text, enabled: flag }),
  bios: z.enum(["seabios", "ovmf"]),
  bootOrders: texts,
  cdrom: fields({ enabled: flag, fileId: text, interface: text }),
  clone: fields({
    datastoreId: never(bySetting("storagePool")),
    full: never(bySetting("fullClone")),
    nodeName: never(bySetting("clusterNode")),
    vmId: never(bySetting("templateName")),
    retries: never("not settable: with more than 1 the provider takes a VM that has the id already for its clone"),
  }),
  cpu: fields({
    ...{ cores: whole.min(1), flags: texts, hotplugged: whole, limit: number, numa: flag, sockets: whole.min(1) },
    ...{ type: text, units: whole, affinity: never(rootOnly), architecture: never(rootOnly) },
  }),
  deleteUnreferencedDisksOnDestroy: flag,
  description: text.max(4000),
  disks: z
    .array(disk)
    .refine((disks) => new Set(disks.map((each) => each.interface)).size === disks.length, "each interface once"),
  efiDisk: fields({ datastoreId: storageId, fileFormat: text, preEnrolledKeys: flag, type: text }),
  hookScriptFileId: text,
  hostpcis: z.array(hostPci).max(16),
  hotplug: text,
  initialization,
  keyboardLayout: text,
  kvmArguments: refuse(rootOnly),
  macAddresses: refuse("not settable: each VM needs addresses of its own"),
  machine: text,
  memory: fields({
    ...{ dedicated: whole.min(16), floating: whole, shared: whole },
    ...{ hugepages: never(rootOnly), keepHugepages: never(rootOnly) },
  }),
  migrate: refuse("not settable: a VM stays where the cluster has it"),
  name: refuse("not settable: it is the node's id, by which the VM is found again"),
  networkDevices: z.array(networkDevice).max(32),
  nodeName: refuse(bySetting("targetNode")),
  numas: z.array(
    z
      .strictObject({ cpus: text, device: text, hostnodes: text, memory: whole, policy: text })
      .partial({ hostnodes: true, policy: true }),
  ),
  onBoot: flag,
  operatingSystem: fields({ type: text }),
  poolId: refuse(bySetting("resourcePool")),
  protection: refuse("not settable: a protected VM could not be deleted"),
  purgeOnDestroy: flag,
  reboot: refuse("not settable: a reboot would cut the startup script off"),
  rebootAfterUpdate: refuse("not settable: the VM of a node is never changed"),
  rngs: refuse(rootOnly),
  scsiHardware: text,
  serialDevices: z.array(fields({ device: text })).max(4),
  smbios: fields({
    ...{ family: text, manufacturer: text, product: text, sku: text, version: text },
    serial: sameInAll("a serial number"),
    uuid: sameInAll("a UUID"),
  }),
  started: refuse("always: a node's VM is started when it is made"),
  startup: fields({ downDelay: whole, order: whole, upDelay: whole }),
  stopOnDestroy: refuse("always: a VM that is deleted has nothing left to save, and a shutdown may take half an hour"),
  tabletDevice: flag,
  tags: z.array(z.string().regex(/^[a-z0-9_][a-z0-9_.+-]*$/, "use lower-case letters, digits and _ . + -")).max(32),
  template: refuse("not settable: a template can't be started"),
  timeoutClone: seconds,
  timeoutCreate: seconds,
  timeoutMigrate: seconds,
  timeoutReboot: seconds,
  timeoutShutdownVm: seconds,
  timeoutStartVm: seconds,
  timeoutStopVm: seconds,
  tpmState: fields({ datastoreId: storageId, version: text }),
  usbs: z.array(fields({ mapping: text, usb3: flag, host: never(`not settable: ${rootOnly}; use "mapping"`) })),
  vga: fields({ clipboard: text, memory: whole, type: text }),
  virtiofs: z.array(
    z
      .strictObject({ mapping: text, cache: text, directIo: flag, exposeAcl: flag, exposeXattr: flag })
      .partial()
      .required({ mapping: true }),
  ),
  vmId: refuse("not settable: each VM needs an id of its own, see vmIdRangeLower and vmIdRangeUpper"),
  watchdog: fields({ action: text, enabled: flag, model: text }),
} satisfies Readonly<Record<Exclude<keyof VmLegacyArgs, "timeoutMoveDisk">, z.ZodType | OverrideRule>>);
