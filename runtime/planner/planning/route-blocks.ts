/**
 * What keeps an autoscale config from making a node on one of its VM provider configs now, and which of them makes the
 * next node: the preferred one, else the first fallback that takes it.
 */
import type { EpochMs } from "../../model/clock";
import { factsOf, type CloudCatalog, type VmProviderConfig } from "../../model/config";
import type { Reason } from "../../model/reason";
import type { Snapshot } from "../../model/snapshot";
import type { RouteFailures } from "../../model/state";
import type { Shape } from "../../model/shapes";
import { formatCount } from "../../model/units";
import { budgetReason, type BudgetCaps, type Purpose } from "../budget/caps";
import type { BudgetPosition } from "../budget/position";
import { circuitOf, failuresToOpen, isExhausted, type Circuit, type SharedOutage } from "../lifecycle/failures";
import { fitsShape } from "../placement/room";
import { countsOn, type ConfigView } from "./config-view";
import type { Route, RouteCounts } from "./routes";

/** What blocks are decided by. */
export interface BlockSources {
  readonly snapshot: Snapshot;
  readonly catalog: CloudCatalog;
  readonly nowMs: EpochMs;
  /** VM provider configs that were out of capacity or quota a moment ago, by name. */
  readonly outages: ReadonlyMap<string, SharedOutage>;
  /** What budgets that are spent forbid. */
  readonly budgets: BudgetCaps;
  /** Nodes that count against `maxInstances`, with those that the plan creates. */
  instancesOf(vmProvider: string): number;
}

/** What a node is to be made for. */
export interface Wanted {
  readonly purpose: Purpose;
  /** Of the session that the node is for; undefined = of any size. */
  readonly needs: Shape | undefined;
}

/** One route as the blocks look at it. */
interface Asked {
  readonly view: ConfigView;
  readonly route: Route;
  readonly counts: RouteCounts;
  readonly vmProvider: VmProviderConfig | undefined;
  readonly refusal: string | undefined;
  readonly instances: number;
  readonly spent: BudgetPosition | undefined;
  readonly failures: RouteFailures | undefined;
  readonly circuit: Circuit;
  readonly outage: SharedOutage | undefined;
  readonly needs: Shape | undefined;
  readonly nowMs: EpochMs;
}

interface Block {
  /** Of the reason; several blocks may share one. */
  readonly code: string;
  /** Told as a number of the reason why a fallback is used. */
  readonly name: string;
  /**
   * True where the next VM provider config may do better: the block lasts, or is no fault of the node to be made. A
   * back-off after a passing failure is waited for, because the next node need not fail.
   */
  readonly isPassedOver: boolean;
  holds(asked: Asked): boolean;
  numbers(asked: Asked): Reason["numbers"];
  text(asked: Asked): string;
}

