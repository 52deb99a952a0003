/** Where the fields of EC2's RunInstances request go in `aws.ec2.Instance`, and what an override must leave alone. */
import type { InstanceArgs } from "@pulumi/aws/ec2/instance";
import { isRecord, refuse, translateOverride, type OverrideRule, type OverrideTable } from "../config-override";

const oneVm = refuse("not settable: each node is exactly one VM");
const ownScript = refuse("not settable: the autoscale config's startupScript is sent as user data");
const noProtection = refuse("not settable: a VM that can't be terminated can't be scaled down");

export const runInstancesFields: OverrideTable = {
  ImageId: "ami",
  InstanceType: "instanceType",
  KeyName: "keyName",
  SubnetId: "subnetId",
  SecurityGroupIds: "vpcSecurityGroupIds",
  PrivateIpAddress: "privateIp",
  Ipv6AddressCount: "ipv6AddressCount",
  EbsOptimized: "ebsOptimized",
  InstanceInitiatedShutdownBehavior: "instanceInitiatedShutdownBehavior",
  Monitoring: { Enabled: "monitoring" },
  HibernationOptions: { Configured: "hibernation" },
  EnclaveOptions: { Enabled: "enclaveOptions.enabled" },
  MaintenanceOptions: { AutoRecovery: "maintenanceOptions.autoRecovery" },
  CreditSpecification: { CpuCredits: "creditSpecification.cpuCredits" },
  CpuOptions: {
    CoreCount: "cpuOptions.coreCount",
    ThreadsPerCore: "cpuOptions.threadsPerCore",
    AmdSevSnp: "cpuOptions.amdSevSnp",
  },
  Placement: {
    AvailabilityZone: "availabilityZone",
    Tenancy: "tenancy",
    GroupName: "placementGroup",
    GroupId: "placementGroupId",
    HostId: "hostId",
    HostResourceGroupArn: "hostResourceGroupArn",
    PartitionNumber: "placementPartitionNumber",
  },
  IamInstanceProfile: {
    Name: "iamInstanceProfile",
    Arn: (arn) => ({ iamInstanceProfile: profileName(String(arn)) }),
  },
  InstanceMarketOptions: {
    MarketType: "instanceMarketOptions.marketType",
    SpotOptions: {
      MaxPrice: "instanceMarketOptions.spotOptions.maxPrice",
      SpotInstanceType: "instanceMarketOptions.spotOptions.spotInstanceType",
      ValidUntil: "instanceMarketOptions.spotOptions.validUntil",
      InstanceInterruptionBehavior: "instanceMarketOptions.spotOptions.instanceInterruptionBehavior",
    },
  },
  MetadataOptions: {
    HttpTokens: "metadataOptions.httpTokens",
    HttpEndpoint: "metadataOptions.httpEndpoint",
    HttpPutResponseHopLimit: "metadataOptions.httpPutResponseHopLimit",
    HttpProtocolIpv6: "metadataOptions.httpProtocolIpv6",
    InstanceMetadataTags: "metadataOptions.instanceMetadataTags",
  },
  CapacityReservationSpecification: {
    CapacityReservationPreference: "capacityReservationSpecification.capacityReservationPreference",
    CapacityReservationTarget: {
      CapacityReservationId: "capacityReservationSpecification.capacityReservationTarget.capacityReservationId",
      CapacityReservationResourceGroupArn:
        "capacityReservationSpecification.capacityReservationTarget.capacityReservationResourceGroupArn",
    },
  },
  PrivateDnsNameOptions: {
    HostnameType: "privateDnsNameOptions.hostnameType",
    EnableResourceNameDnsARecord: "privateDnsNameOptions.enableResourceNameDnsARecord",
    EnableResourceNameDnsAAAARecord: "privateDnsNameOptions.enableResourceNameDnsAaaaRecord",
  },
  LaunchTemplate: {
    LaunchTemplateId: "launchTemplate.id",
    LaunchTemplateName: "launchTemplate.name",
    Version: "launchTemplate.version",
  },
  BlockDeviceMappings: blockDevices,
  NetworkInterfaces: networkInterface,
  TagSpecifications: tagSpecifications,
  SecurityGroups: refuse("not settable: use SecurityGroupIds"),
  DisableApiTermination: noProtection,
  UserData: ownScript,
  MinCount: oneVm,
  MaxCount: oneVm,
  ClientToken: oneVm,
  DryRun: oneVm,
};

