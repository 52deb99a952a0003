/**
 * The planner's working picture of one moment: every config with its limits, every node that is or will be capacity
 * as a bin with what is left of it. The phases of a plan take from bins and add bins; nothing else remembers anything.
 */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig, CloudCatalog } from "../../model/config";
import { PlaceMap } from "../../model/place-map";
import type { NodeChange, Reason } from "../../model/plan";
import type { ConfigState, Node, Shape } from "../../model/state";
import type { Snapshot } from "../../model/snapshot";
import { freeJoins, freeServerSessions, freeShape, freeUsers } from "../placement/room";
import { knownShape, type KnownShape } from "../config/next-node";
import { modeOf, type ConfigMode } from "../config/mode";
import { Draft } from "../../model/draft";
import { hearsayOf, type Hearsay } from "../lifecycle/failures";
import { blockedReason } from "./create-blocks";
import { PlanMemory, type Crew } from "./plan-memory";
import { isFinalDrain, isInFlight, isServer, isUsedUp } from "../lifecycle/node-status";
import { isNewer } from "../../model/node-order";
import type { PlaceContext } from "../placement/place";
import { noRetirement, retiringOf, type Retirement } from "./rotation";
import { fallbackReason, firstOpenRoute, isSilentOnGpus, isWithoutShape, routesOf, type Route } from "./routes";
import { SpecDigests } from "../config/spec-digest";
import { WindowCache, type Window } from "../config/windows";
import { Scope, sessionsPerServer, sortUnlessSorted, type Bin } from "./place-capacity";

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
  readonly crew: Crew;
  /** Ask {@link Fleet.scopeOf}, which looks at it when it is first needed. */
  scope?: Scope;
  /** Running nodes that are to be replaced, by id: no capacity for this plan. */
  readonly retiring: ReadonlyMap<string, Retirement>;
  /** Every row counts against the caps: also what is failed or being destroyed may still exist. */
  nodesTotal: number;
  nodesInFlight: number;
  /** Capacity or soon capacity: what `minNodes` counts. */
  nodesLive: number;
  /** Something was needed from this config and could not be created. */
  hasDeficit: boolean;
  /** The same of the round before; true before the first. */
  hadDeficit: boolean;
  /** This plan creates or brings back nodes of this config. */
  isGrowing: boolean;
  readonly reasons: Reason[];
}

export interface FleetOptions {
  readonly nowMs: EpochMs;
  readonly catalog: CloudCatalog;
  /** Remembered from plan to plan; fresh ones give the same plan, later. */
  readonly digests?: SpecDigests;
  /** Kept from plan to plan it saves reading the same wall clocks again. Default a new one. */
  readonly windows?: WindowCache | undefined;
  /** Kept from plan to plan it saves looking again at what has not changed. Default a new one. */
  readonly memory?: PlanMemory;
}

export class Fleet {
  readonly context: PlaceContext;
  readonly nowMs: EpochMs;
  readonly digests: SpecDigests;
  /** By name. */
  readonly positions: readonly ConfigPosition[];
  readonly changes: NodeChange[] = [];
  /** Ids of draining nodes that come back with this plan. */
  readonly recalled = new Set<string>();
  /** VM provider configs that were out of capacity or quota a moment ago, by name. */
  readonly hearsay: ReadonlyMap<string, Hearsay>;
  private readonly byName = new Map<string, ConfigPosition>();
  private readonly scopes = new PlaceMap<Scope>();
  /** Instances that this plan adds, by VM provider config. */
  private readonly instancesAdded = new Map<string, number>();
  /** The nodes that this plan creates, by their place. */
  private readonly births = new Map<Scope, Birth[]>();
  /** Ids of the nodes that are to be replaced, of all configs. */
  private readonly retiring = new Set<string>();
  private readonly memory: PlanMemory;

