/** Which inputs of `nutanix.VirtualMachine` an override may set, and in which shape. */
import { z } from "zod";
import { fields, flag, ownNames, refuse, text, texts, whole, type OverrideRule } from "../../frame/overrides";
import type { MachineArgs } from "./machine";

const setBy = (setting: string): OverrideRule => refuse(`not settable here: use the setting ${setting}`);
const ownScript = refuse("not settable: the autoscale config's startupScript is sent as user data");
const notNew = refuse("not settable: it says something of a VM that exists");
const inClear = refuse("not settable: it would stand here in clear; set it in the image or the startup script");
const textMap = z.record(text, text);
const reference = fields({ kind: text, uuid: text, name: text, url: text });

const disk = fields({
  ...{ diskSizeBytes: whole, diskSizeMib: whole, uuid: text },
  storageConfig: fields({ flashMode: text, storageContainerReferences: z.array(reference) }),
  deviceProperties: fields({ deviceType: text, diskAddress: textMap }),
  ...{ dataSourceReference: textMap, volumeGroupReference: textMap },
});

const ownAddress = z.undefined("not settable: each VM has an address of its own");
const nic = fields({
  ...{ nicType: text, uuid: text, model: text, networkFunctionNicType: text, macAddress: ownAddress },
  ...{ ipEndpointLists: ownAddress, networkFunctionChainReference: textMap, numQueues: whole },
  ...{ subnetUuid: text, subnetName: text, isConnected: text },
});

const gpu = fields({
  ...{ frameBufferSizeMib: whole, vendor: text, uuid: text, name: text, pciAddress: text, fraction: whole },
  ...{ mode: text, numVirtualDisplayHeads: whole, guestDriverVersion: text, deviceId: whole },
});

/** Every input of the Pulumi resource; the compiler keeps the list complete. */
export const machineInputs = ownNames({
  availabilityZoneReference: textMap,
  bootDeviceDiskAddress: textMap,
  bootDeviceMacAddress: refuse("not settable: each VM has an address of its own"),
  bootDeviceOrderLists: texts,
  bootType: setBy("bootType"),
  categories: z.array(z.strictObject({ name: text.min(1), value: text.min(1) })),
  cloudInitCdromUuid: notNew,
  clusterUuid: setBy("cluster"),
  description: text.max(1000),
  diskLists: z.array(disk).min(1, "at least one: a VM starts from its disk"),
  enableCpuPassthrough: flag,
  enableScriptExec: flag,
  gpuLists: z.array(gpu),
  guestCustomizationCloudInitCustomKeyValues: textMap,
  guestCustomizationCloudInitMetaData: text,
  guestCustomizationCloudInitUserData: ownScript,
  guestCustomizationIsOverridable: flag,
  guestCustomizationSysprep: refuse(
    "not settable: user data and sysprep can't both be had; Cloudbase-Init reads the former",
  ),
  guestCustomizationSysprepCustomKeyValues: refuse("not settable: VMs of these settings are not customised by sysprep"),
  guestOsId: text,
  hardwareClockTimezone: text,
  isVcpuHardPinned: flag,
  machineType: text,
  memorySizeMib: setBy("memory"),
  name: refuse("not settable: a VM's name is its node's id"),
  ngtCredentials: inClear,
  ngtEnabledCapabilityLists: texts,
  nicLists: z.array(nic).min(1, "at least one: nobody reaches a VM without a network"),
  numSockets: setBy("cores"),
  numVcpusPerSocket: setBy("cores"),
  numVnumaNodes: whole,
  nutanixGuestTools: textMap,
  ownerReference: textMap,
  parentReference: notNew,
  powerState: refuse("not settable: a node's VM runs"),
  powerStateMechanism: text,
  projectReference: setBy("project"),
  serialPortLists: z.array(fields({ index: whole, isConnected: flag })),
  shouldFailOnScriptFailure: flag,
  useHotAdd: flag,
  vgaConsoleEnabled: flag,
} satisfies Record<keyof MachineArgs, z.ZodType | OverrideRule>);
