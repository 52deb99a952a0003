/** vSphere behind its Pulumi plugin and behind vCenter's SOAP interface, with the refusals that the real ones have. */
import { z } from "zod";
import { machineShapes } from "../../provider/clouds/vsphere/machine-inputs";
import { getVmToken, vmToken, vspherePackage } from "../../provider/clouds/vsphere/resources";
import { identityKeys } from "../../provider/frame/identity";
import type { Properties } from "../../provider/resource-kernel";
import { namesOnly, typesOfShapes } from "./declared-types";
import { EmulatedCloud, type EmulatedFunction, type EmulatedResource } from "./emulated-cloud";
import { EmulatedVCenter, templateGuestId, type EmulatedDisk, type EmulatedVm } from "./emulated-vcenter";
import { EmulatedVCenterUsers, VimFault } from "./emulated-vcenter-users";
import { EmulatedVim } from "./emulated-vim";
import type { Emulation, VmIdentity, VmInCloud } from "./emulation";

interface Asker {
  readonly key: string;
  readonly vcenter: EmulatedVCenter;
}

const outputs = [
  "uuid",
  "moid",
  "powerState",
  "defaultIpAddress",
  "guestIpAddresses",
  "vmwareToolsStatus",
  "imported",
  "changeVersion",
];

export class EmulatedVSphere implements Emulation {
  readonly access = new EmulatedVCenterUsers();
  readonly home = new EmulatedVCenter(this.access.home, 10);
  readonly other = new EmulatedVCenter(this.access.other, 20);
  readonly violations: string[] = [];
  readonly unknownVmId = "42000000-0000-4000-8000-000000000000";
  readonly vim = new EmulatedVim(this.access, (owner) => this.vcenterOf(owner));
  readonly cloud = new EmulatedCloud({
    packageName: vspherePackage.name,
    version: vspherePackage.version,
    nodeIdOf: ({ name }) => (typeof name === "string" ? name : undefined),
    admit: (configuration) =>
      void this.asking("error setting up new vSphere SOAP client", configuration, () => undefined),
    resources: new Map([[vmToken, this.vmResource()]]),
    functions: new Map([[getVmToken, this.templateFunction()]]),
  });

  vms(): VmInCloud[] {
    return this.machines().map(({ name, uuid, guest }) => ({
      nodeId: name,
      id: uuid,
      script: guest.scripts.join("\n---\n"),
      address: guest.address,
    }));
  }

  records(): [] {
    return [];
  }

  leftovers(): string[] {
    return this.machines().map(({ uuid }) => uuid);
  }

  launch(
    identity: VmIdentity,
    { owner = this.access.home, place = {} }: Parameters<Emulation["launch"]>[1] = {},
  ): string {
    const suffix = place["datacenter"] === "DC2" ? "2" : "";
    const vm = this.vcenterOf(owner).addVm({ name: "somebody", parent: `group-v12${suffix}` });
    mark(vm, identity);
    return vm.uuid;
  }

  retag(vmId: string, identity: VmIdentity): void {
    mark(this.vmOf(vmId), identity);
  }

  remove(vmId: string): void {
    for (const vcenter of [this.home, this.other]) vcenter.remove(vmId);
  }

  vmOf(vmId: string): EmulatedVm {
    const vm = this.machines().find(({ uuid }) => uuid === vmId);
    if (vm === undefined) throw new Error(`there is no VM ${vmId}`);
    return vm;
  }

  endTrouble(): void {
    this.access.forgive();
    this.cloud.trouble = {};
    this.vim.refuses = () => undefined;
    this.vim.losesAnswer = () => false;
    this.vim.apiType = "VirtualCenter";
    this.home.freeGib.set("datastore-40", 4000);
  }

  close(): void {
    this.vim.close();
    for (const vcenter of [this.home, this.other]) vcenter.close();
  }

  private machines(): EmulatedVm[] {
    return [this.home, this.other].flatMap((vcenter) => vcenter.machines());
  }

  private vcenterOf(owner: string): EmulatedVCenter {
    return owner === this.access.home ? this.home : this.other;
  }

