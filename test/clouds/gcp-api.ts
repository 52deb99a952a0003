/** Compute Engine's API as far as nodes need it: how it refuses, and what a request for a VM may hold. */
import { z } from "zod";
import type { Properties } from "../../provider/resource-kernel";

/** A refusal, as the API answers it; the plugin prints it by {@link printed}. */
export class GcpRefusal extends Error {
  constructor(
    readonly status: number,
    readonly sentence: string,
    readonly reason: string,
  ) {
    super(printed(status, sentence, reason));
  }
}

export function printed(status: number, sentence: string, reason: string): string {
  return `googleapi: Error ${status}: ${sentence}, ${reason}`;
}

export function createError(status: number, sentence: string, reason: string): string {
  return `1 error occurred:\n\t* Error creating instance: ${printed(status, sentence, reason)}\n\n`;
}

/** Of an operation that was accepted and failed later: its code is not printed. */
export function operationError(sentence: string): string {
  return `1 error occurred:\n\t* Error waiting for instance to create: ${sentence}\n\n\n`;
}

/** With what the plugin puts before an answer of the API. */
export function told<T>(before: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof GcpRefusal)
      throw new Error(`1 error occurred:\n\t* ${before}${error.message}\n\n`, { cause: error });
    throw error;
  }
}

export const resourceName = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const longNumber = z.string().regex(/^\d+$/);
const labels = z.record(
  z.string().regex(/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u),
  z.string().regex(/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u),
);
const duration = z.strictObject({ seconds: longNumber, nanos: z.int().optional() });

/** Bytes of one value of metadata, and of all together. */
export const metadataLimits = { value: 262_144, all: 524_288 };

const metadataItems = z
  .array(z.strictObject({ key: z.string().regex(/^[a-zA-Z0-9-_]{1,128}$/), value: z.string() }))
  .refine((items) => new Set(items.map(({ key }) => key)).size === items.length, "duplicate keys")
  .refine(
    (items) => items.every(({ value }) => Buffer.byteLength(value) <= metadataLimits.value),
    `is too large: maximum size ${metadataLimits.value} character(s)`,
  )
  .refine(
    (items) =>
      items.reduce((sum, { key, value }) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0) <=
      metadataLimits.all,
    "is too large in all",
  );

