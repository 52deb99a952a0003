/** Where the fields of a Compute Engine VM go in `gcp.compute.Instance`, and what an override must leave alone. */
import type { InstanceArgs } from "@pulumi/gcp/compute/instance";
import { z } from "zod";
import {
  fields,
  flag,
  into,
  ownNames,
  refuse,
  text,
  texts,
  to,
  whole,
  within,
  type OverrideRule,
  type OverrideTable,
} from "../../frame/overrides";
import { acceleratorAt, acceleratorText, instanceAccount, machineTypeName, networkTagList } from "./names";
import { metadataMap, metadataPairs } from "./metadata";
import { requestDisks, requestInterfaces } from "./request-lists";
import * as shapes from "./shapes";

const setBy = (setting: string): OverrideRule => refuse(`not settable here: use the setting ${setting}`);
const ownName = refuse("not settable: a VM is found again by its name, which is the node's id");
const ownLabels = refuse("not settable: labels say whose a VM is; use the setting customLabels for further ones");
const ownHostname = refuse("not settable: each node has a name of its own, and this one would be that of all");
const ownScript = refuse("not settable: the autoscale config's startupScript is sent as metadata");
const protection = z.literal(false, "not true: a VM that can't be deleted can't be scaled down");

const serviceAccount = z.strictObject({
  email: instanceAccount.optional(),
  scopes: texts.min(1),
});

/** Of a request `instances.insert`. */
export const requestFields: OverrideTable = {
  machineType: to("machineType", machineTypeName),
  description: to("description", text),
  minCpuPlatform: to("minCpuPlatform", text),
  canIpForward: to("canIpForward", flag),
  keyRevocationActionType: to("keyRevocationActionType", shapes.keyRevocationAction),
  displayDevice: within({ enableDisplay: to("enableDisplay", flag) }),
  shieldedInstanceConfig: within({
    enableSecureBoot: to("shieldedInstanceConfig.enableSecureBoot", flag),
    enableVtpm: to("shieldedInstanceConfig.enableVtpm", flag),
    enableIntegrityMonitoring: to("shieldedInstanceConfig.enableIntegrityMonitoring", flag),
  }),
  confidentialInstanceConfig: within({
    enableConfidentialCompute: to("confidentialInstanceConfig.enableConfidentialCompute", flag),
    confidentialInstanceType: to("confidentialInstanceConfig.confidentialInstanceType", shapes.confidentialType),
  }),
  advancedMachineFeatures: within({
    enableNestedVirtualization: to("advancedMachineFeatures.enableNestedVirtualization", flag),
    enableUefiNetworking: to("advancedMachineFeatures.enableUefiNetworking", flag),
    performanceMonitoringUnit: to("advancedMachineFeatures.performanceMonitoringUnit", shapes.monitoringUnit),
    threadsPerCore: to("advancedMachineFeatures.threadsPerCore", shapes.threadsPerCore),
    turboMode: to("advancedMachineFeatures.turboMode", text),
    visibleCoreCount: to("advancedMachineFeatures.visibleCoreCount", whole),
  }),
  networkPerformanceConfig: within({
    totalEgressBandwidthTier: to("networkPerformanceConfig.totalEgressBandwidthTier", shapes.bandwidthTier),
  }),
  scheduling: within(
    Object.fromEntries(
      Object.entries(shapes.scheduling).map(([field, shape]) => [field, to(`scheduling.${field}`, shape)]),
    ),
  ),
  reservationAffinity: into(
    z
      .strictObject({
        consumeReservationType: shapes.reservationType,
        key: text.optional(),
        values: texts.optional(),
      })
      .transform(({ consumeReservationType: type, key, values }) => ({
        reservationAffinity: { type, ...(key !== undefined && { specificReservation: { key, values: values ?? [] } }) },
      })),
  ),
  resourcePolicies: into(
    texts
      .max(1, "use a list of one policy: the Pulumi resource takes one")
      .transform(([policy]) => (policy === undefined ? {} : { resourcePolicies: policy })),
  ),
  guestAccelerators: into(
    z
      .array(z.strictObject({ acceleratorType: acceleratorText, acceleratorCount: z.int().min(0).max(16) }))
      .transform((list) => ({
        guestAccelerators: list.map(({ acceleratorType, acceleratorCount: count }) => ({
          type: acceleratorAt(acceleratorType).name,
          count,
        })),
      })),
  ),
  tags: within({ items: to("tags", networkTagList) }),
  metadata: within({ items: into(metadataPairs.transform((metadata) => ({ metadata }))) }),
  serviceAccounts: into(
    z
      .array(serviceAccount)
      .length(1, "use a list of exactly one service account")
      .transform(([account]) => ({ serviceAccount: account })),
  ),
  instanceEncryptionKey: within({
    kmsKeyName: to("instanceEncryptionKey.kmsKeySelfLink", text),
    kmsKeyServiceAccount: to("instanceEncryptionKey.kmsKeyServiceAccount", text),
  }),
  params: within({ resourceManagerTags: to("params.resourceManagerTags", shapes.textMap) }),
  workloadIdentityConfig: within({
    identity: to("workloadIdentityConfig.identity", text),
    identityCertificateEnabled: to("workloadIdentityConfig.identityCertificateEnabled", flag),
  }),
  disks: into(requestDisks),
  networkInterfaces: into(requestInterfaces),
  deletionProtection: to("deletionProtection", protection),
  name: ownName,
  labels: ownLabels,
  hostname: ownHostname,
  zone: setBy("zone"),
  sourceMachineImage: refuse("not settable: a machine image holds a whole VM; name an image by the setting image"),
};

