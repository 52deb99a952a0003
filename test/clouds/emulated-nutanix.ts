/** Nutanix behind its Pulumi plugin and behind the REST interface of Prism Central, with the refusals that the real ones have. */
import { nutanixPackage } from "../../provider/clouds/nutanix/machine";
import { asDescription, identityKeys } from "../../provider/frame/identity";
import type { Properties } from "../../provider/resource-kernel";
import { EmulatedCloud, type EmulatedResource } from "./emulated-cloud";
import { EmulatedPrism, uuidOf, type PrismVm } from "./emulated-prism";
import { EmulatedPrismApi } from "./emulated-prism-api";
import { EmulatedPrismUsers, PrismRefusal } from "./emulated-prism-users";
import type { Emulation, VmIdentity, VmInCloud } from "./emulation";
import { machineInputs, machineOutputs } from "./nutanix-types";

interface Asker {
  readonly key: string;
  readonly prism: EmulatedPrism;
}

const descriptionForm = asDescription(1000);
const userDataMax = 32_000;

export class EmulatedNutanix implements Emulation {
  readonly access = new EmulatedPrismUsers();
  readonly home = new EmulatedPrism(this.access.home);
  readonly other = new EmulatedPrism(this.access.other);
  readonly violations: string[] = [];
  readonly unknownVmId = uuidOf("vm", 999_999_999);
  /** Nodes of which Prism Central never learns an address. */
  readonly withoutAddress = new Set<string>();
  readonly api = new EmulatedPrismApi(this.access, (owner) => this.prismOf(owner));
  readonly cloud: EmulatedCloud;
  private number = 0;

  constructor() {
    this.cloud = new EmulatedCloud({
      packageName: nutanixPackage.name,
      version: nutanixPackage.version,
      nodeIdOf: ({ name }) => (typeof name === "string" ? name : undefined),
      resources: new Map([["nutanix:index/virtualMachine:VirtualMachine", this.machineResource()]]),
      functions: new Map(),
    });
  }

  vms(): VmInCloud[] {
    return this.machines().map(({ uuid, name, description, userData, address = "" }) => ({
      nodeId: descriptionForm.read(description).nodeId ?? name,
      id: uuid,
      script: Buffer.from(userData, "base64").toString("utf8"),
      address,
    }));
  }

  records(): [] {
    return [];
  }

  leftovers(): string[] {
    return this.machines().map(({ uuid }) => uuid);
  }

  launch(identity: VmIdentity, { owner = this.access.home }: Parameters<Emulation["launch"]>[1] = {}): string {
    return this.add(this.prismOf(owner), { name: "made-by-hand", description: textOf(identity), userData: "" }).uuid;
  }

  retag(vmId: string, identity: VmIdentity): void {
    this.vmOf(vmId).description = textOf(identity);
  }

  remove(vmId: string): void {
    for (const { vms } of [this.home, this.other]) vms.delete(vmId);
  }

  vmOf(vmId: string): PrismVm {
    const vm = this.home.vms.get(vmId) ?? this.other.vms.get(vmId);
    if (vm === undefined) throw new Error(`there is no VM ${vmId}`);
    return vm;
  }

  endTrouble(): void {
    this.access.forgive();
    this.cloud.trouble = {};
    this.api.refuses = () => undefined;
    this.withoutAddress.clear();
  }

  close(): void {
    this.api.close();
  }

  private machines(): PrismVm[] {
    return [this.home, this.other].flatMap(({ vms }) => [...vms.values()]);
  }

  private prismOf(owner: string): EmulatedPrism {
    return owner === this.access.home ? this.home : this.other;
  }

  private machineResource(): EmulatedResource {
    return {
      inputs: machineInputs,
      outputs: machineOutputs,
      replacing: [
        ...["bootType", "guestCustomizationCloudInitUserData", "guestCustomizationCloudInitMetaData"],
        ...["guestCustomizationSysprep", "guestCustomizationSysprepCustomKeyValues", "serialPortLists"],
      ],
      create: (inputs, configuration) =>
        this.asking("", configuration, ({ key, prism }) => {
          this.access.require(key, "Create_Virtual_Machine");
          return this.create(inputs, prism);
        }),
      read: (id, configuration) =>
        this.asking("", configuration, ({ key, prism }) => {
          this.access.require(key, "View_Virtual_Machine");
          const vm = prism.vms.get(id);
          return vm && outputsOf(vm, {}, this.withoutAddress);
        }),
      update: (id, inputs, configuration) =>
        this.asking("", configuration, ({ prism }) => {
          const vm = prism.vms.get(id);
          if (vm === undefined) throw new PrismRefusal(404, "ENTITY_NOT_FOUND", `The vm ${id} is not found.`);
          return outputsOf(vm, inputs, this.withoutAddress);
        }),
      // As the plugin does: what is not found is gone.
      delete: (id, configuration) =>
        this.asking(`error while deleting Virtual Machine UUID(${id}): `, configuration, ({ key, prism }) => {
          this.access.require(key, "Delete_Virtual_Machine");
          prism.vms.delete(id);
        }),
    };
  }

