/** What the names of a template mean in an inventory: where the VM is cloned from, and where to. Pure. */
import { pathBelow, type DatastoreItem, type Inventory, type Item, type TemplateItem } from "./inventory";
import type { VSphereSettings } from "./settings";

/** In vCenter's ids. */
export interface Placement {
  readonly template: TemplateItem & { readonly uuid: string };
  /** Below the folder that has all VMs; empty = that one. */
  readonly folder: string;
  readonly datastoreId?: string;
  readonly datastoreClusterId?: string;
  readonly resourcePoolId: string;
  readonly hostSystemId?: string;
  /** Undefined = the networks of the template. */
  readonly networkId?: string;
}

/** The field, its value, and what is wrong with it. */
export interface PlacementProblem {
  readonly field: PlacementField;
  readonly value: string;
  readonly text: string;
}
export type PlacementField =
  | "templateName"
  | "cloneType"
  | "snapshotName"
  | "folder"
  | "datastore"
  | "datastoreCluster"
  | "cluster"
  | "host"
  | "resourcePool"
  | "network";

export interface FoundPlacement {
  /** Undefined where there are problems. */
  readonly placement: Placement | undefined;
  readonly problems: readonly PlacementProblem[];
}

type PlacementSettings = Pick<VSphereSettings, PlacementField & keyof VSphereSettings>;

/** All problems at once. */
export function findPlacement(inventory: Inventory, settings: PlacementSettings): FoundPlacement {
  const problems: PlacementProblem[] = [];
  const note = (field: PlacementField, value: string, text: string): undefined => {
    problems.push({ field, value, text });
    return undefined;
  };
  const template = findTemplate(inventory, settings, note);
  if (template !== undefined) checkClone(template, settings, note);
  const folder = findFolder(inventory, settings, template, note);
  const storage = findStorage(inventory, settings, template, note);
  const compute = findCompute(inventory, settings, template, note);
  const network = findNamed(inventory.networks, "network", settings.network, "network", note);
  if (problems.length > 0 || template?.uuid === undefined || folder === undefined || compute === undefined) {
    return { placement: undefined, problems };
  }
  const placement: Placement = {
    template: { ...template, uuid: template.uuid },
    ...{ folder, ...storage, ...compute },
    ...(network === undefined ? {} : { networkId: network.id }),
  };
  return { placement, problems };
}

type Note = (field: PlacementField, value: string, text: string) => undefined;

/** The last part of `folder/template`. */
export function lastName(path: string): string {
  return path.split("/").at(-1)!;
}

function findTemplate(inventory: Inventory, { templateName }: PlacementSettings, note: Note): TemplateItem | undefined {
  const wanted = templateName.split("/");
  const pathOf = (vm: Item) => pathBelow([...inventory.folders, vm], vm, inventory.vmFolder);
  const fitting = inventory.vms.filter((vm) => vm.name === wanted.at(-1));
  const found = wanted.length === 1 ? fitting : fitting.filter((vm) => pathOf(vm).join("/") === templateName);
  const [template, ...others] = found;
  const { name: datacenter } = inventory.datacenter;
  if (template === undefined) {
    const elsewhere = fitting.map((vm) => `"${pathOf(vm).join("/")}"`).join(", ");
    const hint = elsewhere === "" ? "" : `; there is ${elsewhere}`;
    return note("templateName", templateName, `datacenter "${datacenter}" has no such template${hint}`);
  }
  if (others.length > 0) {
    const paths = found.map((vm) => `"${pathOf(vm).join("/")}"`).sort();
    return note("templateName", templateName, `${found.length} have this name: use ${paths.join(" or ")}`);
  }
  if (template.uuid === undefined) {
    return note(
      "templateName",
      templateName,
      "vCenter does not tell its configuration: it is being made, or its host is not connected",
    );
  }
  return template;
}

/** What the Pulumi provider would refuse, or vCenter after it. */
function checkClone(
  template: TemplateItem,
  { cloneType, templateName, snapshotName }: PlacementSettings,
  note: Note,
): void {
  if (cloneType !== "linked") return;
  const { snapshots, currentSnapshot, isTemplate } = template;
  const [first, ...others] = snapshots;
  if (snapshotName !== undefined && first?.name !== snapshotName) {
    const has = first === undefined ? "no snapshot" : `the snapshot "${first.name}"`;
    return note("snapshotName", snapshotName, `"${templateName}" has ${has}: a linked clone is made from its only one`);
  }
  // What is marked as a template never changes: its disks are shared as they are.
  if (isTemplate) return;
  const needed = `a linked clone of "${templateName}", which is a VM and no template, needs exactly one snapshot`;
  if (first === undefined)
    return note("cloneType", cloneType, `${needed}, and it has none: take one, or make it a template`);
  if (others.length > 0) {
    return note("cloneType", cloneType, `${needed}, and it has ${snapshots.length} at its root: delete all but one`);
  }
  if (first.children > 0) {
    return note("cloneType", cloneType, `${needed}, and "${first.name}" has others below it: delete those`);
  }
  if (currentSnapshot !== undefined && currentSnapshot !== first.id) {
    note("cloneType", cloneType, `${needed}, and it is not at "${first.name}" now: revert to it`);
  }
}

