/**
 * Every input of the Pulumi resource `vsphere.VirtualMachine` and its shape, as its plugin has it. npm has no SDK that says it; a
 * test compares the names with those of the Python SDK.
 */
import { z } from "zod";
import { fields, flag, text, texts, whole } from "../../frame/overrides";

const level = z.enum(["low", "normal", "high", "custom"]);
const onOff = z.enum(["automatic", "on", "off"]);
const textMap = z.record(z.string(), z.string());
const percentOrMore = whole.min(0);

const cdrom = fields({ clientDevice: flag, datastoreId: text, deviceAddress: text, key: whole, path: text });

const linuxOptions = fields({ domain: text, hostName: text, hwClockUtc: flag, scriptText: text, timeZone: text });

const windowsOptions = fields({
  ...{ adminPassword: text, autoLogon: flag, autoLogonCount: whole, computerName: text, domainAdminPassword: text },
  ...{ domainAdminUser: text, domainOu: text, fullName: text, joinDomain: text, organizationName: text },
  ...{ productKey: text, runOnceCommandLists: texts, timeZone: whole, workgroup: text },
});

const customizedInterface = fields({
  ...{
    dnsDomain: text,
    dnsServerLists: texts,
    ipv4Address: text,
    ipv4Netmask: whole,
    ipv6Address: text,
    ipv6Netmask: whole,
  },
});

const customize = fields({
  ...{ dnsServerLists: texts, dnsSuffixLists: texts, ipv4Gateway: text, ipv6Gateway: text, timeout: whole },
  ...{ linuxOptions, windowsOptions, windowsSysprepText: text, networkInterfaces: z.array(customizedInterface) },
});

const clone = fields({
  ...{ templateUuid: text, linkedClone: flag, timeout: whole.min(10), customize },
  ...{ ovfNetworkMap: textMap, ovfStorageMap: textMap, customizationSpec: fields({ id: text, timeout: whole }) },
});

export const diskShapes = {
  ...{ attach: flag, controllerType: z.enum(["scsi", "sata", "nvme", "ide"]), datastoreId: text, deviceAddress: text },
  ...{
    diskMode: text,
    diskSharing: text,
    eagerlyScrub: flag,
    ioLimit: whole,
    ioReservation: whole,
    ioShareCount: whole,
  },
  ...{ ioShareLevel: level, keepOnRemove: flag, key: whole, label: text, path: text, size: whole.min(1) },
  ...{ storagePolicyId: text, thinProvisioned: flag, unitNumber: whole.min(0).max(59), uuid: text, writeThrough: flag },
};

export const networkInterfaceShapes = {
  ...{ adapterType: z.enum(["e1000", "e1000e", "vmxnet3", "vmxnet3vrdma", "sriov"]), bandwidthLimit: whole },
  ...{ bandwidthReservation: whole, bandwidthShareCount: whole, bandwidthShareLevel: level, deviceAddress: text },
  ...{ externalPortId: text, key: whole, macAddress: text, networkId: text, ovfMapping: text, physicalFunction: text },
  useStaticMac: flag,
};

const ovfDeploy = fields({
  ...{ allowUnverifiedSslCert: flag, deploymentOption: text, diskProvisioning: text, enableHiddenProperties: flag },
  ...{ ipAllocationPolicy: text, ipProtocol: text, localOvfPath: text, ovfNetworkMap: textMap, remoteOvfUrl: text },
});

const videoCard = fields({
  ...{ deviceAddress: text, key: whole, numDisplays: whole, totalVideoMemory: whole },
  graphics3ds: z.array(fields({ memory: whole, renderer: text })),
});

const processorShapes = {
  ...{ cpuHotAddEnabled: flag, cpuHotRemoveEnabled: flag, cpuLimit: whole, cpuPerformanceCountersEnabled: flag },
  ...{ cpuReservation: percentOrMore, cpuShareCount: whole, cpuShareLevel: level, eptRviMode: onOff, evcMode: text },
  ...{ hvMode: text, latencySensitivity: z.enum(["low", "normal", "medium", "high"]), nestedHvEnabled: flag },
  ...{ numCoresPerNumaNode: whole, numCoresPerSocket: whole.min(1), numCpus: whole.min(1), vvtdEnabled: flag },
};

const memoryShapes = {
  ...{ memory: whole.min(4).multipleOf(4, "a multiple of 4"), memoryHotAddEnabled: flag, memoryLimit: whole },
  ...{ memoryReservation: percentOrMore, memoryReservationLockedToMax: flag, memoryShareCount: whole },
  ...{ memoryShareLevel: level, swapPlacementPolicy: text },
};

const deviceShapes = {
  ...{
    cdroms: z.array(cdrom),
    disks: z.array(fields(diskShapes)),
    networkInterfaces: z.array(fields(networkInterfaceShapes)),
  },
  ...{
    ideControllerCount: whole,
    nvmeControllerCount: whole,
    sataControllerCount: whole,
    scsiControllerCount: whole.min(1).max(4),
  },
  ...{ scsiBusSharing: text, scsiType: z.enum(["lsilogic", "lsilogic-sas", "pvscsi"]), pciDeviceIds: texts, videoCard },
  ...{ enableDiskUuid: flag, vtpm: fields({ version: z.enum(["1.2", "2.0"]) }) },
};

const startShapes = {
  ...{ bootDelay: whole, bootRetryDelay: whole, bootRetryEnabled: flag, efiSecureBootEnabled: flag },
  ...{ firmware: z.enum(["bios", "efi"]), hardwareVersion: whole.min(4), vbsEnabled: flag, poweronTimeout: whole },
};

const toolsShapes = {
  ...{ runToolsScriptsAfterPowerOn: flag, runToolsScriptsAfterResume: flag, runToolsScriptsBeforeGuestReboot: flag },
  ...{ runToolsScriptsBeforeGuestShutdown: flag, runToolsScriptsBeforeGuestStandby: flag, syncTimeWithHost: flag },
  ...{ syncTimeWithHostPeriodically: flag, toolsUpgradePolicy: z.enum(["manual", "upgradeAtPowerCycle"]) },
};

const placeShapes = {
  ...{ datacenterId: text, datastoreClusterId: text, datastoreId: text, folder: text, hostSystemId: text },
  ...{ resourcePoolId: text, storagePolicyId: text, clone, ovfDeploy, vapp: fields({ properties: textMap }) },
};

const lifeShapes = {
  ...{ forcePowerOff: flag, shutdownWaitTimeout: whole.min(1).max(10), migrateWaitTimeout: whole.min(10) },
  ...{ waitForGuestIpTimeout: whole, waitForGuestNetRoutable: flag, waitForGuestNetTimeout: whole },
  ...{ ignoredGuestIps: texts, replaceTrigger: text },
};

/** By the input's name. */
export const machineShapes = {
  ...{
    ...processorShapes,
    ...memoryShapes,
    ...deviceShapes,
    ...startShapes,
    ...toolsShapes,
    ...placeShapes,
    ...lifeShapes,
  },
  ...{ name: text.min(1).max(80), annotation: text, alternateGuestName: text, guestId: text, enableLogging: flag },
  ...{ customAttributes: textMap, extraConfig: textMap, extraConfigRebootRequired: flag, tags: texts },
};
