/** Asks a vCenter about an account and about what a template names. */
import type * as pulumi from "@pulumi/pulumi";
import type { AccountCheck, AccountFinding } from "../../../runtime/model/account-check";
import { messageOf } from "../../../runtime/model/errors";
import { Lookups, type LookedUp } from "../../frame/lookups";
import { accountRefusal, refusalWords } from "./failures";
import { diskGibMax, hardwareProblems } from "./hardware";
import { readDatacenters, readInventory, type Inventory } from "./inventory";
import { findPlacement, lastName, type Placement, type PlacementField } from "./placement";
import { neededPrivileges } from "./privileges";
import { readTemplate } from "./resources";
import type { VSphereSettings } from "./settings";
import { VCenter, type VCenterIdentity } from "./vcenter";

type Thing = PlacementField | "datacenter" | "username" | "inputOverride";

const looked = (field: string, remedy: string): LookedUp => ({ field, remedy, permission: "System.Read" });
const things: Readonly<Record<Thing, LookedUp>> = {
  datacenter: looked("datacenter", "name a datacenter"),
  username: looked("username", "check the roles of the user"),
  templateName: looked("templateName", "name a template"),
  cloneType: looked("cloneType", "name another template"),
  snapshotName: looked("snapshotName", "name another snapshot"),
  folder: looked("folder", "name a folder"),
  datastore: looked("datastore", "name a datastore"),
  datastoreCluster: looked("datastoreCluster", "name a datastore cluster"),
  cluster: looked("cluster", "name a cluster"),
  host: looked("host", "name a host"),
  resourcePool: looked("resourcePool", "name a resource pool"),
  network: looked("network", "name a network"),
  inputOverride: looked("inputOverride", "leave it out"),
};

export async function checkVSphere(settings: VSphereSettings, options: pulumi.InvokeOptions): Promise<AccountCheck> {
  try {
    return await VCenter.with(settings, (vcenter) => checkIn(vcenter, settings, options));
  } catch (error) {
    return { findings: [refusedAccount(messageOf(error), settings)] };
  }
}

async function checkIn(
  vcenter: VCenter,
  settings: VSphereSettings,
  options: pulumi.InvokeOptions,
): Promise<AccountCheck> {
  const identity = identityOf(vcenter.identity(), settings);
  const look = new Lookups<Thing>(things, refusalWords);
  const inventory = await look.up("datacenter", settings.datacenter, (name) =>
    inventoryOf(vcenter, name, settings, look),
  );
  if (inventory === undefined) return { identity, findings: look.findings() };
  const { placement, problems } = findPlacement(inventory, settings);
  for (const { field, value, text } of problems) look.note(field, value, "wrong", text);
  if (placement !== undefined) {
    await look.up("username", settings.username, () => checkPrivileges(vcenter, inventory, placement, settings, look));
    await look.up("templateName", settings.templateName, async (name) => {
      const hardware = await readTemplate(placement.template.uuid, options);
      for (const problem of hardwareProblems(hardware, settings)) noteHardware(problem, name, look);
      checkSpace(inventory, placement, diskGibMax(hardware, settings), settings, look);
    });
  }
  return { identity, findings: look.findings() };
}

function identityOf({ instanceUuid, fullName }: VCenterIdentity, { username }: VSphereSettings) {
  return { owner: instanceUuid, name: `${username} at ${fullName}` };
}

/** Undefined, with a finding, when there is no such datacenter. */
async function inventoryOf(
  vcenter: VCenter,
  name: string,
  { templateName }: VSphereSettings,
  look: Lookups<Thing>,
): Promise<Inventory | undefined> {
  const datacenters = await readDatacenters(vcenter);
  const found = datacenters.find((datacenter) => datacenter.name === name);
  if (found !== undefined) return readInventory(vcenter, found, lastName(templateName));
  const names = datacenters.map((datacenter) => datacenter.name).sort();
  const seen = names.length === 0 ? "it may see none" : `it may see ${names.join(", ")}`;
  look.note("datacenter", name, "wrong", `there is no such datacenter that this account may see; ${seen}`);
  return undefined;
}

async function checkPrivileges(
  vcenter: VCenter,
  inventory: Inventory,
  placement: Placement,
  settings: VSphereSettings,
  look: Lookups<Thing>,
): Promise<void> {
  const missing: string[] = [];
  for (const { on, entity, privileges } of neededPrivileges(placement, inventory.datacenter.id, settings)) {
    for (const privilege of await vcenter.lacking(entity, privileges)) missing.push(`${privilege} on ${on}`);
  }
  if (missing.length === 0) return;
  look.note("username", settings.username, "wrong", `its roles lack ${missing.join(", ")}`);
}

/** A problem of an override begins with its path. */
function noteHardware(problem: string, templateName: string, look: Lookups<Thing>): void {
  const [, path, rest] = /^inputOverride\.([^:]+): (.*)$/.exec(problem) ?? [];
  if (path === undefined || rest === undefined) return look.note("templateName", templateName, "wrong", problem);
  look.note("inputOverride", path, "wrong", rest);
}

/** A full datastore pauses every VM that writes to it. */
function checkSpace(
  { datastores, pods }: Inventory,
  { datastoreId, datastoreClusterId }: Placement,
  neededGib: number,
  settings: VSphereSettings,
  look: Lookups<Thing>,
): void {
  if (settings.cloneType === "linked") return;
  const store = [...datastores, ...pods].find(({ id }) => id === (datastoreClusterId ?? datastoreId));
  if (store === undefined || store.freeBytes >= neededGib * 2 ** 30) return;
  const free = Math.floor(store.freeBytes / 2 ** 30);
  const text = `${free} GiB are free, and a full clone may grow to ${neededGib} GiB; a datastore that is full pauses all VMs on it`;
  look.note(datastoreClusterId === undefined ? "datastore" : "datastoreCluster", store.name, "passing", text);
}

function refusedAccount(message: string, settings: VSphereSettings): AccountFinding {
  const refusal = accountRefusal(message, settings);
  if (refusal !== undefined) return refusal;
  return {
    kind: "passing",
    field: "vcenterAddress",
    text: `vcenterAddress: vCenter could not be asked: ${refusalWords.saidIn(message)}`,
  };
}
