/** EC2 and Route 53 as far as nodes need them, with the refusals that the real ones have for the same requests. */
import type { Properties } from "../../provider/resource-kernel";
import { EmulatedCloud, type EmulatedFunction, type EmulatedResource } from "./emulated-cloud";
import { Ec2Facts } from "./emulated-ec2-facts";
import { EmulatedIam, homeAccount, type Caller } from "./emulated-iam";
import { EmulatedRoute53, type HostedZone } from "./emulated-route53";
import type { Emulation, VmIdentity, VmInCloud } from "./emulation";
import { SdkTypes } from "./sdk-types";

const types = (): SdkTypes => new SdkTypes("@pulumi/aws");

interface Instance {
  readonly id: string;
  readonly owner: string;
  readonly region: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** As the provider plugin prints an EC2 error. */
export function ec2Error(code: string, text: string): string {
  return `creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode: 400, RequestID: 0, api error ${code}: ${text}`;
}

export class EmulatedAws implements Emulation {
  readonly instances = new Map<string, Instance>();
  readonly zones: EmulatedRoute53;
  /** Breaches of order: a record without its VM. */
  readonly violations: string[] = [];
  /** vCPUs that the account may run; every instance counts as 2. */
  vcpusMax = 1000;
  readonly iam = new EmulatedIam();
  readonly access = this.iam;
  readonly unknownVmId = "i-0000000000000dead";
  readonly facts: Ec2Facts;
  readonly cloud: EmulatedCloud;
  /** Encrypted, by instance: EC2 has it minutes after the launch. */
  readonly passwordData = new Map<string, string>();
  private number = 0;

  constructor(
    private readonly amis: readonly string[],
    hostedZones: HostedZone[],
  ) {
    const sdk = types();
    this.facts = new Ec2Facts(this.iam, sdk, amis);
    this.zones = new EmulatedRoute53(this.iam, sdk, hostedZones, (name, address) => this.noteRecord(name, address));
    this.cloud = new EmulatedCloud({
      packageName: "aws",
      version: "7.48.0",
      admit: (configuration) => this.iam.admit(configuration),
      nodeIdOf: (properties) => nodeIdIn(properties),
      resources: new Map([
        ["aws:ec2/instance:Instance", this.instanceResource(sdk)],
        ["aws:route53/record:Record", this.zones.recordResource()],
      ]),
      functions: new Map([
        ...this.facts.functions(),
        ["aws:ec2/getInstances:getInstances", this.getInstances(sdk)],
        ["aws:ec2/getInstance:getInstance", this.getInstance(sdk)],
        ...this.zones.functions(),
      ]),
    });
  }

  launch(identity: VmIdentity, { owner = homeAccount, place = {} }: LaunchPlace = {}): string {
    const inputs = { ami: this.amis[0], instanceType: "m7i.large", tags: tagsOf(identity) };
    return this.runInstance(inputs, { owner, region: String(place["region"] ?? "us-east-1"), arn: "", key: "" }).id;
  }

  retag(vmId: string, identity: VmIdentity): void {
    const vm = this.instances.get(vmId);
    if (!vm) throw new Error(`there is no instance ${vmId}`);
    const tags = tagsOf(identity);
    this.instances.set(vmId, { ...vm, inputs: { ...vm.inputs, tags }, outputs: { ...vm.outputs, tags } });
  }

  remove(vmId: string): void {
    if (!this.instances.delete(vmId)) throw new Error(`there is no instance ${vmId}`);
  }

  endTrouble(): void {
    this.iam.forgive();
    this.facts.failing.clear();
    this.cloud.trouble = {};
  }

  vms(): VmInCloud[] {
    return [...this.instances.values()].map(({ id, inputs, outputs }) => ({
      nodeId: nodeIdIn(inputs) ?? "",
      id,
      script: String(inputs["userData"] ?? ""),
      address: String(outputs["privateIp"]),
    }));
  }

  records(): readonly { readonly name: string; readonly address: string }[] {
    return this.zones.records().map(({ name, values: [address = ""] }) => ({ name, address }));
  }

  leftovers(): string[] {
    return [...this.instances.keys(), ...this.zones.sets.keys()];
  }

  private instanceResource(sdk: SdkTypes): EmulatedResource {
    return {
      inputs: sdk.read("ec2/instance", "InstanceArgs"),
      outputs: sdk.read("ec2/instance", "Instance"),
      replacing: ["ami", "subnetId", "keyName", "availabilityZone", "instanceMarketOptions"],
      create: (inputs, asker) => this.runInstance(inputs, this.iam.authorise("ec2:RunInstances", asker)),
      read: (id, asker) => this.seenBy(this.iam.authorise("ec2:DescribeInstances", asker), id)?.outputs,
      update: (id, inputs, asker) => {
        const instance = this.seenBy(this.iam.authorise("ec2:ModifyInstanceAttribute", asker), id);
        if (!instance) throw new Error(ec2Error("InvalidInstanceID.NotFound", `there is no instance ${id}`));
        const outputs = { ...instance.outputs, ...inputs };
        this.instances.set(id, { ...instance, inputs, outputs });
        return outputs;
      },
      delete: (id, asker) => {
        // As the plugin does: an instance that is not found is gone, also when it is another account's.
        if (!this.seenBy(this.iam.authorise("ec2:TerminateInstances", asker), id)) return;
        const address = this.instances.get(id)?.outputs["privateIp"];
        const record = this.records().find((candidate) => candidate.address === address);
        if (record) this.violations.push(`${id} was terminated before its record ${record.name}`);
        this.instances.delete(id);
      },
    };
  }