  /** Throws as the plugin does when its request is refused: with the sentence, and never the name of the fault. */
  private asking<Result>(doing: string, { user, password }: Properties, ask: (asker: Asker) => Result): Result {
    try {
      const key = this.access.login(String(user), String(password));
      return ask({ key, vcenter: this.vcenterOf(this.access.ownerOf(key)) });
    } catch (error) {
      if (error instanceof VimFault) throw new Error(`${doing}: ServerFaultCode: ${error.message}`);
      throw error;
    }
  }

  private templateFunction(): EmulatedFunction {
    return {
      inputs: typesOfShapes({ uuid: z.string() }, ["uuid"]),
      call: ({ uuid }, configuration) =>
        this.asking("error fetching virtual machine", configuration, ({ vcenter }) => {
          const vm = vcenter.vmByUuid(String(uuid));
          if (vm === undefined)
            throw new Error(`error fetching virtual machine: virtual machine with UUID "${String(uuid)}" not found`);
          return templateAnswer(vm, vcenter.disks.get(vm.id) ?? []);
        }),
    };
  }

  private vmResource(): EmulatedResource {
    return {
      inputs: typesOfShapes(machineShapes, ["resourcePoolId"]),
      outputs: namesOnly([...Object.keys(machineShapes), ...outputs]),
      replacing: [],
      create: (inputs, asker) => this.asking("error cloning virtual machine", asker, (who) => this.clone(inputs, who)),
      read: (id, asker) =>
        this.asking("error searching for VM", asker, ({ vcenter }) => {
          const vm = vcenter.vmByUuid(id);
          return vm && outputsOf(vm);
        }),
      update: (id, inputs, asker) =>
        this.asking("error reconfiguring virtual machine", asker, ({ vcenter }) => {
          const vm = vcenter.vmByUuid(id);
          if (vm === undefined)
            throw new Error(`cannot locate virtual machine with UUID "${id}": virtual machine not found`);
          Object.assign(vm, { inputs, name: inputs["name"], annotation: inputs["annotation"] });
          return outputsOf(vm);
        }),
      delete: (id, asker) =>
        this.asking("error destroying virtual machine", asker, ({ key, vcenter }) => {
          const vm = vcenter.vmByUuid(id);
          if (vm === undefined)
            throw new Error(`cannot locate virtual machine with UUID "${id}": virtual machine not found`);
          this.access.require(key, "VirtualMachine.Inventory.Delete", "VirtualMachine", vm.id);
          vcenter.remove(id);
        }),
    };
  }

  private clone(inputs: Properties, { key, vcenter }: Asker): { id: string; outputs: Properties } {
    const {
      templateUuid,
      linkedClone,
      timeout = 30,
    } = inputs["clone"] as { templateUuid: string; linkedClone?: boolean; timeout?: number };
    const template = vcenter.vmByUuid(templateUuid);
    if (template === undefined)
      throw new Error(`cannot locate virtual machine or template with UUID "${templateUuid}": not found`);
    this.access.require(key, "VirtualMachine.Provisioning.DeployTemplate", "VirtualMachine", template.id);
    if (timeout < 10) throw new Error("expected clone.0.timeout to be at least (10)");
    refuseHardware(inputs, template, vcenter.disks.get(template.id) ?? [], linkedClone === true);
    const parent = refusePlace(inputs, vcenter);
    const name = String(inputs["name"]);
    if (vcenter.machines().some((vm) => vm.name === name && vm.parent === parent))
      throw new VimFault("DuplicateName", `The name '${name}' already exists.`);
    const vm = vcenter.addVm({ name, parent, inputs, annotation: String(inputs["annotation"] ?? "") });
    vm.guest.start((inputs["extraConfig"] ?? {}) as Record<string, string>);
    return { id: vm.uuid, outputs: outputsOf(vm) };
  }
}

