import * as pulumi from "@pulumi/pulumi";
import type { OsType } from "./choices";
import { declareDefinition } from "./declaration";
import { declareNode } from "./node";

/** How the runtime reaches an AWS account. All absent: the chain of its machine (environment, files, instance role). */
export interface AwsCredentialArgs {
  /** Kept as a secret. */
  readonly accessKeyId?: pulumi.Input<string>;
  /** Kept as a secret. */
  readonly secretAccessKey?: pulumi.Input<string>;
  /** For temporary credentials; kept as a secret. */
  readonly sessionToken?: pulumi.Input<string>;
  /** Name of a profile in the shared files of the machine that runs the updates. */
  readonly profile?: pulumi.Input<string>;
  /** Role to take with those credentials, `arn:aws:iam::<account>:role/<name>`. */
  readonly assumeRoleArn?: pulumi.Input<string>;
}

/** The instance metadata service inside a VM. */
export interface AwsMetadataOptionsArgs {
  /** `required` (IMDSv2) or `optional`. Default `required`, so that a fooled web server in the VM leaks nothing. */
  readonly httpTokens?: pulumi.Input<string>;
  /** `enabled` or `disabled`. Default `enabled`. */
  readonly httpEndpoint?: pulumi.Input<string>;
  /** 1 to 64; 2 lets containers reach it. Default 1. */
  readonly httpPutResponseHopLimit?: pulumi.Input<number>;
}

export interface AwsSpotArgs {
  /** Dollars per hour as text, e.g. `"0.05"`. Default: up to the on-demand price. */
  readonly maxPrice?: pulumi.Input<string>;
}

/** A field by field addition in EC2's own words. */
export interface AwsConfigOverrideArgs {
  /** Fields of EC2's RunInstances request. Unknown and protected fields are refused. */
  readonly instance_config?: pulumi.Input<{ [field: string]: unknown }>;
}

/** Which VM an instance is. */
export interface AwsVmArgs extends AwsCredentialArgs {
  /** e.g. `"eu-central-1"`. */
  readonly region: pulumi.Input<string>;
  /** Image with the agent or the desktop in it; new nodes only, running ones keep theirs. */
  readonly amiId: pulumi.Input<string>;
  /** e.g. `"m7i.2xlarge"`; decides cores, memory and GPUs. */
  readonly instanceType: pulumi.Input<string>;
  /** 1 to 16; there is no default, so that the VPC's open default group is never used silently. */
  readonly securityGroupIds: pulumi.Input<pulumi.Input<string>[]>;
  readonly subnetId: pulumi.Input<string>;
  /** Default: as the subnet is set. */
  readonly associatePublicIpAddress?: pulumi.Input<boolean>;
  /** Which address the runtime and the users' proxy use: `private` or `public`. Default `private`. */
  readonly addressType?: pulumi.Input<string>;
  /** Root disk in whole GiB, e.g. `"50GiB"`. Default: as the image has it. */
  readonly ebsVolumeSize?: pulumi.Input<string>;
  /** Default `gp3`. */
  readonly ebsVolumeType?: pulumi.Input<string>;
  /** 100 to 256,000. Default: the volume type's own. */
  readonly ebsIops?: pulumi.Input<number>;
  /** MiB per second, 125 to 2,000, for gp3. Default: the volume type's own. */
  readonly ebsThroughput?: pulumi.Input<number>;
  /** Default true, with the account's own key unless `ebsKmsKeyId` is given. */
  readonly ebsEncrypted?: pulumi.Input<boolean>;
  readonly ebsKmsKeyId?: pulumi.Input<string>;
  /** Name or ARN of an instance profile. Default none. */
  readonly iamInstanceProfile?: pulumi.Input<string>;
  /** Tags on VM and disks, beside those that name the node. Default none. */
  readonly tags?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Name of an existing key pair. Default none: nobody can log in by SSH key. */
  readonly keyName?: pulumi.Input<string>;
  /** Read the Windows administrator's password; a create then waits minutes for it. Needs `keyName`. Default false. */
  readonly retrieveWindowsPassword?: pulumi.Input<boolean>;
  readonly metadataOptions?: pulumi.Input<AwsMetadataOptionsArgs>;
  /** Detailed monitoring, which costs. Default false. */
  readonly monitoring?: pulumi.Input<boolean>;
  /** Present: a spot instance, terminated when interrupted. Default: on demand. */
  readonly spot?: pulumi.Input<AwsSpotArgs>;
  readonly configOverride?: pulumi.Input<AwsConfigOverrideArgs>;
  /** Inputs of the Pulumi resource `aws.ec2.Instance`; wins over `configOverride`. Default none. */
  readonly inputOverride?: pulumi.Input<{ [input: string]: unknown }>;
}

