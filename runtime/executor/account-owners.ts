/**
 * Whose account a VM is in, as its own entry in the stack's state tells. To keys of another account every VM would seem
 * to be gone, so an account whose owner nobody has told is held to that of the VMs that are already in the lane.
 */
import type { AccountSpec } from "../model/accounts";
import type { NodeProgram } from "./node-program-port";
import type { LaneRequest } from "./node-updater";
import { isVm, nameOf, type Deployment } from "./stack-state";

type Accounts = Readonly<Record<string, AccountSpec>>;

/** Whether the state may tell more of the accounts of the request than is known. */
export function hasUnknownOwner({
  nodes,
  leaving = [],
  accounts,
}: Pick<LaneRequest, "nodes" | "leaving" | "accounts">): boolean {
  return [...nodes, ...leaving].some(({ account }) => {
    const known = account === undefined ? undefined : accounts[account];
    return known !== undefined && known.identity["owner"] === undefined;
  });
}

/** The accounts of the request with the owners that the state tells; the same object when it tells nothing new. */
export function withOwners(
  { nodes, leaving = [], accounts }: Pick<LaneRequest, "nodes" | "leaving" | "accounts">,
  deployment: Deployment | undefined,
  program: Pick<NodeProgram, "ownerOf">,
): Accounts {
  const vms = new Map((deployment?.resources ?? []).filter(isVm).map((vm) => [nameOf(vm.urn), vm]));
  let told = accounts;
  for (const node of [...nodes, ...leaving]) {
    const account = node.account === undefined ? undefined : told[node.account];
    if (node.account === undefined || account === undefined || account.identity["owner"] !== undefined) continue;
    const owner = program.ownerOf(node, vms.get(node.nodeId)?.outputs ?? {});
    if (owner === undefined) continue;
    told = { ...told, [node.account]: { ...account, identity: { ...account.identity, owner } } };
  }
  return told;
}