  /** Another account, and another region, has never heard of it. */
  private seenBy({ owner, region }: Caller, id: string): Instance | undefined {
    const instance = this.instances.get(id);
    return instance?.owner === owner && instance.region === region ? instance : undefined;
  }

  private runInstance(inputs: Properties, { owner, region }: Caller): { id: string; outputs: Properties } {
    const { ami, instanceType, userData = "" } = inputs;
    if (typeof ami !== "string" || typeof instanceType !== "string") {
      throw new Error(ec2Error("MissingParameter", "ami and instance type are required"));
    }
    const refusal = this.facts.refusalOf(inputs);
    if (refusal) throw new Error(ec2Error(...refusal));
    if (Buffer.byteLength(String(userData)) > 16_384) {
      throw new Error(ec2Error("InvalidParameterValue", "user data is limited to 16384 bytes"));
    }
    const rootDisk = inputs["rootBlockDevice"] as Properties | undefined;
    if (rootDisk?.["tags"] && inputs["volumeTags"])
      throw new Error('"volumeTags": conflicts with root_block_device.tags');
    if (this.instances.size * 2 >= this.vcpusMax)
      throw new Error(ec2Error("VcpuLimitExceeded", "no more vCPUs allowed"));
    const number = ++this.number;
    const id = `i-${number.toString(16).padStart(17, "0")}`;
    const publicIp = inputs["associatePublicIpAddress"] === true ? `198.51.100.${number}` : "";
    const outputs = {
      ...inputs,
      arn: `arn:aws:ec2:${region}:${owner}:instance/${id}`,
      instanceState: "running",
      privateIp: `10.0.0.${number}`,
      publicIp,
    };
    this.instances.set(id, { id, owner, region, inputs, outputs });
    return { id, outputs };
  }

  private noteRecord(name: string, address: string): void {
    const known = [...this.instances.values()].some(({ outputs }) =>
      [outputs["privateIp"], outputs["publicIp"]].includes(address),
    );
    if (!known) this.violations.push(`record ${name} points to ${address}, where no VM is`);
  }

  private getInstances(sdk: SdkTypes): EmulatedFunction {
    return {
      inputs: sdk.read("ec2/getInstances", "GetInstancesArgs"),
      call: (args, asker) => {
        const caller = this.iam.authorise("ec2:DescribeInstances", asker);
        const region = String(args["region"] ?? caller.region);
        const wanted = Object.entries((args["instanceTags"] ?? {}) as Record<string, string>);
        const ids = idsOfFilters(args["filters"]);
        const hits = [...this.instances.values()].filter(
          ({ id, inputs }) =>
            this.seenBy({ ...caller, region }, id) !== undefined &&
            (ids?.includes(id) ?? true) &&
            wanted.every(([key, value]) => (inputs["tags"] as Properties | undefined)?.[key] === value),
        );
        const of = (name: string) => hits.map(({ outputs }) => String(outputs[name]));
        const found = { ids: hits.map(({ id }) => id), privateIps: of("privateIp"), publicIps: of("publicIp") };
        return { ...args, ...found, id: "us-east-1", ipv6Addresses: [], region: "us-east-1" };
      },
    };
  }

  private getInstance(sdk: SdkTypes): EmulatedFunction {
    return {
      inputs: sdk.read("ec2/getInstance", "GetInstanceArgs"),
      call: (args, asker) => {
        const caller = this.iam.authorise("ec2:DescribeInstances", asker);
        const region = String(args["region"] ?? caller.region);
        const instance = this.seenBy({ ...caller, region }, String(args["instanceId"]));
        if (!instance)
          throw new Error("Your query returned no results. Please change your search criteria and try again.");
        const { outputs, inputs, id } = instance;
        const told = { arn: outputs["arn"], privateIp: outputs["privateIp"], tags: inputs["tags"] ?? {} };
        const isAsked = args["getPasswordData"] === true;
        return { ...args, id, ...told, ...(isAsked ? { passwordData: this.passwordData.get(id) ?? "" } : {}) };
      },
    };
  }
}

type LaunchPlace = NonNullable<Parameters<Emulation["launch"]>[1]>;

function nodeIdIn({ tags }: Properties): string | undefined {
  return (tags as Record<string, string> | undefined)?.["headroom-node"];
}

function tagsOf({ nodeId, installation }: VmIdentity): Record<string, string> {
  return {
    ...(installation === undefined ? {} : { "headroom-installation": installation }),
    ...(nodeId === undefined ? {} : { "headroom-node": nodeId }),
  };
}

/** Of the filters of EC2's DescribeInstances only this one is here, with its limit. */
function idsOfFilters(filters: unknown): readonly string[] | undefined {
  if (filters === undefined) return undefined;
  const [filter, ...others] = filters as { readonly name: string; readonly values: readonly string[] }[];
  if (filter?.name !== "instance-id" || others.length > 0) throw new Error("api error InvalidParameterValue: filter");
  if (filter.values.length > 200) throw new Error("api error FilterLimitExceeded: at most 200 values");
  return filter.values;
}
