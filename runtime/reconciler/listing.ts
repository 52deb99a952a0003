/**
 * What a complete list of the VMs in one area says of the rows there, and what the rows and the stacks say of the VMs.
 * Pure. A list that is empty by mistake must do no harm: it counts only when it is certain that the right account was
 * asked, and what it says of a node that was heard meanwhile does not count at all.
 */
import type { ListedVm } from "../model/account-questions";
import type { AccountRules } from "../model/accounts";
import type { EpochMs } from "../model/clock";
import type { Lane, Node } from "../model/state";
import type { Snapshot } from "../model/snapshot";
import { isMade, type SweepArea } from "./sweep-areas";

export interface Listing {
  /** As the area was when the cloud was asked. */
  readonly area: SweepArea;
  readonly askedAtMs: EpochMs;
  readonly vms: ListedVms;
}

/** What a cloud listed, to look up. */
export class ListedVms {
  private readonly vmIds: ReadonlySet<string>;
  private readonly nodeIds: ReadonlySet<string | undefined>;

  constructor(readonly all: readonly ListedVm[]) {
    this.vmIds = new Set(all.map(({ vmId }) => vmId));
    this.nodeIds = new Set(all.map(({ nodeId }) => nodeId));
  }

  /** By the VM's id where the row has it: another VM that carries the node's id is not the node. */
  has({ nodeId, vmId }: Node): boolean {
    return vmId === undefined ? this.nodeIds.has(nodeId) : this.vmIds.has(vmId);
  }
}

/** A VM that a list did not have. */
export interface Absence {
  readonly vmId: string | undefined;
  /** When that list was asked for. */
  readonly atMs: EpochMs;
}

/** A cloud may list a VM as late as this after it was made. */
const youngMs = 600_000;
/** Two lists count as two when they were asked for at least this much apart. */
export const againMs = 45_000;

/**
 * Whether the list is of the account in which the rows' VMs are: the cloud itself compares the account's owner when that
 * is known, and a VM that we know shows it.
 */
export function isProven({ area, vms }: Listing, rules: AccountRules): boolean {
  const isAlone = rules.fields.length === 0;
  return isAlone || area.account.identity["owner"] !== undefined || area.nodes.some((node) => vms.has(node));
}

/** By node id: rows of old enough VMs that the list does not have, since which list. */
export function absences(
  { area, askedAtMs, vms }: Listing,
  state: Snapshot,
  before: ReadonlyMap<string, Absence>,
): Map<string, Absence> {
  const absent = new Map<string, Absence>();
  for (const asked of area.nodes) {
    const { nodeId, vmId } = asked;
    const node = state.nodes.get(nodeId);
    if (!node || !isMade(node) || node.vmId !== vmId || !isJudged(node, state)) continue;
    if (vms.has(node) || askedAtMs - madeAtMs(node) < youngMs) continue;
    const known = before.get(nodeId);
    const isHeard = known !== undefined && (node.lastHeartbeatMs ?? 0) > known.atMs;
    absent.set(nodeId, known && known.vmId === vmId && !isHeard ? known : { vmId, atMs: askedAtMs });
  }
  return absent;
}

/** Of VMs that no row knows by their id, an old one must carry our tag to be listed. */
function isJudged({ vmId, spec }: Node, { installationId }: Snapshot): boolean {
  return vmId !== undefined || spec?.installation === installationId;
}

/** At the latest. */
function madeAtMs({ runningSinceMs, statusSinceMs }: Node): EpochMs {
  return runningSinceMs ?? statusSinceMs;
}

/** What is known of a lane's stack: its nodes with the ids of their VMs; undefined = nothing. */
export type StackOf = (laneId: string) => ReadonlyMap<string, { readonly vmId?: string }> | undefined;

/**
 *   owned      a row, or a stack, has it or may have made it
 *   undecided  a stack that may have it is not known, or worked on
 *   orphan     nobody has it
 */
export type Ownership = "owned" | "undecided" | "orphan";

/** Whose a VM is, by rows and stacks. */
export function ownershipOf(
  vm: Pick<ListedVm, "vmId" | "nodeId">,
  accountId: string,
  { state, stackOf }: { readonly state: Snapshot; readonly stackOf: StackOf },
): Ownership {
  const { vmId, nodeId = "" } = vm;
  const row = state.nodes.get(nodeId);
  // A computer record is known by its node's id alone.
  const isRecord = state.accounts.get(accountId)?.service === "directory";
  if (isRecord ? row : state.nodeOfVm(vmId) || (row && row.vmId === undefined)) return "owned";
  let isUndecided = false;
  for (const lane of state.lanes.values()) {
    const nodes = [...state.nodesOfLane(lane.laneId).values()];
    const stack = stackOf(lane.laneId);
    if (holds(lane, stack, vm) || (isRecord && stack?.has(nodeId))) return "owned";
    const isWorkedOn = lane.openRevision !== undefined && row?.laneId === lane.laneId;
    const isUnknown = stack === undefined && mayBeIn(accountId, nodes) && !isUntouched(lane, nodes);
    isUndecided ||= isWorkedOn || isUnknown;
  }
  return isUndecided ? "undecided" : "orphan";
}

function holds(
  { strangers = [] }: Lane,
  stack: ReturnType<StackOf>,
  { nodeId, vmId }: Pick<ListedVm, "vmId" | "nodeId">,
): boolean {
  if (nodeId !== undefined && strangers.includes(nodeId)) return true;
  for (const [id, known] of stack ?? []) {
    if (known.vmId === undefined ? id === nodeId : known.vmId === vmId) return true;
  }
  return false;
}

/** Nodes of one lane are in one account; of an empty lane that is not known. */
function mayBeIn(accountId: string, nodes: readonly Node[]): boolean {
  const isIn = ({ spec }: Node) =>
    spec?.account === undefined || spec.account === accountId || spec.computerRecord?.account === accountId;
  return nodes.length === 0 || nodes.some(isIn);
}

/** Whatever its first update makes has a row. */
function isUntouched({ appliedRevision }: Lane, nodes: readonly Node[]): boolean {
  return appliedRevision === 0 && nodes.every(({ address, vmId }) => address === undefined && vmId === undefined);
}
