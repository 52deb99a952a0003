/**
 * Which VMs of ours a cluster has. Three places tell whose a VM is: its name and description, which the clone itself sets,
 * and its tags, which come with the first change after it. While a VM is being cloned it has none of them.
 *
 * The list of the whole cluster is asked for: it also has VMs on nodes that are off-line, where a list of each node would
 * leave them out without a word (as the function `getVmsLegacy` of the Pulumi provider does, which warns and goes on).
 */
import type { ListedVm } from "../../../runtime/model/account-questions";
import { CloudError } from "../../../runtime/model/errors";
import { asDescription, asFlatTags, asVmName, type NodeIdentity, type ReadIdentity } from "../../frame/identity";
import type { FoundVm, SoughtVms } from "../../vm-provider";
import { ProxmoxError, type ProxmoxApi } from "./api";
import type { VmIdRange } from "./settings";

/** As `GET /cluster/resources` tells it. */
export interface ClusterVm {
  readonly vmid: number;
  readonly type: "qemu" | "lxc";
  /** Node of the cluster. */
  readonly node: string;
  /** Absent for some seconds after a VM was made, and where its node is off-line. */
  readonly name?: string;
  /** Separated by semicolons. */
  readonly tags?: string;
  readonly template?: number;
  /** What is being done to it, e.g. `clone`. */
  readonly lock?: string;
}

export interface VmConfig {
  readonly name?: string;
  readonly description?: string;
  readonly tags?: string;
  readonly lock?: string;
  readonly template?: number;
}

export const tagsForm = asFlatTags(".");
export const descriptionForm = asDescription(8000);
export const nameForm = asVmName(63);

/** All VMs of these ids, containers and templates too, as far as the token may see them. */
export async function clusterVms(api: ProxmoxApi, { lower, upper }: VmIdRange): Promise<ClusterVm[]> {
  const vms = await api.get<ClusterVm[]>("/cluster/resources", { type: "vm" });
  return vms.filter(({ vmid }) => vmid >= lower && vmid <= upper);
}

/** Undefined = there is no such VM. */
export async function readConfig(
  api: ProxmoxApi,
  { node, vmid }: Pick<ClusterVm, "node" | "vmid">,
): Promise<VmConfig | undefined> {
  try {
    return await api.get<VmConfig>(`/nodes/${node}/qemu/${vmid}/config`);
  } catch (error) {
    if (error instanceof ProxmoxError && /does not exist/.test(error.reason)) return undefined;
    throw error;
  }
}

/**
 * Node of the cluster that has the node's VM; undefined = there is no VM with this id.
 *
 * @throws CloudError (CONFIG) when the id is that of another VM.
 */
export async function requireVmOf(
  api: ProxmoxApi,
  { nodeId, vmId }: { readonly nodeId: string; readonly vmId: string },
): Promise<string | undefined> {
  const vmid = Number(vmId);
  const [vm] = await clusterVms(api, { lower: vmid, upper: vmid });
  const config = vm && (await readConfig(api, vm));
  if (vm === undefined || config === undefined) {
    await requireFree(api, vmid);
    return undefined;
  }
  if (isVmOf({ nodeId }, config)) return vm.node;
  const named = config.name === undefined ? "" : ` ("${config.name}")`;
  throw new CloudError(
    "CONFIG",
    `ProxmoxVmForeign: VM ${vmId}${named} is not that of node ${nodeId}: neither its name nor its tags nor its description says so`,
  );
}

/** Says whether an id is taken, also by a VM that the token may not see. */
export async function isFree(api: ProxmoxApi, vmid: number): Promise<boolean> {
  try {
    await api.get("/cluster/nextid", { vmid });
    return true;
  } catch (error) {
    if (error instanceof ProxmoxError && error.status === 400 && /already exists/.test(error.reason)) return false;
    throw error;
  }
}

async function requireFree(api: ProxmoxApi, vmid: number): Promise<void> {
  if (await isFree(api, vmid)) return;
  throw new Error(`VM ${vmid} exists, but the API token may not see it: give it VM.Audit on /vms`);
}