function refuseHardware(
  inputs: Properties,
  template: EmulatedVm,
  source: readonly EmulatedDisk[],
  isLinked: boolean,
): void {
  if (inputs["guestId"] !== templateGuestId)
    throw new Error(
      `invalid guest ID ${JSON.stringify(inputs["guestId"])} for clone. Please set it to "${templateGuestId}"`,
    );
  if (isLinked && !template.isTemplate && template.snapshots.length !== 1) {
    throw new Error(
      `virtual machine ${template.uuid} must have exactly one root snapshot (has: ${template.snapshots.length})`,
    );
  }
  const disks = (inputs["disks"] ?? []) as Partial<EmulatedDisk>[];
  if (disks.length < source.length)
    throw new Error(
      `not enough disks in configuration - you need at least ${source.length} to use this template (current: ${disks.length})`,
    );
  const units = disks.map(({ unitNumber }) => unitNumber);
  if (new Set(units).size < units.length) throw new Error("disk: duplicate SCSI unit_number");
  for (const [index, { size = 0 }] of source.entries()) {
    const wanted = disks[index]!.size ?? 0;
    if (wanted < size)
      throw new Error(
        `disk.${index}: disk name ${disks[index]!.label} must be at least the same size of source when cloning (expected: >= ${size} GiB)`,
      );
    if (isLinked && wanted !== size)
      throw new Error(
        `disk.${index}: disk name ${disks[index]!.label} must be the exact size of source when using linked_clone (expected: ${size} GiB)`,
      );
  }
  if (((inputs["networkInterfaces"] ?? []) as unknown[]).length === 0)
    throw new Error("network_interface parameter is required when not deploying from ovf template");
  if (Number(inputs["memory"]) % 4 !== 0) throw new Error("memory size must be a multiple of 4");
  const { windowsOptions } = ((inputs["clone"] as Properties)["customize"] ?? {}) as {
    windowsOptions?: { computerName?: string };
  };
  if (windowsOptions !== undefined && !/^[A-Za-z0-9-]{1,15}$/.test(windowsOptions.computerName ?? "")) {
    throw new VimFault("InvalidArgument", "A specified parameter was not correct: spec.identity.userData.computerName");
  }
}

/** @returns Id of the folder. */
function refusePlace(inputs: Properties, vcenter: EmulatedVCenter): string {
  const { resourcePoolId, datastoreId, datastoreClusterId, hostSystemId } = inputs as Readonly<
    Record<string, string | undefined>
  >;
  for (const id of [resourcePoolId, datastoreId, datastoreClusterId, hostSystemId]) {
    if (id !== undefined && !vcenter.items.has(id))
      throw new Error(`could not find resource pool ID "${id}": not found`);
  }
  if (datastoreId !== undefined && datastoreClusterId !== undefined)
    throw new Error('"datastore_cluster_id": conflicts with datastore_id');
  for (const { networkId } of (inputs["networkInterfaces"] ?? []) as { networkId: string }[]) {
    if (!vcenter.items.has(networkId)) throw new Error(`network "${networkId}" not found`);
  }
  const parent = vcenter.folderPath(String(inputs["folder"] ?? ""), resourcePoolId ?? "");
  if (parent === undefined) throw new Error(`folder '/DC1/vm/${String(inputs["folder"])}' not found`);
  return parent;
}

function templateAnswer(vm: EmulatedVm, disks: readonly EmulatedDisk[]): Properties {
  const networkInterfaces = [
    { networkId: "network-50", adapterType: "vmxnet3", macAddress: "00:50:56:00:00:01", physicalFunction: "" },
  ];
  return {
    ...{ id: vm.uuid, uuid: vm.uuid, moid: vm.id, guestId: templateGuestId, alternateGuestName: "", firmware: "efi" },
    ...{
      efiSecureBootEnabled: true,
      scsiType: "pvscsi",
      enableDiskUuid: true,
      vtpm: false,
      numCoresPerSocket: 2,
      numCpus: 2,
    },
    ...{
      memory: 2048,
      nestedHvEnabled: false,
      cpuHotAddEnabled: true,
      latencySensitivity: "normal",
      networkInterfaces,
    },
    disks: disks.map((disk) => ({ ...disk })),
  };
}

/** The address is not waited for, so the plugin does not know it. */
function outputsOf({ uuid, id, name, annotation, inputs }: EmulatedVm): Properties {
  return { ...inputs, name, annotation, uuid, moid: id, powerState: "on", defaultIpAddress: "", guestIpAddresses: [] };
}

/** As the client has it afterwards: name and notes. */
function mark(vm: EmulatedVm, { nodeId, installation }: VmIdentity): void {
  const keyed = { [identityKeys.nodeId]: nodeId, [identityKeys.installation]: installation };
  const known = Object.entries(keyed).filter(([, value]) => value !== undefined);
  vm.name = nodeId ?? "somebody";
  vm.annotation = known.map(([key, value]) => `${key}=${value}`).join(" ");
}
