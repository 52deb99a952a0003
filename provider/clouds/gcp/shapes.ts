/** What the fields of a VM hold, in the words of the Pulumi resource; choices as the API's discovery document has them. */
import { z } from "zod";
import { fields, flag, text, texts, whole } from "../../frame/overrides";
import { networkText, subnetworkText } from "./names";

export const textMap = z.record(z.string(), z.string());
export const keyRevocationAction = z.enum(["NONE", "STOP"]);
export const confidentialType = z.enum(["SEV", "SEV_SNP", "TDX"]);
export const monitoringUnit = z.enum(["STANDARD", "ENHANCED", "ARCHITECTURAL"]);
export const threadsPerCore = z.int().min(1).max(2);
export const bandwidthTier = z.enum(["DEFAULT", "TIER_1"]);
export const reservationType = z.enum(["ANY_RESERVATION", "SPECIFIC_RESERVATION", "NO_RESERVATION"]);
export const diskInterface = z.enum(["SCSI", "NVME"]);
export const bootDiskMode = z.enum(["READ_WRITE"]);
export const autoDelete = z.literal(true, "not false: a disk without its VM costs money, and nobody knows of it");
const networkTier = z.enum(["PREMIUM", "STANDARD"]);
const duration = z.strictObject({ seconds: whole, nanos: whole.optional() });

/** A stopped VM is no node any more, and its disk costs money: `STOP` keeps it until its node is deleted. */
export const terminationAction = z.enum(["STOP", "DELETE"]);

export const scheduling = {
  automaticRestart: flag,
  availabilityDomain: whole,
  gracefulShutdown: z.strictObject({ enabled: flag, maxDuration: duration.optional() }),
  hostErrorTimeoutSeconds: whole,
  instanceTerminationAction: terminationAction,
  localSsdRecoveryTimeout: duration,
  maxRunDuration: duration,
  minNodeCpus: whole,
  nodeAffinities: z.array(z.strictObject({ key: text, operator: z.enum(["IN", "NOT_IN"]), values: texts })),
  onHostMaintenance: z.enum(["MIGRATE", "TERMINATE"]),
  onInstanceStopAction: fields({ discardLocalSsd: flag }),
  preemptible: flag,
  provisioningModel: z.enum(["STANDARD", "SPOT", "FLEX_START", "RESERVATION_BOUND"]),
  skipGuestOsShutdown: flag,
  terminationTime: text,
} as const;

export const bootDiskParams = {
  architecture: z.enum(["X86_64", "ARM64"]),
  enableConfidentialCompute: flag,
  image: text,
  provisionedIops: whole,
  provisionedThroughput: whole,
  resourceManagerTags: textMap,
  resourcePolicies: text,
  size: whole,
  snapshot: text,
  storagePool: text,
  type: text,
} as const;

/** Many nodes are made of one template, and one disk can be written by one VM only. */
const readOnly = z.literal(
  "READ_ONLY",
  'use "READ_ONLY": these settings make many VMs, and a disk can be written by one only',
);

export const attachedDisk = z.strictObject({ deviceName: text.optional(), mode: readOnly, source: text });
export const scratchDisk = z.strictObject({
  deviceName: text.optional(),
  interface: diskInterface,
  size: whole.optional(),
});

export const networkInterface = z.strictObject({
  accessConfigs: z
    .array(
      z.strictObject({
        networkTier: networkTier.optional(),
        publicPtrDomainName: text.optional(),
        securityPolicy: text.optional(),
      }),
    )
    .max(1)
    .optional(),
  aliasIpRanges: z.array(z.strictObject({ ipCidrRange: text, subnetworkRangeName: text.optional() })).optional(),
  internalIpv6PrefixLength: whole.optional(),
  ipv6AccessConfigs: z.array(z.strictObject({ networkTier })).optional(),
  network: networkText.optional(),
  networkAttachment: text.optional(),
  nicType: z.enum(["GVNIC", "VIRTIO_NET", "IDPF", "MRDMA", "IRDMA"]).optional(),
  queueCount: whole.optional(),
  stackType: z.enum(["IPV4_ONLY", "IPV4_IPV6", "IPV6_ONLY"]).optional(),
  subnetwork: subnetworkText.optional(),
  subnetworkProject: text.optional(),
});
