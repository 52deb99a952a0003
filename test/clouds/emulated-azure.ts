/** VMs of Azure with what is made with them, and DNS records, as far as nodes need them, with Azure's refusals. */
import type { Properties } from "../../provider/resource-kernel";
import { notFound, pluginError } from "./azure-errors";
import { problemIn } from "./azure-requests";
import { EmulatedArm } from "./emulated-arm";
import { EmulatedAzureDns } from "./emulated-azure-dns";
import { AzureFacts, idIn } from "./emulated-azure-facts";
import { AzureRefusal, EmulatedDirectories, type AzureAction } from "./emulated-azure-tokens";
import { EmulatedCloud, type EmulatedFunction, type EmulatedResource } from "./emulated-cloud";
import type { Emulation, VmIdentity, VmInCloud } from "./emulation";
import { SdkTypes } from "./sdk-types";

interface AzureVm {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly resourceGroup: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly inputs: Properties;
  readonly outputs: Properties;
  /** Ids of what was made with it and goes with it. */
  readonly parts: readonly string[];
}

type Made = { readonly kind: "interface" | "address" | "disk" | "run command"; readonly properties: Properties };

export class EmulatedAzure implements Emulation {
  readonly machines = new Map<string, AzureVm>();
  /** Interfaces, addresses, disks and run commands, by id. */
  readonly made = new Map<string, Made>();
  readonly violations: string[] = [];
  readonly access = new EmulatedDirectories();
  readonly facts = new AzureFacts();
  readonly arm = new EmulatedArm(this.access, this.facts, () =>
    [...this.machines.values()].filter(({ owner }) => owner === this.access.home),
  );
  readonly cloud: EmulatedCloud;
  readonly unknownVmId = idIn("dev", "Microsoft.Compute/virtualMachines", "never-was");
  /** Cores that the subscription may still have. */
  coresLeft = 100_000;
  private readonly sdk = new SdkTypes("@pulumi/azure-native");
  private readonly dns = new EmulatedAzureDns({
    facts: this.facts,
    sdk: this.sdk,
    authorise: (asker, request) => this.authorise("look up a domain", asker, request),
    isThere: (address) => [...this.made.values()].some(({ properties }) => properties["address"] === address),
    noteViolation: (text) => void this.violations.push(text),
  });
  readonly zones = this.dns;
  private number = 0;

  constructor() {
    this.cloud = new EmulatedCloud({
      packageName: "azure-native",
      version: "3.28.0",
      nodeIdOf: ({ vmName, name, hardwareProfile }) =>
        hardwareProfile === undefined ? undefined : String(vmName ?? name),
      resources: new Map([
        ["azure-native:compute:VirtualMachine", this.vmResource()],
        ["azure-native:compute:VirtualMachineRunCommandByVirtualMachine", this.runCommandResource()],
        ["azure-native:dns:RecordSet", this.dns.recordResource("dns/recordSet", "RecordSet", false)],
        [
          "azure-native:privatedns:PrivateRecordSet",
          this.dns.recordResource("privatedns/privateRecordSet", "PrivateRecordSet", true),
        ],
      ]),
      functions: new Map(this.functions()),
    });
  }

  launch(
    { nodeId, installation }: VmIdentity,
    { owner = this.access.home, place = {} }: { readonly owner?: string; readonly place?: Properties } = {},
  ): string {
    const inputs = {
      resourceGroupName: place["resourceGroup"] ?? "dev",
      vmName: `by-hand-${++this.number}`,
      location: "eastus",
      hardwareProfile: { vmSize: "Standard_D4s_v5" },
      tags: tagsOf({ nodeId, installation }),
    };
    return this.newVm(inputs, owner).id;
  }

  retag(vmId: string, identity: VmIdentity): void {
    const vm = this.vm(vmId);
    const tags = tagsOf(identity);
    this.machines.set(vmId, { ...vm, tags, inputs: { ...vm.inputs, tags }, outputs: { ...vm.outputs, tags } });
  }

  remove(vmId: string): void {
    this.takeAway(this.vm(vmId));
  }

  endTrouble(): void {
    this.access.forgive();
    this.cloud.trouble = {};
    this.arm.refuses = () => undefined;
    this.facts.acceptedTerms.clear();
    this.facts.subscription = { ...this.facts.subscription, state: "Enabled" };
  }

  vms(): VmInCloud[] {
    return [...this.machines.values()].map((vm) => ({
      nodeId: String(vm.tags["headroom-node"]),
      id: vm.id,
      script: this.scriptOf(vm),
      address: this.addressOf(vm),
    }));
  }

  records(): readonly { readonly name: string; readonly address: string }[] {
    return this.dns.records().map(({ name, values: [address = ""] }) => ({ name, address }));
  }

  leftovers(): string[] {
    return [...this.machines.keys(), ...this.made.keys(), ...this.dns.sets.keys()];
  }

