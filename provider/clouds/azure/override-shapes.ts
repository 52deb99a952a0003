/**
 * Every input of `azure-native:compute:VirtualMachine` that an override may change, with what it holds. A test holds the
 * names and types against the package. What is refused says what to use instead.
 */
import { z } from "zod";
import { flag, refuse, text, whole, type OverrideRule } from "../../frame/overrides";
import { loginName } from "./logins";
import {
  dataDiskTypes,
  networkSecurityGroupId,
  osDiskTypes,
  regionName,
  subnetId,
  tagsShape,
  userAssignedIdentityId,
  vmSizeName,
  zoneName,
} from "./names";

/** What stands at a place of the request. */
export type Shape =
  | { readonly kind: "value"; readonly of: z.ZodType }
  /** `isWhole`: what is given for it replaces what is there, where other objects are merged field by field. */
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, Shape>>; readonly isWhole?: boolean }
  | { readonly kind: "list"; readonly of: Shape }
  /** An object whose names are the user's own. */
  | { readonly kind: "map"; readonly of: z.ZodType }
  | { readonly kind: "refused"; readonly why: string };

type Fields = Readonly<Record<string, Shape | z.ZodType | OverrideRule>>;

function object(fields: Fields): Shape {
  return {
    kind: "object",
    fields: Object.fromEntries(Object.entries(fields).map(([name, of]) => [name, shapeOf(of)])),
  };
}

function wholeObject(fields: Fields): Shape {
  return { ...(object(fields) as Shape & { kind: "object" }), isWhole: true };
}

function list(of: Shape | z.ZodType): Shape {
  return { kind: "list", of: shapeOf(of) };
}

function shapeOf(of: Shape | z.ZodType | OverrideRule): Shape {
  if ("kind" in of) return of;
  if (!("rule" in of)) return { kind: "value", of };
  return { kind: "refused", why: of.rule === "refuse" ? of.why : "not settable" };
}

const setBy = (setting: string): OverrideRule => refuse(`not settable here: use the setting ${setting}`);
const reference = object({ id: text });
const deleted = z.literal("Delete", 'use "Delete": what a node has goes with it');
const isVersion = z.enum(["IPv4", "IPv6"]);
const caching = z.enum(["None", "ReadOnly", "ReadWrite"]);
const unmanaged = refuse("not settable: Azure has no unmanaged disks any more");
const oneOfMany = refuse("not settable: a disk can be attached to one VM, and these settings make many");
const ownDiskName = refuse(
  "not settable: Azure gives each disk a name of its own, and a fixed one would be taken by the VM before",
);
const password = refuse("not settable here: use the setting osPassword, which stays secret");
const patching = {
  assessmentMode: z.enum(["ImageDefault", "AutomaticByPlatform"]),
  automaticByPlatformSettings: object({
    bypassPlatformSafetyChecksOnUserSchedule: flag,
    rebootSetting: z.enum(["Unknown", "IfRequired", "Never", "Always"]),
  }),
};

const diskOf = (types: readonly [string, ...string[]]) =>
  object({
    diskEncryptionSet: reference,
    id: oneOfMany,
    securityProfile: object({
      diskEncryptionSet: reference,
      securityEncryptionType: z.enum(["VMGuestStateOnly", "DiskWithVMGuestState", "NonPersistedTPM"]),
    }),
    storageAccountType: z.enum(types),
  });