/** The first that holds is told. */
const blocks: readonly Block[] = [
  {
    code: "missingReference",
    name: "missingReference",
    isPassedOver: false,
    holds: ({ vmProvider }) => vmProvider === undefined,
    numbers: () => ({}),
    text: (asked) => `${nameOf(asked)} refers to ${providerOf(asked)}, which is not declared`,
  },
  {
    code: "refusedKind",
    name: "refusedKind",
    isPassedOver: true,
    holds: ({ refusal }) => refusal !== undefined,
    numbers: () => ({}),
    text: (asked) => `${nameOf(asked)} makes no node on ${providerOf(asked)}: ${asked.refusal ?? ""}`,
  },
  {
    code: "budget",
    name: "budget",
    isPassedOver: true,
    holds: ({ spent }) => spent !== undefined,
    numbers: ({ spent, view }) => budgetReason(spent!, view.config.name).numbers,
    text: ({ spent, view, ...asked }) => `${providerOf(asked)}: ${budgetReason(spent!, view.config.name).text}`,
  },
  {
    code: "maxInstances",
    name: "maxInstances",
    isPassedOver: true,
    holds: ({ instances, vmProvider }) => instances >= maxInstancesOf(vmProvider),
    numbers: ({ instances, vmProvider }) => ({ instances, maxInstances: maxInstancesOf(vmProvider) }),
    text: ({ instances, vmProvider, ...asked }) =>
      `${providerOf(asked)} has ${instances} of at most ${formatCount(maxInstancesOf(vmProvider), "instance")} (max instances)`,
  },
  {
    code: "circuitOpen",
    name: "circuitOpen",
    isPassedOver: true,
    holds: ({ circuit }) => circuit === "open",
    numbers: failureNumbers,
    text: (asked) =>
      `${nameOf(asked)} makes no node on ${providerOf(asked)} for ${secondsToRetry(asked)} s (circuit open after ${failuresToOpen} failures or a wrong configuration): ${failuresText(asked)}`,
  },
  {
    code: "singleTry",
    name: "singleTry",
    isPassedOver: true,
    holds: ({ circuit, counts }) => circuit === "halfOpen" && counts.nodesInFlight > 0,
    numbers: failureNumbers,
    text: (asked) => `${nameOf(asked)} tries one node at a time on ${providerOf(asked)} after ${failuresText(asked)}`,
  },
  {
    code: "backoff",
    name: "exhausted",
    isPassedOver: true,
    holds: (asked) => isBackingOff(asked) && isExhausted(asked.failures!),
    numbers: failureNumbers,
    text: backOffText,
  },
  {
    code: "backoff",
    name: "backoff",
    isPassedOver: false,
    holds: isBackingOff,
    numbers: failureNumbers,
    text: backOffText,
  },
  {
    code: "backoff",
    name: "exhaustedElsewhere",
    isPassedOver: true,
    holds: ({ outage, view }) => outage !== undefined && outage.autoscaleConfig !== view.config.name,
    numbers: ({ outage }) => ({ retryAtMs: outage?.untilMs ?? 0 }),
    text: ({ outage, nowMs, ...asked }) =>
      `${providerOf(asked)} had no ${outage?.class === "QUOTA" ? "quota" : "capacity"} left for autoscale config "${outage?.autoscaleConfig}"; tried again in ${secondsTo(outage?.untilMs, nowMs)} s`,
  },
  {
    code: "unknownShape",
    name: "unknownShape",
    isPassedOver: false,
    holds: ({ view, route, counts }) =>
      view.config.type === "dockerAgent" && !route.shape && counts.nodesWithoutShape > 0,
    numbers: ({ counts }) => ({ nodesWithoutShape: counts.nodesWithoutShape }),
    text: (asked) =>
      `${nameOf(asked)} does not know what its nodes on ${providerOf(asked)} offer; it waits until the first one reports`,
  },
  {
    code: "unknownGpus",
    name: "unknownGpus",
    isPassedOver: false,
    holds: ({ route, counts, needs }) =>
      (needs?.gpus ?? 0) > 0 && route.shape !== undefined && route.areGpusUnknown && counts.nodesSilentOnGpus > 0,
    numbers: ({ counts }) => ({ nodesSilentOnGpus: counts.nodesSilentOnGpus }),
    text: (asked) =>
      `${nameOf(asked)} does not know whether its nodes on ${providerOf(asked)} have GPUs; it waits until one reports some`,
  },
];

function ask(view: ConfigView, route: Route, { purpose, needs }: Wanted, sources: BlockSources): Asked {
  const { snapshot, catalog, outages, nowMs, budgets } = sources;
  const vmProvider = snapshot.vmProviderConfigs.get(route.vmProvider);
  const failures = view.state.failures?.[route.vmProvider];
  return {
    view,
    route,
    counts: countsOn(view, route),
    vmProvider,
    refusal: vmProvider && factsOf(catalog.vm, vmProvider.kind).refusal,
    instances: sources.instancesOf(route.vmProvider),
    spent: budgets.ofRoute(view.config, route.vmProvider, purpose),
    failures,
    circuit: circuitOf(failures, nowMs),
    outage: outages.get(route.vmProvider),
    needs,
    nowMs,
  };
}

function blockOf(asked: Asked): Block | undefined {
  return blocks.find((block) => block.holds(asked));
}