  /** What a VM runs: Windows runs nothing by itself. */
  private scriptOf(vm: AzureVm): string {
    const { customData = "", windowsConfiguration } = (vm.inputs["osProfile"] ?? {}) as Properties;
    const isRun = windowsConfiguration === undefined || this.made.has(`${vm.id}/runCommands/headroom-startup`);
    return isRun ? Buffer.from(String(customData), "base64").toString("utf8") : "";
  }

  /** The private one. */
  addressOf(vm: AzureVm, kind: "interface" | "address" = "interface"): string {
    const found = vm.parts.map((id) => this.made.get(id)).find((made) => made?.kind === kind);
    return String(found?.properties["address"]);
  }

  private vm(id: string): AzureVm {
    const vm = this.machines.get(id);
    if (!vm) throw new Error(`there is no VM ${id}`);
    return vm;
  }

  private vmResource(): EmulatedResource {
    const seen = (id: string, asker: Properties, action: AzureAction, method: string): AzureVm | undefined => {
      this.authorise(action, asker, `${method} https://management.azure.com${id}`);
      const vm = this.machines.get(id);
      return vm?.owner === this.access.home ? vm : undefined;
    };
    return {
      inputs: this.sdk.read("compute/virtualMachine", "VirtualMachineArgs"),
      outputs: this.sdk.read("compute/virtualMachine", "VirtualMachine"),
      replacing: ["location", "resourceGroupName", "vmName", "zones", "osProfile", "plan", "storageProfile"],
      create: (inputs, asker) => {
        const { resourceGroupName, vmName } = inputs as { resourceGroupName: string; vmName: string };
        const id = idIn(resourceGroupName, "Microsoft.Compute/virtualMachines", vmName);
        if (this.machines.has(id)) throw new Error(`cannot create already existing resource '${id}'`);
        const request = `PUT https://management.azure.com${id}`;
        this.authorise("create a VM", asker, request);
        const problem = problemIn(inputs, this.facts);
        if (problem) throw new Error(pluginError(request, problem));
        if (this.coresLeft < 4) {
          const message = `Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Current Limit: 10, Current Usage: 8, Additional Required: 4.`;
          throw new Error(pluginError(request, { status: 409, code: "OperationNotAllowed", message }));
        }
        return this.newVm(inputs, this.access.home);
      },
      read: (id, asker) => seen(id, asker, "list VMs", "GET")?.outputs,
      update: (id, inputs, asker) => {
        const vm = seen(id, asker, "create a VM", "PUT");
        if (!vm) throw new Error(pluginError(`PUT ${id}`, notFound(id)));
        const outputs = { ...vm.outputs, tags: inputs["tags"] };
        this.machines.set(id, { ...vm, inputs, outputs });
        return outputs;
      },
      delete: (id, asker) => {
        const vm = seen(id, asker, "delete a VM", "DELETE");
        if (!vm) return;
        const addresses = [this.addressOf(vm), this.addressOf(vm, "address")];
        const record = this.records().find(({ address }) => addresses.includes(address));
        if (record) this.violations.push(`${id} was destroyed before its record ${record.name}`);
        this.takeAway(vm);
      },
    };
  }

  /** Of what was made with it only what says so goes with it. */
  private takeAway(vm: AzureVm): void {
    this.machines.delete(vm.id);
    for (const id of vm.parts) if (this.made.get(id)?.properties["deleteOption"] === "Delete") this.made.delete(id);
    for (const id of [...this.made.keys()]) if (id.startsWith(`${vm.id}/runCommands/`)) this.made.delete(id);
  }

  private newVm(inputs: Properties, owner: string): AzureVm {
    const {
      resourceGroupName,
      vmName,
      tags = {},
    } = inputs as {
      resourceGroupName: string;
      vmName: string;
      tags?: Record<string, string>;
    };
    const id = idIn(resourceGroupName, "Microsoft.Compute/virtualMachines", vmName);
    const { interfaceId, parts } = this.makeParts(inputs, resourceGroupName);
    const { adminUsername, computerName } = (inputs["osProfile"] ?? {}) as Properties;
    const told = Object.entries(inputs).filter(([name]) => name !== "resourceGroupName" && name !== "vmName");
    const outputs = {
      ...Object.fromEntries(told),
      name: vmName,
      osProfile: { adminUsername, computerName },
      networkProfile: { networkInterfaces: [{ id: interfaceId, primary: true, deleteOption: "Delete" }] },
      provisioningState: "Succeeded",
      type: "Microsoft.Compute/virtualMachines",
      azureApiVersion: "2024-11-01",
    };
    const vm = { id, name: vmName, owner, resourceGroup: resourceGroupName, tags, inputs, outputs, parts };
    this.machines.set(id, vm);
    return vm;
  }

