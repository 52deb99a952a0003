/** Adds up what the time of VMs went to, between one look and the next. */
import type { EpochMs } from "../model/clock";
import type { Snapshot } from "../model/snapshot";
import type { Node } from "../model/state";
import type { FleetCount } from "./commit-counts";
import { vmUses, type VmUse } from "./table";

/** Looks come with every plan; one in this time is enough for a sum. */
const lookMs = 5_000;
/** A longer gap, such as a suspended machine, is not counted: what happened in it is not known. */
const gapMaxMs = 120_000;

export class VmTime {
  private lastMs: EpochMs | undefined;

  /** What the time since the last look adds, if that is long enough ago: the state now is taken for the whole of it. */
  look(snapshot: Snapshot, nowMs: EpochMs): FleetCount[] {
    const passedMs = this.lastMs === undefined ? undefined : nowMs - this.lastMs;
    if (passedMs !== undefined && passedMs >= 0 && passedMs < lookMs) return [];
    this.lastMs = nowMs;
    if (passedMs === undefined || passedMs < 0 || passedMs > gapMaxMs) return [];
    const counts: FleetCount[] = [];
    for (const config of snapshot.configsWithNodes()) {
      const nodes = usesOf(snapshot, config);
      for (const use of vmUses) {
        if (nodes[use] === 0) continue;
        counts.push(["add", "headroom_vm_seconds_total", { config, use }, (nodes[use] * passedMs) / 1000]);
      }
    }
    return counts;
  }
}

function usesOf(snapshot: Snapshot, config: string): Record<VmUse, number> {
  const nodes = { boot: 0, sessions: 0, idle: 0, leaving: 0 };
  for (const node of snapshot.nodesOfConfig(config).values()) {
    const use = useOf(node, snapshot);
    if (use !== undefined) nodes[use] += 1;
  }
  return nodes;
}

/** Undefined while there is no VM: it is only asked for. */
function useOf({ nodeId, status, address }: Node, snapshot: Snapshot): VmUse | undefined {
  if (status === "requested") return undefined;
  if (status === "provisioning" || status === "starting") return "boot";
  if (snapshot.usage(nodeId).pinned > 0) return "sessions";
  if (status === "running" || status === "missing") return "idle";
  return address === undefined ? undefined : "leaving";
}
