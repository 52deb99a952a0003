/**
 * Which VM provider config makes a config's next node: the preferred one, else the first fallback that takes it. One that
 * is out of capacity or quota, at its `maxInstances`, or whose circuit is not closed is passed over. A back-off after a
 * passing failure is not: the node is waited for, because the next one need not fail.
 */
import { factsOf, vmProvidersOf, type AutoscaleConfig } from "../../model/config";
import type { Reason } from "../../model/plan";
import { wholeShape, type PartialShape } from "../../model/shapes";
import type { Node, RouteFailures, Shape } from "../../model/state";
import { formatCount } from "../../model/units";
import { fitsShape } from "../placement/room";
import type { KnownShape } from "../config/next-node";
import { circuitOf, failuresToOpen, isExhausted } from "../lifecycle/failures";
import type { ConfigPosition, Fleet } from "./fleet";
import { isInFlight, isServer } from "../lifecycle/node-status";

/** One VM provider config that a config may make nodes on. */
export interface Route {
  readonly vmProvider: string;
  /** What one more node would offer; undefined = not known before the first one reports. */
  readonly shape: Shape | undefined;
  /** What it offers at most, as far as that is certain. */
  readonly limits: PartialShape;
  /** Nobody has said yet whether its nodes have GPUs; the shape has none meanwhile. */
  readonly areGpusUnknown: boolean;
  nodesInFlight: number;
  /** Agents whose shape nobody knows yet; while there is one, no other is created. */
  nodesWithoutShape: number;
  /** Nodes that have not said whether they have GPUs; while there is one, no other is created for their sake. */
  nodesSilentOnGpus: number;
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
      if (isInFlight(node)) nodesInFlight += 1;
      if (!isInFlight(node) && node.status !== "running") continue;
      if (isWithoutShape(node)) nodesWithoutShape += 1;
      if (isSilentOnGpus(node)) nodesSilentOnGpus += 1;
    }
    const { declared, size, reported } = knownOn(vmProvider);
    const known = { ...size, ...reported, ...declared };
    const areGpusUnknown = known.gpus === undefined;
    const shape = wholeShape(known);
    const limits = { ...size, ...declared };
    return { vmProvider, shape, limits, areGpusUnknown, nodesInFlight, nodesWithoutShape, nodesSilentOnGpus };
  });
}

/** True for a node of which neither a declaration, nor its cloud, nor the node itself has told its GPUs. */
export function isSilentOnGpus({ declared, size, reported }: Node): boolean {
  return declared?.gpus === undefined && size === undefined && reported?.gpus === undefined;
}

/** True for an agent that nobody knows the size of yet. */
export function isWithoutShape(node: Node): boolean {
  return !isServer(node) && !node.shape;
}

type Block =
  | "missingReference"
  | "refusedKind"
  | "maxInstances"
  | "circuitOpen"
  | "exhausted"
  | "exhaustedElsewhere"
  | "singleTry"
  | "backoff"
  | "unknownShape"
  | "unknownGpus";

/** These last, or are no fault of the node to be made: the next VM provider config may do better. */
const passedOver: readonly Block[] = [
  "refusedKind",
  "maxInstances",
  "circuitOpen",
  "exhausted",
  "exhaustedElsewhere",
  "singleTry",
];

/** Undefined when none takes a node now that is large enough. */
export function firstOpenRoute(fleet: Fleet, position: ConfigPosition, needs?: Shape): Route | undefined {
  for (const route of position.routes) {
    if (!isLargeEnough(route, needs)) continue;
    const block = blockOf(fleet, position, route, needs);
    if (!block) return route;
    if (!passedOver.includes(block)) return undefined;
  }
  return undefined;
}

/** Why each VM provider config that was asked does not take a node. */
export function routeReasons(fleet: Fleet, position: ConfigPosition, needs?: Shape): Reason[] {
  const reasons: Reason[] = [];
  for (const route of position.routes) {
    if (!isLargeEnough(route, needs)) continue;
    const block = blockOf(fleet, position, route, needs);
    if (!block) break;
    reasons.push(reasonOf(fleet, position, route, block));
    if (!passedOver.includes(block)) break;
  }
  return reasons;
}

/** Why the node is not made on the preferred VM provider config; undefined when it is. */
export function fallbackReason(fleet: Fleet, position: ConfigPosition, { vmProvider }: Route): Reason | undefined {
  const [preferred] = position.routes;
  if (!preferred || preferred.vmProvider === vmProvider) return undefined;
  const block = blockOf(fleet, position, preferred);
  const why = block ? reasonOf(fleet, position, preferred, block).text : "its nodes are too small";
  const text = `uses fallback VM provider config "${vmProvider}" instead of "${preferred.vmProvider}": ${why}`;
  const numbers = { autoscaleConfig: position.config.name, vmProvider, preferred: preferred.vmProvider };
  return { code: "fallback", text, numbers: { ...numbers, ...(block ? { block } : {}) } };
}

function isLargeEnough({ shape, areGpusUnknown }: Route, needs: Shape | undefined): boolean {
  if (needs === undefined || shape === undefined) return true;
  return fitsShape(needs, areGpusUnknown ? { ...shape, gpus: Infinity } : shape);
}

