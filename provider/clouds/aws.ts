/** Amazon EC2: one `aws.ec2.Instance` per node. Its root disk and network interface go with it. */
import type { InstanceArgs } from "@pulumi/aws/ec2/instance";
import type * as pulumi from "@pulumi/pulumi";
import { mergeInputs } from "../config-override";
import { checkUserDataSize, forCloudInit, forEc2Launch } from "../user-data";
import type { NodeOf, VmProvider } from "../vm-provider";
import { awsAccountRules, awsSecretFields, newAwsProvider } from "./aws-account";
import { awsSizeOf, checkAws } from "./aws-check";
import { listInstances } from "./aws-list";
import { profileName } from "./aws-overrides";
import { accountRefusal } from "./aws-refusals";
import { awsSettingsSchema, type AwsSettings } from "./aws-settings";
import { installationTag, instanceStateNames, nodeTag } from "./aws-tags";
import { classifyByCode } from "./failure-classes";
import { loadSdk } from "./sdk";

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
  // The sizes of EC2's hundreds of instance types are not kept here: EC2 is asked, and the node reports what it has.
  shape: () => undefined,
  sizeOf: awsSizeOf,
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
  check: checkAws,
  accountRefusal,

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
