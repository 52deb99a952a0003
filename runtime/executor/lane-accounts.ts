/** The accounts of a lane's nodes, as they are at this moment. */
import type { Account, AccountSpec } from "../model/accounts";
import { canonicalJson } from "../model/canonical-json";
import type { DesiredNode, Lane, Node } from "../model/state";
import type { Snapshot } from "../model/snapshot";
import { nodesOf } from "./lane-changes";
import type { LaneRequest } from "./node-updater";

/** The request of a lane for exactly these nodes, built when it has its slot. */
export function requestFor(
  { ledger: { state }, epoch }: { readonly ledger: { readonly state: Snapshot }; readonly epoch: number },
  { laneId, stack }: Lane,
  { nodes, revision, urgency }: Pick<LaneRequest, "nodes" | "revision" | "urgency">,
): LaneRequest {
  return { laneId, stack, revision, epoch, nodes, urgency, ...withAccounts(state, nodesOf(state, laneId), nodes) };
}

/** What an update or a recovery of `asked` needs besides: nodes of the lane that are left out are leaving. */
export function withAccounts(
  state: Snapshot,
  nodes: readonly Node[],
  asked: readonly DesiredNode[],
): Pick<LaneRequest, "accounts" | "leaving"> {
  const isAsked = new Set(asked.map(({ nodeId }) => nodeId));
  const leaving = nodes.flatMap(({ spec }) => (spec === undefined || isAsked.has(spec.nodeId) ? [] : [spec]));
  const accounts: Record<string, AccountSpec> = {};
  for (const node of [...asked, ...leaving]) {
    for (const account of accountsOf(node, state)) accounts[account.accountId] = specOf(account);
  }
  return { accounts, leaving };
}

/** Whether these nodes need accounts that the request does not have, or has in an older form. */
export function needNewerAccounts(state: Snapshot, request: LaneRequest, nodes: readonly DesiredNode[]): boolean {
  const { accounts } = withAccounts(state, [], nodes);
  return Object.entries(accounts).some(([id, spec]) => canonicalJson(request.accounts[id]) !== canonicalJson(spec));
}

function accountsOf(node: DesiredNode, state: Snapshot): Account[] {
  const record = node.computerRecord && state.accounts.get(node.computerRecord.account);
  return [...accountsInClouds(node, state), ...(record ? [record] : [])];
}

/** Nodes of older versions name no account: all of their definition are candidates, the present one first. */
function accountsInClouds({ account, vmProvider, autoscaleConfig, dns }: DesiredNode, state: Snapshot): Account[] {
  const found = (id: string) => [state.accounts.get(id)].filter((known) => known !== undefined);
  const ofVm = account === undefined ? ofDefinition("vm", vmProvider, state) : found(account);
  if (dns === undefined) return ofVm;
  if (dns.account !== undefined) return [...ofVm, ...found(dns.account)];
  const dnsProvider = state.autoscaleConfigs.get(autoscaleConfig)?.dnsProvider;
  return dnsProvider === undefined ? ofVm : [...ofVm, ...ofDefinition("dns", dnsProvider, state)];
}

function ofDefinition(service: Account["service"], definition: string, state: Snapshot): Account[] {
  return [...state.accounts.values()]
    .filter((account) => account.service === service && account.definition === definition)
    .sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent) || b.updatedAtMs - a.updatedAtMs);
}

function specOf({ service, kind, definition, identity, settings }: Account): AccountSpec {
  return { service, kind, definition, identity, settings };
}
