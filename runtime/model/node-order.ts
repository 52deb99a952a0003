/** Nodes by age. */
import type { Node } from "./state";

/** True when `a` was made after `b`. Ids break ties, so that every order of insertion gives the same answer. */
export function isNewer(a: Node, b: Node): boolean {
  return a.createdAtMs !== b.createdAtMs ? a.createdAtMs > b.createdAtMs : a.nodeId > b.nodeId;
}
