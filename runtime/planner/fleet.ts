/**
 * The planner's working picture of one moment: every config with its limits, every node that is or will be capacity
 * as a bin with what is left of it. The phases of a plan take from bins and add bins; nothing else remembers anything.
 */
import type { EpochMs } from "../model/clock";
import type { AutoscaleConfig, CloudCatalog } from "../model/config";
import type { NodeChange, Reason } from "../model/plan";
import type { ConfigState, Node, Shape } from "../model/state";
import { subtractCores } from "../model/usage";
import type { Snapshot } from "../store/hot-state";
import { fitsShape, freeServerSessions, freeShape, isServer, isNewer, isUsedUp } from "./capacity";
import { Draft } from "./draft";
import { hearsayOf, type Hearsay } from "./failures";
import { blockedReason } from "./limits";
import { isFinalDrain, isInFlight } from "./node-status";
import { isOpen, type PlaceContext } from "./place";
import { noRetirement, retiringOf, type Retirement } from "./rotation";
import { fallbackReason, firstOpenRoute, routesOf, type Route } from "./routes";
import { SpecDigests } from "./spec-digest";
import { WindowCache, type Window } from "./schedule";

/**
 * open      creates, places and removes
 * inactive  outside its schedule: creates nothing, places nothing, its nodes leave when empty
 * leaving   drained or being deleted: as inactive, without back-off
 * frozen    disabled: nothing happens
 */
export type ConfigMode = "open" | "inactive" | "leaving" | "frozen";

export interface ConfigPosition {
  readonly config: AutoscaleConfig;
  readonly state: ConfigState;
  readonly mode: ConfigMode;
  readonly window: Window;
  /** What one more node on the preferred VM provider config would offer; undefined = not known before one reports. */
  readonly shape: Shape | undefined;
  /** The VM provider configs that may make the node, the preferred one first. */
  readonly routes: readonly Route[];
  /** Oldest first. */
  readonly nodes: readonly Node[];
  /** Running nodes that are to be replaced, by id: no capacity for this plan. */
  readonly retiring: ReadonlyMap<string, Retirement>;
  /** Every row counts against the caps: also what is failed or being destroyed may still exist. */
  nodesTotal: number;
  nodesInFlight: number;
  /** Capacity or soon capacity: what `minNodes` counts. */
  nodesLive: number;
  /** Something was needed from this config and could not be created. */
  hasDeficit: boolean;
  /** This plan creates or brings back nodes of this config. */
  isGrowing: boolean;
  readonly reasons: Reason[];
}

/** One node's capacity as the phases of a plan use it up. */
export interface Bin {
  readonly kind: "running" | "inFlight" | "draining" | "new";
  readonly createdAtMs: EpochMs;
  /** Undefined for a node that this plan creates. */
  readonly node?: Node;
  /** Undefined for a static member. */
  readonly position?: ConfigPosition;
  readonly shape?: Shape;
  /** Agents: what is left, never below 0. */
  free: Shape;
  /** Servers: sessions that still fit; undefined for agents. */
  sessionsLeft?: number;
  readonly userIds: Set<string>;
  /** Queued sessions that were promised this node. */
  promised: number;
  /** With aggressive scaling a node on its way serves one waiting session only. */
  readonly isExclusive: boolean;
  /** True when no session, not even a stopped one, is on the node. */
  readonly isIdle: boolean;
}

export interface Scope {
  readonly pool: string;
  readonly zone: string;
  /** Oldest first; those that this round of the plan adds come last. */
  readonly running: Bin[];
  readonly coming: Bin[];
  /** Draining nodes that may come back, oldest first; shrinks. */
  readonly recallable: Bin[];
}

export interface FleetOptions {
  readonly nowMs: EpochMs;
  readonly catalog: CloudCatalog;
  /** Remembered from plan to plan; fresh ones give the same plan, later. */
  readonly digests?: SpecDigests;
  /** Default a new one. */
  readonly windows?: WindowCache | undefined;
  /** What earlier rounds of the same plan found: their new nodes are on their way, their recalled ones are back. */
  readonly earlier?: readonly NodeChange[];
}

export class Fleet {
  readonly context: PlaceContext;
  readonly nowMs: EpochMs;
  readonly digests: SpecDigests;
  /** By name. */
  readonly positions: readonly ConfigPosition[];
  readonly changes: NodeChange[];
  /** Ids of draining nodes that come back with this plan. */
  readonly recalled = new Set<string>();
  /** VM provider configs that were out of capacity or quota a moment ago, by name. */
  readonly hearsay: ReadonlyMap<string, Hearsay>;
  private readonly byName = new Map<string, ConfigPosition>();
  private readonly scopes = new Map<string, Scope>();
  private readonly nodesByVmProvider = new Map<string, number>();
  private readonly births: Bin[] = [];

