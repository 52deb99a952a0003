/**
 * Which VMs of ours a datacenter has. A VM's name is its node's id, and its notes say the rest. While it is being cloned, and
 * when its clone has ended after the Pulumi provider gave up, it has the notes of the template: so by node id it is found by its name.
 *
 * Whoever clones a node's VM by hand clones its notes too: they count only where the VM has the name of which they speak.
 */
import type { ListedVm } from "../../../runtime/model/account-questions";
import type { Settings } from "../../../runtime/model/accounts";
import { asDescription, asVmName, inFields, type PlaceIdentity, type ReadIdentity } from "../../frame/identity";
import { soughtAmong, type VmInList } from "../../frame/find";
import type { FoundVm, SoughtVms } from "../../vm-provider";
import { readDatacenters, referenceTo } from "./inventory";
import type { VCenterAccess } from "./soap";
import { vcenterAccessSchema, vspherePlaceSchema } from "./settings";
import { VCenter, type ManagedObject } from "./vcenter";

/** Characters that stay readable in the client; a user's own notes have 3,000 of them. */
const notesMax = 4000;
export const notesForm = asDescription(notesMax);
const nameForm = asVmName(80);

const places: readonly PlaceIdentity[] = [inFields(notesForm, "annotation"), inFields(nameForm, "name")];
export const placeIdentity: PlaceIdentity = (inputs, identity) =>
  places.reduce((placed, place) => place(placed, identity), inputs);

/** Questions to vCenter at the same time. */
const parallelMax = 4;

const paths = ["name", "config.uuid", "config.annotation", "config.template"];

/** @throws Error when the answer is not complete. */
export async function findVmsOf(
  nodeIds: readonly string[],
  settings: VCenterAccess & { readonly datacenter: string },
): Promise<FoundVm[]> {
  const sought = new Set(nodeIds);
  return VCenter.with(settings, async (vcenter) => {
    const vms = await listVms(vcenter, settings.datacenter);
    return vms.flatMap(({ name, uuid, isTemplate }) => {
      if (!sought.has(name) || isTemplate) return [];
      if (uuid === undefined)
        throw new Error(`VM "${name}" is still being made, or its host is not connected; ask again later`);
      return [{ nodeId: name, id: uuid }];
    });
  });
}

/** @throws Error when the answer is not complete. */
export async function listVmsOf(sought: SoughtVms, settings: Settings): Promise<ListedVm[]> {
  const access = vcenterAccessSchema.parse(settings);
  const { datacenter } = vspherePlaceSchema.parse(settings);
  return VCenter.with(access, async (vcenter) => {
    const vms = await listVms(vcenter, datacenter);
    const known = vms.flatMap(({ uuid, identity, isTemplate }): VmInList[] =>
      uuid === undefined || isTemplate ? [] : [{ vmId: uuid, ...identity }],
    );
    const listed = new Set(known.map(({ vmId }) => vmId));
    const moved = await findMoved(
      vcenter,
      sought.knownIds.filter((vmId) => !listed.has(vmId)),
    );
    return soughtAmong(sought, [...known, ...moved.map((vmId) => ({ vmId }))]);
  });
}

interface VmOfDatacenter {
  readonly name: string;
  /** Undefined while it is being made. */
  readonly uuid: string | undefined;
  readonly isTemplate: boolean;
  readonly identity: ReadIdentity;
}

async function listVms(vcenter: VCenter, datacenter: string): Promise<VmOfDatacenter[]> {
  const found = (await readDatacenters(vcenter)).find(({ name }) => name === datacenter);
  if (found === undefined) throw new Error(`datacenter "${datacenter}" is not there, or this account may not see it`);
  const [lacking] = await vcenter.lacking(referenceTo(found), ["System.Read"]);
  if (lacking !== undefined) {
    throw new Error(`this account lacks System.Read on datacenter "${datacenter}", so it may not see all VMs`);
  }
  const vms = await vcenter.list(referenceTo(found), { VirtualMachine: paths });
  return vms.map(vmOf);
}

function vmOf({ properties, denied, reference }: ManagedObject): VmOfDatacenter {
  const name = properties.get("name")?.text ?? "";
  if (denied.length > 0) {
    throw new Error(`this account may not read VM "${name}" (${reference.value}): give it System.Read on it`);
  }
  return {
    name,
    uuid: properties.get("config.uuid")?.text,
    isTemplate: properties.get("config.template")?.text === "true",
    identity: readIdentity(name, properties.get("config.annotation")?.text),
  };
}

/** @param notes As the VM has them. */
export function readIdentity(name: string, notes: string | undefined): ReadIdentity {
  const identity = notesForm.read(notes);
  return identity.nodeId !== undefined && identity.nodeId !== name ? {} : identity;
}

/** Known VMs that somebody has moved to another datacenter. */
async function findMoved(vcenter: VCenter, vmIds: readonly string[]): Promise<string[]> {
  const waiting = vmIds.values();
  const moved: string[] = [];
  const askOn = async (): Promise<void> => {
    for (const vmId of waiting) if ((await vcenter.vmByUuid(vmId)) !== undefined) moved.push(vmId);
  };
  await Promise.all(Array.from({ length: parallelMax }, askOn));
  return moved;
}
