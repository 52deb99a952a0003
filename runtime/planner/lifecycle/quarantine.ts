/** The failed node that a config keeps so that somebody can look at it. */
import type { AutoscaleConfig } from "../../model/config";
import type { Node } from "../../model/state";

/** The node that failed last, of those whose VM was made; undefined when the config keeps none. */
export function quarantinedOf(config: AutoscaleConfig, nodes: Iterable<Node>): Node | undefined {
  if (config.quarantine === 0) return undefined;
  let last: Node | undefined;
  for (const node of nodes) {
    if (node.status !== "failed" || node.address === undefined) continue;
    if (!last || isLater(node, last)) last = node;
  }
  return last;
}

function isLater(a: Node, b: Node): boolean {
  return a.statusSinceMs !== b.statusSinceMs ? a.statusSinceMs > b.statusSinceMs : a.nodeId > b.nodeId;
}
