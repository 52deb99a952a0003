/**
 * What EC2 tells of images, instance types, subnets, security groups and key pairs, and STS of the caller, with the texts
 * that the provider plugin makes of a refusal. Each is known to its own account and region only; an image may be public.
 */
import type { Properties } from "../../provider/resource-kernel";
import type { EmulatedFunction } from "./emulated-cloud";
import { homeAccount, type Caller, type EmulatedIam } from "./emulated-iam";
import type { SdkObject, SdkType, SdkTypes } from "./sdk-types";

interface Owned {
  readonly owner: string;
  readonly region: string;
}

export interface Image extends Owned {
  readonly architecture: string;
  readonly state: string;
  readonly isPublic: boolean;
}

export interface InstanceType {
  readonly vcpus: number;
  readonly threadsPerCore: number;
  readonly memoryMib: number;
  readonly gpus: number;
  readonly architectures: readonly string[];
  /** Regions that offer it; undefined = all. */
  readonly regions?: readonly string[];
}

const x86 = ["i386", "x86_64"];

export class Ec2Facts {
  readonly images = new Map<string, Image>();
  readonly types = new Map<string, InstanceType>([
    ["m7i.large", { vcpus: 2, threadsPerCore: 2, memoryMib: 8192, gpus: 0, architectures: ["x86_64"] }],
    ["m7i.xlarge", { vcpus: 4, threadsPerCore: 2, memoryMib: 16_384, gpus: 0, architectures: ["x86_64"] }],
    ["m7i.4xlarge", { vcpus: 16, threadsPerCore: 2, memoryMib: 65_536, gpus: 0, architectures: ["x86_64"] }],
    ["g5.12xlarge", { vcpus: 48, threadsPerCore: 2, memoryMib: 196_608, gpus: 4, architectures: ["x86_64"] }],
    ["m7g.large", { vcpus: 2, threadsPerCore: 1, memoryMib: 8192, gpus: 0, architectures: ["arm64"] }],
    ["t3.large", { vcpus: 2, threadsPerCore: 2, memoryMib: 8192, gpus: 0, architectures: x86 }],
  ]);
  readonly subnets = new Map<string, Owned & { readonly vpcId: string }>();
  readonly groups = new Map<string, Owned & { readonly vpcId: string }>();
  readonly keyPairs = new Map<string, Owned>();
  /** IAM is the same in every region. */
  readonly profiles = new Map([["agents", { owner: homeAccount, roleArn: `arn:aws:iam::${homeAccount}:role/agents` }]]);
  /** Text with which the next calls of a function fail, by its token. */
  readonly failing = new Map<string, string>();
  /** Tokens of the functions that were called, in order. */
  readonly calls: string[] = [];

  constructor(
    private readonly iam: EmulatedIam,
    private readonly sdk: SdkTypes,
    images: readonly string[],
  ) {
    const own = { owner: homeAccount, region: "us-east-1" };
    for (const id of images)
      this.images.set(id, { ...own, architecture: "x86_64", state: "available", isPublic: false });
    for (const name of ["0a", "0b"]) {
      this.subnets.set(`subnet-${name}`, { ...own, vpcId: "vpc-0a" });
      this.groups.set(`sg-${name}`, { ...own, vpcId: "vpc-0a" });
    }
    this.keyPairs.set("k", own);
  }

  functions(): [string, EmulatedFunction][] {
    return [
      this.entry("aws:index/getCallerIdentity:getCallerIdentity", "sts", (_args, { owner, arn }) => ({
        accountId: owner,
        arn,
        id: owner,
        userId: "AIDA",
      })),
      this.entry("aws:ec2/getAmi:getAmi", "ec2:DescribeImages", (args, caller) => this.describeImage(args, caller)),
      this.entry("aws:ec2/getInstanceType:getInstanceType", "ec2:DescribeInstanceTypes", (args, caller) =>
        this.describeType(String(args["instanceType"]), regionOf(args, caller)),
      ),
      this.entry("aws:ec2/getSubnet:getSubnet", "ec2:DescribeSubnets", (args, caller) => {
        const id = String(args["id"]);
        return { id, vpcId: find(this.subnets, id, args, caller, "EC2 Subnet").vpcId };
      }),
      this.entry("aws:ec2/getSecurityGroup:getSecurityGroup", "ec2:DescribeSecurityGroups", (args, caller) => {
        const id = String(args["id"]);
        return { id, vpcId: find(this.groups, id, args, caller, "EC2 Security Group").vpcId };
      }),
      this.entry("aws:ec2/getKeyPair:getKeyPair", "ec2:DescribeKeyPairs", (args, caller) => {
        const keyName = String(args["keyName"]);
        find(this.keyPairs, keyName, args, caller, "EC2 Key Pair");
        return { keyName, id: "key-0" };
      }),
      this.entry("aws:iam/getInstanceProfile:getInstanceProfile", "iam:GetInstanceProfile", (args, { owner }) => {
        const name = String(args["name"]);
        const profile = this.profiles.get(name);
        if (profile?.owner === owner) return { name, roleArn: profile.roleArn };
        throw new Error(
          `reading IAM Instance Profile (${name}): operation error IAM: GetInstanceProfile, https response error StatusCode: 404, RequestID: 0, NoSuchEntity: Instance Profile ${name} cannot be found.`,
        );
      }),
    ];
  }