  /** Network interface, public address and disks come with the VM. */
  private makeParts(inputs: Properties, group: string): { readonly interfaceId: string; readonly parts: string[] } {
    const number = ++this.number;
    const parts: string[] = [];
    const make = (kind: Made["kind"], id: string, properties: Properties): string => {
      this.made.set(id, { kind, properties });
      parts.push(id);
      return id;
    };
    const profile = (inputs["networkProfile"] ?? {}) as {
      networkInterfaceConfigurations?: (Properties & { name: string; ipConfigurations: Properties[] })[];
    };
    const [own] = profile.networkInterfaceConfigurations ?? [];
    const publicAddress = own?.ipConfigurations[0]?.["publicIPAddressConfiguration"] as Properties | undefined;
    const addressId =
      publicAddress &&
      make(
        "address",
        idIn(group, "Microsoft.Network/publicIPAddresses", `${String(publicAddress["name"])}-${number}`),
        {
          address: `20.50.${number >> 8}.${number & 255}`,
          deleteOption: publicAddress["deleteOption"],
        },
      );
    const interfaceId = make(
      "interface",
      idIn(group, "Microsoft.Network/networkInterfaces", `${own?.name ?? "nic"}-${number}`),
      {
        address: `10.20.${number >> 8}.${number & 255}`,
        publicId: addressId,
        deleteOption: own?.["deleteOption"] ?? "Delete",
      },
    );
    const storage = (inputs["storageProfile"] ?? {}) as { osDisk?: Properties; dataDisks?: Properties[] };
    for (const [index, disk] of [storage.osDisk, ...(storage.dataDisks ?? [])].entries()) {
      if (disk)
        make("disk", idIn(group, "Microsoft.Compute/disks", `disk-${number}-${index}`), {
          deleteOption: disk["deleteOption"],
        });
    }
    return { interfaceId, parts };
  }

  private runCommandResource(): EmulatedResource {
    const module = "compute/virtualMachineRunCommandByVirtualMachine";
    return {
      inputs: this.sdk.read(module, "VirtualMachineRunCommandByVirtualMachineArgs"),
      outputs: this.sdk.read(module, "VirtualMachineRunCommandByVirtualMachine"),
      replacing: ["vmName", "runCommandName", "resourceGroupName"],
      create: (inputs, asker) => {
        this.authorise({ action: "Microsoft.Compute/virtualMachines/runCommands/write" }, asker, "PUT runCommands");
        const vmId = idIn(
          String(inputs["resourceGroupName"]),
          "Microsoft.Compute/virtualMachines",
          String(inputs["vmName"]),
        );
        if (!this.machines.has(vmId)) throw new Error(pluginError("PUT runCommands", notFound(vmId)));
        const name = String(inputs["runCommandName"]);
        const id = `${vmId}/runCommands/${name}`;
        this.made.set(id, { kind: "run command", properties: inputs });
        return { id, outputs: { name, source: inputs["source"], location: inputs["location"] } };
      },
      read: (id) => this.made.get(id)?.properties && { name: id.split("/").at(-1) },
      update: (_id, inputs) => ({ source: inputs["source"] }),
      delete: (id) => void this.made.delete(id),
    };
  }

  private functions(): [string, EmulatedFunction][] {
    const none = { kind: "object", fields: new Map() } as const;
    return [
      [
        "azure-native:authorization:getClientToken",
        { inputs: none, call: (_args, asker) => ({ token: this.access.tokenOf(asker) }) },
      ],
      this.entry("network", "getNetworkInterface", ({ networkInterfaceName, resourceGroupName }, asker) => {
        const id = idIn(String(resourceGroupName), "Microsoft.Network/networkInterfaces", String(networkInterfaceName));
        const { address, publicId } = this.part(id, asker).properties;
        const publicIPAddress = publicId === undefined ? undefined : { id: publicId };
        return {
          id,
          name: networkInterfaceName,
          ipConfigurations: [{ primary: true, privateIPAddress: address, publicIPAddress }],
        };
      }),
      this.entry("network", "getPublicIPAddress", ({ publicIpAddressName, resourceGroupName }, asker) => {
        const id = idIn(String(resourceGroupName), "Microsoft.Network/publicIPAddresses", String(publicIpAddressName));
        return { id, ipAddress: this.part(id, asker).properties["address"] };
      }),
      ...this.dns.functions().map((each) => this.entry(...each)),
    ];
  }

  private part(id: string, asker: Properties): Made {
    const request = `GET https://management.azure.com${id}`;
    this.authorise({ action: "Microsoft.Network/read" }, asker, request);
    const found = this.made.get(id);
    if (!found) throw new Error(pluginError(request, notFound(id)));
    return found;
  }

  private entry(module: string, name: string, call: EmulatedFunction["call"]): [string, EmulatedFunction] {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Args`;
    return [`azure-native:${module}:${name}`, { inputs: this.sdk.read(`${module}/${name}`, type), call }];
  }

  /** Throws the refusal as the plugin prints it. */
  private authorise(action: AzureAction, asker: Properties, request: string): void {
    try {
      this.access.require(action, asker);
    } catch (error) {
      throw error instanceof AzureRefusal ? new Error(pluginError(request, error.refused)) : error;
    }
  }
}

function tagsOf({ nodeId, installation }: VmIdentity): Record<string, string> {
  return {
    ...(nodeId === undefined ? {} : { "headroom-node": nodeId }),
    ...(installation === undefined ? {} : { "headroom-installation": installation }),
  };
}
