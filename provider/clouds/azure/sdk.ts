/**
 * The package azure-native as far as nodes need it. Its own declarations are two files of sixteen megabytes, which every
 * compilation here would read; these few lines stand for them. The tests' emulation takes only what the package declares.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceClass } from "../../cloud";
import type { Inputs } from "../../frame/inputs";
import { loadSdk } from "../../frame/sdk";

export const packageName = "@pulumi/azure-native";

/** A VM, with what is read of its outputs. */
export interface AzureVm extends pulumi.CustomResource {
  readonly networkProfile: pulumi.Output<NetworkProfile | undefined>;
}

export interface NetworkProfile {
  readonly networkInterfaces?: readonly { readonly id?: string; readonly primary?: boolean }[];
}

/** Inputs of `azure-native:compute:VirtualMachine`, as the table of overrides knows them. */
export type VmArgs = Inputs & { readonly resourceGroupName: string };

export interface RunCommandArgs {
  readonly resourceGroupName: string;
  readonly vmName: string;
  readonly runCommandName: string;
  readonly location: string;
  readonly source: { readonly script: string };
  readonly asyncExecution: boolean;
  readonly timeoutInSeconds: number;
  readonly treatFailureAsDeploymentFailure: boolean;
}

/** One of both zones is named. */
export interface RecordSetArgs {
  readonly resourceGroupName: string;
  readonly zoneName?: string;
  readonly privateZoneName?: string;
  readonly relativeRecordSetName: string;
  readonly recordType: pulumi.Input<string>;
  readonly ttl: number;
  readonly aRecords?: pulumi.Input<{ readonly ipv4Address: string }[] | undefined>;
  readonly aaaaRecords?: pulumi.Input<{ readonly ipv6Address: string }[] | undefined>;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A function of the package. */
export type Invoke<Args, Result> = (args: Args, options: pulumi.InvokeOptions) => Promise<Result>;

interface InGroup {
  readonly resourceGroupName: string;
}

interface NetworkInterfaceAnswer {
  readonly ipConfigurations?: readonly {
    readonly primary?: boolean;
    readonly privateIPAddress?: string;
    readonly publicIPAddress?: { readonly id?: string };
  }[];
}

type AnyRecord = pulumi.CustomResource;

export function loadVirtualMachine() {
  return loadSdk(
    packageName,
    () => require("@pulumi/azure-native/compute/virtualMachine") as { VirtualMachine: ResourceClass<VmArgs, AzureVm> },
  ).VirtualMachine;
}

export function loadRunCommand() {
  return loadSdk(
    packageName,
    () =>
      require("@pulumi/azure-native/compute/virtualMachineRunCommandByVirtualMachine") as {
        VirtualMachineRunCommandByVirtualMachine: ResourceClass<RunCommandArgs, AnyRecord>;
      },
  ).VirtualMachineRunCommandByVirtualMachine;
}

export function loadNetworkFunctions() {
  return loadSdk(packageName, () => ({
    ...(require("@pulumi/azure-native/network/getNetworkInterface") as {
      getNetworkInterface: Invoke<InGroup & { readonly networkInterfaceName: string }, NetworkInterfaceAnswer>;
    }),
    ...(require("@pulumi/azure-native/network/getPublicIPAddress") as {
      getPublicIPAddress: Invoke<InGroup & { readonly publicIpAddressName: string }, { readonly ipAddress?: string }>;
    }),
  }));
}

export function loadRecordSets() {
  return loadSdk(packageName, () => ({
    ...(require("@pulumi/azure-native/dns/recordSet") as { RecordSet: ResourceClass<RecordSetArgs, AnyRecord> }),
    ...(require("@pulumi/azure-native/privatedns/privateRecordSet") as {
      PrivateRecordSet: ResourceClass<RecordSetArgs, AnyRecord>;
    }),
  }));
}

export function loadZoneFunctions() {
  return loadSdk(packageName, () => ({
    ...(require("@pulumi/azure-native/dns/getZone") as {
      getZone: Invoke<InGroup & { readonly zoneName: string }, { readonly name: string }>;
    }),
    ...(require("@pulumi/azure-native/privatedns/getPrivateZone") as {
      getPrivateZone: Invoke<InGroup & { readonly privateZoneName: string }, { readonly name: string }>;
    }),
  }));
}

/** Of the addresses and names that a record set leads to, those of its type. */
export interface RecordSetAnswer {
  readonly aRecords?: readonly { readonly ipv4Address?: string }[];
  readonly aaaaRecords?: readonly { readonly ipv6Address?: string }[];
  readonly cnameRecord?: { readonly cname?: string };
}

interface NamedSet extends InGroup {
  readonly relativeRecordSetName: string;
  readonly recordType: string;
}

export function loadRecordSetFunctions() {
  return loadSdk(packageName, () => ({
    ...(require("@pulumi/azure-native/dns/getRecordSet") as {
      getRecordSet: Invoke<NamedSet & { readonly zoneName: string }, RecordSetAnswer>;
    }),
    ...(require("@pulumi/azure-native/privatedns/getPrivateRecordSet") as {
      getPrivateRecordSet: Invoke<NamedSet & { readonly privateZoneName: string }, RecordSetAnswer>;
    }),
  }));
}

export function loadProvider() {
  return loadSdk(
    packageName,
    () => require("@pulumi/azure-native/provider") as typeof import("@pulumi/azure-native/provider"),
  ).Provider;
}

export function loadClientToken() {
  return loadSdk(
    packageName,
    () =>
      require("@pulumi/azure-native/authorization/getClientToken") as typeof import("@pulumi/azure-native/authorization/getClientToken"),
  ).getClientToken;
}