  constructor(
    readonly snapshot: Snapshot,
    { nowMs, catalog, windows = new WindowCache(), digests = new SpecDigests(catalog), earlier = [] }: FleetOptions,
  ) {
    this.nowMs = nowMs;
    this.digests = digests;
    this.hearsay = hearsayOf(snapshot.configStates.values(), nowMs);
    this.changes = [...earlier];
    this.context = { draft: new Draft(snapshot), windows, catalog, nowMs };
    const configs = [...snapshot.autoscaleConfigs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.positions = configs.map((config) => this.positionOf(config));
    for (const position of this.positions) this.byName.set(position.config.name, position);
    for (const node of snapshot.nodes.values()) {
      if (node.vmProvider !== undefined) this.countInstance(node.vmProvider);
    }
    for (const change of earlier) this.repeat(change);
  }

  position(autoscaleConfig: string): ConfigPosition | undefined {
    return this.byName.get(autoscaleConfig);
  }

  instancesOf(vmProvider: string): number {
    return this.nodesByVmProvider.get(vmProvider) ?? 0;
  }

  scope(pool: string, zone: string): Scope {
    const key = `${pool}/${zone}`;
    const known = this.scopes.get(key);
    if (known) return known;
    const nodes = [...this.snapshot.nodesIn(pool, zone).values()];
    const bins = nodes.flatMap((node) => this.binOf(node) ?? []).sort(byAge);
    const births = this.births.filter(({ position }) => isAt(position!.config, pool, zone));
    const scope: Scope = {
      pool,
      zone,
      running: bins.filter((bin) => bin.kind === "running"),
      coming: [...bins.filter((bin) => bin.kind === "inFlight"), ...births].sort(byAge),
      recallable: bins.filter((bin) => bin.kind === "draining"),
    };
    this.scopes.set(key, scope);
    return scope;
  }

  /** Why this config may not create a node now; undefined when it may. */
  blocked(position: ConfigPosition, purpose: "demand" | "standby", needs?: Shape): Reason | undefined {
    return blockedReason(this, position, purpose, needs);
  }

  /** One node more; the caller has made sure that nothing blocks it. */
  create(position: ConfigPosition, reason: Reason, needs?: Shape): Bin {
    const { config } = position;
    const route = firstOpenRoute(this, position, needs)!;
    const fallback = fallbackReason(this, position, route);
    const bin = this.bear(position, route);
    const { vmProvider } = route;
    const why = fallback ? { ...reason, text: `${reason.text}; ${fallback.text}` } : reason;
    this.changes.push({ kind: "create", autoscaleConfig: config.name, vmProvider, reason: why });
    this.scope(config.pool, config.zone).coming.push(bin);
    return bin;
  }

  /** Brings a draining node back instead of creating one. */
  recall(scope: Scope, draining: Bin, reason: Reason): Bin {
    scope.recallable.splice(scope.recallable.indexOf(draining), 1);
    const bin: Bin = { ...draining, kind: "running" };
    this.bringBack(bin.node!, bin.position!);
    scope.running.push(bin);
    this.changes.push({ kind: "undrain", nodeId: bin.node!.nodeId, reason });
    return bin;
  }

  private repeat(change: NodeChange): void {
    if (change.kind === "create") {
      const position = this.byName.get(change.autoscaleConfig)!;
      const route = position.routes.find(({ vmProvider }) => vmProvider === change.vmProvider)!;
      this.births.push(this.bear(position, route));
    }
    if (change.kind !== "undrain") return;
    const node = this.snapshot.nodes.get(change.nodeId)!;
    this.bringBack(node, this.byName.get(node.autoscaleConfig!)!);
  }

  private bear(position: ConfigPosition, route: Route): Bin {
    const { config } = position;
    const { shape } = route;
    position.nodesTotal += 1;
    position.nodesInFlight += 1;
    position.nodesLive += 1;
    position.isGrowing = true;
    route.nodesInFlight += 1;
    if (config.type === "dockerAgent" && !shape) route.nodesWithoutShape += 1;
    this.countInstance(route.vmProvider);
    return {
      kind: "new",
      createdAtMs: this.nowMs,
      position,
      shape,
      free: shape ?? nothing,
      sessionsLeft: config.type === "server" ? sessionsPerServer(config) : undefined,
      userIds: new Set(),
      promised: 0,
      isExclusive: config.aggressiveScaling,
      isIdle: true,
    };
  }

  private bringBack(node: Node, position: ConfigPosition): void {
    position.nodesLive += 1;
    position.isGrowing = true;
    this.recalled.add(node.nodeId);
  }

  private positionOf(config: AutoscaleConfig): ConfigPosition {
    const { snapshot } = this;
    const state = snapshot.configStates.get(config.name) ?? { autoscaleConfig: config.name };
    const nodes = [...snapshot.nodesOfConfig(config.name).values()].sort((a, b) => (isNewer(a, b) ? 1 : -1));
    const mode = this.modeOf(config, state);
    const routes = routesOf(config, nodes, this.context);
    const retiring = mode === "open" ? retiringOf(config, nodes, this) : noRetirement;
    return {
      config,
      state,
      mode,
      window: this.context.windows.at(config, snapshot, this.nowMs),
      shape: routes[0]!.shape,
      routes,
      nodes,
      retiring,
      nodesTotal: nodes.length,
      nodesInFlight: nodes.filter(isInFlight).length,
      nodesLive: nodes.filter((node) => this.isLive(node) && !retiring.has(node.nodeId)).length,
      hasDeficit: false,
      isGrowing: false,
      reasons: [],
    };
  }

  private isLive(node: Node): boolean {
    if (isInFlight(node)) return true;
    return node.status === "running" && !isUsedUp(node, this.snapshot.usage(node.nodeId));
  }

  private modeOf(config: AutoscaleConfig, state: ConfigState): ConfigMode {
    if (state.isDeleting || (config.drain && config.enabled)) return "leaving";
    if (!config.enabled) return "frozen";
    return isOpen(config, this.context) ? "open" : "inactive";
  }

  private binOf(node: Node): Bin | undefined {
    const position = node.autoscaleConfig === undefined ? undefined : this.byName.get(node.autoscaleConfig);
    const isOwned = node.autoscaleConfig !== undefined;
    if (isOwned && (position?.mode !== "open" || position.retiring.has(node.nodeId))) return undefined;
    const usage = this.snapshot.usage(node.nodeId);
    const kind = isUsedUp(node, usage) ? undefined : this.kindOf(node);
    if (!kind) return undefined;
    const free = node.shape ? freeShape(node.shape, usage) : nothing;
    return {
      kind,
      createdAtMs: node.createdAtMs,
      node,
      position,
      shape: node.shape,
      free: {
        cores: Math.max(0, free.cores),
        memoryBytes: Math.max(0, free.memoryBytes),
        gpus: Math.max(0, free.gpus),
      },
      sessionsLeft: isServer(node) ? freeServerSessions(node, usage) : undefined,
      userIds: new Set(usage.userIds),
      promised: 0,
      isExclusive: kind === "inFlight" && position?.config.aggressiveScaling === true,
      isIdle: usage.pinned === 0,
    };
  }

  private kindOf(node: Node): "running" | "inFlight" | "draining" | undefined {
    if (node.status === "running" || this.recalled.has(node.nodeId)) return "running";
    if (isInFlight(node)) return "inFlight";
    return node.status === "draining" && !isFinalDrain(node) ? "draining" : undefined;
  }

  private countInstance(vmProvider: string): void {
    this.nodesByVmProvider.set(vmProvider, this.instancesOf(vmProvider) + 1);
  }
}

const nothing: Shape = { cores: 0, memoryBytes: 0, gpus: 0 };

function isAt(config: AutoscaleConfig, pool: string, zone: string): boolean {
  return config.pool === pool && config.zone === zone;
}

/**
 * Oldest first, then by config and id. New nodes have no id yet, but those of one config and moment are alike, so that
 * they take the same places as bins now and as nodes in the next plan.
 */
function byAge(a: Bin, b: Bin): number {
  if (a.createdAtMs !== b.createdAtMs) return a.createdAtMs - b.createdAtMs;
  const [configOfA, configOfB] = [a.position?.config.name ?? "", b.position?.config.name ?? ""];
  if (configOfA !== configOfB) return configOfA < configOfB ? -1 : 1;
  return (a.node?.nodeId ?? "~") < (b.node?.nodeId ?? "~") ? -1 : 1;
}

/** New sessions that one empty server takes, each by a new user. */
export function sessionsPerServer(config: Extract<AutoscaleConfig, { type: "server" }>): number {
  if (!config.reusable) return 1;
  return Math.min(config.maxSimultaneousSessionsPerServer, config.maxSimultaneousUsers);
}

/** Whether the bin could take these needs from a user that it does not know yet. */
export function hasSpace(bin: Bin, needs: Shape): boolean {
  if (bin.isExclusive && bin.promised > 0) return false;
  if (bin.sessionsLeft !== undefined) {
    return bin.sessionsLeft > 0 && (bin.shape === undefined || fitsShape(needs, bin.shape));
  }
  return bin.shape !== undefined && fitsShape(needs, bin.free);
}

export function takeFrom(bin: Bin, needs: Shape, userId: string): void {
  bin.promised += 1;
  bin.userIds.add(userId);
  if (bin.sessionsLeft !== undefined) bin.sessionsLeft -= 1;
  bin.free = {
    cores: Math.max(0, subtractCores(bin.free.cores, needs.cores)),
    memoryBytes: Math.max(0, bin.free.memoryBytes - needs.memoryBytes),
    gpus: Math.max(0, bin.free.gpus - needs.gpus),
  };
}
