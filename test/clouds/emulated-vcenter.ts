/** One emulated vCenter: its inventory and its VMs. Both the Pulumi provider and the SOAP interface show it. */
import { randomUUID } from "node:crypto";
import { EmulatedToolsGuest } from "./emulated-tools-guest";

export interface InventoryItem {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly parent?: string | undefined;
  /** Further properties as XML with its `val` element. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface EmulatedVm {
  readonly id: string;
  readonly uuid: string;
  name: string;
  annotation: string;
  /** Folder. */
  parent: string;
  readonly host: string;
  readonly datastores: readonly string[];
  readonly isTemplate: boolean;
  /** True while it is cloned: then it has a name, and no configuration. */
  isBeingMade: boolean;
  /** Names of snapshots at the root, with so many below each. */
  readonly snapshots: { readonly name: string; readonly children: number }[];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly guest: EmulatedToolsGuest;
}

export interface EmulatedDisk {
  readonly label: string;
  readonly size: number;
  readonly thinProvisioned: boolean;
  readonly eagerlyScrub: boolean;
  readonly unitNumber: number;
}

export const templateName = "ubuntu-agent";
export const templateGuestId = "ubuntu64Guest";

const reference = (type: string, id: string) => `<val xsi:type="ManagedObjectReference" type="${type}">${id}</val>`;
const text = (value: string | number | boolean) => `<val xsi:type="xsd:string">${value}</val>`;

export class EmulatedVCenter {
  readonly items = new Map<string, InventoryItem>();
  readonly vms = new Map<string, EmulatedVm>();
  /** Of each template, by its id. */
  readonly disks = new Map<string, readonly EmulatedDisk[]>();
  readonly freeGib = new Map([
    ["datastore-40", 4000],
    ["datastore-41", 100],
    ["group-p42", 9000],
  ]);
  private number = 0;

  constructor(
    readonly instanceUuid: string,
    private readonly network: number,
  ) {
    this.add("group-d1", "Folder", "Datacenters", undefined);
    for (const [place, suffix] of [
      ["DC1", ""],
      ["DC2", "2"],
    ] as const)
      this.addDatacenter(place, suffix);
    this.addTemplate("vm-60", templateName);
    this.addTemplate("vm-602", templateName, { parent: "group-v102", host: "host-222", datastores: ["datastore-402"] });
  }

  addTemplate(
    id: string,
    name: string,
    { size = 40, ...given }: Partial<EmulatedVm> & { readonly size?: number } = {},
  ): void {
    this.vms.set(id, this.vm({ id, name, parent: "group-v10", isTemplate: true, annotation: "The master.", ...given }));
    this.disks.set(id, [{ label: "Hard disk 1", size, thinProvisioned: true, eagerlyScrub: false, unitNumber: 0 }]);
  }

  addVm(given: Partial<EmulatedVm> & Pick<EmulatedVm, "name">): EmulatedVm {
    this.number += 1;
    const vm = this.vm({ id: `vm-${1000 + this.number}`, ...given });
    this.vms.set(vm.id, vm);
    return vm;
  }

  vmByUuid(uuid: string): EmulatedVm | undefined {
    return [...this.vms.values()].find((vm) => vm.uuid === uuid);
  }

  /** Without templates. */
  machines(): EmulatedVm[] {
    return [...this.vms.values()].filter(({ id }) => !this.disks.has(id));
  }

  remove(uuid: string): void {
    const vm = this.vmByUuid(uuid);
    vm?.guest.remove();
    if (vm !== undefined) this.vms.delete(vm.id);
  }

  close(): void {
    for (const { guest } of this.vms.values()) guest.remove();
  }

  /** Whether something is in a container, however deep. */
  isBelow(parent: string | undefined, container: string): boolean {
    for (let current = parent; current !== undefined; current = this.items.get(current)?.parent) {
      if (current === container) return true;
    }
    return false;
  }

  /** Id of a folder of VMs, in the datacenter that has a resource pool. */
  folderPath(path: string, pool: string): string | undefined {
    const names = path.split("/").filter((name) => name !== "");
    return names.reduce<string | undefined>(
      (parent, name) => [...this.items.values()].find((item) => item.parent === parent && item.name === name)?.id,
      this.isBelow(pool, "datacenter-22") ? "group-v32" : "group-v3",
    );
  }

  private addDatacenter(name: string, suffix: string): void {
    const id = (base: string) => `${base}${suffix}`;
    this.add(id("datacenter-2"), "Datacenter", name, "group-d1", { vmFolder: reference("Folder", id("group-v3")) });
    for (const [folder, title] of [
      ["group-v3", "vm"],
      ["group-h4", "host"],
      ["group-s5", "datastore"],
      ["group-n6", "network"],
    ] as const) {
      this.add(id(folder), "Folder", title, id("datacenter-2"));
    }
    for (const [folder, title, parent] of [
      ["group-v10", "templates", "group-v3"],
      ["group-v11", "labs", "group-v3"],
      ["group-v12", "agents", "group-v11"],
    ] as const) {
      this.add(id(folder), "Folder", title, id(parent));
    }
    for (const [number, title] of [
      ["2", "compute"],
      ["3", "spare"],
    ] as const) {
      const [cluster, pool] = [id(`domain-c${number}0`), id(`resgroup-${number}1`)];
      this.add(cluster, "ClusterComputeResource", title, id("group-h4"), {
        resourcePool: reference("ResourcePool", pool),
      });
      this.add(pool, "ResourcePool", "Resources", cluster);
      this.add(id(`resgroup-${number}4`), "ResourcePool", "labs", pool);
      this.add(id(`host-${number}2`), "HostSystem", `esx${number}a.example.org`, cluster);
      this.add(id(`host-${number}3`), "HostSystem", `esx${number}b.example.org`, cluster);
    }
    this.add(id("group-p42"), "StoragePod", "pods", id("group-s5"), { "summary.freeSpace": "" });
    this.add(id("datastore-40"), "Datastore", "fast", id("group-s5"), {
      "summary.accessible": text(true),
      "summary.freeSpace": "",
    });
    this.add(id("datastore-41"), "Datastore", "slow", id("group-p42"), {
      "summary.accessible": text(true),
      "summary.freeSpace": "",
    });
    this.add(id("datastore-43"), "Datastore", "lost", id("group-s5"), {
      "summary.accessible": text(false),
      "summary.freeSpace": "",
    });
    this.add(id("network-50"), "Network", "VM Network", id("group-n6"));
    this.add(id("dvportgroup-51"), "DistributedVirtualPortgroup", "labs", id("group-n6"));
  }

  private add(
    id: string,
    type: string,
    name: string,
    parent: string | undefined,
    properties: Record<string, string> = {},
  ): void {
    this.items.set(id, { id, type, name, parent, properties });
  }

  private vm(given: Partial<EmulatedVm> & Pick<EmulatedVm, "id" | "name">): EmulatedVm {
    this.number += 1;
    return {
      uuid: randomUUID(),
      ...{ annotation: "", parent: "group-v12", host: "host-22", datastores: ["datastore-40"], isTemplate: false },
      ...{ isBeingMade: false, snapshots: [], inputs: {} },
      guest: new EmulatedToolsGuest(`10.${this.network}.${this.number >> 8}.${this.number & 255}`),
      ...given,
    };
  }
}
