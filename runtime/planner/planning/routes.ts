/** The VM provider configs that an autoscale config may make nodes on: its own, and its fallbacks in their order. */
import { vmProvidersOf, type AutoscaleConfig } from "../../model/config";
import { type PartialShape, type Shape, wholeShape } from "../../model/shapes";
import type { Node } from "../../model/state";
import type { KnownShape } from "../config/next-node";
import { isInFlight, isServer } from "../lifecycle/node-status";

/** Nodes of a config on one VM provider config. */
export interface RouteCounts {
  readonly nodesInFlight: number;
  /** Agents whose shape nobody knows yet; while there is one, no other is created. */
  readonly nodesWithoutShape: number;
  /** Nodes that have not said whether they have GPUs; while there is one, no other is created for the sake of GPUs. */
  readonly nodesSilentOnGpus: number;
}

/** One VM provider config of a config, as the plan finds it. */
export interface Route extends RouteCounts {
  readonly vmProvider: string;
  /** What one more node would offer; undefined = not known before the first one reports. */
  readonly shape: Shape | undefined;
  /** What one more node offers at most, as far as that is certain. */
  readonly limits: PartialShape;
  /** True while nobody has said whether its nodes have GPUs; the shape has none meanwhile. */
  readonly areGpusUnknown: boolean;
}

/** The preferred one first. */
export function routesOf(
  config: AutoscaleConfig,
  nodes: readonly Node[],
  knownOn: (vmProvider: string) => KnownShape,
): Route[] {
  return vmProvidersOf(config).map((vmProvider) => {
    let [nodesInFlight, nodesWithoutShape, nodesSilentOnGpus] = [0, 0, 0];
    for (const node of nodes) {
      if (node.vmProvider !== vmProvider) continue;
      const isComing = isInFlight(node);
      if (isComing) nodesInFlight += 1;
      // Nodes that neither run nor are on their way are not waited for.
      if (!isComing && node.status !== "running") continue;
      if (isWithoutShape(node)) nodesWithoutShape += 1;
      if (isSilentOnGpus(node)) nodesSilentOnGpus += 1;
    }
    const { declared, size, reported } = knownOn(vmProvider);
    const known = { ...size, ...reported, ...declared };
    const areGpusUnknown = known.gpus === undefined;
    const counts = { nodesInFlight, nodesWithoutShape, nodesSilentOnGpus };
    return { vmProvider, shape: wholeShape(known), limits: { ...size, ...declared }, areGpusUnknown, ...counts };
  });
}

export const noNodes: RouteCounts = { nodesInFlight: 0, nodesWithoutShape: 0, nodesSilentOnGpus: 0 };

export function plusCounts(a: RouteCounts, b: RouteCounts): RouteCounts {
  return {
    nodesInFlight: a.nodesInFlight + b.nodesInFlight,
    nodesWithoutShape: a.nodesWithoutShape + b.nodesWithoutShape,
    nodesSilentOnGpus: a.nodesSilentOnGpus + b.nodesSilentOnGpus,
  };
}

/** What a draining node leaves unknown when it comes back. */
export function countsOfRecalled(node: Node): RouteCounts {
  return {
    nodesInFlight: 0,
    nodesWithoutShape: isWithoutShape(node) ? 1 : 0,
    nodesSilentOnGpus: isSilentOnGpus(node) ? 1 : 0,
  };
}

/** True for an agent whose size nobody knows yet. */
function isWithoutShape(node: Node): boolean {
  return !isServer(node) && !node.shape;
}

/** True for a node of which neither a declaration, nor its cloud, nor the node itself has told its GPUs. */
function isSilentOnGpus({ declared, size, reported }: Node): boolean {
  return declared?.gpus === undefined && size === undefined && reported?.gpus === undefined;
}

/** What one more node adds. */
export function countsOfNew({ type }: AutoscaleConfig, { shape }: Route): RouteCounts {
  return { nodesInFlight: 1, nodesWithoutShape: type === "dockerAgent" && !shape ? 1 : 0, nodesSilentOnGpus: 1 };
}
