/** Where the fields of EC2's RunInstances request go in `aws.ec2.Instance`, and what an override must leave alone. */
import type { InstanceArgs } from "@pulumi/aws/ec2/instance";
import { z } from "zod";
import type { Inputs } from "../../frame/inputs";
import {
  fields,
  flag,
  into,
  overrideSchema,
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
import {
  imageId,
  instanceProfile,
  instanceTypeName,
  keyPairName,
  securityGroupId,
  subnetIdText,
  tagKey,
  tagsShape,
  tagValue,
} from "./names";
import { volumeTypes } from "./volumes";

const oneVm = refuse("not settable: each node is exactly one VM");
const ownScript = refuse("not settable: the autoscale config's startupScript is sent as user data");
const noProtection = refuse("not settable: a VM that can't be terminated can't be scaled down");

/** EC2 takes none beside subnet and groups of the VM itself, and one that exists can be in one VM only. */
const ownInterface = refuse("not settable: each VM gets a network interface of its own in its subnet, with its groups");

const groupIds = z.array(securityGroupId).min(1).max(16);
const enabled = z.enum(["enabled", "disabled"]);
const httpTokens = z.enum(["required", "optional"]);
const hops = z.int().min(1).max(64);
const shutdownBehavior = z.enum(["stop", "terminate"]);
const autoRecovery = z.enum(["default", "disabled"]);
const cpuCredits = z.enum(["standard", "unlimited"]);
const tenancy = z.enum(["default", "dedicated", "host"]);
const marketType = z.enum(["spot", "capacity-block"]);
const hostnameType = z.enum(["ip-name", "resource-name"]);
const volumeType = z.enum(volumeTypes);
/** A persistent request makes another VM, of which nobody here knows, when this one goes. */
const oneTime = z.literal(
  "one-time",
  'use "one-time": nodes are replaced by the runtime, and a persistent request makes VMs of its own',
);
const terminate = z.literal("terminate", 'use "terminate": a VM that is stopped costs money and is no node any more');

export const runInstancesFields: OverrideTable = {
  ImageId: to("ami", imageId),
  InstanceType: to("instanceType", instanceTypeName),
  KeyName: to("keyName", keyPairName),
  SubnetId: to("subnetId", subnetIdText),
  SecurityGroupIds: to("vpcSecurityGroupIds", groupIds),
  PrivateIpAddress: to("privateIp", text),
  Ipv6AddressCount: to("ipv6AddressCount", whole),
  EbsOptimized: to("ebsOptimized", flag),
  InstanceInitiatedShutdownBehavior: to("instanceInitiatedShutdownBehavior", shutdownBehavior),
  Monitoring: within({ Enabled: to("monitoring", flag) }),
  HibernationOptions: within({ Configured: to("hibernation", flag) }),
  EnclaveOptions: within({ Enabled: to("enclaveOptions.enabled", flag) }),
  MaintenanceOptions: within({ AutoRecovery: to("maintenanceOptions.autoRecovery", autoRecovery) }),
  CreditSpecification: within({ CpuCredits: to("creditSpecification.cpuCredits", cpuCredits) }),
  CpuOptions: within({
    CoreCount: to("cpuOptions.coreCount", whole),
    ThreadsPerCore: to("cpuOptions.threadsPerCore", whole),
    AmdSevSnp: to("cpuOptions.amdSevSnp", enabled),
  }),
  Placement: within({
    AvailabilityZone: to("availabilityZone", text),
    Tenancy: to("tenancy", tenancy),
    GroupName: to("placementGroup", text),
    GroupId: to("placementGroupId", text),
    HostId: to("hostId", text),
    HostResourceGroupArn: to("hostResourceGroupArn", text),
    PartitionNumber: to("placementPartitionNumber", whole),
  }),
  IamInstanceProfile: within({
    Name: to("iamInstanceProfile", instanceProfile),
    Arn: into(instanceProfile.transform((arn) => ({ iamInstanceProfile: profileName(arn) }))),
  }),
  InstanceMarketOptions: within({
    MarketType: to("instanceMarketOptions.marketType", marketType),
    SpotOptions: within({
      MaxPrice: to("instanceMarketOptions.spotOptions.maxPrice", text),
      SpotInstanceType: to("instanceMarketOptions.spotOptions.spotInstanceType", oneTime),
      ValidUntil: to("instanceMarketOptions.spotOptions.validUntil", text),
      InstanceInterruptionBehavior: to("instanceMarketOptions.spotOptions.instanceInterruptionBehavior", terminate),
    }),
  }),
  MetadataOptions: within({
    HttpTokens: to("metadataOptions.httpTokens", httpTokens),
    HttpEndpoint: to("metadataOptions.httpEndpoint", enabled),
    HttpPutResponseHopLimit: to("metadataOptions.httpPutResponseHopLimit", hops),
    HttpProtocolIpv6: to("metadataOptions.httpProtocolIpv6", enabled),
    InstanceMetadataTags: to("metadataOptions.instanceMetadataTags", enabled),
  }),
  CapacityReservationSpecification: within({
    CapacityReservationPreference: to("capacityReservationSpecification.capacityReservationPreference", text),
    CapacityReservationTarget: within({
      CapacityReservationId: to(
        "capacityReservationSpecification.capacityReservationTarget.capacityReservationId",
        text,
      ),
      CapacityReservationResourceGroupArn: to(
        "capacityReservationSpecification.capacityReservationTarget.capacityReservationResourceGroupArn",
        text,
      ),
    }),
  }),
  PrivateDnsNameOptions: within({
    HostnameType: to("privateDnsNameOptions.hostnameType", hostnameType),
    EnableResourceNameDnsARecord: to("privateDnsNameOptions.enableResourceNameDnsARecord", flag),
    EnableResourceNameDnsAAAARecord: to("privateDnsNameOptions.enableResourceNameDnsAaaaRecord", flag),
  }),
  LaunchTemplate: within({
    LaunchTemplateId: to("launchTemplate.id", text),
    LaunchTemplateName: to("launchTemplate.name", text),
    Version: to("launchTemplate.version", text),
  }),
  BlockDeviceMappings: into(blockDevices()),
  NetworkInterfaces: into(networkInterface()),
  TagSpecifications: into(tagSpecifications()),
  SecurityGroups: refuse("not settable: use SecurityGroupIds"),
  DisableApiTermination: noProtection,
  UserData: ownScript,
  MinCount: oneVm,
  MaxCount: oneVm,
  ClientToken: oneVm,
  DryRun: oneVm,
};

const diskFields = {
  deleteOnTermination: flag,
  encrypted: flag,
  iops: whole,
  kmsKeyId: text,
  throughput: whole,
  volumeSize: whole,
  volumeType,
};

/**
 * Every input of `aws.ec2.Instance` by its own name; the compiler keeps the list complete. Of the objects in it what EC2
 * answers and nobody sets, e.g. the id of a volume, is left out, and tags of single disks, which `volumeTags` excludes.
 */
export const instanceInputs = ownNames({
  ami: imageId,
  associatePublicIpAddress: flag,
  availabilityZone: text,
  capacityReservationSpecification: fields({
    capacityReservationPreference: text,
    capacityReservationTarget: fields({ capacityReservationId: text, capacityReservationResourceGroupArn: text }),
  }),
  cpuOptions: fields({ amdSevSnp: enabled, coreCount: whole, nestedVirtualization: enabled, threadsPerCore: whole }),
  creditSpecification: fields({ cpuCredits }),
  disableApiStop: flag,
  disableApiTermination: noProtection,
  ebsBlockDevices: z.array(
    z.strictObject({ deviceName: text, ...z.strictObject({ ...diskFields, snapshotId: text }).partial().shape }),
  ),
  ebsOptimized: flag,
  enablePrimaryIpv6: flag,
  enclaveOptions: fields({ enabled: flag }),
  ephemeralBlockDevices: z.array(
    z.strictObject({ deviceName: text, noDevice: flag.optional(), virtualName: text.optional() }),
  ),
  forceDestroy: flag,
  getPasswordData: flag,
  hibernation: flag,
  hostId: text,
  hostResourceGroupArn: text,
  iamInstanceProfile: instanceProfile,
  instanceInitiatedShutdownBehavior: shutdownBehavior,
  instanceMarketOptions: fields({
    marketType,
    spotOptions: fields({
      instanceInterruptionBehavior: terminate,
      maxPrice: text,
      spotInstanceType: oneTime,
      validUntil: text,
    }),
  }),
  instanceType: instanceTypeName,
  ipv6AddressCount: whole,
  ipv6Addresses: texts,
  keyName: keyPairName,
  launchTemplate: fields({ id: text, name: text, version: text }),
  maintenanceOptions: fields({ autoRecovery }),
  metadataOptions: fields({
    httpEndpoint: enabled,
    httpProtocolIpv6: enabled,
    httpPutResponseHopLimit: hops,
    httpTokens,
    instanceMetadataTags: enabled,
  }),
  monitoring: flag,
  networkInterfaces: ownInterface,
  placementGroup: text,
  placementGroupId: text,
  placementPartitionNumber: whole,
  primaryNetworkInterface: ownInterface,
  privateDnsNameOptions: fields({
    enableResourceNameDnsARecord: flag,
    enableResourceNameDnsAaaaRecord: flag,
    hostnameType,
  }),
  privateIp: text,
  region: refuse("not settable: use the setting region"),
  rootBlockDevice: fields(diskFields),
  secondaryNetworkInterfaces: z.array(
    z.strictObject({
      networkCardIndex: whole,
      secondarySubnetId: text,
      deleteOnTermination: flag.optional(),
      deviceIndex: whole.optional(),
      interfaceType: text.optional(),
      privateIpAddressCount: whole.optional(),
      privateIpAddresses: texts.optional(),
    }),
  ),
  secondaryPrivateIps: texts,
  securityGroups: refuse("not settable: use vpcSecurityGroupIds"),
  sourceDestCheck: flag,
  subnetId: subnetIdText,
  tags: tagsShape,
  tenancy,
  userData: ownScript,
  userDataBase64: ownScript,
  userDataReplaceOnChange: ownScript,
  volumeTags: tagsShape,
  vpcSecurityGroupIds: groupIds,
} satisfies Record<keyof InstanceArgs, z.ZodType | OverrideRule>);

/** `arn:aws:iam::123456789012:instance-profile/path/name` → `name` */
export function profileName(nameOrArn: string): string {
  return /^arn:.*:instance-profile\//.test(nameOrArn) ? nameOrArn.slice(nameOrArn.lastIndexOf("/") + 1) : nameOrArn;
}

function blockDevices(): z.ZodType<Inputs> {
  const ebs = overrideSchema({
    DeleteOnTermination: to("deleteOnTermination", flag),
    Encrypted: to("encrypted", flag),
    Iops: to("iops", whole),
    KmsKeyId: to("kmsKeyId", text),
    SnapshotId: to("snapshotId", text),
    Throughput: to("throughput", whole),
    VolumeSize: to("volumeSize", whole),
    VolumeType: to("volumeType", volumeType),
  });
  /** What AMIs call their root device; the request does not say which one it is. */
  const rootDeviceNames = ["/dev/sda1", "/dev/xvda"];
  const mapping = z
    .strictObject({ DeviceName: text, Ebs: ebs.optional(), VirtualName: text.optional() })
    .refine(({ Ebs, VirtualName }) => Ebs === undefined || VirtualName === undefined, {
      path: ["VirtualName"],
      message: "not beside Ebs: a device is one or the other",
    })
    .refine(({ DeviceName, Ebs }) => !rootDeviceNames.includes(DeviceName) || Ebs?.["snapshotId"] === undefined, {
      path: ["Ebs", "SnapshotId"],
      message: "not settable for the root device: the AMI has its snapshot",
    });
  return z.array(mapping).transform((mappings, context) => {
    const inputs: { rootBlockDevice?: Inputs; ebsBlockDevices?: Inputs[]; ephemeralBlockDevices?: Inputs[] } = {};
    const names = new Set<string>();
    for (const [index, { DeviceName: deviceName, Ebs: disk = {}, VirtualName: virtualName }] of mappings.entries()) {
      const name = rootDeviceNames.includes(deviceName) ? "the root device" : deviceName;
      if (names.has(name)) {
        context.addIssue({ code: "custom", path: [index, "DeviceName"], message: `maps ${name} a second time` });
      }
      names.add(name);
      if (virtualName !== undefined) (inputs.ephemeralBlockDevices ??= []).push({ deviceName, virtualName });
      else if (rootDeviceNames.includes(deviceName)) inputs.rootBlockDevice = disk;
      else (inputs.ebsBlockDevices ??= []).push({ deviceName, deleteOnTermination: true, ...disk });
    }
    return inputs as Inputs;
  });
}

function networkInterface(): z.ZodType<Inputs> {
  const one = overrideSchema({
    DeviceIndex: into(z.literal(0, "use 0: a node has one network interface").transform(() => ({}))),
    SubnetId: to("subnetId", subnetIdText),
    Groups: to("vpcSecurityGroupIds", groupIds),
    AssociatePublicIpAddress: to("associatePublicIpAddress", flag),
    PrivateIpAddress: to("privateIp", text),
  });
  return z
    .array(one)
    .length(1, "use a list of exactly one network interface")
    .transform(([inputs = {}]) => inputs);
}

function tagSpecifications(): z.ZodType<Inputs> {
  const targets = { instance: "tags", volume: "volumeTags" } as const;
  const tag = z.strictObject({ Key: tagKey, Value: tagValue });
  const specification = z.strictObject({ ResourceType: z.enum(["instance", "volume"]), Tags: z.array(tag) });
  return z.array(specification).transform((specifications, context) => {
    const inputs: Record<string, Record<string, string>> = {};
    for (const [index, { ResourceType, Tags }] of specifications.entries()) {
      const tags = (inputs[targets[ResourceType]] ??= {});
      for (const [place, { Key, Value }] of Tags.entries()) {
        const isOther = Object.hasOwn(tags, Key) && tags[Key] !== Value;
        const message = `gives "${Key}" a second value; say it once`;
        if (isOther) context.addIssue({ code: "custom", path: [index, "Tags", place, "Key"], message });
        tags[Key] = Value;
      }
    }
    return inputs as Inputs;
  });
}
