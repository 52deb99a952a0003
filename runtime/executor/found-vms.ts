/** Which of the VMs that a cloud lists under a node's id is the node's. Pure. */
import type { FoundNode } from "./node-program-port";
import type { DuplicateVm, KnownVm } from "./node-updater";

export interface ChosenVms {
  /** The cloud's ids by node. */
  readonly vms: ReadonlyMap<string, string>;
  readonly duplicates: readonly DuplicateVm[];
}

/**
 * The one whose id the row knows and no other; where the row knows none, the first by id. Every other one is told and left
 * alone: it may be what users work on.
 */
export function chooseVms(found: readonly FoundNode[], known: Readonly<Record<string, KnownVm>>): ChosenVms {
  const vms = new Map<string, string>();
  for (const { nodeId, id } of found.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const vmId = known[nodeId]?.vmId;
    if (vmId === undefined ? !vms.has(nodeId) : vmId === id) vms.set(nodeId, id);
  }
  const others = found.filter(({ nodeId, id }) => vms.get(nodeId) !== id);
  const ids = new Map(others.map(({ nodeId, id }) => [`${nodeId} ${id}`, { nodeId, vmId: id }]));
  return { vms, duplicates: [...ids.values()] };
}

/** Pauses before each time that the cloud is asked, in multiples of the first. A young VM may be listed late. */
export function askingPauses(isYoung: boolean): readonly number[] {
  return isYoung ? [0, 1, 2, 4] : [0, 1];
}
