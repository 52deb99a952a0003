/** What a datacenter has that a template may name, read in one go, so that names are compared here and not asked for one by one. */
import type { Reference } from "./soap";
import type { ManagedObject, VCenter } from "./vcenter";
import { childOf, childrenOf, textOf, type XmlElement } from "./xml";

/** Something in the inventory. */
export interface Item {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  /** Id of what it is in. */
  readonly parent: string | undefined;
}

export interface TemplateItem extends Item {
  /** Its BIOS UUID. */
  readonly uuid: string | undefined;
  /** False: an ordinary VM. */
  readonly isTemplate: boolean;
  /** Id of the host that it is registered at. */
  readonly host: string | undefined;
  /** Ids of the datastores that it has files on, the first is that of its configuration. */
  readonly datastores: readonly string[];
  readonly snapshots: readonly Snapshot[];
  readonly currentSnapshot: string | undefined;
}

export interface Snapshot {
  readonly id: string;
  readonly name: string;
  readonly children: number;
}

export interface DatastoreItem extends Item {
  readonly isAccessible: boolean;
  readonly freeBytes: number;
}

/** A cluster, or a host that is in none. */
export interface ComputeItem extends Item {
  /** Id of its root resource pool. */
  readonly pool: string | undefined;
}

export interface Inventory {
  readonly datacenter: Item;
  /** Id of the folder that has all folders of VMs. */
  readonly vmFolder: string;
  readonly folders: readonly Item[];
  readonly computes: readonly ComputeItem[];
  readonly hosts: readonly Item[];
  readonly pools: readonly Item[];
  readonly datastores: readonly DatastoreItem[];
  /** Clusters of datastores. */
  readonly pods: readonly DatastoreItem[];
  readonly networks: readonly Item[];
  readonly vms: readonly TemplateItem[];
}

const named = ["name", "parent"] as const;
const paths = {
  Folder: named,
  ComputeResource: [...named, "resourcePool"],
  HostSystem: named,
  ResourcePool: named,
  Datastore: [...named, "summary.accessible", "summary.freeSpace"],
  StoragePod: [...named, "summary.freeSpace"],
  Network: named,
} as const;
/** Only of the VMs that have the template's name, as there may be thousands of others. */
const templatePaths = [
  ...["name", "parent", "config.uuid", "config.template", "runtime.host", "datastore", "config.files.vmPathName"],
  ...["snapshot"],
];

/** Every datacenter that this account may see. */
export async function readDatacenters(vcenter: VCenter): Promise<(Item & { readonly vmFolder: string })[]> {
  const found = await vcenter.list(vcenter.rootFolder, { Datacenter: [...named, "vmFolder"] });
  return found.map((object) => ({ ...itemOf(object), vmFolder: textIn(object, "vmFolder") ?? "" }));
}

/** @param templateName Of VMs only those of this name are told. */
export async function readInventory(
  vcenter: VCenter,
  { vmFolder, ...datacenter }: Item & { readonly vmFolder: string },
  templateName: string,
): Promise<Inventory> {
  const root = { type: "Datacenter", value: datacenter.id };
  const objects = await vcenter.list(root, paths);
  const vms = await vcenter.list(root, { VirtualMachine: ["name"] });
  const candidates = vms.filter((vm) => decodedName(textIn(vm, "name") ?? "") === templateName);
  const templates =
    candidates.length === 0
      ? []
      : await vcenter.read(
          candidates.map(({ reference }) => reference),
          templatePaths,
        );
  // Types come as their own kind, e.g. a cluster as ClusterComputeResource.
  const of = (...types: string[]) => objects.filter(({ reference }) => types.includes(reference.type));
  const datastores = of("Datastore").map(datastoreOf);
  return {
    ...{ datacenter, vmFolder, datastores },
    folders: of("Folder").map(itemOf),
    computes: of("ComputeResource", "ClusterComputeResource").map((object) => ({
      ...itemOf(object),
      pool: textIn(object, "resourcePool"),
    })),
    hosts: of("HostSystem").map(itemOf),
    pools: of("ResourcePool", "VirtualApp").map(itemOf),
    pods: of("StoragePod").map(datastoreOf),
    networks: of("Network", "DistributedVirtualPortgroup", "OpaqueNetwork").map(itemOf),
    vms: templates.map((object) => templateOf(object, datastores)),
  };
}

export function referenceTo({ type, id }: Pick<Item, "type" | "id">): Reference {
  return { type, value: id };
}

/** Names from the folder below `root` down to the item itself. */
export function pathBelow(items: readonly Item[], item: Item, root: string): string[] {
  const byId = new Map(items.map((each) => [each.id, each]));
  const names: string[] = [];
  for (let current: Item | undefined = item; current !== undefined && current.id !== root;) {
    names.unshift(current.name);
    current = current.parent === undefined ? undefined : byId.get(current.parent);
  }
  return names;
}

/** vCenter writes these three signs of a name as `%2f`, `%5c` and `%25`. */
function decodedName(name: string): string {
  return name.replace(/%(2f|5c|25)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function itemOf({ reference, properties }: ManagedObject): Item {
  const name = decodedName(properties.get("name")?.text ?? "");
  return { id: reference.value, type: reference.type, name, parent: properties.get("parent")?.text };
}

function textIn({ properties }: ManagedObject, path: string): string | undefined {
  return properties.get(path)?.text;
}

function datastoreOf(object: ManagedObject): DatastoreItem {
  // A cluster of datastores does not say it.
  const isAccessible = textIn(object, "summary.accessible") !== "false";
  return { ...itemOf(object), isAccessible, freeBytes: Number(textIn(object, "summary.freeSpace") ?? 0) };
}

function templateOf(object: ManagedObject, known: readonly DatastoreItem[]): TemplateItem {
  const ids = childrenOf(object.properties.get("datastore"), "ManagedObjectReference").map(({ text }) => text);
  const [, home] = /^\[([^\]]*)\]/.exec(textIn(object, "config.files.vmPathName") ?? "") ?? [];
  const isHome = (id: string) => known.some((datastore) => datastore.id === id && datastore.name === home);
  const tree = object.properties.get("snapshot");
  return {
    ...itemOf(object),
    uuid: textIn(object, "config.uuid"),
    isTemplate: textIn(object, "config.template") === "true",
    host: textIn(object, "runtime.host"),
    datastores: ids.toSorted((a, b) => Number(isHome(b)) - Number(isHome(a))),
    snapshots: childrenOf(tree, "rootSnapshotList").map(snapshotOf),
    currentSnapshot: textOf(tree, "currentSnapshot"),
  };
}

function snapshotOf(element: XmlElement): Snapshot {
  return {
    id: childOf(element, "snapshot")?.text ?? "",
    name: textOf(element, "name") ?? "",
    children: childrenOf(element, "childSnapshotList").length,
  };
}