/** Every input of `gcp.compute.Instance` by its own name; the compiler keeps the list complete. */
export const instanceInputs = ownNames({
  advancedMachineFeatures: fields({
    enableNestedVirtualization: flag,
    enableUefiNetworking: flag,
    performanceMonitoringUnit: shapes.monitoringUnit,
    threadsPerCore: shapes.threadsPerCore,
    turboMode: text,
    visibleCoreCount: whole,
  }),
  allowStoppingForUpdate: refuse("not settable: nodes are never changed"),
  attachedDisks: z.array(shapes.attachedDisk),
  bootDisk: fields({
    autoDelete: shapes.autoDelete,
    deviceName: text,
    guestOsFeatures: texts,
    initializeParams: fields(shapes.bootDiskParams),
    interface: shapes.diskInterface,
    kmsKeySelfLink: text,
    mode: shapes.bootDiskMode,
  }),
  canIpForward: flag,
  confidentialInstanceConfig: fields({
    confidentialInstanceType: shapes.confidentialType,
    enableConfidentialCompute: flag,
  }),
  deletionPolicy: refuse("not settable: a VM whose node is gone must go, too"),
  deletionProtection: protection,
  description: text,
  desiredStatus: refuse("not settable: a node runs until it is deleted"),
  enableDisplay: flag,
  eraseWindowsVssSignature: flag,
  guestAccelerators: z.array(z.strictObject({ count: z.int().min(0).max(16), type: acceleratorText })),
  hostname: ownHostname,
  instanceEncryptionKey: fields({ kmsKeySelfLink: text, kmsKeyServiceAccount: text }),
  keyRevocationActionType: shapes.keyRevocationAction,
  labels: ownLabels,
  machineType: text,
  metadata: metadataMap,
  metadataStartupScript: ownScript,
  minCpuPlatform: text,
  name: ownName,
  networkInterfaces: z.array(shapes.networkInterface).min(1),
  networkPerformanceConfig: z.strictObject({ totalEgressBandwidthTier: shapes.bandwidthTier }),
  params: fields({ resourceManagerTags: shapes.textMap }),
  partnerMetadata: shapes.textMap,
  project: setBy("project"),
  reservationAffinity: z.strictObject({
    specificReservation: z.strictObject({ key: text, values: texts }).optional(),
    type: shapes.reservationType,
  }),
  resourcePolicies: text,
  scheduling: fields(shapes.scheduling),
  scratchDisks: z.array(shapes.scratchDisk),
  serviceAccount,
  shieldedInstanceConfig: fields({ enableIntegrityMonitoring: flag, enableSecureBoot: flag, enableVtpm: flag }),
  tags: networkTagList,
  workloadIdentityConfig: fields({ identity: text, identityCertificateEnabled: flag }),
  zone: setBy("zone"),
} satisfies Record<keyof InstanceArgs, z.ZodType | OverrideRule>);