/** The privileges of the token: without this one a list would be short, and nothing would say so. */
export async function requireSight(api: ProxmoxApi): Promise<void> {
  const permissions = await api.get<Readonly<Record<string, Readonly<Record<string, number>>>>>("/access/permissions");
  const mayLook = Object.entries(permissions).some(
    ([path, privileges]) => /^\/($|vms$|pool\/)/.test(path) && "VM.Audit" in privileges,
  );
  if (!mayLook) throw new Error("the API token may not see VMs: give it VM.Audit on /vms or on the resource pool");
}

/** @throws Error when the answer is not complete. */
export async function findVmsOf(api: ProxmoxApi, nodeIds: readonly string[], range: VmIdRange): Promise<FoundVm[]> {
  await requireSight(api);
  const wanted = new Set(nodeIds);
  const found: FoundVm[] = [];
  for (const { vmid, told } of await askAll(api, range)) {
    if (told.isUnsaid) {
      throw new Error(`VM ${vmid} is still being made and does not say yet whose it is; ask again later`);
    }
    const nodeId = told.identity.nodeId ?? told.name;
    if (nodeId !== undefined && wanted.has(nodeId)) found.push({ nodeId, id: String(vmid) });
  }
  return found;
}

/** @throws Error when the answer is not complete. */
export async function listVmsOf(
  api: ProxmoxApi,
  { installationId, knownIds }: SoughtVms,
  range: VmIdRange,
): Promise<ListedVm[]> {
  await requireSight(api);
  const known = new Set(knownIds);
  const vms = await askAll(api, range);
  const listed: ListedVm[] = [];
  for (const { vmid, told } of vms) {
    const vmId = String(vmid);
    // An id is given anew: a VM of another installation is not the one that had it.
    const isOurs = told.identity.installation === installationId;
    const isKnown = known.has(vmId) && told.identity.installation === undefined;
    if (isOurs || isKnown) listed.push({ vmId, ...told.identity });
  }
  const there = new Set(vms.map(({ vmid }) => String(vmid)));
  await Promise.all(knownIds.filter((vmId) => !there.has(vmId)).map((vmId) => requireFree(api, Number(vmId))));
  return listed;
}

/** Every VM of these ids with what it tells. */
async function askAll(api: ProxmoxApi, range: VmIdRange): Promise<{ readonly vmid: number; readonly told: Told }[]> {
  const vms = (await clusterVms(api, range)).filter(({ type, template }) => type === "qemu" && template !== 1);
  const answers = await Promise.all(vms.map(async (vm) => ({ vmid: vm.vmid, told: await ask(api, vm) })));
  return answers.flatMap(({ vmid, told }) => (told === undefined ? [] : [{ vmid, told }]));
}

interface Told {
  readonly identity: ReadIdentity;
  readonly name?: string | undefined;
  /** It is being cloned: until that has ended it says nothing. */
  readonly isUnsaid: boolean;
}

/** Its configuration is read only where the list does not say whose it is. Undefined = it is gone meanwhile. */
async function ask(api: ProxmoxApi, vm: ClusterVm): Promise<Told | undefined> {
  const inTags = tagsForm.read(splitTags(vm.tags));
  if (inTags.nodeId !== undefined && inTags.installation !== undefined) return { identity: inTags, isUnsaid: false };
  const config = await readConfig(api, vm);
  if (config === undefined) return undefined;
  const { name, description, tags, lock } = config;
  const identity = { ...descriptionForm.read(description), ...tagsForm.read(splitTags(tags)) };
  const isBeingMade = lock === "clone" || lock === "create";
  return { identity, name, isUnsaid: isBeingMade && identity.nodeId === undefined };
}

/**
 * Whether the VM with this id is the node's. Ids are given anew, and people edit names, tags and descriptions: it is when
 * one of them says so, and it is not when none does.
 */
export function isVmOf({ nodeId }: Pick<NodeIdentity, "nodeId">, { name, description, tags }: VmConfig): boolean {
  const told = [descriptionForm.read(description), tagsForm.read(splitTags(tags)), nameForm.read(name)];
  return told.some((identity) => identity.nodeId === nodeId);
}

function splitTags(tags = ""): string[] {
  return tags.split(/[;,\s]+/).filter((tag) => tag !== "");
}
