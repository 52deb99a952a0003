/** Amazon EC2: one `aws.ec2.Instance` per node. Its root disk and network interface go with it. */
import type { InstanceArgs } from "@pulumi/aws/ec2/instance";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { memorySchema } from "../../runtime/model/config";
import { mergeInputs, overrideSchema } from "../config-override";
import { checkUserDataSize, forCloudInit, forEc2Launch } from "../user-data";
import type { NodeOf, VmProvider } from "../vm-provider";
import { awsAccountRules, awsCredentialFields, awsSecretFields, newAwsProvider } from "./aws-account";
import { listInstances } from "./aws-list";
import { instanceInputs, profileName, runInstancesFields } from "./aws-overrides";
import { installationTag, instanceStateNames, nodeTag } from "./aws-tags";
import { classifyByCode } from "./failure-classes";
import { loadSdk } from "./sdk";

const wholeGib = memorySchema
  .refine((bytes) => bytes >= 2 ** 30 && bytes % 2 ** 30 === 0, 'use whole GiB such as "50GiB"')
  .transform((bytes) => bytes / 2 ** 30);

export const awsSettingsSchema = z
  .strictObject({
    ...awsCredentialFields,
    /** e.g. `eu-central-1`. */
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'use a region such as "eu-central-1"'),
    /** Image with the agent or the desktop in it; new nodes only, running ones keep theirs. */
    amiId: z.string().regex(/^ami-[0-9a-f]{8,17}$/, 'use an AMI id such as "ami-0abcdef1234567890"'),
    /** e.g. `m7i.2xlarge`; decides cores, memory and GPUs. */
    instanceType: z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'use an instance type such as "m7i.large"'),
    /** At least one: the VPC's default group is never used silently. */
    securityGroupIds: z.array(z.string().regex(/^sg-/, 'use ids such as "sg-0123"')).min(1).max(16),
    subnetId: z.string().regex(/^subnet-/, 'use an id such as "subnet-0123"'),
    /** Absent: as the subnet is set. */
    associatePublicIpAddress: z.boolean().optional(),
    /** Which address the runtime and the users' proxy use. Default private. */
    addressType: z.enum(["private", "public"]).default("private"),
    /** Root disk, in whole GiB. Absent: as the AMI has it. */
    ebsVolumeSize: wholeGib.optional(),
    /** Default gp3. */
    ebsVolumeType: z.enum(["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"]).default("gp3"),
    ebsIops: z.int().min(100).max(256_000).optional(),
    /** MiB/s, for gp3. */
    ebsThroughput: z.int().min(125).max(2000).optional(),
    /** Default true, with the account's own key unless `ebsKmsKeyId` is given. */
    ebsEncrypted: z.boolean().default(true),
    ebsKmsKeyId: z.string().optional(),
    /** Name or ARN of an instance profile. */
    iamInstanceProfile: z.string().min(1).optional(),
    /** Tags on VM and disks, beside those that name the node. */
    tags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
    /** Name of an existing key pair. */
    keyName: z.string().min(1).optional(),
    /** Read the Windows administrator's password; the create then waits minutes for it. Needs `keyName`. Default false. */
    retrieveWindowsPassword: z.boolean().default(false),
    /** Instance metadata service. Default: tokens required (IMDSv2), so that a fooled web server in the VM leaks nothing. */
    metadataOptions: z
      .strictObject({
        httpTokens: z.enum(["required", "optional"]).default("required"),
        httpEndpoint: z.enum(["enabled", "disabled"]).default("enabled"),
        /** 2 lets containers reach it. Default 1. */
        httpPutResponseHopLimit: z.int().min(1).max(64).default(1),
      })
      .prefault({}),
    /** Detailed monitoring. Default false. */
    monitoring: z.boolean().default(false),
    /** Present: a spot instance, terminated when interrupted. */
    spot: z
      .strictObject({
        /** Dollars per hour as text, e.g. `"0.05"`. Absent: up to the on-demand price. */
        maxPrice: z
          .string()
          .regex(/^\d+(\.\d+)?$/, 'use dollars per hour such as "0.05"')
          .optional(),
      })
      .optional(),
    /** `{ instance_config: ... }` with fields of EC2's RunInstances request. */
    configOverride: z.strictObject({ instance_config: overrideSchema(runInstancesFields).prefault({}) }).prefault({}),
    /** The same with input names of the Pulumi resource `aws.ec2.Instance`; wins over `configOverride`. */
    inputOverride: overrideSchema(instanceInputs).prefault({}),
  })
  .superRefine((settings, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    if (settings.retrieveWindowsPassword && !settings.keyName)
      issue(["keyName"], "required with retrieveWindowsPassword");
    if (settings.addressType === "public" && settings.associatePublicIpAddress === false) {
      issue(["associatePublicIpAddress"], "not false with addressType public");
    }
    if (settings.ebsKmsKeyId && !settings.ebsEncrypted) issue(["ebsEncrypted"], "true with ebsKmsKeyId");
  });
export type AwsSettings = z.output<typeof awsSettingsSchema>;

/** Raw, before base64. */
const userDataBytesMax = 16 * 1024;
const packageName = "@pulumi/aws";

