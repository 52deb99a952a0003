/** Amazon Web Services: one EC2 instance per node, whose root disk and network interface go with it; records in Route 53. */
import type { Instance, InstanceArgs } from "@pulumi/aws/ec2/instance";
import type { RecordArgs } from "@pulumi/aws/route53/record";
import { defineDns, defineVm, type Cloud } from "../cloud";
import { chooseAddress } from "../frame/fields";
import { inFields } from "../frame/identity";
import { forCloudInit, forEc2Launch } from "../frame/script";
import { loadSdk } from "../frame/sdk";
import type { NodeOf } from "../vm-provider";
import { awsAccess, packageName } from "./aws/account";
import { awsSizeOf, checkAws } from "./aws/check";
import { hostedZoneOf, recordsNamed } from "./aws/dns-zone";
import { awsFailures } from "./aws/failures";
import { sharedAddressProblems } from "./aws/combinations";
import { findInstances, identityTags, listInstances } from "./aws/find";
import { profileName } from "./aws/overrides";
import { accountRefusal } from "./aws/refusals";
import { awsDnsSettingsSchema, awsSettingsSchema, type AwsDnsSettings, type AwsSettings } from "./aws/settings";
import { readWindowsPassword, windowsPasswordProblems } from "./aws/windows-password";

const vm = defineVm<AwsSettings, InstanceArgs, Instance>({
  ...awsAccess,
  description: "VMs on Amazon EC2.",
  example: `const large = new headroom.AwsVmProvider("large", {
  maxInstances: 20, region: "eu-central-1", amiId: "ami-0abcdef1234567890", instanceType: "m7i.2xlarge",
  subnetId: subnet.id, securityGroupIds: [group.id],
});`,
  settings: awsSettingsSchema,
  secretFields: [...awsAccess.secretFields, "keyPairPrivateKey"],
  vmType: "aws:ec2/instance:Instance",
  load: () =>
    loadSdk(packageName, () => require("@pulumi/aws/ec2/instance") as typeof import("@pulumi/aws/ec2/instance"))
      .Instance,
  script: {
    wrap: { linux: forCloudInit, windows: forEc2Launch },
    encoding: "plain",
    // Raw, before the plugin makes base64 of it.
    bytesMax: 16 * 1024,
  },
  scriptWarning: metadataWarning,
  inputs: instanceArgs,
  overrides: ({ configOverride, inputOverride }) => [configOverride.instance_config, inputOverride],
  // Tags of disks go to `volumeTags`: these are set by the very request that makes the VM.
  placeIdentity: inFields(identityTags, "tags", "volumeTags"),
  secretInputs: ["userData"],
  secretOutputs: ["userData", "passwordData"],
  // Nodes of older versions were made with getPasswordData, which no create waits for any more.
  ignoreChanges: ["ami", "userData", "tags", "volumeTags", "getPasswordData"],
  timeouts: () => ({ create: "6m", update: "10m", delete: "20m" }),
  address: ({ privateIp, publicIp }, { addressType }) =>
    chooseAddress(addressType, { private: privateIp, public: publicIp }),
  // The sizes of EC2's hundreds of instance types are not kept here: EC2 is asked, and the node reports what it has.
  shape: () => undefined,
  sizeOf: awsSizeOf,
  findVms: findInstances,
  listVms: listInstances,
  check: checkAws,
  accountRefusal,
  windowsPassword: { isWanted: (settings) => settings.retrieveWindowsPassword, read: readWindowsPassword },
  findProblems: (settings, definition) => [
    ...windowsPasswordProblems(settings),
    ...sharedAddressProblems(settings, definition),
  ],
  ownerOf: ({ arn }) => /^arn:[^:]+:ec2:[^:]*:(\d{12}):/.exec(String(arn))?.[1],
  failures: awsFailures,
});

/** A script that asks the metadata service without a session token gets 401 there, and mostly goes on with nothing. */
function metadataWarning(script: string, { metadataOptions }: Partial<AwsSettings>): string | undefined {
  const asks = /169\.254\.169\.254|fd00:ec2::254|\binstance-data\b/i.test(script) && /\/latest\b/.test(script);
  const hasToken = /x-aws-ec2-metadata-token|\/latest\/api\/token/i.test(script);
  if (!asks || hasToken || metadataOptions?.httpTokens === "optional") return undefined;
  return (
    "asks the metadata service of AWS without a session token, which is refused there (IMDSv2); get one by PUT " +
    "/latest/api/token, or set metadataOptions.httpTokens to optional"
  );
}

/** The request for one node, without overrides and identity. */
function instanceArgs({ settings }: NodeOf<AwsSettings>, script: string): InstanceArgs {
  return {
    ami: settings.amiId,
    instanceType: settings.instanceType,
    subnetId: settings.subnetId,
    vpcSecurityGroupIds: settings.securityGroupIds,
    associatePublicIpAddress:
      settings.associatePublicIpAddress ?? (settings.addressType === "public" ? true : undefined),
    iamInstanceProfile: settings.iamInstanceProfile && profileName(settings.iamInstanceProfile),
    keyName: settings.keyName,
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
    volumeTags: settings.tags,
    userData: script === "" ? undefined : script,
    userDataReplaceOnChange: false,
  };
}

const dns = defineDns<AwsDnsSettings, RecordArgs, string>({
  ...awsAccess,
  description: "Records in Amazon Route 53.",
  settings: awsDnsSettingsSchema,
  recordType: "aws:route53/record:Record",
  load: () =>
    loadSdk(packageName, () => require("@pulumi/aws/route53/record") as typeof import("@pulumi/aws/route53/record"))
      .Record,
  prepare: async ({ dns: { settings, baseDomainName } }, { provider }) =>
    settings.hostedZoneId ?? hostedZoneOf(baseDomainName, settings, provider),
  standing: (name, { dns: { baseDomainName } }, zoneId, { provider }) =>
    recordsNamed(name, { zoneId, baseDomainName }, provider),
  inputs: ({ dns: { ttlSeconds }, address, type, isLeftover }, name, zoneId) => ({
    zoneId,
    name,
    type,
    ttl: ttlSeconds,
    records: [address],
    // Else Route 53 itself refuses what somebody has made since it was asked.
    allowOverwrite: isLeftover,
  }),
  ignoreChanges: ["allowOverwrite"],
  // Route 53 keeps tags for zones, not for records.
  placeIdentity: "nowhere",
  timeouts: { create: "5m", delete: "5m" },
});

export const aws = { kind: "aws", vm, dns } satisfies Cloud;
