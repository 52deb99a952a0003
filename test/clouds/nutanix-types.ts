/** Inputs and outputs of `nutanix:index/virtualMachine:VirtualMachine` as version 0.9.0 of the Pulumi provider has them. */
import type { SdkObject, SdkType } from "./sdk-types";

const text: SdkType = { kind: "string" };
const flag: SdkType = { kind: "boolean" };
const whole: SdkType = { kind: "number" };
const texts: SdkType = { kind: "list", of: text };
const textMap: SdkType = { kind: "map", of: text };
const list = (of: SdkType): SdkType => ({ kind: "list", of });

function object(fields: Readonly<Record<string, SdkType>>, required: readonly string[] = []): SdkObject {
  const entries = Object.entries(fields);
  return {
    kind: "object",
    fields: new Map(entries.map(([name, type]) => [name, { type, isRequired: required.includes(name) }])),
  };
}

const container = object({ url: text, kind: text, name: text, uuid: text });
const disk = object({
  ...{ uuid: text, diskSizeBytes: whole, diskSizeMib: whole },
  storageConfig: object({ flashMode: text, storageContainerReferences: list(container) }),
  deviceProperties: object({ deviceType: text, diskAddress: textMap }),
  ...{ dataSourceReference: textMap, volumeGroupReference: textMap },
});
const nicFields = {
  ...{ nicType: text, uuid: text, model: text, networkFunctionNicType: text, macAddress: text },
  ipEndpointLists: list(object({ ip: text, type: text })),
  ...{ networkFunctionChainReference: textMap, numQueues: whole, subnetUuid: text, subnetName: text },
  isConnected: text,
};
const gpu = object({
  ...{ frameBufferSizeMib: whole, vendor: text, uuid: text, name: text, pciAddress: text, fraction: whole },
  ...{ mode: text, numVirtualDisplayHeads: whole, guestDriverVersion: text, deviceId: whole },
});

const inputs = {
  ...{ availabilityZoneReference: textMap, bootDeviceDiskAddress: textMap, bootDeviceMacAddress: text },
  ...{ bootDeviceOrderLists: texts, bootType: text, cloudInitCdromUuid: text, clusterUuid: text, description: text },
  categories: list(object({ name: text, value: text }, ["name", "value"])),
  ...{ diskLists: list(disk), enableCpuPassthrough: flag, enableScriptExec: flag, gpuLists: list(gpu) },
  ...{ guestCustomizationCloudInitCustomKeyValues: textMap, guestCustomizationCloudInitMetaData: text },
  ...{ guestCustomizationCloudInitUserData: text, guestCustomizationIsOverridable: flag },
  ...{ guestCustomizationSysprep: textMap, guestCustomizationSysprepCustomKeyValues: textMap, guestOsId: text },
  ...{ hardwareClockTimezone: text, isVcpuHardPinned: flag, machineType: text, memorySizeMib: whole, name: text },
  ...{ ngtCredentials: textMap, ngtEnabledCapabilityLists: texts, nicLists: list(object(nicFields)) },
  ...{ numSockets: whole, numVcpusPerSocket: whole, numVnumaNodes: whole, nutanixGuestTools: textMap },
  ...{ ownerReference: textMap, parentReference: textMap, powerState: text, powerStateMechanism: text },
  ...{ projectReference: textMap, serialPortLists: list(object({ index: whole, isConnected: flag })) },
  ...{ shouldFailOnScriptFailure: flag, useHotAdd: flag, vgaConsoleEnabled: flag },
} as const satisfies Readonly<Record<string, SdkType>>;

export const machineInputs = object(inputs, ["clusterUuid"]);
export const machineOutputs = object({
  ...inputs,
  ...{
    apiVersion: text,
    clusterName: text,
    hostReference: textMap,
    hypervisorType: text,
    metadata: textMap,
    state: text,
  },
  nicListStatuses: list(object({ ...nicFields, floatingIp: text })),
});