export const awsVmProvider: VmProvider<AwsSettings> = {
  kind: "aws",
  settings: awsSettingsSchema,
  secretFields: awsSecretFields,
  account: awsAccountRules,
  vmType: "aws:ec2/instance:Instance",
  sdk: packageName,
  startupScriptBytesMax: userDataBytesMax,
  osTypes: ["linux", "windows"],
  wrapScript: (script, osType) => (osType === "windows" ? forEc2Launch(script) : forCloudInit(script)),
  // The sizes of EC2's hundreds of instance types are not kept here; the node reports what it has.
  shape: () => undefined,
  pulumiProvider: newAwsProvider,

  async declareNode(node, options) {
    const { secret } = require("@pulumi/pulumi") as typeof pulumi;
    const { Instance } = loadSdk(
      packageName,
      () => require("@pulumi/aws/ec2/instance") as typeof import("@pulumi/aws/ec2/instance"),
    );
    const { userData, ...inputs } = instanceArgs(node);
    const { retrieveWindowsPassword, addressType } = node.settings;
    const vm = new Instance(
      node.nodeId,
      { ...inputs, userData: userData === undefined ? undefined : secret(userData) },
      {
        ...options,
        customTimeouts: { create: retrieveWindowsPassword ? "15m" : "6m", update: "10m", delete: "20m" },
        // What a template edit would change: a new script would stop the VM, a new image would replace it.
        ignoreChanges: [...(options.ignoreChanges ?? []), "ami", "userData", "tags", "volumeTags"],
        additionalSecretOutputs: ["userData", "passwordData"],
      },
    );
    return { vm, address: addressType === "public" ? vm.publicIp : vm.privateIp };
  },

  async findVms(nodeIds, { region }, options) {
    const { getInstances } = loadSdk(
      packageName,
      () => require("@pulumi/aws/ec2/getInstances") as typeof import("@pulumi/aws/ec2/getInstances"),
    );
    // The answer has ids without tags, so each node is asked for by itself.
    const found = nodeIds.map(async (nodeId) => {
      const { ids } = await getInstances({ instanceTags: { [nodeTag]: nodeId }, instanceStateNames, region }, options);
      return ids.map((id) => ({ nodeId, id }));
    });
    return (await Promise.all(found)).flat();
  },

  listVms: listInstances,

  ownerOf: ({ arn }) => /^arn:[^:]+:ec2:[^:]*:(\d{12}):/.exec(String(arn))?.[1],

  classify: classifyByCode({
    CAPACITY: [
      ...["InsufficientInstanceCapacity", "UnfulfillableCapacity", "InsufficientHostCapacity", "InsufficientCapacity"],
      ...["InsufficientReservedInstanceCapacity", "api error Unsupported", "SpotMaxPriceTooLow"],
      ...["InsufficientFreeAddressesInSubnet", "InsufficientAddressCapacity"],
    ],
    QUOTA: [
      ...["VcpuLimitExceeded", "MaxSpotInstanceCountExceeded", "InstanceLimitExceeded", "VolumeLimitExceeded"],
      ...["AddressLimitExceeded"],
    ],
    CONFIG: [
      ...["AuthFailure", "UnauthorizedOperation", "OptInRequired", "PendingVerification", "AccessDenied*"],
      ...["InvalidClientTokenId", "ExpiredToken", "SignatureDoesNotMatch", "MissingParameter", "Invalid*.NotFound"],
      ...["Invalid*.Malformed", "InvalidParameter*", "InvalidUserData*", "InvalidBlockDeviceMapping"],
    ],
    TRANSIENT: [
      ...["RequestLimitExceeded", "Throttling*", "RequestTimeout*", "InternalError", "InternalFailure", "Unavailable"],
      ...["ServiceUnavailable", "connection reset", "timeout while waiting", "i/o timeout", "TLS handshake timeout"],
    ],
  }),
};

/** The whole request for one node, the user's overrides merged in. */
function instanceArgs(node: NodeOf<AwsSettings>): InstanceArgs & { userData?: string } {
  const { settings } = node;
  const userData = awsVmProvider.wrapScript(node.startupScript, node.osType);
  checkUserDataSize(node.nodeId, userData, userDataBytesMax);
  const computed: InstanceArgs = {
    ami: settings.amiId,
    instanceType: settings.instanceType,
    subnetId: settings.subnetId,
    vpcSecurityGroupIds: settings.securityGroupIds,
    associatePublicIpAddress:
      settings.associatePublicIpAddress ?? (settings.addressType === "public" ? true : undefined),
    iamInstanceProfile: settings.iamInstanceProfile && profileName(settings.iamInstanceProfile),
    keyName: settings.keyName,
    getPasswordData: settings.retrieveWindowsPassword ? true : undefined,
    monitoring: settings.monitoring,
    metadataOptions: settings.metadataOptions,
    instanceMarketOptions: settings.spot && {
      marketType: "spot",
      spotOptions: {
        spotInstanceType: "one-time",
        instanceInterruptionBehavior: "terminate",
        maxPrice: settings.spot.maxPrice,
      },
    },
    rootBlockDevice: {
      volumeSize: settings.ebsVolumeSize,
      volumeType: settings.ebsVolumeType,
      iops: settings.ebsIops,
      throughput: settings.ebsThroughput,
      encrypted: settings.ebsEncrypted,
      kmsKeyId: settings.ebsKmsKeyId,
      deleteOnTermination: true,
    },
    tags: settings.tags,
    // Tags of disks go here: these are set by the very request that makes the VM, unlike those of `rootBlockDevice`.
    volumeTags: settings.tags,
  };
  const tags = nodeTags(node);
  const overrides = [settings.configOverride.instance_config, settings.inputOverride, { tags, volumeTags: tags }];
  return {
    ...overrides.reduce(mergeInputs, { ...computed }),
    userData: userData === "" ? undefined : userData,
    userDataReplaceOnChange: false,
  };
}

/** By these a VM and its disks are found again; no override can change them. */
function nodeTags(node: NodeOf<AwsSettings>): Record<string, string> {
  return {
    Name: node.nodeId,
    [nodeTag]: node.nodeId,
    ...(node.installation === undefined ? {} : { [installationTag]: node.installation }),
    "headroom-zone": node.zone,
    "headroom-pool": node.pool,
    "headroom-config": node.autoscaleConfig,
  };
}
