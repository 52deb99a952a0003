/** The Pulumi resource of a VM, by its type token: npm has no SDK. */
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceClass } from "../../cloud";
import { resourceByToken, type ResourceWith, type TokenPackage } from "../../frame/by-token";

export const nutanixPackage: TokenPackage = { name: "nutanix", version: "0.9.0" };

export const machineType = "nutanix:index/virtualMachine:VirtualMachine";

type Texts = Readonly<Record<string, string>>;

/** Every input of the resource. */
export interface MachineArgs {
  readonly availabilityZoneReference?: Texts;
  readonly bootDeviceDiskAddress?: Texts;
  readonly bootDeviceMacAddress?: string;
  readonly bootDeviceOrderLists?: readonly string[];
  readonly bootType?: string;
  readonly categories?: readonly { readonly name: string; readonly value: string }[];
  readonly cloudInitCdromUuid?: string;
  readonly clusterUuid: string;
  readonly description?: string;
  readonly diskLists?: readonly object[];
  readonly enableCpuPassthrough?: boolean;
  readonly enableScriptExec?: boolean;
  readonly gpuLists?: readonly object[];
  readonly guestCustomizationCloudInitCustomKeyValues?: Texts;
  readonly guestCustomizationCloudInitMetaData?: string;
  readonly guestCustomizationCloudInitUserData?: pulumi.Input<string>;
  readonly guestCustomizationIsOverridable?: boolean;
  readonly guestCustomizationSysprep?: Texts;
  readonly guestCustomizationSysprepCustomKeyValues?: Texts;
  readonly guestOsId?: string;
  readonly hardwareClockTimezone?: string;
  readonly isVcpuHardPinned?: boolean;
  readonly machineType?: string;
  readonly memorySizeMib?: number;
  readonly name?: string;
  readonly ngtCredentials?: Texts;
  readonly ngtEnabledCapabilityLists?: readonly string[];
  readonly nicLists?: readonly object[];
  readonly numSockets?: number;
  readonly numVcpusPerSocket?: number;
  readonly numVnumaNodes?: number;
  readonly nutanixGuestTools?: Texts;
  readonly ownerReference?: Texts;
  readonly parentReference?: Texts;
  readonly powerState?: string;
  readonly powerStateMechanism?: string;
  readonly projectReference?: Texts;
  readonly serialPortLists?: readonly object[];
  readonly shouldFailOnScriptFailure?: boolean;
  readonly useHotAdd?: boolean;
  readonly vgaConsoleEnabled?: boolean;
}

export type Machine = ResourceWith<Record<never, never>>;

export function machineClass(): ResourceClass<MachineArgs, Machine> {
  return resourceByToken<MachineArgs, Record<never, never>>(nutanixPackage, machineType, []);
}
