/** The nodes of one config before a plan changes them: what follows from them and from the definitions alone. */
import type { AutoscaleConfig } from "../../model/config";
import { isNewer } from "../../model/node-order";
import type { Snapshot } from "../../model/snapshot";
import type { Node } from "../../model/state";
import type { KnownShape } from "../config/next-node";
import { isInFlight, isUsedUp } from "../lifecycle/node-status";
import { sortUnlessSorted } from "./nearly-sorted";
import { routesOf, type Route } from "./routes";

export interface ConfigNodes {
  /** Oldest first. */
  readonly all: readonly Node[];
  /** Those that do not simply run, oldest first. */
  readonly unsettled: readonly Node[];
  /** Those that run without any session and may take one, oldest first; made when first asked for. */
  readonly idle: () => readonly Node[];
  readonly inFlight: number;
  /** Capacity or soon capacity, also those that are to be replaced. */
  readonly live: number;
  /** The VM provider configs that may make nodes, the preferred one first. */
  readonly routes: readonly Route[];
}

/** @param knownOn What is known of the next node on a VM provider config. */
export function configNodesOf(
  config: AutoscaleConfig,
  snapshot: Snapshot,
  knownOn: (vmProvider: string) => KnownShape,
): ConfigNodes {
  const all = sortUnlessSorted([...snapshot.nodesOfConfig(config.name).values()], oldestFirst);
  const inFlight = all.filter(isInFlight).length;
  const running = all.filter((node) => node.status === "running" && !isUsedUpIn(snapshot, node)).length;
  let idle: readonly Node[] | undefined;
  return {
    all,
    unsettled: all.filter((node) => node.status !== "running" || node.isReusable === false),
    idle: () => (idle ??= all.filter((node) => isIdle(node, snapshot))),
    inFlight,
    live: inFlight + running,
    routes: routesOf(config, all, knownOn),
  };
}

function isIdle(node: Node, snapshot: Snapshot): boolean {
  const usage = snapshot.usage(node.nodeId);
  return node.status === "running" && usage.pinned === 0 && !isUsedUp(node, usage);
}

export function isUsedUpIn(snapshot: Snapshot, node: Node): boolean {
  return node.isReusable === false && isUsedUp(node, snapshot.usage(node.nodeId));
}

function oldestFirst(a: Node, b: Node): number {
  return isNewer(a, b) ? 1 : -1;
}
