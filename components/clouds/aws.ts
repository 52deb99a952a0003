// Made by `npm run generate` from provider/clouds/aws.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { DnsProviderArgs, VmProviderArgs } from "../arguments";
import type { OsType } from "../choices";
import { declareNode, type NodeArgs, type NodeRecordArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** How the account is reached. */
export interface AwsCredentialArgs {
  /**
   * Access key. Kept as a secret. Default: the chain of the machine that runs the updates (environment, shared files,
   * instance role).
   */
  readonly accessKeyId?: pulumi.Input<string>;
  /** Secret of the access key. Kept as a secret. Default: as `accessKeyId`. */
  readonly secretAccessKey?: pulumi.Input<string>;
  /** Token of temporary credentials. Kept as a secret. Default none. */
  readonly sessionToken?: pulumi.Input<string>;
  /** Name of a profile in the shared files of the machine that runs the updates. Default none. */
  readonly profile?: pulumi.Input<string>;
  /** Role to take with those credentials, e.g. `"arn:aws:iam::123456789012:role/vms"`. Default none. */
  readonly assumeRoleArn?: pulumi.Input<string>;
}

/** The instance metadata service inside a VM. */
export interface AwsMetadataOptionsArgs {
  /**
   * Whether a session token is needed (IMDSv2), so that a fooled web server in the VM leaks nothing. Default
   * `required`.
   */
  readonly httpTokens?: pulumi.Input<"required" | "optional">;
  /** Whether the service answers at all. Default `enabled`. */
  readonly httpEndpoint?: pulumi.Input<"enabled" | "disabled">;
  /** Network hops that its answers may take; 2 lets containers reach it. 1 to 64. Default 1. */
  readonly httpPutResponseHopLimit?: pulumi.Input<number>;
}

/** Present: spot instances, terminated when interrupted; `{}` is enough. */
export interface AwsSpotArgs {
  /** Highest price in dollars per hour as text, e.g. `"0.05"`. Default: the on-demand price. */
  readonly maxPrice?: pulumi.Input<string>;
}

/** Additions field by field in EC2's own words. */
export interface AwsConfigOverrideArgs {
  /** Fields of EC2's RunInstances request. Unknown and protected fields are refused. Default none. */
  readonly instance_config?: pulumi.Input<{ [key: string]: unknown }>;
}

/** What each VM is. */
export interface AwsVmArgs extends AwsCredentialArgs {
  /** Region of the VMs, e.g. `"eu-central-1"`. */
  readonly region: pulumi.Input<string>;
  /** Image with the agent or the desktop in it, e.g. `"ami-0abcdef1234567890"`. Running nodes keep theirs. */
  readonly amiId: pulumi.Input<string>;
  /** Size of each VM, e.g. `"m7i.2xlarge"`; decides its cores, memory and GPUs. */
  readonly instanceType: pulumi.Input<string>;
  /** Ids of security groups, e.g. `["sg-0123"]`. The open default group of the VPC is never used silently. 1 to 16. */
  readonly securityGroupIds: pulumi.Input<pulumi.Input<string>[]>;
  /** Subnet of the VMs, e.g. `"subnet-0123"`; decides VPC and availability zone. */
  readonly subnetId: pulumi.Input<string>;
  /** Give each VM a public address. Default: true with `addressType` public, else as the subnet is set. */
  readonly associatePublicIpAddress?: pulumi.Input<boolean>;
  /** Which address the runtime and the users' proxy use. Default `private`. */
  readonly addressType?: pulumi.Input<"private" | "public">;
  /** Size of the root disk in whole GiB, e.g. `"50GiB"`. Default: as the image has it. */
  readonly ebsVolumeSize?: pulumi.Input<string>;
  /** Type of the root disk. Default `gp3`. */
  readonly ebsVolumeType?: pulumi.Input<"gp2" | "gp3" | "io1" | "io2" | "st1" | "sc1" | "standard">;
  /** I/O operations per second of the root disk. 100 to 256,000. Default: the volume type's own. */
  readonly ebsIops?: pulumi.Input<number>;
  /** MiB per second of the root disk, for gp3. 125 to 2,000. Default: the volume type's own. */
  readonly ebsThroughput?: pulumi.Input<number>;
  /** Encrypt the root disk, with the account's own key unless `ebsKmsKeyId` is given. Default true. */
  readonly ebsEncrypted?: pulumi.Input<boolean>;
  /** Id or ARN of the KMS key of the root disk. Default: the account's own key for disks. */
  readonly ebsKmsKeyId?: pulumi.Input<string>;
  /** Name or ARN of the instance profile whose role the VMs have. Default none. */
  readonly iamInstanceProfile?: pulumi.Input<string>;
  /** Tags on VMs and disks, beside those that name the node. Default none. */
  readonly tags?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Name of an existing key pair. Default none: nobody can log in by SSH key. */
  readonly keyName?: pulumi.Input<string>;
  /**
   * Windows with RDP and without `connectionPassword`: the administrator's password is fetched once EC2 has it, minutes
   * after the launch, and told to a session's user. Needs `keyName` and `keyPairPrivateKey`. Default false.
   */
  readonly retrieveWindowsPassword?: pulumi.Input<boolean>;
  /**
   * Private key of `keyName`, in PEM (`-----BEGIN RSA PRIVATE KEY-----`), which opens that password. At most 16,384
   * characters. Kept as a secret. Default none.
   */
  readonly keyPairPrivateKey?: pulumi.Input<string>;
  /** The instance metadata service inside a VM. */
  readonly metadataOptions?: pulumi.Input<AwsMetadataOptionsArgs>;
  /** Detailed monitoring, which costs. Default false. */
  readonly monitoring?: pulumi.Input<boolean>;
  /** Present: spot instances, terminated when interrupted; `{}` is enough. Default: on demand. */
  readonly spot?: pulumi.Input<AwsSpotArgs>;
  /** Additions field by field in EC2's own words. */
  readonly configOverride?: pulumi.Input<AwsConfigOverrideArgs>;
  /** Inputs of the Pulumi resource `aws.ec2.Instance`; wins over `configOverride`. Default none. */
  readonly inputOverride?: pulumi.Input<{ [key: string]: unknown }>;
}

export interface AwsVmProviderArgs extends VmProviderArgs, AwsVmArgs {}

/**
 * VMs on Amazon EC2. The machine that runs the updates needs the package `@pulumi/aws`.
 *
 * @example
 * const large = new headroom.AwsVmProvider("large", {
 *   maxInstances: 20, region: "eu-central-1", amiId: "ami-0abcdef1234567890", instanceType: "m7i.2xlarge",
 *   subnetId: subnet.id, securityGroupIds: [group.id],
 * });
 */
export class AwsVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: AwsVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AwsVmProvider", name, {}, opts);
    const secretFields: string[] = ["accessKeyId", "secretAccessKey", "sessionToken", "keyPairPrivateKey"];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "aws", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Where the records go. */
export interface AwsDnsArgs extends AwsCredentialArgs {
  /** Route 53 is global, its client still wants a region. Default `"us-east-1"`. */
  readonly region?: pulumi.Input<string>;
  /**
   * Hosted zone of the records, e.g. `"Z0123456789ABC"`. Default: the one with the longest name that the base domain
   * name ends in.
   */
  readonly hostedZoneId?: pulumi.Input<string>;
  /** Look for a private hosted zone, that only VPCs ask. Default false. */
  readonly privateZone?: pulumi.Input<boolean>;
  /**
   * With `privateZone`: look among the zones of this VPC, e.g. `"vpc-0123"`, where several have one name. Default: all.
   */
  readonly vpcId?: pulumi.Input<string>;
}

export interface AwsDnsProviderArgs extends DnsProviderArgs, AwsDnsArgs {}

/** Records in Amazon Route 53. The machine that runs the updates needs the package `@pulumi/aws`. */
export class AwsDnsProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: AwsDnsProviderArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AwsDnsProvider", name, {}, opts);
    const secretFields: string[] = ["accessKeyId", "secretAccessKey", "sessionToken"];
    this.name = declareProviderConfig(this, "dnsProviderConfig", { kind: "aws", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** A record in the account of the VM. */
export interface AwsNodeDnsArgs extends NodeRecordArgs, Pick<AwsDnsArgs, "hostedZoneId" | "privateZone" | "vpcId"> {}

/** Checked before anything is declared. */
export interface AwsNodeArgs extends NodeArgs {
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
  /** What the VM is. */
  readonly settings: pulumi.Input<AwsVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<AwsNodeDnsArgs | OtherDnsArgs>;
}

/**
 * VMs on Amazon EC2. This is one of them without a runtime, in your own stack: it lives as long as the resource, and
 * its settings have the same defaults as those of the runtime's nodes. Needs the npm package `@pulumi/aws` where it
 * runs: pass a provider of it in the options to share it among nodes; without one each node makes its own from
 * `settings`.
 */
export class AwsNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: AwsNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AwsNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "aws", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