  /** Throws as the plugin does when its request is refused. */
  private asking<Result>(doing: string, configuration: Properties, ask: (asker: Asker) => Result): Result {
    try {
      const { username, password, endpoint, port, insecure } = configuration;
      if (endpoint !== "127.0.0.1" || String(port) !== String(this.api.port)) {
        throw new Error(
          `Post "https://${String(endpoint)}:${String(port)}/api/nutanix/v3/vms": dial tcp: connection refused`,
        );
      }
      if (String(insecure) !== "true") throw new Error("x509: certificate signed by unknown authority");
      const { key, owner } = this.access.identify(String(username), String(password));
      return ask({ key, prism: this.prismOf(owner) });
    } catch (error) {
      if (!(error instanceof PrismRefusal)) throw error;
      throw new Error(`${doing}${pluginError(error)}`);
    }
  }

  private create(inputs: Properties, prism: EmulatedPrism): { id: string; outputs: Properties } {
    const { name, description = "", clusterUuid, nicLists = [], diskLists = [] } = inputs as unknown as MachineInputs;
    const refuse = (message: string) => new PrismRefusal(422, "INVALID_REQUEST", message);
    if (name.length > 64) throw refuse("spec.name must have at most 64 characters");
    if (description.length > 1000) throw refuse("spec.description must have at most 1000 characters");
    const has = (kind: "cluster" | "subnet" | "image", uuid: string | undefined) =>
      prism.entities(kind).some(({ metadata }) => metadata.uuid === uuid);
    if (!has("cluster", clusterUuid)) throw refuse(`cluster ${clusterUuid} does not exist`);
    for (const { subnetUuid } of nicLists)
      if (!has("subnet", subnetUuid)) throw refuse(`subnet ${subnetUuid} does not exist`);
    for (const { dataSourceReference: source } of diskLists) {
      if (source !== undefined && !has("image", source.uuid)) throw refuse(`image ${source.uuid} does not exist`);
    }
    const userData = String(inputs["guestCustomizationCloudInitUserData"] ?? "");
    if (userData.length > userDataMax) throw refuse(`user_data must have at most ${userDataMax} characters`);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(userData)) throw refuse("user_data must be base64");
    if (prism.vms.size >= prism.vmsMax) {
      throw new Error(taskError("NoHostResources: No host has enough available memory for the VM"));
    }
    const vm = this.add(prism, { name, description, userData });
    return { id: vm.uuid, outputs: outputsOf(vm, inputs, this.withoutAddress) };
  }

  private add(prism: EmulatedPrism, told: Pick<PrismVm, "name" | "description" | "userData">): PrismVm {
    const number = ++this.number;
    const address = this.withoutAddress.has(told.name) ? undefined : `10.30.${number >> 8}.${number & 255}`;
    const vm: PrismVm = { ...told, uuid: uuidOf("vm", number), address, state: "COMPLETE", power: "ON" };
    prism.vms.set(vm.uuid, vm);
    return vm;
  }
}

interface MachineInputs {
  readonly name: string;
  readonly description?: string;
  readonly clusterUuid: string;
  readonly nicLists?: readonly { readonly subnetUuid?: string }[];
  readonly diskLists?: readonly { readonly dataSourceReference?: { readonly uuid: string } }[];
}

/** What the plugin prints of a task that failed. */
export function taskError(detail: string): string {
  return `error waiting for vm (${uuidOf("vm", 1)}) to create: error_detail: ${detail}, progress_message: create_vm_intentful`;
}

/** What the plugin prints of a refusal. */
export function pluginError({ status, body }: PrismRefusal): string {
  if (status === 401) return "invalid auth Credentials";
  return status === 400 ? `bad Request: ${JSON.stringify(body)}` : `error: ${JSON.stringify(body, undefined, 2)}`;
}

function outputsOf({ address, state }: PrismVm, inputs: Properties, silent: ReadonlySet<string>): Properties {
  const known = address === undefined || silent.size > 0 ? [] : [{ ip: address, type: "LEARNED" }];
  return { ...inputs, state, nicListStatuses: [{ ipEndpointLists: known }] };
}

/** As the console has it afterwards: the description. */
function textOf({ nodeId, installation }: VmIdentity): string {
  const keyed = { [identityKeys.nodeId]: nodeId, [identityKeys.installation]: installation };
  const known = Object.entries(keyed).filter(([, value]) => value !== undefined);
  return known.map(([key, value]) => `${key}=${value}`).join(" ");
}