/** Every input of `aws.ec2.Instance` by its own name; the compiler keeps the list complete. */
const ownNames = {
  ami: "ami",
  associatePublicIpAddress: "associatePublicIpAddress",
  availabilityZone: "availabilityZone",
  capacityReservationSpecification: "capacityReservationSpecification",
  cpuOptions: "cpuOptions",
  creditSpecification: "creditSpecification",
  disableApiStop: "disableApiStop",
  disableApiTermination: noProtection,
  ebsBlockDevices: "ebsBlockDevices",
  ebsOptimized: "ebsOptimized",
  enablePrimaryIpv6: "enablePrimaryIpv6",
  enclaveOptions: "enclaveOptions",
  ephemeralBlockDevices: "ephemeralBlockDevices",
  forceDestroy: "forceDestroy",
  getPasswordData: "getPasswordData",
  hibernation: "hibernation",
  hostId: "hostId",
  hostResourceGroupArn: "hostResourceGroupArn",
  iamInstanceProfile: "iamInstanceProfile",
  instanceInitiatedShutdownBehavior: "instanceInitiatedShutdownBehavior",
  instanceMarketOptions: "instanceMarketOptions",
  instanceType: "instanceType",
  ipv6AddressCount: "ipv6AddressCount",
  ipv6Addresses: "ipv6Addresses",
  keyName: "keyName",
  launchTemplate: "launchTemplate",
  maintenanceOptions: "maintenanceOptions",
  metadataOptions: "metadataOptions",
  monitoring: "monitoring",
  networkInterfaces: "networkInterfaces",
  placementGroup: "placementGroup",
  placementGroupId: "placementGroupId",
  placementPartitionNumber: "placementPartitionNumber",
  primaryNetworkInterface: "primaryNetworkInterface",
  privateDnsNameOptions: "privateDnsNameOptions",
  privateIp: "privateIp",
  region: refuse("not settable: use the setting region"),
  rootBlockDevice: "rootBlockDevice",
  secondaryNetworkInterfaces: "secondaryNetworkInterfaces",
  secondaryPrivateIps: "secondaryPrivateIps",
  securityGroups: refuse("not settable: use vpcSecurityGroupIds"),
  sourceDestCheck: "sourceDestCheck",
  subnetId: "subnetId",
  tags: "tags",
  tenancy: "tenancy",
  userData: ownScript,
  userDataBase64: ownScript,
  userDataReplaceOnChange: ownScript,
  volumeTags: "volumeTags",
  vpcSecurityGroupIds: "vpcSecurityGroupIds",
} satisfies Record<keyof InstanceArgs, OverrideRule>;
export const instanceInputs: OverrideTable = ownNames;

/** `arn:aws:iam::123456789012:instance-profile/path/name` → `name` */
export function profileName(nameOrArn: string): string {
  return /^arn:.*:instance-profile\//.test(nameOrArn) ? nameOrArn.slice(nameOrArn.lastIndexOf("/") + 1) : nameOrArn;
}

const ebsFields: OverrideTable = {
  DeleteOnTermination: "deleteOnTermination",
  Encrypted: "encrypted",
  Iops: "iops",
  KmsKeyId: "kmsKeyId",
  SnapshotId: "snapshotId",
  Throughput: "throughput",
  VolumeSize: "volumeSize",
  VolumeType: "volumeType",
};
/** What AMIs call their root device; the request does not say which one it is. */
const rootDeviceNames = ["/dev/sda1", "/dev/xvda"];

function blockDevices(value: unknown): Readonly<Record<string, unknown>> | string {
  if (!Array.isArray(value)) return "use a list of mappings";
  const inputs: { rootBlockDevice?: unknown; ebsBlockDevices?: unknown[]; ephemeralBlockDevices?: unknown[] } = {};
  for (const mapping of value as unknown[]) {
    if (!isRecord(mapping) || typeof mapping["DeviceName"] !== "string") return "each mapping needs a DeviceName";
    const { DeviceName: deviceName, Ebs: ebs = {}, VirtualName: virtualName, ...rest } = mapping;
    const fields = translateOverride(ebsFields, isRecord(ebs) ? ebs : {});
    const unknown = [...Object.keys(rest), ...fields.problems.map(({ path }) => `Ebs.${path}`)];
    if (unknown.length > 0) return `unknown fields: ${unknown.join(", ")}`;
    if (virtualName !== undefined) (inputs.ephemeralBlockDevices ??= []).push({ deviceName, virtualName });
    else if (rootDeviceNames.includes(deviceName)) inputs.rootBlockDevice = fields.inputs;
    else (inputs.ebsBlockDevices ??= []).push({ deviceName, deleteOnTermination: true, ...fields.inputs });
  }
  return inputs;
}

const interfaceFields: OverrideTable = {
  DeviceIndex: (index) => (index === 0 ? {} : "use 0: a node has one network interface"),
  SubnetId: "subnetId",
  Groups: "vpcSecurityGroupIds",
  AssociatePublicIpAddress: "associatePublicIpAddress",
  PrivateIpAddress: "privateIp",
};

function networkInterface(value: unknown): Readonly<Record<string, unknown>> | string {
  const [first, ...others] = Array.isArray(value) ? (value as unknown[]) : [];
  if (!isRecord(first) || others.length > 0) return "use a list of exactly one network interface";
  const { inputs, problems } = translateOverride(interfaceFields, first);
  return problems.length > 0 ? problems.map(({ path, message }) => `${path}: ${message}`).join("; ") : inputs;
}

function tagSpecifications(value: unknown): Readonly<Record<string, unknown>> | string {
  if (!Array.isArray(value)) return "use a list of tag specifications";
  const inputs: Record<string, Record<string, string>> = {};
  for (const specification of value as unknown[]) {
    const { ResourceType: type, Tags: tags } = isRecord(specification) ? specification : {};
    const target = type === "instance" ? "tags" : type === "volume" ? "volumeTags" : undefined;
    if (!target || !Array.isArray(tags)) return 'each needs ResourceType "instance" or "volume", and Tags';
    const entries = (tags as unknown[]).filter(isRecord).map((tag) => [String(tag["Key"]), String(tag["Value"])]);
    inputs[target] = { ...inputs[target], ...Object.fromEntries(entries) };
  }
  return inputs;
}
