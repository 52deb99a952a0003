/** What a node's status says about it. */
import type { Node } from "../model/state";

/** Asked for, and not yet ready to take sessions. */
export function isInFlight(node: Node): boolean {
  return node.status === "requested" || node.status === "provisioning" || node.status === "starting";
}
