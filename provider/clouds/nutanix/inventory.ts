/**
 * What Prism Central has: images, clusters, subnets and projects by name or UUID, and VMs of ours. A VM's description says whose it
 * is, and its name, which is its node's id, says it once more for people.
 */
import { CloudError } from "../../../runtime/model/errors";
import type { ListedVm } from "../../../runtime/model/account-questions";
import { findAmong, soughtAmong, type VmInList } from "../../frame/find";
import { asDescription, asVmName, inFields, type PlaceIdentity } from "../../frame/identity";
import type { FoundVm, SoughtVms } from "../../vm-provider";
import type { Entity, Kind, PrismApi } from "./api";

/** As long as Prism Central takes them. */
const descriptionForm = asDescription(1000);
const nameForm = asVmName(64);

const inDescription = inFields(descriptionForm, "description");
const inName = inFields(nameForm, "name");

export const placeIdentity: PlaceIdentity = (inputs, identity) => ({
  ...inputs,
  // Fields of the same name inside, such as names of categories, are the user's own.
  description: inDescription({ description: inputs["description"] }, identity)["description"],
  name: inName({}, identity)["name"],
});

/** Of a VM as a list has it. */
export function identityIn({ spec, status }: Pick<Entity, "spec" | "status">) {
  const description = spec?.["description"] ?? status["description"];
  return descriptionForm.read(typeof description === "string" ? description : undefined);
}

/** @throws Error when the answer is not complete. */
export async function findVmsOf(api: PrismApi, nodeIds: readonly string[]): Promise<FoundVm[]> {
  return findAmong(nodeIds, await allVms(api));
}

/** @throws Error when the answer is not complete. */
export async function listVmsOf(api: PrismApi, sought: SoughtVms): Promise<ListedVm[]> {
  return soughtAmong(sought, await allVms(api));
}

/** In whatever state: one whose making failed is there too, and is deleted as any other. */
async function allVms(api: PrismApi): Promise<VmInList[]> {
  const vms = await api.all("vm");
  return vms.map((vm) => ({ vmId: vm.metadata.uuid, ...identityIn(vm) }));
}

export interface Found {
  readonly uuid: string;
  readonly name: string;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The one that has this name or UUID.
 *
 * @param field Of the settings, for the sentence that says why there is none.
 * @throws CloudError (CONFIG) when there is none, or more than one of the name.
 */
export async function findNamed(api: PrismApi, kind: Kind, field: string, value: string): Promise<Found> {
  const said = (text: string) => new CloudError("CONFIG", `NutanixNotFound: ${field} "${value}": ${text}`);
  if (uuidPattern.test(value)) {
    const found = await api.one(kind, value.toLowerCase());
    if (found === undefined) throw said(`Prism Central has no ${kind} with this UUID that the user may see`);
    return { uuid: found.metadata.uuid, name: found.status.name ?? value };
  }
  const among = (await api.all(kind)).filter(isUsable);
  const found = among.filter(({ status }) => status.name === value);
  const [first] = found;
  if (first === undefined) throw said(`Prism Central has no ${kind} of this name that the user may see`);
  if (found.length > 1) {
    const uuids = found.map(({ metadata }) => metadata.uuid).sort();
    throw said(`${found.length} are called so (${uuids.join(", ")}); use the UUID of one`);
  }
  return { uuid: first.metadata.uuid, name: value };
}

/** The cluster that VMs run on when the settings name none. */
export async function onlyCluster(api: PrismApi): Promise<Found> {
  const clusters = (await api.all("cluster")).filter((cluster) => !isPrismCentral(cluster));
  const [first] = clusters;
  if (clusters.length === 1 && first) return { uuid: first.metadata.uuid, name: first.status.name ?? "" };
  const names = clusters.map(({ status }) => status.name ?? "?").sort();
  const has = names.length === 0 ? "none that the user may see" : names.join(", ");
  throw new CloudError("CONFIG", `NutanixNotFound: cluster: name one of Prism Central's; it has ${has}`);
}

/** UUID of Prism Central itself, which is a cluster of its own; undefined = the user may not see it. */
export async function prismCentralUuid(api: PrismApi): Promise<string | undefined> {
  return (await api.all("cluster")).find(isPrismCentral)?.metadata.uuid;
}

function isPrismCentral({ status }: Entity): boolean {
  const resources = (status["resources"] ?? {}) as { readonly config?: { readonly service_list?: readonly string[] } };
  return resources.config?.service_list?.includes("PRISM_CENTRAL") ?? false;
}

/** An image or subnet that is being made or has failed is in the list too. */
function isUsable({ status: { state } }: Entity): boolean {
  return state === undefined || state === "COMPLETE";
}
