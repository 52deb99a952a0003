/** VMs found in a cloud by their node ids: each asked for by itself, or picked from a list of all. */
import type { ListedVm } from "../../runtime/model/account-questions";
import type { FoundVm, SoughtVms } from "../vm-provider";
import type { ReadIdentity } from "./identity";

/** Questions to one cloud at the same time: as many as none takes for an attack. */
const parallelMax = 10;

/**
 * For clouds that answer about one tag or name at a time.
 *
 * @param ask Ids of the VMs that carry this node id. Throws when the answer is not complete.
 */
export async function findEach(
  nodeIds: readonly string[],
  ask: (nodeId: string) => Promise<readonly string[]>,
): Promise<FoundVm[]> {
  const waiting = nodeIds.entries();
  const found: FoundVm[][] = nodeIds.map(() => []);
  const askOn = async (): Promise<void> => {
    for (const [index, nodeId] of waiting) found[index] = (await ask(nodeId)).map((id) => ({ nodeId, id }));
  };
  await Promise.all(Array.from({ length: Math.min(parallelMax, nodeIds.length) }, askOn));
  return found.flat();
}

/** A VM in a cloud's list, with what is read of its identity. */
export interface VmInList extends ReadIdentity {
  readonly vmId: string;
}

/** For clouds that list all of an account with their tags. */
export function findAmong(nodeIds: readonly string[], vms: readonly VmInList[]): FoundVm[] {
  const sought = new Set(nodeIds);
  return vms.flatMap(({ vmId, nodeId }) => (nodeId !== undefined && sought.has(nodeId) ? [{ nodeId, id: vmId }] : []));
}

/** The same for a sweep: those of the installation, and those that are known by their ids. */
export function soughtAmong({ installationId, knownIds }: SoughtVms, vms: readonly VmInList[]): ListedVm[] {
  const known = new Set(knownIds);
  return vms
    .filter(({ vmId, installation }) => installation === installationId || known.has(vmId))
    .map(({ vmId, nodeId, installation }) => ({
      vmId,
      ...(nodeId && { nodeId }),
      ...(installation && { installation }),
    }));
}
