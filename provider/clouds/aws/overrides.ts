/** Where the fields of EC2's RunInstances request go in `aws.ec2.Instance`, and what an override must leave alone. */
import type { InstanceArgs } from "@pulumi/aws/ec2/instance";
import { z } from "zod";
import { tagsField } from "../../frame/fields";
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

const oneVm = refuse("not settable: each node is exactly one VM");
const ownScript = refuse("not settable: the autoscale config's startupScript is sent as user data");
const noProtection = refuse("not settable: a VM that can't be terminated can't be scaled down");

/** Of instances and of disks, by the setting as well as by an override. */
export const tagsShape = tagsField({ keyMax: 128, valueMax: 256 });

export const runInstancesFields: OverrideTable = {
  ImageId: to("ami", text),
  InstanceType: to("instanceType", text),
  KeyName: to("keyName", text),
  SubnetId: to("subnetId", text),
  SecurityGroupIds: to("vpcSecurityGroupIds", texts),
  PrivateIpAddress: to("privateIp", text),
  Ipv6AddressCount: to("ipv6AddressCount", whole),
  EbsOptimized: to("ebsOptimized", flag),
  InstanceInitiatedShutdownBehavior: to("instanceInitiatedShutdownBehavior", text),
  Monitoring: within({ Enabled: to("monitoring", flag) }),
  HibernationOptions: within({ Configured: to("hibernation", flag) }),
  EnclaveOptions: within({ Enabled: to("enclaveOptions.enabled", flag) }),
  MaintenanceOptions: within({ AutoRecovery: to("maintenanceOptions.autoRecovery", text) }),
  CreditSpecification: within({ CpuCredits: to("creditSpecification.cpuCredits", text) }),
  CpuOptions: within({
    CoreCount: to("cpuOptions.coreCount", whole),
    ThreadsPerCore: to("cpuOptions.threadsPerCore", whole),
    AmdSevSnp: to("cpuOptions.amdSevSnp", text),
  }),
  Placement: within({
    AvailabilityZone: to("availabilityZone", text),
    Tenancy: to("tenancy", text),
    GroupName: to("placementGroup", text),
    GroupId: to("placementGroupId", text),
    HostId: to("hostId", text),
    HostResourceGroupArn: to("hostResourceGroupArn", text),
    PartitionNumber: to("placementPartitionNumber", whole),
  }),
  IamInstanceProfile: within({
    Name: to("iamInstanceProfile", text),
    Arn: into(text.transform((arn) => ({ iamInstanceProfile: profileName(arn) }))),
  }),
  InstanceMarketOptions: within({
    MarketType: to("instanceMarketOptions.marketType", text),
    SpotOptions: within({
      MaxPrice: to("instanceMarketOptions.spotOptions.maxPrice", text),
      SpotInstanceType: to("instanceMarketOptions.spotOptions.spotInstanceType", text),
      ValidUntil: to("instanceMarketOptions.spotOptions.validUntil", text),
      InstanceInterruptionBehavior: to("instanceMarketOptions.spotOptions.instanceInterruptionBehavior", text),
    }),
  }),
  MetadataOptions: within({
    HttpTokens: to("metadataOptions.httpTokens", text),
    HttpEndpoint: to("metadataOptions.httpEndpoint", text),
    HttpPutResponseHopLimit: to("metadataOptions.httpPutResponseHopLimit", whole),
    HttpProtocolIpv6: to("metadataOptions.httpProtocolIpv6", text),
    InstanceMetadataTags: to("metadataOptions.instanceMetadataTags", text),
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
    HostnameType: to("privateDnsNameOptions.hostnameType", text),
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
  volumeType: text,
};

/**
 * Every input of `aws.ec2.Instance` by its own name; the compiler keeps the list complete. Of the objects in it what EC2
 * answers and nobody sets, e.g. the id of a volume, is left out, and tags of single disks, which `volumeTags` excludes.
 */
export const instanceInputs = ownNames({
  ami: text,
  associatePublicIpAddress: flag,
  availabilityZone: text,
  capacityReservationSpecification: fields({
    capacityReservationPreference: text,
    capacityReservationTarget: fields({ capacityReservationId: text, capacityReservationResourceGroupArn: text }),
  }),
  cpuOptions: fields({ amdSevSnp: text, coreCount: whole, nestedVirtualization: text, threadsPerCore: whole }),
  creditSpecification: fields({ cpuCredits: text }),
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
  iamInstanceProfile: text,
  instanceInitiatedShutdownBehavior: text,
  instanceMarketOptions: fields({
    marketType: text,
    spotOptions: fields({
      instanceInterruptionBehavior: text,
      maxPrice: text,
      spotInstanceType: text,
      validUntil: text,
    }),
  }),
  instanceType: text,
  ipv6AddressCount: whole,
  ipv6Addresses: texts,
  keyName: text,
  launchTemplate: fields({ id: text, name: text, version: text }),
  maintenanceOptions: fields({ autoRecovery: text }),
  metadataOptions: fields({
    httpEndpoint: text,
    httpProtocolIpv6: text,
    httpPutResponseHopLimit: whole,
    httpTokens: text,
    instanceMetadataTags: text,
  }),
  monitoring: flag,
  networkInterfaces: z.array(
    z.strictObject({
      deviceIndex: whole,
      networkInterfaceId: text,
      networkCardIndex: whole.optional(),
      deleteOnTermination: flag.optional(),
    }),
  ),
  placementGroup: text,
  placementGroupId: text,
  placementPartitionNumber: whole,
  primaryNetworkInterface: z.strictObject({ networkInterfaceId: text }),
  privateDnsNameOptions: fields({
    enableResourceNameDnsARecord: flag,
    enableResourceNameDnsAaaaRecord: flag,
    hostnameType: text,
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
  subnetId: text,
  tags: tagsShape,
  tenancy: text,
  userData: ownScript,
  userDataBase64: ownScript,
  userDataReplaceOnChange: ownScript,
  volumeTags: tagsShape,
  vpcSecurityGroupIds: texts,
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
    VolumeType: to("volumeType", text),
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
    SubnetId: to("subnetId", text),
    Groups: to("vpcSecurityGroupIds", texts),
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
  const tag = z.strictObject({ Key: z.string().min(1).max(128), Value: z.string().max(256) });
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
