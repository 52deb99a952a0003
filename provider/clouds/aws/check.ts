/** Asks EC2 about an account and about what a template names: image, type, subnet, security groups, key pair, profile. */
import type * as pulumi from "@pulumi/pulumi";
import type { AccountCheck, AccountFinding, KnownSize } from "../../../runtime/model/account-check";
import { messageOf } from "../../../runtime/model/errors";
import { mergeInputs, type Inputs } from "../../frame/inputs";
import { Lookups, type LookedUp } from "../../frame/lookups";
import { loadSdk } from "../../frame/sdk";
import { packageName } from "./account";
import { profileName } from "./overrides";
import { accountRefusal, awsWords } from "./refusals";
import type { AwsSettings } from "./settings";

/** The inputs that are looked at, after the user's overrides. */
interface Template {
  readonly ami?: string;
  readonly instanceType?: string;
  readonly subnetId?: string;
  readonly vpcSecurityGroupIds?: readonly string[];
  readonly keyName?: string;
  readonly iamInstanceProfile?: string;
  readonly cpuOptions?: { readonly coreCount?: number; readonly threadsPerCore?: number };
}

type Thing = "ami" | "instanceType" | "subnetId" | "vpcSecurityGroupIds" | "keyName" | "iamInstanceProfile";

/** @example "m7i.large", and "m7i.large with 1 x 1" with the CPU options of an override */
export function awsSizeOf(settings: AwsSettings): string | undefined {
  const { instanceType, cpuOptions } = templateIn(settings);
  if (instanceType === undefined || cpuOptions === undefined) return instanceType;
  return `${instanceType} with ${cpuOptions.coreCount ?? "all cores"} x ${cpuOptions.threadsPerCore ?? "all threads"}`;
}

export async function checkAws(settings: AwsSettings, options: pulumi.InvokeOptions): Promise<AccountCheck> {
  const sdk = loadFunctions();
  let identity: AccountCheck["identity"];
  try {
    const { accountId, arn } = await sdk.getCallerIdentity({}, options);
    identity = { owner: accountId, name: arn };
  } catch (error) {
    // Whoever is nobody to AWS learns nothing about anything else either.
    return { findings: [refusedAccount(messageOf(error), settings)] };
  }
  const template = templateIn(settings);
  const look = new Lookups(thingsOf(settings, identity.owner), awsWords);
  const { region } = settings;
  const imageFilter = (ami: string) => ({
    filters: [{ name: "image-id", values: [ami] }],
    includeDeprecated: true,
    region,
  });
  const [image, type, subnet, groups, , profile] = await Promise.all([
    look.up("ami", template.ami, (ami) => sdk.getAmi(imageFilter(ami), options)),
    look.up("instanceType", template.instanceType, (instanceType) =>
      sdk.getInstanceType({ instanceType, region }, options),
    ),
    look.up("subnetId", template.subnetId, (id) => sdk.getSubnet({ id, region }, options)),
    Promise.all(
      (template.vpcSecurityGroupIds ?? []).map((group) =>
        look.up("vpcSecurityGroupIds", group, (id) => sdk.getSecurityGroup({ id, region }, options)),
      ),
    ),
    look.up("keyName", template.keyName, (keyName) => sdk.getKeyPair({ keyName, region }, options)),
    look.up("iamInstanceProfile", profileIn(template), (name) => sdk.getInstanceProfile({ name }, options)),
  ]);
  if (image) compareImage(look, template, image, type);
  for (const group of groups) if (group && subnet) compareNetwork(look, group, subnet);
  if (profile?.roleArn === "") {
    look.note(
      "iamInstanceProfile",
      profile.name,
      "wrong",
      "the profile has no role; add one to it, or name another one",
    );
  }
  const size = type && sizeIn(settings, type);
  return { identity, findings: look.findings(), ...(size ? { size } : {}) };
}

/** The fields are those in which the user wrote it. */
function thingsOf(settings: AwsSettings, owner: string): Readonly<Record<Thing, LookedUp>> {
  const where = `region "${settings.region}"`;
  const field = (thing: Thing, setting: string): string => {
    if (thing in settings.inputOverride) return `inputOverride.${thing}`;
    return thing in settings.configOverride.instance_config ? "configOverride.instance_config" : setting;
  };
  const noSuch = (what: string) => `account ${owner} has no such ${what} in ${where}`;
  return {
    ami: {
      field: field("ami", "amiId"),
      remedy: `${noSuch("image")}; copy it there or share it with the account, or name another one`,
      permission: "ec2:DescribeImages",
    },
    instanceType: {
      field: field("instanceType", "instanceType"),
      remedy: `${where} has no such type; use one that is offered there`,
      permission: "ec2:DescribeInstanceTypes",
    },
    subnetId: {
      field: field("subnetId", "subnetId"),
      remedy: `${noSuch("subnet")}; make it, or name another one`,
      permission: "ec2:DescribeSubnets",
    },
    vpcSecurityGroupIds: {
      field: field("vpcSecurityGroupIds", "securityGroupIds"),
      remedy: `${noSuch("security group")}; make it, or name another one`,
      permission: "ec2:DescribeSecurityGroups",
    },
    keyName: {
      field: field("keyName", "keyName"),
      remedy: `${noSuch("key pair")}; import it there, or name another one`,
      permission: "ec2:DescribeKeyPairs",
    },
    iamInstanceProfile: {
      field: field("iamInstanceProfile", "iamInstanceProfile"),
      remedy: `account ${owner} has no such instance profile; make it, or name another one`,
      permission: "iam:GetInstanceProfile",
    },
  };
}