/** `instances.insert`: names, types, choices and limits as the discovery document and the API's words have them. */
export const instanceRequestSchema = z.strictObject({
  name: z.string().regex(resourceName),
  description: z.string().optional(),
  machineType: z.string(),
  minCpuPlatform: z.string().optional(),
  canIpForward: z.boolean().optional(),
  deletionProtection: z.boolean().optional(),
  keyRevocationActionType: z.enum(["NONE", "STOP"]).optional(),
  displayDevice: z.strictObject({ enableDisplay: z.boolean() }).optional(),
  labels: labels.refine((all) => Object.keys(all).length <= 64).optional(),
  tags: z.strictObject({ items: z.array(z.string().regex(resourceName)).max(64) }).optional(),
  metadata: z.strictObject({ items: metadataItems }).optional(),
  disks: z.array(
    z.strictObject({
      boot: z.boolean(),
      autoDelete: z.boolean().optional(),
      type: z.enum(["PERSISTENT", "SCRATCH"]).optional(),
      mode: z.enum(["READ_ONLY", "READ_WRITE"]).optional(),
      interface: z.enum(["NVME", "SCSI"]).optional(),
      deviceName: z.string().optional(),
      diskSizeGb: longNumber.optional(),
      source: z.string().optional(),
      guestOsFeatures: z.array(z.strictObject({ type: z.string() })).optional(),
      diskEncryptionKey: z.strictObject({ kmsKeyName: z.string() }).optional(),
      initializeParams: z
        .strictObject({
          architecture: z.enum(["ARM64", "X86_64"]).optional(),
          diskSizeGb: longNumber.optional(),
          diskType: z.string().optional(),
          enableConfidentialCompute: z.boolean().optional(),
          labels: labels.optional(),
          provisionedIops: longNumber.optional(),
          provisionedThroughput: longNumber.optional(),
          resourceManagerTags: z.record(z.string(), z.string()).optional(),
          resourcePolicies: z.array(z.string()).optional(),
          sourceImage: z.string().optional(),
          sourceSnapshot: z.string().optional(),
          storagePool: z.string().optional(),
        })
        .optional(),
    }),
  ),
  networkInterfaces: z.array(
    z.strictObject({
      network: z.string().optional(),
      subnetwork: z.string().optional(),
      networkAttachment: z.string().optional(),
      nicType: z.enum(["GVNIC", "IDPF", "IRDMA", "MRDMA", "VIRTIO_NET"]).optional(),
      stackType: z.enum(["IPV4_IPV6", "IPV4_ONLY", "IPV6_ONLY"]).optional(),
      queueCount: z.int().optional(),
      internalIpv6PrefixLength: z.int().optional(),
      accessConfigs: z
        .array(
          z.strictObject({
            type: z.literal("ONE_TO_ONE_NAT"),
            networkTier: z.enum(["PREMIUM", "STANDARD"]).optional(),
            publicPtrDomainName: z.string().optional(),
            securityPolicy: z.string().optional(),
          }),
        )
        .optional(),
      aliasIpRanges: z
        .array(z.strictObject({ ipCidrRange: z.string(), subnetworkRangeName: z.string().optional() }))
        .optional(),
      ipv6AccessConfigs: z
        .array(z.strictObject({ type: z.literal("DIRECT_IPV6"), networkTier: z.enum(["PREMIUM", "STANDARD"]) }))
        .optional(),
    }),
  ),
  guestAccelerators: z.array(z.strictObject({ acceleratorType: z.string(), acceleratorCount: z.int() })).optional(),
  serviceAccounts: z.array(z.strictObject({ email: z.string(), scopes: z.array(z.string()) })).optional(),
  shieldedInstanceConfig: z
    .strictObject({
      enableSecureBoot: z.boolean().optional(),
      enableVtpm: z.boolean().optional(),
      enableIntegrityMonitoring: z.boolean().optional(),
    })
    .optional(),
  confidentialInstanceConfig: z
    .strictObject({
      enableConfidentialCompute: z.boolean().optional(),
      confidentialInstanceType: z.enum(["SEV", "SEV_SNP", "TDX"]).optional(),
    })
    .optional(),
  advancedMachineFeatures: z
    .strictObject({
      enableNestedVirtualization: z.boolean().optional(),
      enableUefiNetworking: z.boolean().optional(),
      performanceMonitoringUnit: z.enum(["ARCHITECTURAL", "ENHANCED", "STANDARD"]).optional(),
      threadsPerCore: z.int().optional(),
      turboMode: z.string().optional(),
      visibleCoreCount: z.int().optional(),
    })
    .optional(),
  networkPerformanceConfig: z.strictObject({ totalEgressBandwidthTier: z.enum(["DEFAULT", "TIER_1"]) }).optional(),
  reservationAffinity: z
    .strictObject({
      consumeReservationType: z.enum(["ANY_RESERVATION", "NO_RESERVATION", "SPECIFIC_RESERVATION"]),
      key: z.string().optional(),
      values: z.array(z.string()).optional(),
    })
    .optional(),
  resourcePolicies: z.array(z.string()).optional(),
  params: z.strictObject({ resourceManagerTags: z.record(z.string(), z.string()).optional() }).optional(),
  instanceEncryptionKey: z
    .strictObject({ kmsKeyName: z.string().optional(), kmsKeyServiceAccount: z.string().optional() })
    .optional(),
  workloadIdentityConfig: z
    .strictObject({ identity: z.string().optional(), identityCertificateEnabled: z.boolean().optional() })
    .optional(),
  scheduling: z
    .strictObject({
      automaticRestart: z.boolean().optional(),
      availabilityDomain: z.int().optional(),
      gracefulShutdown: z.strictObject({ enabled: z.boolean(), maxDuration: duration.optional() }).optional(),
      hostErrorTimeoutSeconds: z.int().optional(),
      instanceTerminationAction: z.enum(["DELETE", "STOP"]).optional(),
      localSsdRecoveryTimeout: duration.optional(),
      maxRunDuration: duration.optional(),
      minNodeCpus: z.int().optional(),
      nodeAffinities: z
        .array(z.strictObject({ key: z.string(), operator: z.enum(["IN", "NOT_IN"]), values: z.array(z.string()) }))
        .optional(),
      onHostMaintenance: z.enum(["MIGRATE", "TERMINATE"]).optional(),
      onInstanceStopAction: z.strictObject({ discardLocalSsd: z.boolean().optional() }).optional(),
      preemptible: z.boolean().optional(),
      provisioningModel: z.enum(["FLEX_START", "RESERVATION_BOUND", "SPOT", "STANDARD"]).optional(),
      skipGuestOsShutdown: z.boolean().optional(),
      terminationTime: z.string().optional(),
    })
    .optional(),
});
export type InstanceRequest = z.output<typeof instanceRequestSchema>;

