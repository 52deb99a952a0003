/** Microsoft Azure: one VM per node, whose disks, network interface and public address go with it; records in Azure DNS. */
import type * as pulumi from "@pulumi/pulumi";
import { defineDns, defineVm, type Cloud, type ResourceClass } from "../cloud";
import { typeOfAddress } from "../frame/dns-names";
import { asTags } from "../frame/identity";
import { asItIs, forCloudInit } from "../frame/script";
import type { NodeOf } from "../vm-provider";
import { subscriptionAccess } from "./azure/account";
import { addressOf } from "./azure/address";
import { checkAzure } from "./azure/check";
import { recordsNamed, zoneOf } from "./azure/dns-zone";
import { azureFailures } from "./azure/failures";
import { findAzureVms, listAzureVms, placeIdentity } from "./azure/find";
import { accountRefusal } from "./azure/refusals";
import { loadRecordSets, loadVirtualMachine, type AzureVm, type RecordSetArgs, type VmArgs } from "./azure/sdk";
import { azureRecordSettingsSchema, azureSettingsSchema, type AzureRecordSettings } from "./azure/settings";
import { azureSizeOf } from "./azure/template";
import { vmArgs } from "./azure/vm-args";
import type { AzureSettings } from "./azure/vm-fields";
import { declareRunCommand } from "./azure/windows-script";

const vm = defineVm<AzureSettings, VmArgs, AzureVm>({
  ...subscriptionAccess,
  description: "VMs on Microsoft Azure.",
  example: `const large = new headroom.AzureVmProvider("large", {
  maxInstances: 20, subscriptionId, tenantId, clientId, clientSecret, resourceGroup: "dev", region: "eastus",
  vmSize: "Standard_D4s_v5", imageReference: "Canonical:ubuntu-24_04-lts:server:latest", subnet: subnet.id,
  osUsername: "labs", sshPublicKey: "ssh-ed25519 AAAA...",
});`,
  settings: azureSettingsSchema,
  secretFields: [...subscriptionAccess.secretFields, "osPassword"],
  vmType: "azure-native:compute:VirtualMachine",
  load: loadVirtualMachine,
  // Custom data, of which Azure counts the bytes before they are encoded.
  script: { wrap: { linux: forCloudInit, windows: asItIs }, encoding: "base64", bytesMax: 65_535 },
  inputs: vmArgs,
  placeIdentity,
  secretInputs: [
    "osProfile.adminPassword",
    "osProfile.customData",
    // A login by itself has a password in it.
    "osProfile.windowsConfiguration.additionalUnattendContent",
    "userData",
  ],
  secretOutputs: ["osProfile", "userData"],
  ignoreChanges: ["*"],
  timeouts: () => ({ create: "15m", update: "10m", delete: "20m" }),
  guest: startGuest,
  shape: () => undefined,
  sizeOf: azureSizeOf,
  sshPublicKey: ({ sshPublicKey }) => sshPublicKey,
  findVms: findAzureVms,
  listVms: listAzureVms,
  check: checkAzure,
  accountRefusal,
  failures: azureFailures,
});

/** In Windows the script has to be started; a VM's address is told by its network interface. */
async function startGuest(
  machine: AzureVm,
  node: NodeOf<AzureSettings>,
  script: string,
  options: pulumi.CustomResourceOptions,
): Promise<pulumi.Output<string>> {
  const { nodeId, osType, settings } = node;
  if (osType === "windows" && script !== "" && settings.windowsScript === "runCommand") {
    const location = String(vmArgs(node, script)["location"]);
    declareRunCommand(machine, { nodeId, resourceGroup: settings.resourceGroup, location }, options);
  }
  return addressOf(machine, settings.addressType, { provider: options.provider });
}

const recordTags = asTags();

const dns = defineDns<AzureRecordSettings, RecordSetArgs, string>({
  ...subscriptionAccess,
  account: { ...subscriptionAccess.account, place: [] },
  description: "Records in Azure DNS, public or private.",
  settings: azureRecordSettingsSchema,
  recordType: "azure-native:dns:RecordSet",
  load: loadRecordSet,
  prepare: async ({ dns: { settings, baseDomainName } }, { provider }) => zoneOf(baseDomainName, settings, provider),
  // The plugin itself makes no set where one stands, but a node's VM would be made first.
  standing: (name, { dns: { settings } }, zone, { provider }) => recordsNamed(name, zone, settings, provider),
  inputs: ({ dns: { settings, ttlSeconds }, address, type }, name, zone) => ({
    resourceGroupName: settings.resourceGroup,
    ...(settings.privateZone ? { privateZoneName: zone } : { zoneName: zone }),
    relativeRecordSetName: name.slice(0, -zone.length - 1),
    recordType: type,
    ttl: ttlSeconds,
    ...valuesOf(address),
  }),
  placeIdentity: (inputs, identity) => ({ ...inputs, metadata: recordTags.write(identity) }),
  timeouts: { create: "5m", delete: "5m" },
});

/** The address stands in the list of its type; the other is not said. */
function valuesOf(address: pulumi.Input<string>): Pick<RecordSetArgs, "aRecords" | "aaaaRecords"> {
  const { output } = require("@pulumi/pulumi") as typeof pulumi;
  const known = output(address);
  return {
    aRecords: known.apply((each) => (typeOfAddress(each) === "A" ? [{ ipv4Address: each }] : undefined)),
    aaaaRecords: known.apply((each) => (typeOfAddress(each) === "AAAA" ? [{ ipv6Address: each }] : undefined)),
  };
}

/** Public and private zones have records of types of their own. */
function loadRecordSet(): ResourceClass<RecordSetArgs, pulumi.CustomResource> {
  const { RecordSet, PrivateRecordSet } = loadRecordSets();
  return function newRecordSet(name: string, args: RecordSetArgs, options: pulumi.CustomResourceOptions) {
    return args.privateZoneName === undefined
      ? new RecordSet(name, args, options)
      : new PrivateRecordSet(name, args, options);
  } as unknown as ResourceClass<RecordSetArgs, pulumi.CustomResource>;
}

export const azure = { kind: "azure", vm, dns } satisfies Cloud;
