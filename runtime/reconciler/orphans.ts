/** VMs of ours that nobody knows: seen, seen again, reported, and forgotten when they are gone or have found an owner. */
import type { ListedVm } from "../model/account-questions";
import { canonicalJson } from "../model/canonical-json";
import type { EpochMs } from "../model/clock";
import type { Orphan } from "../model/state";
import type { TransitionContext } from "../planner/lifecycle/transitions";
import { ownershipOf, type Listing, type StackOf } from "./listing";
import type { SweepArea } from "./sweep-areas";

/** Between the first time that it is seen and the time from which on it counts. */
const confirmMs = 300_000;

export function concludeOrphans(listing: Listing, stackOf: StackOf, context: TransitionContext): void {
  const { area, vms } = listing;
  const { snapshot } = context.draft;
  const ours = new Map<string, ListedVm>();
  for (const vm of vms.all) {
    if (vm.installation === snapshot.installationId && vm.installation !== "") ours.set(orphanIdOf(area, vm.vmId), vm);
  }
  for (const [orphanId, vm] of ours) {
    const ownership = ownershipOf(vm, area.account.accountId, { state: snapshot, stackOf });
    const known = snapshot.orphans.get(orphanId);
    if (ownership === "orphan") note(known, vm, listing, context);
    else if (ownership === "owned" && known) forget(known, "it has an owner", context);
  }
  for (const known of snapshot.orphans.values()) {
    const isHere =
      known.accountId === area.account.accountId && canonicalJson(known.place) === canonicalJson(area.place);
    if (isHere && !ours.has(known.orphanId)) forget(known, "it is not there any more", context);
  }
}

function note(known: Orphan | undefined, vm: ListedVm, { area, askedAtMs }: Listing, context: TransitionContext): void {
  const { nowMs } = context;
  // A clock that was ahead may have seen it in the future.
  const firstSeenMs = Math.min(known?.firstSeenMs ?? nowMs, nowMs);
  const isConfirmed = known !== undefined && askedAtMs - firstSeenMs >= confirmMs;
  const reportedAtMs = known?.reportedAtMs ?? (isConfirmed ? nowMs : undefined);
  const row: Orphan = {
    orphanId: orphanIdOf(area, vm.vmId),
    accountId: area.account.accountId,
    vmProvider: area.account.definition,
    ...(area.account.service === "directory" ? { isComputerRecord: true as const } : {}),
    place: area.place,
    vmId: vm.vmId,
    ...(vm.nodeId === undefined ? {} : { nodeId: vm.nodeId }),
    firstSeenMs,
    lastSeenMs: nowMs,
    ...(reportedAtMs === undefined ? {} : { reportedAtMs }),
  };
  context.draft.put({ kind: "put", table: "orphan", row });
  if (known?.reportedAtMs !== undefined || reportedAtMs === undefined) return;
  const carries = vm.nodeId === undefined ? "no node id" : `the id of node ${vm.nodeId}`;
  const harm = row.isComputerRecord ? "who knows its password may join" : "it costs money and serves nobody";
  const text = `${nameOf(row)} is ours, carries ${carries}, and no node and no stack has it: ${harm}`;
  tellOfOrphan(row, "orphan", text, context);
}

/** What was seen only once was no news. */
function forget(known: Orphan, why: string, context: TransitionContext): void {
  context.draft.put({ kind: "delete", table: "orphan", id: known.orphanId });
  if (known.reportedAtMs === undefined) return;
  tellOfOrphan(known, "orphanGone", `${nameOf(known)}, which nobody knew, is not told any more: ${why}`, context);
}

/** For sentences. */
export function nameOf({ vmId, accountId, isComputerRecord }: Orphan): string {
  return `${isComputerRecord ? "computer record" : "VM"} ${vmId} in account "${accountId}"`;
}

export function tellOfOrphan(
  row: Orphan,
  event: string,
  text: string,
  { draft, journal }: Pick<TransitionContext, "draft" | "journal">,
): void {
  const { nodeId, vmId, accountId, firstSeenMs } = row;
  const numbers: Record<string, string | EpochMs> = { vmId, account: accountId, firstSeenMs };
  const reason = { code: event, text, numbers };
  draft.decide(journal.entry(nodeId === undefined ? "runtime" : "node", nodeId ?? vmId, event, reason));
}

function orphanIdOf({ account }: SweepArea, vmId: string): string {
  return `${account.accountId}/${vmId}`;
}