/** Of every problem that the API sees it tells the first, by the path of its field. */
export function problemIn(request: unknown): GcpRefusal | undefined {
  const parsed = instanceRequestSchema.safeParse(request);
  if (parsed.success) return undefined;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`),
    "resource",
  );
  return new GcpRefusal(400, `Invalid value for field '${path}': ''. ${issue?.message}`, "invalid");
}

type Fields = Readonly<Record<string, unknown>>;

/** The request that the plugin makes of a VM's inputs. */
export function requestOf(inputs: Properties, place: { readonly project: string; readonly zone: string }): Fields {
  const { project, zone } = place;
  const zonal = (kind: string, name: unknown) =>
    name === undefined ? undefined : `projects/${project}/zones/${zone}/${kind}/${String(name).split("/").at(-1)}`;
  const {
    bootDisk = {},
    attachedDisks = [],
    scratchDisks = [],
    metadata = {},
    tags,
    ...rest
  } = inputs as {
    bootDisk?: Fields;
    attachedDisks?: Fields[];
    scratchDisks?: Fields[];
    metadata?: Record<string, string>;
    tags?: string[];
  } & Fields;
  const { enableDisplay, serviceAccount, guestAccelerators, reservationAffinity, resourcePolicies, ...others } = rest;
  const plain = Object.entries(others).filter(([name]) => !kept.includes(name) && !name.startsWith("__"));
  return present({
    ...Object.fromEntries(plain),
    machineType: zonal("machineTypes", rest["machineType"]),
    disks: [
      bootDiskOf(bootDisk, zonal),
      ...scratchDisks.map(({ size, ...disk }) =>
        present({ ...disk, type: "SCRATCH", autoDelete: true, boot: false, diskSizeGb: longOf(size) }),
      ),
      ...attachedDisks.map((disk) => ({ ...disk, type: "PERSISTENT", autoDelete: false, boot: false })),
    ],
    networkInterfaces: (rest["networkInterfaces"] as Fields[] | undefined)?.map(interfaceOf),
    metadata: { items: Object.entries(metadata).map(([key, value]) => ({ key, value })) },
    tags: tags && { items: tags },
    displayDevice: enableDisplay === undefined ? undefined : { enableDisplay },
    serviceAccounts: serviceAccount && [serviceAccount],
    guestAccelerators: (guestAccelerators as Fields[] | undefined)?.map(({ type, count }) => ({
      acceleratorType: zonal("acceleratorTypes", type),
      acceleratorCount: count,
    })),
    reservationAffinity: reservationAffinity && affinityOf(reservationAffinity as Fields),
    resourcePolicies: resourcePolicies && [resourcePolicies],
    instanceEncryptionKey: keyOf(rest["instanceEncryptionKey"] as Fields | undefined),
    scheduling: schedulingOf(rest["scheduling"] as Fields | undefined),
  });
}

/** What stands in the path of the request, or only the plugin itself uses. */
const kept = ["project", "zone", "eraseWindowsVssSignature", "partnerMetadata"];

function bootDiskOf(
  { initializeParams = {}, kmsKeySelfLink, guestOsFeatures, ...disk }: Fields,
  zonal: (kind: string, name: unknown) => string | undefined,
): Fields {
  const { image, size, type, snapshot, resourcePolicies, provisionedIops, provisionedThroughput, ...params } =
    initializeParams as Fields;
  return present({
    ...disk,
    boot: true,
    guestOsFeatures: (guestOsFeatures as string[] | undefined)?.map((feature) => ({ type: feature })),
    diskEncryptionKey: kmsKeySelfLink === undefined ? undefined : { kmsKeyName: kmsKeySelfLink },
    initializeParams: present({
      ...params,
      sourceImage: image,
      sourceSnapshot: snapshot,
      diskSizeGb: longOf(size),
      diskType: zonal("diskTypes", type),
      provisionedIops: longOf(provisionedIops),
      provisionedThroughput: longOf(provisionedThroughput),
      resourcePolicies: resourcePolicies && [resourcePolicies],
    }),
  });
}

function interfaceOf({ accessConfigs, ipv6AccessConfigs, ...rest }: Fields): Fields {
  const typed = (list: unknown, type: string) => (list as Fields[] | undefined)?.map((one) => ({ type, ...one }));
  return present({
    ...rest,
    accessConfigs: typed(accessConfigs, "ONE_TO_ONE_NAT"),
    ipv6AccessConfigs: typed(ipv6AccessConfigs, "DIRECT_IPV6"),
  });
}

function affinityOf({ type, specificReservation = {} }: Fields): Fields {
  return { consumeReservationType: type, ...(specificReservation as Fields) };
}

function keyOf(key: Fields | undefined): Fields | undefined {
  if (key === undefined) return undefined;
  const { kmsKeySelfLink: kmsKeyName, ...rest } = key;
  return present({ ...rest, kmsKeyName });
}

function schedulingOf(scheduling: Fields | undefined): Fields | undefined {
  if (scheduling === undefined) return undefined;
  const durationOf = (value: unknown) =>
    value && { ...(value as Fields), seconds: longOf((value as Fields)["seconds"]) };
  return present({
    ...scheduling,
    maxRunDuration: durationOf(scheduling["maxRunDuration"]),
    localSsdRecoveryTimeout: durationOf(scheduling["localSsdRecoveryTimeout"]),
  });
}

/** 64-bit numbers are texts in JSON. */
function longOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
