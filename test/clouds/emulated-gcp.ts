/** VMs of Compute Engine and records of Cloud DNS as far as nodes need them, with the refusals that Google Cloud has. */
import type { Properties } from "../../provider/resource-kernel";
import { EmulatedCloud, type EmulatedFunction, type EmulatedResource } from "./emulated-cloud";
import { EmulatedCloudDns } from "./emulated-cloud-dns";
import { EmulatedKeys, type KeyAction } from "./emulated-gcp-keys";
import { EmulatedGoogleApi, type InstanceInApi } from "./emulated-google-api";
import type { Emulation, VmIdentity, VmInCloud } from "./emulation";
import { GcpRefusal, problemIn, requestOf, told, type InstanceRequest } from "./gcp-api";
import { GcpFacts, homeProject } from "./gcp-facts";
import { SdkTypes, type SdkObject } from "./sdk-types";

interface EmulatedInstance extends InstanceInApi {
  readonly inputs: Properties;
  readonly outputs: Properties;
}

export class EmulatedGcp implements Emulation {
  readonly machines = new Map<string, EmulatedInstance>();
  readonly violations: string[] = [];
  readonly access = new EmulatedKeys();
  readonly facts = new GcpFacts(this.access.home);
  readonly zones: EmulatedCloudDns;
  readonly api: EmulatedGoogleApi;
  readonly cloud: EmulatedCloud;
  readonly unknownVmId = `projects/${homeProject}/zones/us-east4-b/instances/never-was`;
  /** vCPU that the project may have in a region. */
  cpusMax = Infinity;
  /** Text with which the next calls of a function fail, by its name. */
  readonly failing = new Map<string, string>();
  private readonly sdk = new SdkTypes("@pulumi/gcp");
  private number = 0;

  constructor() {
    this.zones = new EmulatedCloudDns(this.access, this.facts, this.sdk, (name, address) =>
      this.noteRecord(name, address),
    );
    this.api = new EmulatedGoogleApi(this.access, this.facts, this.zones, () => [...this.machines.values()]);
    this.cloud = new EmulatedCloud({
      packageName: "gcp",
      version: "9.37.0",
      nodeIdOf: ({ name, machineType }) => (machineType === undefined || name === undefined ? undefined : String(name)),
      resources: new Map([
        ["gcp:compute/instance:Instance", this.instanceResource()],
        ["gcp:dns/recordSet:RecordSet", this.zones.recordResource()],
      ]),
      functions: new Map(this.functions()),
    });
  }

  launch(identity: VmIdentity, { owner = this.access.home }: { readonly owner?: string } = {}): string {
    const name = `by-hand-${++this.number}`;
    const inputs = {
      name,
      machineType: "e2-standard-2",
      project: homeProject,
      zone: "us-east4-b",
      labels: labelsOf(identity),
    };
    return this.newInstance(inputs, owner).id;
  }

  retag(vmId: string, identity: VmIdentity): void {
    const machine = this.machines.get(vmId);
    if (!machine) throw new Error(`there is no VM ${vmId}`);
    const labels = labelsOf(identity);
    const { inputs, outputs } = machine;
    this.machines.set(vmId, { ...machine, labels, inputs: { ...inputs, labels }, outputs: { ...outputs, labels } });
  }

  remove(vmId: string): void {
    if (!this.machines.delete(vmId)) throw new Error(`there is no VM ${vmId}`);
  }

  endTrouble(): void {
    this.access.forgive();
    this.failing.clear();
    this.cloud.trouble = {};
    this.api.answers = () => undefined;
    this.facts.zones.set("us-east4-b", { status: "UP" });
  }

  vms(): VmInCloud[] {
    return [...this.machines.values()].map(({ id, name, inputs, outputs }) => ({
      nodeId: name,
      id,
      script: scriptIn(inputs["metadata"] as Record<string, string> | undefined),
      address: addressesIn(outputs)[0] ?? "",
    }));
  }