function blockOf(fleet: Fleet, { config, state }: ConfigPosition, route: Route, needs?: Shape): Block | undefined {
  const vmProvider = fleet.snapshot.vmProviderConfigs.get(route.vmProvider);
  if (!vmProvider) return "missingReference";
  if (factsOf(fleet.context.catalog.vm, vmProvider.kind).refusal !== undefined) return "refusedKind";
  if (fleet.instancesOf(route.vmProvider) >= vmProvider.maxInstances) return "maxInstances";
  const failures = state.failures?.[route.vmProvider];
  if (failures) {
    const circuit = circuitOf(failures, fleet.nowMs);
    if (circuit === "open") return "circuitOpen";
    if (circuit === "halfOpen" && route.nodesInFlight > 0) return "singleTry";
    if (fleet.nowMs < failures.retryAtMs) return isExhausted(failures) ? "exhausted" : "backoff";
  }
  const hearsay = fleet.hearsay.get(route.vmProvider);
  if (hearsay && hearsay.autoscaleConfig !== config.name) return "exhaustedElsewhere";
  const isShapeAwaited = config.type === "dockerAgent" && !route.shape && route.nodesWithoutShape > 0;
  if (isShapeAwaited) return "unknownShape";
  const isForGpus = (needs?.gpus ?? 0) > 0 && route.shape !== undefined;
  return isForGpus && route.areGpusUnknown && route.nodesSilentOnGpus > 0 ? "unknownGpus" : undefined;
}

const codes: Readonly<Record<Block, string>> = {
  missingReference: "missingReference",
  refusedKind: "refusedKind",
  maxInstances: "maxInstances",
  circuitOpen: "circuitOpen",
  exhausted: "backoff",
  exhaustedElsewhere: "backoff",
  singleTry: "singleTry",
  backoff: "backoff",
  unknownShape: "unknownShape",
  unknownGpus: "unknownGpus",
};

function reasonOf(fleet: Fleet, position: ConfigPosition, route: Route, block: Block): Reason {
  const { config, state } = position;
  const failures = state.failures?.[route.vmProvider];
  const numbers = {
    autoscaleConfig: config.name,
    vmProvider: route.vmProvider,
    ...numbersOf(fleet, route, block, failures),
  };
  return { code: codes[block], text: textOf(fleet, position, route, block), numbers };
}

function numbersOf(fleet: Fleet, route: Route, block: Block, failures: RouteFailures | undefined): Reason["numbers"] {
  switch (block) {
    case "maxInstances":
      return {
        instances: fleet.instancesOf(route.vmProvider),
        maxInstances: fleet.snapshot.vmProviderConfigs.get(route.vmProvider)?.maxInstances ?? 0,
      };
    case "circuitOpen":
    case "exhausted":
    case "singleTry":
    case "backoff": {
      const { consecutiveFailures = 0, retryAtMs = 0 } = failures ?? {};
      return { consecutiveFailures, retryAtMs, nodesInFlight: route.nodesInFlight };
    }
    case "exhaustedElsewhere":
      return { retryAtMs: fleet.hearsay.get(route.vmProvider)?.untilMs ?? 0 };
    case "unknownShape":
      return { nodesWithoutShape: route.nodesWithoutShape };
    case "unknownGpus":
      return { nodesSilentOnGpus: route.nodesSilentOnGpus };
    case "missingReference":
    case "refusedKind":
      return {};
    default: {
      const never: never = block;
      throw new Error(`unknown block ${String(never)}`);
    }
  }
}

function textOf(fleet: Fleet, { config, state }: ConfigPosition, route: Route, block: Block): string {
  const failures = state.failures?.[route.vmProvider];
  const self = `autoscale config "${config.name}"`;
  const on = `VM provider config "${route.vmProvider}"`;
  const last = failures ? `, last ${failures.last.class}: ${failures.last.message}` : "";
  const failed = `${formatCount(failures?.consecutiveFailures ?? 0, "failed node")} in a row${last}`;
  const secondsTo = (atMs = 0) => Math.ceil((atMs - fleet.nowMs) / 1000);
  switch (block) {
    case "refusedKind": {
      const kind = fleet.snapshot.vmProviderConfigs.get(route.vmProvider)?.kind;
      return `${self} makes no node on ${on}: ${(kind && factsOf(fleet.context.catalog.vm, kind).refusal) ?? ""}`;
    }
    case "missingReference":
      return `${self} refers to ${on}, which is not declared`;
    case "maxInstances": {
      const max = fleet.snapshot.vmProviderConfigs.get(route.vmProvider)?.maxInstances ?? 0;
      return `${on} has ${fleet.instancesOf(route.vmProvider)} of at most ${formatCount(max, "instance")} (max instances)`;
    }
    case "circuitOpen":
      return `${self} makes no node on ${on} for ${secondsTo(failures?.retryAtMs)} s (circuit open after ${failuresToOpen} failures or a wrong configuration): ${failed}`;
    case "exhausted":
    case "backoff":
      return `${self} waits ${secondsTo(failures?.retryAtMs)} s before it tries ${on} again after ${failed}`;
    case "exhaustedElsewhere": {
      const hearsay = fleet.hearsay.get(route.vmProvider);
      return `${on} had no ${hearsay?.class === "QUOTA" ? "quota" : "capacity"} left for autoscale config "${hearsay?.autoscaleConfig}"; tried again in ${secondsTo(hearsay?.untilMs)} s`;
    }
    case "singleTry":
      return `${self} tries one node at a time on ${on} after ${failed}`;
    case "unknownShape":
      return `${self} does not know what its nodes on ${on} offer; it waits until the first one reports`;
    case "unknownGpus":
      return `${self} does not know whether its nodes on ${on} have GPUs; it waits until one reports some`;
    default: {
      const never: never = block;
      throw new Error(`unknown block ${String(never)}`);
    }
  }
}
