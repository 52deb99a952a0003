/** One autoscale config in a plan: what stands, and beside it what the plan has added so far. */
import type { AutoscaleConfig } from "../../model/config";
import type { Reason } from "../../model/reason";
import type { ConfigState } from "../../model/state";
import type { BudgetPosition } from "../budget/position";
import type { ConfigMode } from "../config/mode";
import type { Window } from "../config/windows";
import type { Retirement } from "../lifecycle/retirement";
import type { ConfigNodes } from "./config-nodes";
import type { PlannedPlace } from "./planned-place";
import type { WaitStandby } from "./wait-standby";
import { noNodes, plusCounts, type Route, type RouteCounts } from "./routes";

export interface ConfigView {
  readonly config: AutoscaleConfig;
  readonly state: ConfigState;
  readonly mode: ConfigMode;
  /** With no standby where a budget is spent. */
  readonly window: Window;
  /** The budget that lets it keep no standby now. */
  readonly spent?: BudgetPosition | undefined;
  readonly nodes: ConfigNodes;
  /** With a wait objective, while the config is open. */
  readonly wait?: WaitStandby | undefined;
  /** Running nodes that are to be replaced, by id: no capacity for this plan. */
  readonly retiring: ReadonlyMap<string, Retirement>;
  /** Of them those that would be capacity otherwise. */
  readonly nodesRetiring: number;
  readonly added: ConfigAdditions;
}

/** What a plan has done about a config so far. */
export interface ConfigAdditions {
  nodesCreated: number;
  nodesRecalled: number;
  /** The place that the config makes its nodes in; found when first asked for. */
  place?: PlannedPlace;
  /** Nodes that were created and recalled, by VM provider config; made with the first. */
  onRoutes?: Map<string, RouteCounts>;
  /** True when something was needed from this config in this round and could not be created. */
  hasDeficit: boolean;
  /** The same of the round before; true before the first. */
  hadDeficit: boolean;
  readonly reasons: Reason[];
}

export function noAdditions(): ConfigAdditions {
  return { nodesCreated: 0, nodesRecalled: 0, hasDeficit: false, hadDeficit: true, reasons: [] };
}

/** Every row counts against the caps: also what is failed or being destroyed may still exist. */
export function nodesTotal({ nodes, added }: ConfigView): number {
  return nodes.all.length + added.nodesCreated;
}

export function nodesInFlight({ nodes, added }: ConfigView): number {
  return nodes.inFlight + added.nodesCreated;
}

/** Capacity or soon capacity: what `minNodes` counts. */
export function nodesLive({ nodes, nodesRetiring, added }: ConfigView): number {
  return nodes.live - nodesRetiring + added.nodesCreated + added.nodesRecalled;
}

export function isGrowing({ added }: ConfigView): boolean {
  return added.nodesCreated + added.nodesRecalled > 0;
}

/** The nodes on a route, with those that the plan adds. */
export function countsOn({ added }: ConfigView, route: Route): RouteCounts {
  const more = added.onRoutes?.get(route.vmProvider);
  return more ? plusCounts(route, more) : route;
}

export function addOnRoute({ added }: ConfigView, vmProvider: string, more: RouteCounts): void {
  added.onRoutes ??= new Map();
  added.onRoutes.set(vmProvider, plusCounts(added.onRoutes.get(vmProvider) ?? noNodes, more));
}