  records(): readonly { readonly name: string; readonly address: string }[] {
    return this.zones.records().map(({ name, values: [address = ""] }) => ({ name, address }));
  }

  leftovers(): string[] {
    return [...this.machines.keys(), ...this.zones.sets.keys()];
  }

  private instanceResource(): EmulatedResource {
    const inputs = this.sdk.read("compute/instance", "InstanceArgs");
    const denied = (id: string, what: string) =>
      new GcpRefusal(403, `Required '${what}' permission for '${id}'`, "forbidden");
    const seen = (
      id: string,
      asker: Properties,
      action: KeyAction,
      permission: string,
    ): EmulatedInstance | undefined => {
      const owner = this.ownerOf(asker, action);
      if (owner === undefined) throw denied(id, permission);
      const machine = this.machines.get(id);
      return machine?.owner === owner ? machine : undefined;
    };
    return {
      inputs,
      outputs: this.sdk.read("compute/instance", "Instance"),
      replacing: ["name", "project", "zone", "bootDisk", "metadataStartupScript", "hostname"],
      create: (given, asker) => told("Error creating instance: ", () => this.create(given, asker)),
      read: (id, asker) => seen(id, asker, "list VMs", "compute.instances.get")?.outputs,
      update: (id, news, asker) => {
        const machine = seen(id, asker, "create a VM", "compute.instances.update");
        if (!machine) throw new GcpRefusal(404, `The resource '${id}' was not found`, "notFound");
        const outputs = { ...machine.outputs, ...news };
        this.machines.set(id, { ...machine, inputs: news, outputs });
        return outputs;
      },
      delete: (id, asker) => {
        const machine = told("Error deleting instance: ", () =>
          seen(id, asker, "delete a VM", "compute.instances.delete"),
        );
        // As the plugin does: what is not found is gone, also when it is another project's.
        if (!machine) return;
        const addresses = addressesIn(machine.outputs);
        const record = this.records().find(({ address }) => addresses.includes(address));
        if (record) this.violations.push(`${id} was destroyed before its record ${record.name}`);
        this.machines.delete(id);
      },
    };
  }

  private create(inputs: Properties, asker: Properties): EmulatedInstance {
    const place = { project: String(inputs["project"]), zone: String(inputs["zone"]) };
    const path = `projects/${place.project}/zones/${place.zone}/instances/${String(inputs["name"])}`;
    const owner = this.ownerOf(asker, "create a VM");
    if (owner === undefined)
      throw new GcpRefusal(403, `Required 'compute.instances.create' permission for '${path}'`, "forbidden");
    if (this.machines.has(path)) throw new GcpRefusal(409, `The resource '${path}' already exists`, "alreadyExists");
    if (!this.facts.zones.has(place.zone))
      throw new GcpRefusal(400, `Invalid value for field 'zone': '${place.zone}'. Unknown zone.`, "invalid");
    const request = requestOf(inputs, place);
    const refusal = problemIn(request) ?? this.facts.refusalOf(request as InstanceRequest, place.zone);
    if (refusal) throw refusal;
    if (this.machines.size >= this.cpusMax) {
      throw new GcpRefusal(
        403,
        `Quota 'CPUS' exceeded.  Limit: ${this.cpusMax}.0 in region us-east4.`,
        "quotaExceeded",
      );
    }
    return this.newInstance(inputs, owner);
  }