const storageProfile = object({
  alignRegionalDisksToVMZone: flag,
  dataDisks: list(
    object({
      caching,
      createOption: z.enum(["Empty", "FromImage", "Copy", "Restore"], {
        error: 'use "Empty", "FromImage", "Copy" or "Restore": a disk that exists can be attached to one VM only',
      }),
      deleteOption: deleted,
      detachOption: z.enum(["ForceDetach"]),
      diskSizeGB: whole.min(1).max(65_536),
      image: unmanaged,
      lun: whole.min(0).max(63),
      managedDisk: diskOf(dataDiskTypes),
      name: ownDiskName,
      sourceResource: reference,
      toBeDetached: refuse("not settable: it is for disks of a VM that exists"),
      vhd: unmanaged,
      writeAcceleratorEnabled: flag,
    }),
  ),
  diskControllerType: z.enum(["SCSI", "NVMe"]),
  imageReference: wholeObject({
    communityGalleryImageId: text,
    id: text,
    offer: text,
    publisher: text,
    sharedGalleryImageId: text,
    sku: text,
    version: text,
  }),
  osDisk: object({
    caching,
    createOption: z.literal("FromImage", 'use "FromImage": each node has a disk of its own'),
    deleteOption: deleted,
    diffDiskSettings: object({
      option: z.literal("Local"),
      placement: z.enum(["CacheDisk", "ResourceDisk", "NvmeDisk"]),
    }),
    diskSizeGB: whole.min(1).max(4095),
    encryptionSettings: object({
      diskEncryptionKey: object({ secretUrl: text, sourceVault: reference }),
      enabled: flag,
      keyEncryptionKey: object({ keyUrl: text, sourceVault: reference }),
    }),
    image: unmanaged,
    managedDisk: diskOf(osDiskTypes),
    name: ownDiskName,
    osType: z.enum(["Windows", "Linux"]),
    vhd: unmanaged,
    writeAcceleratorEnabled: flag,
  }),
});

const networkProfile = object({
  networkApiVersion: z.enum(["2020-11-01", "2022-11-01"]),
  networkInterfaceConfigurations: list(
    object({
      auxiliaryMode: z.enum(["None", "AcceleratedConnections", "Floating"]),
      auxiliarySku: z.enum(["None", "A1", "A2", "A4", "A8"]),
      deleteOption: deleted,
      disableTcpStateTracking: flag,
      dnsSettings: object({ dnsServers: list(text) }),
      dscpConfiguration: reference,
      enableAcceleratedNetworking: flag,
      enableFpga: flag,
      enableIPForwarding: flag,
      ipConfigurations: list(
        object({
          applicationGatewayBackendAddressPools: list(reference),
          applicationSecurityGroups: list(reference),
          loadBalancerBackendAddressPools: list(reference),
          name: text,
          primary: flag,
          privateIPAddressVersion: isVersion,
          publicIPAddressConfiguration: object({
            deleteOption: deleted,
            dnsSettings: object({
              domainNameLabel: text,
              domainNameLabelScope: z.enum(["TenantReuse", "SubscriptionReuse", "ResourceGroupReuse", "NoReuse"]),
            }),
            idleTimeoutInMinutes: whole.min(4).max(30),
            ipTags: list(object({ ipTagType: text, tag: text })),
            name: text,
            publicIPAddressVersion: isVersion,
            publicIPAllocationMethod: z.literal("Static", 'use "Static": public addresses of the standard SKU are'),
            publicIPPrefix: reference,
            sku: object({
              name: z.literal("Standard", 'use "Standard": Azure has retired the basic SKU'),
              tier: z.enum(["Regional", "Global"]),
            }),
          }),
          subnet: object({ id: subnetId }),
        }),
      ),
      name: text,
      networkSecurityGroup: object({ id: networkSecurityGroupId }),
      primary: flag,
    }),
  ),
  networkInterfaces: refuse(
    "not settable: an interface that exists can be in one VM only; change that of the node by network_interface_configurations.0",
  ),
});

const osProfile = object({
  adminPassword: password,
  adminUsername: loginName,
  allowExtensionOperations: flag,
  computerName: refuse("not settable: a node's name is its id"),
  customData: refuse("not settable: the autoscale config's startupScript is sent as custom data"),
  linuxConfiguration: object({
    disablePasswordAuthentication: flag,
    enableVMAgentPlatformUpdates: flag,
    patchSettings: object({ ...patching, patchMode: z.enum(["ImageDefault", "AutomaticByPlatform"]) }),
    provisionVMAgent: flag,
    ssh: object({ publicKeys: list(object({ keyData: text, path: text })) }),
  }),
  requireGuestProvisionSignal: flag,
  secrets: list(
    object({
      sourceVault: reference,
      vaultCertificates: list(object({ certificateStore: text, certificateUrl: text })),
    }),
  ),
  windowsConfiguration: object({
    additionalUnattendContent: list(
      object({
        componentName: z.literal("Microsoft-Windows-Shell-Setup"),
        content: text,
        passName: z.literal("OobeSystem"),
        settingName: z.enum(["AutoLogon", "FirstLogonCommands"]),
      }),
    ),
    enableAutomaticUpdates: flag,
    patchSettings: object({
      ...patching,
      enableHotpatching: flag,
      patchMode: z.enum(["Manual", "AutomaticByOS", "AutomaticByPlatform"]),
    }),
    provisionVMAgent: flag,
    timeZone: text,
    winRM: object({ listeners: list(object({ certificateUrl: text, protocol: z.enum(["Http", "Https"]) })) }),
  }),
});