  constructor(
    readonly snapshot: Snapshot,
    options: FleetOptions,
  ) {
    const { nowMs, catalog, windows = new WindowCache(), digests = new SpecDigests(catalog) } = options;
    this.memory = options.memory ?? new PlanMemory();
    this.memory.begin(snapshot, catalog);
    this.nowMs = nowMs;
    this.digests = digests;
    this.hearsay = hearsayOf(snapshot.configStates.values(), nowMs);
    this.context = { draft: new Draft(snapshot), windows, catalog, nowMs };
    const configs = [...snapshot.autoscaleConfigs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.positions = configs.map((config) => this.positionOf(config));
    for (const position of this.positions) {
      this.byName.set(position.config.name, position);
      for (const nodeId of position.retiring.keys()) this.retiring.add(nodeId);
      this.memory.review(position);
    }
  }

  position(autoscaleConfig: string): ConfigPosition | undefined {
    return this.byName.get(autoscaleConfig);
  }

  /** Configs of the place that are open now, by name. */
  openIn(pool: string, zone: string): ConfigPosition[] {
    const all = this.snapshot.configsIn(pool, zone).map(({ name }) => this.byName.get(name)!);
    return all.filter(({ mode }) => mode === "open");
  }

  instancesOf(vmProvider: string): number {
    return this.snapshot.instancesOf(vmProvider) + (this.instancesAdded.get(vmProvider) ?? 0);
  }

  /** The place that the config makes its nodes in. */
  scopeOf(position: ConfigPosition): Scope {
    position.scope ??= this.scope(position.config.pool, position.config.zone);
    return position.scope;
  }

  scope(pool: string, zone: string): Scope {
    const known = this.scopes.get(pool, zone);
    if (known) return known;
    const scope = this.rememberedScope(pool, zone) ?? this.makeScope(pool, zone);
    this.scopes.set(pool, zone, scope);
    return scope;
  }

  /** False when the round before left nothing to be desired, and nothing was taken or has come since. */
  mayBeShort(position: ConfigPosition): boolean {
    return position.hadDeficit || this.scopeOf(position).isTouched;
  }

  /** Why this config may not create a node now; undefined when it may. */
  blocked(position: ConfigPosition, purpose: "demand" | "standby", needs?: Shape): Reason | undefined {
    return blockedReason(this, position, purpose, needs);
  }

  /** True when the config may create no node now, and could if this one did not count against the caps. */
  isBlockedOnlyBy(position: ConfigPosition, { autoscaleConfig, vmProvider = "" }: Node): boolean {
    const isOwn = position.config.name === autoscaleConfig;
    if (!isOwn && !position.routes.some((route) => route.vmProvider === vmProvider)) return false;
    const without = isOwn ? { ...position, nodesTotal: position.nodesTotal - 1 } : position;
    return (["demand", "standby"] as const).some((purpose) => {
      if (!this.blocked(position, purpose)) return false;
      const added = this.instancesAdded.get(vmProvider) ?? 0;
      this.instancesAdded.set(vmProvider, added - 1);
      const isBlocked = this.blocked(without, purpose) !== undefined;
      this.instancesAdded.set(vmProvider, added);
      return !isBlocked;
    });
  }

  /** One node more; the caller has made sure that nothing blocks it. */
  create(position: ConfigPosition, reason: Reason, needs?: Shape): { readonly scope: Scope; readonly bin: Bin } {
    const { config } = position;
    const route = firstOpenRoute(this, position, needs)!;
    const fallback = fallbackReason(this, position, route);
    const { vmProvider } = route;
    const scope = this.scopeOf(position);
    const birth = { position, route };
    const bin = newBin(birth, this.nowMs);
    scope.add(bin);
    const births = this.births.get(scope);
    if (births) births.push(birth);
    else this.births.set(scope, [birth]);
    position.nodesTotal += 1;
    position.nodesInFlight += 1;
    position.nodesLive += 1;
    position.isGrowing = true;
    route.nodesInFlight += 1;
    if (config.type === "dockerAgent" && !route.shape) route.nodesWithoutShape += 1;
    route.nodesSilentOnGpus += 1;
    this.instancesAdded.set(vmProvider, (this.instancesAdded.get(vmProvider) ?? 0) + 1);
    const why = fallback ? { ...reason, text: `${reason.text}; ${fallback.text}` } : reason;
    this.changes.push({ kind: "create", autoscaleConfig: config.name, vmProvider, reason: why });
    return { scope, bin };
  }

  /** Brings a draining node back instead of creating one. */
  recall(scope: Scope, draining: Bin, reason: Reason): Bin {
    const bin = scope.recall(draining);
    const { nodeId } = bin.node!;
    const position = this.byName.get(bin.autoscaleConfig!)!;
    position.nodesLive += 1;
    position.isGrowing = true;
    const route = position.routes.find(({ vmProvider }) => vmProvider === bin.node!.vmProvider);
    if (route && isWithoutShape(bin.node!)) route.nodesWithoutShape += 1;
    if (route && isSilentOnGpus(bin.node!)) route.nodesSilentOnGpus += 1;
    this.recalled.add(nodeId);
    this.changes.push({ kind: "undrain", nodeId, reason });
    return bin;
  }

  /** Forgets what was taken, not what was changed: new nodes are on their way now, recalled ones are back. */
  startRound(): void {
    for (const scope of this.scopes.values()) {
      if (!scope.isTouched) continue;
      const births = this.births.get(scope) ?? [];
      scope.restart(
        this.recalled,
        births.map((birth) => newBin(birth, this.nowMs)),
      );
    }
    for (const position of this.positions) {
      position.hadDeficit = position.hasDeficit;
      position.hasDeficit = false;
      position.reasons.length = 0;
    }
  }

  private positionOf(config: AutoscaleConfig): ConfigPosition {
    const { snapshot } = this;
    const state = snapshot.configStates.get(config.name) ?? { autoscaleConfig: config.name };
    const crew = this.crewOf(config);
    const { nodes, nodesInFlight } = crew;
    const window = this.context.windows.at(config, snapshot, this.nowMs);
    const mode = modeOf({ config, state, window }, snapshot);
    const retiring = mode === "open" ? retiringOf(config, nodes, this) : noRetirement;
    const isLeaving = (node: Node) => retiring.has(node.nodeId) && !isUsedUpIn(snapshot, node);
    const nodesLeaving = retiring.size === 0 ? 0 : nodes.filter(isLeaving).length;
    const routes = crew.routes.map((route) => ({ ...route }));
    return {
      config,
      state,
      mode,
      window,
      shape: routes[0]!.shape,
      routes,
      nodes,
      crew,
      retiring,
      nodesTotal: nodes.length,
      nodesInFlight,
      nodesLive: crew.nodesLive - nodesLeaving,
      hasDeficit: false,
      hadDeficit: true,
      isGrowing: false,
      reasons: [],
    };
  }

  private crewOf(config: AutoscaleConfig): Crew {
    const { snapshot, memory } = this;
    const revision = snapshot.revisions.config(config.name);
    const known = memory.crews.get(config.name);
    if (known?.revision === revision) return known;
    const nodes = sortUnlessSorted([...snapshot.nodesOfConfig(config.name).values()], oldestFirst);
    const inFlight = nodes.filter(isInFlight);
    const running = nodes.filter((node) => node.status === "running" && !isUsedUpIn(snapshot, node));
    const crew: Crew = {
      revision,
      nodes,
      unsettled: nodes.filter((node) => node.status !== "running" || node.isReusable === false),
      nodesInFlight: inFlight.length,
      nodesLive: inFlight.length + running.length,
      routes: routesOf(config, nodes, (vmProvider) => this.knownOn(config, vmProvider)),
    };
    memory.crews.set(config.name, crew);
    return crew;
  }

  /** What is known of the config's next node on a VM provider config. */
  private knownOn(config: AutoscaleConfig, vmProvider: string): KnownShape {
    const specDigest = this.digests.of(config, vmProvider, this.snapshot);
    return knownShape(config, this.snapshot, this.context.catalog, { vmProvider, specDigest });
  }

  /** The place as the last plan found it; undefined when something about it has changed since. */
  private rememberedScope(pool: string, zone: string): Scope | undefined {
    const known = this.memory.scopes.get(pool, zone);
    if (known?.revision !== this.snapshot.revisions.place(pool, zone)) return undefined;
    if (known.scope.isTouched) known.scope.restore();
    return known.scope;
  }

  private makeScope(pool: string, zone: string): Scope {
    const { snapshot, memory } = this;
    const before = memory.scopes.get(pool, zone)?.scope;
    // Its bins are used again, so they must be as they were.
    if (before?.isTouched) before.restore();
    const bins: Bin[] = [];
    for (const node of snapshot.nodesIn(pool, zone).values()) {
      const bin = this.retiring.has(node.nodeId) ? undefined : this.rememberedBin(node);
      if (bin) bins.push(bin);
    }
    const scope = new Scope(pool, zone, bins);
    memory.scopes.set(pool, zone, { revision: snapshot.revisions.place(pool, zone), scope });
    return scope;
  }

  private rememberedBin(node: Node): Bin | undefined {
    const { bins } = this.memory;
    const revision = this.snapshot.revisions.node(node.nodeId);
    const known = bins.get(node.nodeId);
    if (known && known.revision === revision) return known.bin;
    const bin = this.binOf(node);
    bins.set(node.nodeId, { revision, bin });
    return bin;
  }

  private binOf(node: Node): Bin | undefined {
    const position = node.autoscaleConfig === undefined ? undefined : this.byName.get(node.autoscaleConfig);
    const isOpenOrStatic = node.autoscaleConfig === undefined || position?.mode === "open";
    if (!isOpenOrStatic && !isJoinable(node, position)) return undefined;
    const kind = isOpenOrStatic ? kindOf(node) : "joinable";
    if (!kind) return undefined;
    const usage = this.snapshot.usage(node.nodeId);
    if (isUsedUp(node, usage)) return undefined;
    return {
      kind,
      createdAtMs: node.createdAtMs,
      node,
      autoscaleConfig: node.autoscaleConfig,
      shape: node.shape,
      usage,
      free: node.shape ? freeShape(node.shape, usage) : nothing,
      sessionsLeft: isServer(node) ? freeServerSessions(node, usage) : undefined,
      joinsLeft: freeJoins(node, usage),
      usersLeft: freeUsers(node, usage),
      promisedTo: undefined,
      promised: 0,
      isExclusive: kind === "inFlight" && position?.config.aggressiveScaling === true,
      isIdle: usage.pinned === 0,
    };
  }
}

function kindOf(node: Node): "running" | "inFlight" | "draining" | undefined {
  if (node.status === "running") return "running";
  if (isInFlight(node)) return "inFlight";
  return node.status === "draining" && !isFinalDrain(node) ? "draining" : undefined;
}

/** A server outside its schedule: new sessions are only for users who are on it. */
function isJoinable(node: Node, position: ConfigPosition | undefined): boolean {
  return position?.mode === "inactive" && node.status === "running" && isServer(node);
}

interface Birth {
  readonly position: ConfigPosition;
  readonly route: Route;
}

function newBin({ position, route: { shape } }: Birth, nowMs: EpochMs): Bin {
  const { config } = position;
  return {
    kind: "new",
    createdAtMs: nowMs,
    node: undefined,
    autoscaleConfig: config.name,
    shape,
    usage: undefined,
    free: shape ?? nothing,
    sessionsLeft: config.type === "server" ? sessionsPerServer(config) : undefined,
    joinsLeft: config.type === "server" && config.reusable ? config.maxSimultaneousSessionsPerServer : 1,
    usersLeft: config.type === "server" && config.reusable ? config.maxSimultaneousUsers : 1,
    promisedTo: undefined,
    promised: 0,
    isExclusive: config.aggressiveScaling,
    isIdle: true,
  };
}

function isUsedUpIn(snapshot: Snapshot, node: Node): boolean {
  return node.isReusable === false && isUsedUp(node, snapshot.usage(node.nodeId));
}

function oldestFirst(a: Node, b: Node): number {
  return isNewer(a, b) ? 1 : -1;
}

const nothing: Shape = { cores: 0, memoryBytes: 0, gpus: 0 };
