/** Asks EC2 about an account and about what a template names: image, type, subnet, security groups, key pair. */
import type * as pulumi from "@pulumi/pulumi";
import type { AccountCheck, AccountFinding, KnownSize } from "../../runtime/model/account-check";
import { mergeInputs, type OverrideInputs } from "../config-override";
import { accountRefusal, actionIn, lookupKind, saidIn } from "./aws-refusals";
import type { AwsSettings } from "./aws-settings";
import { loadSdk } from "./sdk";

/** The inputs that are looked at, after the user's overrides. */
interface Template {
  readonly ami?: string;
  readonly instanceType?: string;
  readonly subnetId?: string;
  readonly vpcSecurityGroupIds?: readonly string[];
  readonly keyName?: string;
  readonly cpuOptions?: { readonly coreCount?: number; readonly threadsPerCore?: number };
}

const settingOf = {
  ami: "amiId",
  instanceType: "instanceType",
  subnetId: "subnetId",
  vpcSecurityGroupIds: "securityGroupIds",
  keyName: "keyName",
} as const;
type Looked = keyof typeof settingOf;

const permissionOf: Readonly<Record<Looked, string>> = {
  ami: "ec2:DescribeImages",
  instanceType: "ec2:DescribeInstanceTypes",
  subnetId: "ec2:DescribeSubnets",
  vpcSecurityGroupIds: "ec2:DescribeSecurityGroups",
  keyName: "ec2:DescribeKeyPairs",
};

/** @example "m7i.large", and "m7i.large with 1x1 vCPUs" with the CPU options of an override */
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
  const look = new Lookups(settings, identity.owner);
  const { region } = settings;
  const { ami, instanceType, subnetId, vpcSecurityGroupIds = [], keyName } = look.template;
  const imageFilter = { filters: [{ name: "image-id", values: [ami ?? ""] }], includeDeprecated: true, region };
  const [image, type, subnet, groups] = await Promise.all([
    ami === undefined ? undefined : look.up("ami", ami, sdk.getAmi(imageFilter, options)),
    instanceType === undefined
      ? undefined
      : look.up("instanceType", instanceType, sdk.getInstanceType({ instanceType, region }, options)),
    subnetId === undefined
      ? undefined
      : look.up("subnetId", subnetId, sdk.getSubnet({ id: subnetId, region }, options)),
    Promise.all(
      vpcSecurityGroupIds.map((id) =>
        look.up("vpcSecurityGroupIds", id, sdk.getSecurityGroup({ id, region }, options)),
      ),
    ),
    keyName === undefined ? undefined : look.up("keyName", keyName, sdk.getKeyPair({ keyName, region }, options)),
  ]);
  if (image) look.compareImage(image, type);
  for (const group of groups) if (group && subnet) look.compareNetwork(group, subnet);
  const size = type && sizeIn(settings, type);
  return { identity, findings: look.findings(), ...(size ? { size } : {}) };
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

class Lookups {
  readonly template: Template;
  private readonly found: { readonly looked: Looked; readonly finding: AccountFinding }[] = [];

  constructor(
    private readonly settings: AwsSettings,
    private readonly owner: string,
  ) {
    this.template = templateIn(settings);
  }

  /** In the order of the settings, whichever answer came first. */
  findings(): AccountFinding[] {
    const order = Object.keys(settingOf);
    const place = (looked: Looked) => order.indexOf(looked);
    return this.found.toSorted((a, b) => place(a.looked) - place(b.looked)).map(({ finding }) => finding);
  }