export interface AwsVmProviderArgs extends AwsVmArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Hard ceiling over all autoscale configs that use it, whatever is in flight; 1 to 10,000. */
  readonly maxInstances: pulumi.Input<number>;
  /**
   * What becomes of a VM of this installation in the account that no node and no stack has, once it stands in
   * `headroom orphans`: `"report"` leaves it, `"delete"` deletes it. Default `"report"`.
   */
  readonly orphans?: pulumi.Input<"report" | "delete">;
}

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
    const { name: ownName, maxInstances, orphans, ...settings } = args;
    const doc = { name: ownName, kind: "aws", maxInstances, orphans, settings: hideCredentials(settings) };
    this.name = declareDefinition(this, { kind: "vmProviderConfig", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}

/** What a Route 53 account and zone is. */
export interface AwsDnsArgs extends AwsCredentialArgs {
  /** Route 53 is global, its client still wants a region. Default `"us-east-1"`. */
  readonly region?: pulumi.Input<string>;
  /** Hosted zone of the records. Default: the one with the longest name that the base domain name ends in. */
  readonly hostedZoneId?: pulumi.Input<string>;
  /** Look for a private hosted zone. Default false. */
  readonly privateZone?: pulumi.Input<boolean>;
}

export interface AwsDnsProviderArgs extends AwsDnsArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
}

/** Records in Amazon Route 53. */
export class AwsDnsProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: AwsDnsProviderArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AwsDnsProvider", name, {}, opts);
    const { name: ownName, ...settings } = args;
    const doc = { name: ownName, kind: "aws", settings: hideCredentials(settings) };
    this.name = declareDefinition(this, { kind: "dnsProviderConfig", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}

export interface AwsNodeDnsArgs {
  /** The record is `<node name>.<baseDomainName>`. */
  readonly baseDomainName: string;
  /** Seconds, 1 to 86,400. Default 60. */
  readonly ttlSeconds?: number;
  /** Default: looked for by `baseDomainName`. */
  readonly hostedZoneId?: string;
  /** Look for a private hosted zone. Default false. */
  readonly privateZone?: boolean;
}

/** Plain values, no outputs: they are checked before anything is declared. */
export interface AwsNodeArgs {
  /** Name of the VM: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly nodeName?: string;
  /** Run when the VM starts, wrapped as its system needs it; kept as a secret. Default none. */
  readonly startupScript?: string;
  /** Default `linux`. */
  readonly osType?: OsType;
  readonly settings: pulumi.Unwrap<AwsVmArgs>;
  /** Default: no record. */
  readonly dns?: AwsNodeDnsArgs;
}

/**
 * One EC2 instance without a runtime, in your own stack, with the same defaults as the runtime's nodes: no public
 * address, no open group, encrypted disk, IMDSv2. Pass an `aws.Provider` in the options to share it among nodes;
 * without one each node makes its own from `settings`. Needs the package `@pulumi/aws`.
 */
export class AwsNode extends pulumi.ComponentResource {
  /** Private or public, as `settings.addressType` says. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: AwsNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AwsNode", name, {}, opts);
    const { aws } = require("../provider/clouds/aws") as typeof import("../provider/clouds/aws");
    const { hostedZoneId, privateZone } = args.dns ?? {};
    const node = declareNode(this, {
      nodeName: args.nodeName ?? name,
      cloud: aws,
      settings: args.settings,
      startupScript: args.startupScript ?? "",
      osType: args.osType ?? "linux",
      ownProvider: `${name}-account`,
      dns: args.dns && { ...args.dns, service: aws, settings: { hostedZoneId, privateZone } },
    });
    this.address = node.address;
    this.dnsName = node.dnsName;
    this.registerOutputs({ address: this.address, dnsName: this.dnsName });
  }
}

function hideCredentials<Settings extends AwsCredentialArgs>(settings: Settings): pulumi.Inputs {
  const { accessKeyId, secretAccessKey, sessionToken, ...open } = settings;
  const given = Object.entries({ accessKeyId, secretAccessKey, sessionToken }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...open, ...Object.fromEntries(given.map(([field, value]) => [field, pulumi.secret(value)])) };
}
