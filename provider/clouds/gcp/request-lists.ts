/** The lists of a request `instances.insert` whose entries become other inputs of the Pulumi resource: disks and interfaces. */
import { z } from "zod";
import type { Inputs } from "../../frame/inputs";
import {
  flag,
  into,
  overrideSchema,
  refuse,
  text,
  texts,
  to,
  whole,
  within,
  type OverrideTable,
} from "../../frame/overrides";
import { diskTypeName, imageText, kmsKeyText, networkText, subnetworkText } from "./names";
import * as shapes from "./shapes";

/** 64-bit numbers are texts in the API's JSON, and mostly written as numbers. */
const longNumber = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]);

const ownLabels = refuse("not settable: labels say whose a disk is; use the setting customLabels for further ones");

const bootDisk = overrideSchema({
  boot: into(z.literal(true, "not false: the first disk is the one that the VM starts from").transform(() => ({}))),
  autoDelete: to("autoDelete", shapes.autoDelete),
  type: into(z.literal("PERSISTENT").transform(() => ({}))),
  mode: to("mode", shapes.bootDiskMode),
  interface: to("interface", shapes.diskInterface),
  deviceName: to("deviceName", text),
  diskSizeGb: to("initializeParams.size", longNumber),
  guestOsFeatures: into(
    z
      .array(z.strictObject({ type: text }))
      .transform((features) => ({ guestOsFeatures: features.map(({ type }) => type) })),
  ),
  diskEncryptionKey: within({ kmsKeyName: to("kmsKeySelfLink", kmsKeyText) }),
  initializeParams: within({
    architecture: to("initializeParams.architecture", shapes.bootDiskParams.architecture),
    diskSizeGb: to("initializeParams.size", longNumber),
    diskType: to("initializeParams.type", diskTypeName),
    enableConfidentialCompute: to("initializeParams.enableConfidentialCompute", flag),
    provisionedIops: to("initializeParams.provisionedIops", longNumber),
    provisionedThroughput: to("initializeParams.provisionedThroughput", longNumber),
    resourceManagerTags: to("initializeParams.resourceManagerTags", shapes.textMap),
    resourcePolicies: into(
      texts
        .max(1, "use a list of one policy: the Pulumi resource takes one")
        .transform(([policy]) => (policy === undefined ? {} : { initializeParams: { resourcePolicies: policy } })),
    ),
    sourceImage: to("initializeParams.image", imageText),
    sourceSnapshot: to("initializeParams.snapshot", text),
    storagePool: to("initializeParams.storagePool", text),
    diskName: refuse("not settable: the disk has the name of its node"),
    labels: ownLabels,
  }),
  source: refuse("not settable: a disk that exists can be that of one VM, and these settings make many"),
});

const furtherDisk = z.union(
  [
    z.strictObject({
      type: z.literal("SCRATCH"),
      autoDelete: shapes.autoDelete.optional(),
      boot: z.literal(false).optional(),
      deviceName: text.optional(),
      diskSizeGb: longNumber.optional(),
      initializeParams: z.strictObject({ diskType: diskTypeName.optional() }).optional(),
      interface: shapes.diskInterface.default("SCSI"),
    }),
    z.strictObject({
      type: z.literal("PERSISTENT").optional(),
      boot: z.literal(false).optional(),
      deviceName: text.optional(),
      mode: shapes.attachedDisk.shape.mode,
      source: text,
    }),
  ],
  {
    error:
      'a further disk is a local one, { type: "SCRATCH", interface }, or one that exists already and is only read, { source, mode: "READ_ONLY" }',
  },
);

/** The first is the one that the VM starts from. */
export const requestDisks: z.ZodType<Inputs> = z
  .array(z.unknown())
  .min(1, "use a list whose first disk is the one that the VM starts from")
  .transform((disks, context): Inputs => {
    const [first, ...others] = disks;
    const boot = parsedAt(bootDisk, first, 0, context);
    const further = others.map((disk, index) => parsedAt(furtherDisk, disk, index + 1, context));
    const scratch = further.flatMap((disk) => (disk?.type === "SCRATCH" ? [disk] : []));
    const attached = further.flatMap((disk) => (disk !== undefined && "source" in disk ? [disk] : []));
    return {
      ...(boot && Object.keys(boot).length > 0 && { bootDisk: boot }),
      ...(scratch.length > 0 && {
        scratchDisks: scratch.map(({ interface: by, deviceName, diskSizeGb: size }) => ({
          interface: by,
          ...(deviceName !== undefined && { deviceName }),
          ...(size !== undefined && { size }),
        })),
      }),
      ...(attached.length > 0 && {
        attachedDisks: attached.map(({ source, mode, deviceName }) => ({
          source,
          mode,
          ...(deviceName !== undefined && { deviceName }),
        })),
      }),
    };
  });

const ownAddress = refuse("not settable: an address is that of one VM, and these settings make many");

const accessConfig = overrideSchema({
  name: into(text.transform(() => ({}))),
  type: into(z.literal("ONE_TO_ONE_NAT").transform(() => ({}))),
  networkTier: to("networkTier", z.enum(["PREMIUM", "STANDARD"])),
  publicPtrDomainName: to("publicPtrDomainName", text),
  securityPolicy: to("securityPolicy", text),
  natIP: ownAddress,
});

const interfaceFields: OverrideTable = {
  network: to("network", networkText),
  subnetwork: to("subnetwork", subnetworkText),
  networkAttachment: to("networkAttachment", text),
  nicType: to("nicType", shapes.networkInterface.shape.nicType),
  stackType: to("stackType", shapes.networkInterface.shape.stackType),
  queueCount: to("queueCount", whole),
  internalIpv6PrefixLength: to("internalIpv6PrefixLength", whole),
  accessConfigs: to("accessConfigs", z.array(accessConfig).max(1)),
  aliasIpRanges: to("aliasIpRanges", shapes.networkInterface.shape.aliasIpRanges),
  ipv6AccessConfigs: to("ipv6AccessConfigs", z.array(z.strictObject({ networkTier: z.enum(["PREMIUM", "STANDARD"]) }))),
  networkIP: ownAddress,
  ipv6Address: ownAddress,
};

const oneInterface = overrideSchema(interfaceFields);

/** The first is merged with that of the settings. */
export const requestInterfaces: z.ZodType<Inputs> = z
  .array(oneInterface)
  .min(1, "use a list whose first interface is that of the node's address")
  .transform((networkInterfaces): Inputs => ({ networkInterfaces }));

function parsedAt<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  index: number,
  context: z.core.$RefinementCtx,
): z.output<Shape> | undefined {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    context.addIssue({ ...issue, path: [index, ...issue.path] } as Parameters<typeof context.addIssue>[0]);
  }
  return undefined;
}