  private newInstance(inputs: Properties, owner: string): EmulatedInstance {
    const number = ++this.number;
    const {
      name,
      zone,
      project,
      labels = {},
    } = inputs as { name: string; zone: string; project: string; labels?: Record<string, string> };
    const id = `projects/${project}/zones/${zone}/instances/${name}`;
    const given = (inputs["networkInterfaces"] ?? [{}]) as { readonly accessConfigs?: readonly object[] }[];
    const networkInterfaces = given.map(({ accessConfigs, ...rest }, index) => ({
      ...rest,
      name: `nic${index}`,
      networkIp: `10.${150 + index}.${number >> 8}.${number & 255}`,
      ...(accessConfigs && {
        accessConfigs: accessConfigs.map((one) => ({ ...one, natIp: `198.51.${number >> 8}.${number & 255}` })),
      }),
    }));
    const outputs = {
      ...inputs,
      networkInterfaces,
      instanceId: String(4_000_000_000 + number),
      selfLink: `https://www.googleapis.com/compute/v1/${id}`,
      currentStatus: "RUNNING",
      effectiveLabels: labels,
      pulumiLabels: labels,
    };
    const machine = { id, owner, name, zone, labels, inputs, outputs };
    this.machines.set(id, machine);
    return machine;
  }

  private noteRecord(name: string, address: string): void {
    const isThere = [...this.machines.values()].some(({ outputs }) => addressesIn(outputs).includes(address));
    if (!isThere) this.violations.push(`record ${name} points to ${address}, where no VM is`);
  }

  /** Number of the project that asks; undefined = it may not. */
  private ownerOf(asker: Properties, action: KeyAction): string | undefined {
    return this.access.ownerOf(this.access.tokenOf(asker), action);
  }

  private functions(): [string, EmulatedFunction][] {
    const entry = (token: string, inputs: SdkObject, call: EmulatedFunction["call"]): [string, EmulatedFunction] => {
      const name = token.split(":").at(-1)!;
      const failingOr: EmulatedFunction["call"] = (args, asker) => {
        const failure = this.failing.get(name);
        if (failure !== undefined) throw new Error(failure);
        return call(args, asker);
      };
      return [token, { inputs, call: failingOr }];
    };
    return [
      entry(
        "gcp:organizations/getClientConfig:getClientConfig",
        { kind: "object", fields: new Map() },
        (_args, asker) => ({
          accessToken: this.access.tokenOf(asker),
          project: asker["project"],
          region: "",
          zone: "",
          defaultLabels: {},
          id: "client",
        }),
      ),
      entry(
        "gcp:compute/getMachineTypes:getMachineTypes",
        this.sdk.read("compute/getMachineTypes", "GetMachineTypesArgs"),
        ({ filter, ...args }, asker) => {
          this.access.tokenOf(asker);
          const [, name] = /^name = "([^"]+)"$/.exec(String(filter)) ?? [];
          const found = this.facts.machineTypes.filter((type) => type.name === name);
          const machineTypes = found.map(({ accelerators = [], deprecated, ...type }) => ({
            ...type,
            accelerators,
            deprecateds: deprecated === undefined ? [] : [{ ...deprecated, replacement: "" }],
          }));
          return { ...args, id: "types", machineTypes };
        },
      ),
      entry(
        "gcp:dns/getManagedZones:getManagedZones",
        this.sdk.read("dns/getManagedZones", "GetManagedZonesArgs"),
        (args, asker) => ({ ...args, ...this.zones.zones(asker) }),
      ),
    ];
  }
}

function labelsOf({ nodeId, installation }: VmIdentity): Record<string, string> {
  return {
    ...(nodeId !== undefined && { "headroom-node": nodeId }),
    ...(installation !== undefined && { "headroom-installation": installation }),
  };
}

const scriptKeys = /^(?:startup-script|user-data|windows-startup-script-\w+|sysprep-specialize-script-\w+)$/;

function scriptIn(metadata: Record<string, string> = {}): string {
  return Object.entries(metadata).find(([key]) => scriptKeys.test(key))?.[1] ?? "";
}

function addressesIn({ networkInterfaces }: Properties): string[] {
  const list = (networkInterfaces ?? []) as { networkIp?: string; accessConfigs?: { natIp?: string }[] }[];
  return list.flatMap(({ networkIp, accessConfigs = [] }) =>
    [networkIp, ...accessConfigs.map(({ natIp }) => natIp)].filter((address) => address !== undefined),
  );
}