function profileIn({ iamInstanceProfile }: Template): string | undefined {
  return iamInstanceProfile === undefined ? undefined : profileName(iamInstanceProfile);
}

interface TypeFacts {
  readonly defaultVcpus: number;
  readonly defaultCores: number;
  readonly defaultThreadsPerCore: number;
  /** MiB. */
  readonly memorySize: number;
  readonly gpuses: readonly { readonly count: number }[];
  readonly supportedArchitectures: readonly string[];
}

function compareImage(
  look: Lookups<Thing>,
  { ami = "", instanceType = "" }: Template,
  { architecture, state }: { readonly architecture: string; readonly state: string },
  type: TypeFacts | undefined,
): void {
  if (state !== "available") {
    look.note("ami", ami, "wrong", `the image is there, but "${state}" and not "available"; name one that is`);
  }
  const taken = type?.supportedArchitectures ?? [];
  if (taken.length === 0 || taken.includes(architecture)) return;
  const text = `the image is for ${architecture}, and "${instanceType}" takes ${taken.join(" and ")}; change one`;
  look.note("ami", ami, "wrong", text);
}

interface InVpc {
  readonly id: string;
  readonly vpcId: string;
}

function compareNetwork(look: Lookups<Thing>, group: InVpc, subnet: InVpc): void {
  if (group.vpcId === subnet.vpcId) return;
  const text = `the group is in VPC ${group.vpcId}, and subnet "${subnet.id}" in ${subnet.vpcId}; use a group of the subnet's VPC`;
  look.note("vpcSecurityGroupIds", group.id, "wrong", text);
}

function sizeIn(settings: AwsSettings, type: TypeFacts): KnownSize | undefined {
  const name = awsSizeOf(settings);
  if (name === undefined) return undefined;
  const { cpuOptions } = templateIn(settings);
  const threads = cpuOptions?.threadsPerCore ?? type.defaultThreadsPerCore;
  const cores = cpuOptions === undefined ? type.defaultVcpus : (cpuOptions.coreCount ?? type.defaultCores) * threads;
  const gpus = type.gpuses.reduce((sum, { count }) => sum + count, 0);
  return { name, shape: { cores, memoryBytes: type.memorySize * 2 ** 20, gpus } };
}

function templateIn(settings: AwsSettings): Template {
  const own: Inputs = {
    ami: settings.amiId,
    instanceType: settings.instanceType,
    subnetId: settings.subnetId,
    vpcSecurityGroupIds: settings.securityGroupIds,
    keyName: settings.keyName,
    ...(settings.iamInstanceProfile !== undefined && { iamInstanceProfile: settings.iamInstanceProfile }),
  };
  return [settings.configOverride.instance_config, settings.inputOverride].reduce(mergeInputs, own) as Template;
}

function refusedAccount(message: string, settings: AwsSettings): AccountFinding {
  const text = `the account could not be asked: ${awsWords.saidIn(message)}`;
  return accountRefusal(message, settings) ?? { kind: "passing", field: "credentials", text };
}

function loadFunctions() {
  return loadSdk(packageName, () => ({
    ...(require("@pulumi/aws/getCallerIdentity") as typeof import("@pulumi/aws/getCallerIdentity")),
    ...(require("@pulumi/aws/ec2/getAmi") as typeof import("@pulumi/aws/ec2/getAmi")),
    ...(require("@pulumi/aws/ec2/getInstanceType") as typeof import("@pulumi/aws/ec2/getInstanceType")),
    ...(require("@pulumi/aws/ec2/getSubnet") as typeof import("@pulumi/aws/ec2/getSubnet")),
    ...(require("@pulumi/aws/ec2/getSecurityGroup") as typeof import("@pulumi/aws/ec2/getSecurityGroup")),
    ...(require("@pulumi/aws/ec2/getKeyPair") as typeof import("@pulumi/aws/ec2/getKeyPair")),
    ...(require("@pulumi/aws/iam/getInstanceProfile") as typeof import("@pulumi/aws/iam/getInstanceProfile")),
  }));
}
