/**
 * Which running nodes are to be replaced because of their age or an older definition, and from when on they may drain.
 *
 *   age       from `rotatePreWarm` before `maxNodeAge` on; drains at that age
 *   outdated  with `onSpecChange: rotate`, one node at a time, idle ones first; may drain at once
 */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig } from "../../model/config";
import type { Reason } from "../../model/reason";
import type { Snapshot } from "../../model/snapshot";
import type { Node } from "../../model/state";
import { formatDuration } from "../../model/units";
import type { SpecDigests } from "../config/spec-digest";

export interface Retirement {
  readonly reason: Reason;
  /** Drains not before this time. */
  readonly fromMs: EpochMs;
}

interface RetirementSources {
  readonly snapshot: Snapshot;
  readonly digests: SpecDigests;
  readonly nowMs: EpochMs;
}

export const noRetirement: ReadonlyMap<string, Retirement> = new Map();

/** The running nodes of an open config that are to be replaced, by id. */
export function retiringOf(
  config: AutoscaleConfig,
  nodes: readonly Node[],
  sources: RetirementSources,
): ReadonlyMap<string, Retirement> {
  if (config.maxNodeAge === undefined && config.onSpecChange === "keep") return noRetirement;
  const retiring = new Map<string, Retirement>();
  for (const node of nodes) {
    const retirement = node.status === "running" ? retirementByAge(config, node, sources.nowMs) : undefined;
    if (retirement) retiring.set(node.nodeId, retirement);
  }
  const outdated = config.onSpecChange === "rotate" ? nextOutdated(nodes, retiring, sources) : undefined;
  if (outdated) retiring.set(outdated.nodeId, { reason: outdatedReason, fromMs: sources.nowMs });
  return retiring.size === 0 ? noRetirement : retiring;
}

function retirementByAge(
  { maxNodeAge, rotatePreWarm }: AutoscaleConfig,
  node: Node,
  nowMs: EpochMs,
): Retirement | undefined {
  if (maxNodeAge === undefined) return undefined;
  const fromMs = node.createdAtMs + maxNodeAge * 1000;
  if (nowMs < fromMs - rotatePreWarm * 1000) return undefined;
  const text = `reaches its maximum age of ${formatDuration(maxNodeAge)} at ${new Date(fromMs).toISOString()}`;
  const numbers = { maxNodeAgeSeconds: maxNodeAge, rotatePreWarmSeconds: rotatePreWarm, expiresAtMs: fromMs };
  return { reason: { code: "expired", text, numbers }, fromMs };
}

const outdatedReason: Reason = {
  code: "outdated",
  text: "was made from an older definition (onSpecChange: rotate)",
  numbers: {},
};

/** The next to be replaced: idle before busy, then the oldest; none while an earlier one is still leaving. */
function nextOutdated(
  nodes: readonly Node[],
  retiring: ReadonlyMap<string, Retirement>,
  { snapshot, digests }: RetirementSources,
): Node | undefined {
  const isLeaving = ({ status, reason }: Node) =>
    (status === "draining" || status === "destroying") && reason.code === outdatedReason.code;
  if (nodes.some(isLeaving)) return undefined;
  const isBusy = ({ nodeId }: Node) => snapshot.usage(nodeId).pinned > 0;
  let next: Node | undefined;
  for (const node of nodes) {
    if (node.status !== "running" || retiring.has(node.nodeId) || !digests.isOutdated(node, snapshot)) continue;
    if (!next || (isBusy(next) && !isBusy(node))) next = node;
  }
  return next;
}
