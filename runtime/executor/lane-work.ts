/**
 * What a lane needs next, from its rows and from what is known to be in its stack. Pure.
 *
 *   recover  an update has no recorded end, or what is in the stack must be known before anything can be left out
 *   update   the stack gets exactly these nodes; creates and deletes never in the same update, creates first
 *   settle   rows can be brought up to date without the engine
 *   remove   nothing is left of the lane
 *   idle     nothing to do
 */
import type { DesiredNode, Lane, Node } from "../model/state";

export type LaneStep =
  | { readonly kind: "recover"; readonly nodes: readonly DesiredNode[] }
  | {
      readonly kind: "update";
      readonly nodes: readonly DesiredNode[];
      readonly creates: number;
      readonly deletes: number;
    }
  | { readonly kind: "settle" }
  | { readonly kind: "empty" }
  | { readonly kind: "idle" };

/** @param present Ids of the nodes in the stack; undefined = not known, e.g. after a restart. */
export function nextStep(lane: Lane, nodes: readonly Node[], present: ReadonlySet<string> | undefined): LaneStep {
  const all = specsOf(nodes);
  if (lane.openRevision !== undefined) return { kind: "recover", nodes: all };
  if (nodes.length === 0 && (present === undefined || present.size === 0)) return { kind: "empty" };

  const creating = nodes.filter(({ status }) => status === "requested" || status === "provisioning");
  const leaving = nodes.filter(({ status }) => status === "destroying");
  const unborn = nodes.filter(hasFailedToBeCreated);
  if (present === undefined) {
    // Declaring a node that leaves, or one whose create failed, would make its VM if it has none.
    const mustKnow = unborn.length > 0 || (creating.length > 0 && leaving.length > 0);
    if (mustKnow) return { kind: "recover", nodes: all };
  }
  const isThere = ({ nodeId }: Node) => present?.has(nodeId) ?? false;
  const wanted = nodes.filter((node) => node.status !== "destroying" && (!hasFailedToBeCreated(node) || isThere(node)));
  if (creating.length > 0) {
    // The engine compares what exists one by one; new VMs must not wait for that.
    const existing = wanted.filter((node) => !creating.includes(node));
    const kept = [...creating, ...existing, ...leaving.filter(isThere)];
    return { kind: "update", nodes: specsOf(kept), creates: creating.length, deletes: 0 };
  }
  const strangers = [...(present ?? [])].filter((nodeId) => !nodes.some((node) => node.nodeId === nodeId));
  const deletes = strangers.length + leaving.filter((node) => present === undefined || isThere(node)).length;
  if (deletes > 0) return { kind: "update", nodes: specsOf(wanted), creates: 0, deletes };
  if (leaving.length > 0 || lane.appliedRevision < lane.desiredRevision) return { kind: "settle" };
  return { kind: "idle" };
}

/** The cloud refused it: it is not declared again, and waits only for the planner to give up its row. */
export function hasFailedToBeCreated({ status, failure, address }: Node): boolean {
  return status === "failed" && address === undefined && failure?.class !== "TIMEOUT" && failure?.class !== "REPORTED";
}

function specsOf(nodes: readonly Node[]): DesiredNode[] {
  return nodes.flatMap(({ spec }) => (spec === undefined ? [] : [spec]));
}