  /** Code and text with which RunInstances refuses what is nowhere. */
  refusalOf(inputs: Properties): readonly [string, string] | undefined {
    const { ami, instanceType, subnetId, keyName, vpcSecurityGroupIds = [] } = inputs;
    const lacks = (known: ReadonlyMap<string, unknown>, id: unknown) => id !== undefined && !known.has(String(id));
    if (lacks(this.images, ami)) return ["InvalidAMIID.NotFound", `The image id '[${ami}]' does not exist`];
    if (lacks(this.types, instanceType)) {
      return ["InvalidParameterValue", `Invalid value '${instanceType}' for InstanceType.`];
    }
    if (lacks(this.subnets, subnetId)) {
      return ["InvalidSubnetID.NotFound", `The subnet ID '${subnetId}' does not exist`];
    }
    const group = (vpcSecurityGroupIds as string[]).find((id) => lacks(this.groups, id));
    if (group !== undefined) return ["InvalidGroup.NotFound", `The security group '${group}' does not exist`];
    if (lacks(this.keyPairs, keyName)) return ["InvalidKeyPair.NotFound", `The key pair '${keyName}' does not exist`];
    return undefined;
  }

  private entry(
    token: string,
    action: string,
    describe: (args: Properties, caller: Caller) => Properties,
  ): [string, EmulatedFunction] {
    const [, module = "", name = ""] = /:(.+):(\w+)$/.exec(token) ?? [];
    const path = module.replace(/^index\//, "");
    const typeName = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    const outputs = this.sdk.read(path, `${typeName}Result`);
    const call = (args: Properties, asker: Properties): Properties => {
      this.calls.push(token);
      const failure = this.failing.get(token);
      if (failure !== undefined) throw new Error(asInvokeError(token, failure));
      try {
        const caller = action === "sts" ? this.iam.identify(asker) : this.iam.authorise(action, asker);
        return filled(outputs, { ...args, ...describe(args, caller) });
      } catch (error) {
        throw new Error(asInvokeError(token, (error as Error).message), { cause: error });
      }
    };
    return [token, { inputs: this.sdk.read(path, `${typeName}Args`), call }];
  }

  private describeImage(args: Properties, caller: Caller): Properties {
    const filters = args["filters"] as { readonly name: string; readonly values: readonly string[] }[] | undefined;
    const [filter, ...others] = filters ?? [];
    if (filter?.name !== "image-id" || others.length > 0) throw new Error("the emulation looks images up by id alone");
    const [id = ""] = filter.values;
    const image = this.images.get(id);
    const isSeen = image?.region === regionOf(args, caller) && (image.isPublic || image.owner === caller.owner);
    if (!isSeen) throw new Error("Your query returned no results. Please change your search criteria and try again.");
    return { id, imageId: id, architecture: image.architecture, state: image.state, ownerId: image.owner };
  }

  private describeType(name: string, region: string): Properties {
    const type = this.types.get(name);
    if (!type || type.regions?.includes(region) === false) {
      throw new Error(
        `reading EC2 Instance Type (${name}): operation error EC2: DescribeInstanceTypes, https response error StatusCode: 400, RequestID: 0, api error InvalidInstanceType: The following supplied instance types do not exist: [${name}]`,
      );
    }
    return {
      id: name,
      defaultVcpus: type.vcpus,
      defaultCores: type.vcpus / type.threadsPerCore,
      defaultThreadsPerCore: type.threadsPerCore,
      memorySize: type.memoryMib,
      supportedArchitectures: type.architectures,
      gpuses: type.gpus === 0 ? [] : [{ count: type.gpus, manufacturer: "NVIDIA", memorySize: 24_576, name: "A10G" }],
    };
  }
}

function regionOf(args: Properties, caller: Caller): string {
  return String(args["region"] ?? caller.region);
}

/** The plugin keeps the code, e.g. `InvalidSubnetID.NotFound`, to itself. */
function find<T extends Owned>(
  known: ReadonlyMap<string, T>,
  id: string,
  args: Properties,
  caller: Caller,
  what: string,
): T {
  const found = known.get(id);
  const isSeen = found?.owner === caller.owner && found.region === regionOf(args, caller);
  if (!isSeen) throw new Error(`no matching ${what} found`);
  return found;
}

function asInvokeError(token: string, text: string): string {
  return `invoking ${token}: 1 error occurred:\n\t* ${text}\n\n`;
}

/** With every field that the SDK promises; fails when the emulation answers with one that the SDK lacks. */
function filled({ fields }: SdkObject, given: Properties): Properties {
  const unknown = Object.keys(given).filter((name) => !fields.has(name));
  if (unknown.length > 0) throw new Error(`the emulated cloud answers with ${unknown.join(", ")}, which the SDK lacks`);
  const answer: Record<string, unknown> = { ...given };
  for (const [name, { type, isRequired }] of fields) if (isRequired) answer[name] ??= emptyOf(type);
  return answer;
}

function emptyOf({ kind }: SdkType): unknown {
  const empty = { string: "", number: 0, boolean: false, list: [], map: {}, object: {}, "any of": "" };
  return empty[kind];
}
