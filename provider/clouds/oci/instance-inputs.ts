/**
 * Every input of `oci.Core.Instance` by its own name; the compiler keeps the list complete. Of the objects in it what OCI
 * answers and nobody sets is left out.
 */
import type { InstanceArgs } from "@pulumi/oci/core/instance";
import { z } from "zod";
import { fields, flag, ownNames, refuse, text, whole, type OverrideRule } from "../../frame/overrides";
import { definedTagsShape, faultDomainName, freeformTagsShape, ocidOf, shapeName } from "./names";
import * as shapes from "./override-shapes";

const { flagText, nothingStays, oneForMany, ownName, platformTypes, setBy, textOf } = shapes;

const image = z.literal("image", 'use "image": a boot volume can be that of one VM');
const alsoGone = z.literal(false, "use false: volumes go with their VM");

/** A volume that exists can be attached to one VM, so each gets one of its own. */
const newVolume = z.strictObject({
  volumeCreationType: z.literal("ATTRIBUTES"),
  sizeInGbs: textOf(shapes.volumeSize),
  ...z
    .strictObject({
      compartmentId: ocidOf("compartment", "tenancy"),
      displayName: text,
      kmsKeyId: ocidOf("key"),
      vpusPerGb: text,
    })
    .partial().shape,
});

const attachment = z.strictObject({
  type: z.enum(["iscsi", "paravirtualized"]),
  launchCreateVolumeDetails: newVolume,
  ...z
    .strictObject({
      device: text,
      displayName: text,
      encryptionInTransitType: z.enum(["NONE", "BM_ENCRYPTION_IN_TRANSIT"]),
      isAgentAutoIscsiLoginEnabled: flag,
      isPvEncryptionInTransitEnabled: flag,
      isReadOnly: flag,
      useChap: flag,
    })
    .partial().shape,
});

export const instanceInputs = ownNames({
  agentConfig: fields({
    areAllPluginsDisabled: flag,
    isManagementDisabled: flag,
    isMonitoringDisabled: flag,
    pluginsConfigs: z.array(z.strictObject({ name: text, desiredState: shapes.desiredState })),
  }),
  async: refuse("not settable: a node is made when its VM runs"),
  availabilityConfig: fields({ isLiveMigrationPreferred: flag, recoveryAction: shapes.recoveryAction }),
  availabilityDomain: setBy("availabilityDomains"),
  capacityReservationId: ocidOf("capacityreservation"),
  clusterPlacementGroupId: ocidOf("clusterplacementgroup"),
  compartmentId: setBy("compartmentOcid"),
  computeClusterId: ocidOf("computecluster"),
  createVnicDetails: fields({
    assignIpv6ip: flag,
    assignPrivateDnsRecord: flag,
    assignPublicIp: flagText,
    definedTags: definedTagsShape,
    displayName: text,
    freeformTags: freeformTagsShape,
    ipv6addressIpv6subnetCidrPairDetails: z.array(fields({ ipv6subnetCidr: text })),
    nsgIds: z.array(ocidOf("networksecuritygroup")).max(5),
    securityAttributes: z.record(text, text),
    skipSourceDestCheck: flag,
    subnetCidr: text,
    subnetId: ocidOf("subnet"),
  }),
  dedicatedVmHostId: ocidOf("dedicatedvmhost"),
  definedTags: definedTagsShape,
  displayName: ownName,
  extendedMetadata: z.record(z.string().min(1).max(255), text),
  faultDomain: faultDomainName,
  freeformTags: freeformTagsShape,
  hostnameLabel: oneForMany("a host name is one VM's in its subnet"),
  image: refuse("not settable: use sourceDetails.sourceId"),
  instanceConfigurationId: refuse("not settable: it would add what stands in no settings here"),
  instanceOptions: fields({ areLegacyImdsEndpointsDisabled: flag }),
  ipxeScript: text,
  isAiEnterpriseEnabled: flag,
  isPvEncryptionInTransitEnabled: flag,
  launchOptions: fields({
    bootVolumeType: shapes.bootVolumeType,
    firmware: shapes.firmware,
    isConsistentVolumeNamingEnabled: flag,
    isPvEncryptionInTransitEnabled: flag,
    networkType: shapes.networkType,
    remoteDataVolumeType: shapes.bootVolumeType,
  }),
  launchVolumeAttachments: z.array(attachment).max(31),
  licensingConfigs: z.strictObject({
    type: z.literal("WINDOWS"),
    licenseType: z.enum(["OCI_PROVIDED", "BRING_YOUR_OWN_LICENSE"]).optional(),
  }),
  metadata: shapes.metadataShape,
  placementConstraintDetails: z.strictObject({
    type: z.enum(["HOST_GROUP", "COMPUTE_BARE_METAL_HOST"]),
    computeHostGroupId: ocidOf("computehostgroup").optional(),
    computeBareMetalHostId: ocidOf("computebaremetalhost").optional(),
  }),
  platformConfig: fields({
    areVirtualInstructionsEnabled: flag,
    configMap: z.record(text, text),
    isAccessControlServiceEnabled: flag,
    isInputOutputMemoryManagementUnitEnabled: flag,
    isMeasuredBootEnabled: flag,
    isMemoryEncryptionEnabled: flag,
    isSecureBootEnabled: flag,
    isSymmetricMultiThreadingEnabled: flag,
    isTrustedPlatformModuleEnabled: flag,
    numaNodesPerSocket: z.enum(["NPS0", "NPS1", "NPS2", "NPS4"]),
    percentageOfCoresEnabled: z.int().min(1).max(100),
    type: z.enum(Object.values(platformTypes) as [string, ...string[]]),
  }),
  preemptibleInstanceConfig: fields({
    preemptionAction: fields({ type: z.literal("TERMINATE"), preserveBootVolume: alsoGone }),
  }),
  preserveBootVolume: nothingStays,
  preserveDataVolumesCreatedAtLaunch: nothingStays,
  securityAttributes: z.record(text, text),
  shape: shapeName,
  shapeConfig: fields({
    baselineOcpuUtilization: shapes.baseline,
    memoryInGbs: shapes.memory,
    nvmes: whole,
    ocpus: shapes.ocpus,
    resourceManagement: z.enum(["DYNAMIC", "STATIC"]),
    vcpus: whole,
  }),
  sourceDetails: fields({
    bootVolumeSizeInGbs: textOf(shapes.volumeSize),
    bootVolumeVpusPerGb: textOf(shapes.volumeVpus),
    isPreserveBootVolumeEnabled: alsoGone,
    kmsKeyId: ocidOf("key"),
    sourceId: ocidOf("image"),
    sourceType: image,
  }),
  state: refuse("not settable: nodes run until they are deleted"),
  subnetId: refuse("not settable: use createVnicDetails.subnetId"),
  updateOperationConstraint: refuse("not settable: nodes are never updated"),
} satisfies Record<keyof InstanceArgs, z.ZodType | OverrideRule>);