function findFolder(
  inventory: Inventory,
  { folder }: PlacementSettings,
  template: TemplateItem | undefined,
  note: Note,
): string | undefined {
  const { folders, vmFolder } = inventory;
  if (folder === undefined) {
    const home = folders.find(({ id }) => id === template?.parent);
    return home === undefined ? "" : pathBelow(folders, home, vmFolder).join("/");
  }
  const found = folders.find(
    (each) => pathBelow(folders, each, vmFolder).join("/") === folder && isBelow(folders, each, vmFolder),
  );
  if (found !== undefined) return folder;
  return note(
    "folder",
    folder,
    `datacenter "${inventory.datacenter.name}" has no such folder of VMs: make it, or name it from the top, e.g. "labs/agents"`,
  );
}

function isBelow(items: readonly Item[], item: Item, root: string): boolean {
  const byId = new Map(items.map((each) => [each.id, each]));
  for (let current: Item | undefined = item; current?.parent !== undefined; current = byId.get(current.parent)) {
    if (current.parent === root) return true;
  }
  return false;
}

type Storage = Pick<Placement, "datastoreId" | "datastoreClusterId">;

function findStorage(
  { datastores, pods }: Inventory,
  { datastore, datastoreCluster }: PlacementSettings,
  template: TemplateItem | undefined,
  note: Note,
): Storage {
  if (datastoreCluster !== undefined) {
    const pod = findNamed(pods, "datastoreCluster", datastoreCluster, "cluster of datastores", note);
    return pod === undefined ? {} : { datastoreClusterId: pod.id };
  }
  if (datastore !== undefined) {
    const found: DatastoreItem | undefined = findNamed(datastores, "datastore", datastore, "datastore", note);
    if (found === undefined) return {};
    if (!found.isAccessible) note("datastore", datastore, "no host can reach the datastore now");
    return { datastoreId: found.id };
  }
  const [home] = template?.datastores ?? [];
  return home === undefined ? {} : { datastoreId: home };
}

type Compute = Pick<Placement, "resourcePoolId" | "hostSystemId">;

/** The pool, of the cluster or host where one is named; without any of them that of the template's cluster. */
function findCompute(
  inventory: Inventory,
  { cluster, host, resourcePool }: PlacementSettings,
  template: TemplateItem | undefined,
  note: Note,
): Compute | undefined {
  const { computes, hosts } = inventory;
  const named = findNamed(computes, "cluster", cluster, "cluster", note);
  const pinned = findNamed(hosts, "host", host, "host", note);
  if ((cluster !== undefined && named === undefined) || (host !== undefined && pinned === undefined)) return undefined;
  if (named !== undefined && pinned !== undefined && pinned.parent !== named.id) {
    return note("host", pinned.name, `the host is not in cluster "${named.name}"`);
  }
  const home = (pinned ?? hosts.find(({ id }) => id === template?.host))?.parent;
  const compute = named ?? computes.find(({ id }) => id === home);
  const pinnedTo = pinned === undefined ? {} : { hostSystemId: pinned.id };
  if (resourcePool !== undefined) {
    const isFixed = named !== undefined || pinned !== undefined;
    const id = findPool(inventory, resourcePool, isFixed ? compute : undefined, note);
    return id === undefined ? undefined : { resourcePoolId: id, ...pinnedTo };
  }
  if (compute?.pool !== undefined) return { resourcePoolId: compute.pool, ...pinnedTo };
  if (template === undefined) return undefined;
  return note(
    "cluster",
    cluster ?? "",
    "vCenter does not tell which cluster the template is in: name a cluster or a resource pool",
  );
}

/** By its name, or by its path below the cluster's own pool. */
function findPool(
  { pools, computes }: Inventory,
  path: string,
  within: Item | undefined,
  note: Note,
): string | undefined {
  const roots = computes.flatMap(({ id, pool }) =>
    pool !== undefined && (within === undefined || id === within.id) ? [pool] : [],
  );
  const candidates = pools.flatMap((pool) => {
    const root = roots.find((each) => each !== pool.id && isBelow(pools, pool, each));
    if (root === undefined) return [];
    const full = pathBelow(pools, pool, root).join("/");
    return full === path || pool.name === path ? [{ id: pool.id, full }] : [];
  });
  const exact = candidates.filter(({ full }) => full === path);
  const chosen = exact.length > 0 ? exact : candidates;
  if (chosen.length === 1) return chosen[0]!.id;
  const where = within === undefined ? "" : ` in "${within.name}"`;
  const text =
    chosen.length === 0
      ? `there is no such resource pool${where}`
      : `${chosen.length} resource pools are called so${where}: name its cluster, or its path, e.g. "${chosen[0]!.full}"`;
  return note("resourcePool", path, text);
}

function findNamed<Found extends Item>(
  items: readonly Found[],
  field: PlacementField,
  name: string | undefined,
  what: string,
  note: Note,
): Found | undefined {
  if (name === undefined) return undefined;
  const [found, ...others] = items.filter((item) => item.name === name);
  if (found !== undefined && others.length === 0) return found;
  if (found !== undefined)
    return note(field, name, `${others.length + 1} are called so in the datacenter: rename all but one`);
  const names = items.map((item) => item.name).sort();
  return note(field, name, `there is no such ${what} that this account may see${listed(names)}`);
}

const shownMax = 10;

function listed(names: readonly string[]): string {
  if (names.length === 0) return "";
  return `; it may see ${names.slice(0, shownMax).join(", ")}${names.length > shownMax ? ", ..." : ""}`;
}