  /** What AWS told of it; undefined when it did not, and then why is a finding. */
  async up<T>(looked: Looked, value: string, answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      this.noteRefusal(looked, value, messageOf(error));
      return undefined;
    }
  }

  compareImage(
    { architecture, state }: { readonly architecture: string; readonly state: string },
    type: TypeFacts | undefined,
  ): void {
    const { ami = "", instanceType = "" } = this.template;
    if (state !== "available") {
      this.note("ami", ami, "wrong", `the image is there, but "${state}" and not "available"; name one that is`);
    }
    if (!type || type.supportedArchitectures.length === 0 || type.supportedArchitectures.includes(architecture)) return;
    const takes = type.supportedArchitectures.join(" and ");
    this.note(
      "ami",
      ami,
      "wrong",
      `the image is for ${architecture}, and "${instanceType}" takes ${takes}; change one`,
    );
  }

  compareNetwork(
    group: { readonly id: string; readonly vpcId: string },
    subnet: { readonly id: string; readonly vpcId: string },
  ): void {
    if (group.vpcId === subnet.vpcId) return;
    const text = `the group is in VPC ${group.vpcId}, and subnet "${subnet.id}" in ${subnet.vpcId}; use a group of the subnet's VPC`;
    this.note("vpcSecurityGroupIds", group.id, "wrong", text);
  }

  private noteRefusal(looked: Looked, value: string, message: string): void {
    const kind = lookupKind(message);
    const said = saidIn(message);
    if (kind === "unchecked") {
      const action = actionIn(message) ?? permissionOf[looked];
      const text = `could not be checked: ${said}; allow the action ${action} to have it checked, nodes are made without it`;
      return this.note(looked, value, kind, text);
    }
    if (kind === "passing") return this.note(looked, value, kind, `could not be checked this time: ${said}`);
    const where = `region "${this.settings.region}"`;
    const remedies: Readonly<Record<Looked, string>> = {
      ami: `account ${this.owner} has no such image in ${where}; copy it there or share it with the account, or name another one`,
      instanceType: `${where} has no such type; use one that is offered there`,
      subnetId: `account ${this.owner} has no such subnet in ${where}; make it, or name another one`,
      vpcSecurityGroupIds: `account ${this.owner} has no such security group in ${where}; make it, or name another one`,
      keyName: `account ${this.owner} has no such key pair in ${where}; import it there, or name another one`,
    };
    this.note(looked, value, kind, `${said}: ${remedies[looked]}`);
  }

  private note(looked: Looked, value: string, kind: AccountFinding["kind"], text: string): void {
    const field = this.fieldOf(looked);
    this.found.push({ looked, finding: { kind, field, text: `${field} "${value}": ${text}` } });
  }

  /** Where the user wrote it. */
  private fieldOf(looked: Looked): string {
    const { inputOverride, configOverride } = this.settings;
    if (looked in inputOverride) return `inputOverride.${looked}`;
    return looked in configOverride.instance_config ? "configOverride.instance_config" : settingOf[looked];
  }
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
  const own: OverrideInputs = {
    ami: settings.amiId,
    instanceType: settings.instanceType,
    subnetId: settings.subnetId,
    vpcSecurityGroupIds: settings.securityGroupIds,
    keyName: settings.keyName,
  };
  return [settings.configOverride.instance_config, settings.inputOverride].reduce(mergeInputs, own) as Template;
}

function refusedAccount(message: string, settings: AwsSettings): AccountFinding {
  const refusal = accountRefusal(message, settings);
  return (
    refusal ?? { kind: "passing", field: "credentials", text: `the account could not be asked: ${saidIn(message)}` }
  );
}

function loadFunctions() {
  return loadSdk("@pulumi/aws", () => ({
    ...(require("@pulumi/aws/getCallerIdentity") as typeof import("@pulumi/aws/getCallerIdentity")),
    ...(require("@pulumi/aws/ec2/getAmi") as typeof import("@pulumi/aws/ec2/getAmi")),
    ...(require("@pulumi/aws/ec2/getInstanceType") as typeof import("@pulumi/aws/ec2/getInstanceType")),
    ...(require("@pulumi/aws/ec2/getSubnet") as typeof import("@pulumi/aws/ec2/getSubnet")),
    ...(require("@pulumi/aws/ec2/getSecurityGroup") as typeof import("@pulumi/aws/ec2/getSecurityGroup")),
    ...(require("@pulumi/aws/ec2/getKeyPair") as typeof import("@pulumi/aws/ec2/getKeyPair")),
  }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