const host = object({ inVMAccessControlProfileReferenceId: text, mode: z.enum(["Audit", "Enforce", "Disabled"]) });
const notification = object({ enable: flag, notBeforeTimeout: text });

/** The whole request. */
export const vmShape: Shape = object({
  additionalCapabilities: object({ hibernationEnabled: flag, ultraSSDEnabled: flag }),
  applicationProfile: object({
    galleryApplications: list(
      object({
        configurationReference: text,
        enableAutomaticUpgrade: flag,
        order: whole,
        packageReferenceId: text,
        tags: text,
        treatFailureAsDeploymentFailure: flag,
      }),
    ),
  }),
  availabilitySet: reference,
  billingProfile: object({ maxPrice: z.number() }),
  capacityReservation: object({ capacityReservationGroup: reference }),
  diagnosticsProfile: object({ bootDiagnostics: object({ enabled: flag, storageUri: text }) }),
  evictionPolicy: z.literal(
    "Delete",
    'use "Delete": a VM that is only deallocated still costs, and is no node any more',
  ),
  extendedLocation: object({ name: text, type: z.enum(["EdgeZone"]) }),
  extensionsTimeBudget: text,
  hardwareProfile: object({
    vmSize: vmSizeName,
    vmSizeProperties: object({ vCPUsAvailable: whole.min(1), vCPUsPerCore: whole.min(1) }),
  }),
  host: reference,
  hostGroup: reference,
  identity: object({
    type: z.enum(["SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None"]),
    userAssignedIdentities: list(userAssignedIdentityId),
  }),
  licenseType: text,
  location: regionName,
  networkProfile,
  osProfile,
  placement: object({
    excludeZones: list(zoneName),
    includeZones: list(zoneName),
    zonePlacementPolicy: z.enum(["Any"]),
  }),
  plan: wholeObject({ name: text, product: text, promotionCode: text, publisher: text }),
  platformFaultDomain: whole,
  priority: z.enum(["Regular", "Spot"]),
  proximityPlacementGroup: reference,
  resourceGroupName: setBy("resourceGroup"),
  scheduledEventsPolicy: object({
    scheduledEventsAdditionalPublishingTargets: object({ eventGridAndResourceGraph: object({ enable: flag }) }),
    userInitiatedReboot: object({ automaticallyApprove: flag }),
    userInitiatedRedeploy: object({ automaticallyApprove: flag }),
  }),
  scheduledEventsProfile: object({
    osImageNotificationProfile: notification,
    terminateNotificationProfile: notification,
  }),
  securityProfile: object({
    encryptionAtHost: flag,
    encryptionIdentity: object({ userAssignedIdentityResourceId: text }),
    proxyAgentSettings: object({
      enabled: flag,
      imds: host,
      keyIncarnationId: whole,
      mode: z.enum(["Audit", "Enforce"]),
      wireServer: host,
    }),
    securityType: z.enum(["TrustedLaunch", "ConfidentialVM"]),
    uefiSettings: object({ secureBootEnabled: flag, vTpmEnabled: flag }),
  }),
  storageProfile,
  tags: { kind: "map", of: tagsShape },
  userData: text,
  virtualMachineScaleSet: reference,
  vmName: refuse("not settable: a VM's name is its node's id"),
  zones: list(zoneName),
});

/** What the portal's JSON view also shows, and nobody can send. */
export const answeredFields: ReadonlySet<string> = new Set(["id", "name", "type", "resources"]);