/** Undefined when none takes a node now that is large enough. */
export function firstOpenRoute(view: ConfigView, wanted: Wanted, sources: BlockSources): Route | undefined {
  for (const route of view.nodes.routes) {
    if (!isLargeEnough(route, wanted.needs)) continue;
    const block = blockOf(ask(view, route, wanted, sources));
    if (!block) return route;
    if (!block.isPassedOver) return undefined;
  }
  return undefined;
}

/** Why each VM provider config that was asked does not take a node. */
export function routeReasons(view: ConfigView, wanted: Wanted, sources: BlockSources): Reason[] {
  const reasons: Reason[] = [];
  for (const route of view.nodes.routes) {
    if (!isLargeEnough(route, wanted.needs)) continue;
    const asked = ask(view, route, wanted, sources);
    const block = blockOf(asked);
    if (!block) break;
    reasons.push(reasonOf(block, asked));
    if (!block.isPassedOver) break;
  }
  return reasons;
}

/** Why a node is made on this fallback instead of the preferred VM provider config; undefined when it is that one. */
export function fallbackReason(
  view: ConfigView,
  { vmProvider }: Route,
  wanted: Wanted,
  sources: BlockSources,
): Reason | undefined {
  const [preferred] = view.nodes.routes;
  if (!preferred || preferred.vmProvider === vmProvider) return undefined;
  const asked = ask(view, preferred, wanted, sources);
  // Where its nodes are too small, nothing else that is wrong with it matters.
  const block = isLargeEnough(preferred, wanted.needs) ? blockOf(asked) : undefined;
  const why = block ? block.text(asked) : "its nodes are too small";
  const text = `uses fallback VM provider config "${vmProvider}" instead of "${preferred.vmProvider}": ${why}`;
  const numbers = { autoscaleConfig: view.config.name, vmProvider, preferred: preferred.vmProvider };
  return { code: "fallback", text, numbers: { ...numbers, ...(block ? { block: block.name } : {}) } };
}

function isLargeEnough({ shape, areGpusUnknown }: Route, needs: Shape | undefined): boolean {
  if (needs === undefined || shape === undefined) return true;
  return fitsShape(needs, areGpusUnknown ? { ...shape, gpus: Infinity } : shape);
}

function reasonOf(block: Block, asked: Asked): Reason {
  const numbers = { autoscaleConfig: asked.view.config.name, vmProvider: asked.route.vmProvider };
  return { code: block.code, text: block.text(asked), numbers: { ...numbers, ...block.numbers(asked) } };
}

function nameOf({ view }: Pick<Asked, "view">): string {
  return `autoscale config "${view.config.name}"`;
}

function providerOf({ route }: Pick<Asked, "route">): string {
  return `VM provider config "${route.vmProvider}"`;
}

function maxInstancesOf(vmProvider: VmProviderConfig | undefined): number {
  return vmProvider?.maxInstances ?? 0;
}

function isBackingOff({ failures, nowMs }: Asked): boolean {
  return failures !== undefined && nowMs < failures.retryAtMs;
}

function failureNumbers({ failures, counts }: Asked): Reason["numbers"] {
  const { consecutiveFailures = 0, retryAtMs = 0 } = failures ?? {};
  return { consecutiveFailures, retryAtMs, nodesInFlight: counts.nodesInFlight };
}

function failuresText({ failures }: Asked): string {
  const last = failures ? `, last ${failures.last.class}: ${failures.last.message}` : "";
  return `${formatCount(failures?.consecutiveFailures ?? 0, "failed node")} in a row${last}`;
}

function backOffText(asked: Asked): string {
  return `${nameOf(asked)} waits ${secondsToRetry(asked)} s before it tries ${providerOf(asked)} again after ${failuresText(asked)}`;
}

function secondsToRetry({ failures, nowMs }: Asked): number {
  return secondsTo(failures?.retryAtMs, nowMs);
}

function secondsTo(atMs: EpochMs = 0, nowMs: EpochMs): number {
  return Math.ceil((atMs - nowMs) / 1000);
}
