/**
 * A plan in the making: what it adds to the {@link Fleet}. Its steps create nodes, bring draining ones back, drain and
 * destroy, and give room to those who wait; nothing else remembers anything.
 */
import type { NodeChange } from "../../model/plan";
import type { Reason } from "../../model/reason";
import { PlaceMap } from "../../model/place-map";
import type { Node } from "../../model/state";
import type { Shape } from "../../model/shapes";
import { addOnRoute, type ConfigView } from "./config-view";
import { createBlock, type Purpose } from "./create-blocks";
import type { Fleet } from "./fleet";
import { newNodeCapacity, type NodeCapacity } from "./node-capacity";
import { PlannedPlace } from "./planned-place";
import { fallbackReason, firstOpenRoute, type BlockSources, type Wanted } from "./route-blocks";
import { countsOfNew, countsOfRecalled } from "./routes";

/** Room for one session, and where it is. */
export interface FoundRoom {
  readonly place: PlannedPlace;
  readonly node: NodeCapacity;
}

export class PlanDraft {
  readonly changes: NodeChange[] = [];
  private readonly recalled = new Set<string>();
  private readonly places = new PlaceMap<PlannedPlace>();
  /** Instances that this plan adds, by VM provider config. */
  private readonly instancesAdded = new Map<string, number>();
  private readonly blockSources: BlockSources;

  constructor(readonly fleet: Fleet) {
    this.blockSources = this.sourcesWithout(undefined);
  }

  place(pool: string, zone: string): PlannedPlace {
    const known = this.places.get(pool, zone);
    if (known) return known;
    const place = new PlannedPlace(this.fleet.place(pool, zone));
    this.places.set(pool, zone, place);
    return place;
  }

  /** The place that the config makes its nodes in. */
  placeOf({ config, added }: ConfigView): PlannedPlace {
    added.place ??= this.place(config.pool, config.zone);
    return added.place;
  }

  /** False when the round before left nothing to be desired, and nothing was taken or has come since. */
  mayBeShort(view: ConfigView): boolean {
    return view.added.hadDeficit || this.placeOf(view).isTouched;
  }

  /** Why this config may not create a node now; undefined when it may. */
  blocked(view: ConfigView, purpose: Purpose, needs?: Shape): Reason | undefined {
    return createBlock(view, purpose, needs, this.blockSources);
  }

  /** True when the config may create no node now, and could if this one did not count against the caps. */
  isBlockedOnlyBy(view: ConfigView, node: Node): boolean {
    const isOwn = view.config.name === node.autoscaleConfig;
    if (!isOwn && !view.nodes.routes.some(({ vmProvider }) => vmProvider === node.vmProvider)) return false;
    const without = isOwn
      ? { ...view, nodes: { ...view.nodes, all: view.nodes.all.filter((own) => own !== node) } }
      : view;
    const sources = this.sourcesWithout(node);
    return (["demand", "standby"] as const).some(
      (purpose) => this.blocked(view, purpose) && !createBlock(without, purpose, undefined, sources),
    );
  }

  /** Creates one node more; the caller has made sure that nothing blocks it. */
  create(view: ConfigView, reason: Reason, wanted: Wanted): FoundRoom {
    const { config, added } = view;
    const route = firstOpenRoute(view, wanted, this.blockSources)!;
    const fallback = fallbackReason(view, route, wanted, this.blockSources);
    const { vmProvider } = route;
    const place = this.placeOf(view);
    const node = newNodeCapacity(config, route.shape, this.fleet.nowMs);
    place.create(node);
    added.nodesCreated += 1;
    addOnRoute(view, vmProvider, countsOfNew(config, route));
    this.instancesAdded.set(vmProvider, (this.instancesAdded.get(vmProvider) ?? 0) + 1);
    const why = fallback ? { ...reason, text: `${reason.text}; ${fallback.text}` } : reason;
    this.changes.push({ kind: "create", autoscaleConfig: config.name, vmProvider, reason: why });
    return { place, node };
  }

  /** Brings a draining node back instead of creating one. */
  recall(place: PlannedPlace, draining: NodeCapacity, reason: Reason): NodeCapacity {
    const capacity = place.recall(draining);
    const node = draining.node!;
    const view = this.fleet.config(draining.autoscaleConfig!)!;
    view.added.nodesRecalled += 1;
    if (node.vmProvider !== undefined) addOnRoute(view, node.vmProvider, countsOfRecalled(node));
    this.recalled.add(node.nodeId);
    this.changes.push({ kind: "undrain", nodeId: node.nodeId, reason });
    return capacity;
  }

  isRecalled({ nodeId }: Node): boolean {
    return this.recalled.has(nodeId);
  }

  drain({ nodeId }: Node, reason: Reason): void {
    this.changes.push({ kind: "drain", nodeId, reason });
  }

  destroy({ nodeId }: Node, reason: Reason): void {
    this.changes.push({ kind: "destroy", nodeId, reason });
  }

  /** For a node that this plan brought back and that is not needed after all: it goes on draining. */
  takeBackRecall(node: Node, reason: Reason): void {
    const index = this.changes.findIndex((change) => change.kind === "undrain" && change.nodeId === node.nodeId);
    this.changes.splice(index, 1);
    if (this.fleet.nowMs > node.statusSinceMs) this.destroy(node, reason);
  }

  /** Why a fallback makes nodes instead of the preferred VM provider config, for each that this plan uses. */
  fallbackReasons(view: ConfigView, vmProviders: ReadonlySet<string>): Reason[] {
    const used = view.nodes.routes.filter(({ vmProvider }) => vmProviders.has(vmProvider));
    const anything = { purpose: "demand", needs: undefined } as const;
    return used.flatMap((route) => fallbackReason(view, route, anything, this.blockSources) ?? []);
  }

  /** Forgets what was given to sessions, not what was changed: new nodes are on their way now, recalled ones are back. */
  startRound(): void {
    for (const place of this.places.values()) if (place.isTouched) place.startRound();
    for (const { added } of this.fleet.configs) {
      added.hadDeficit = added.hasDeficit;
      added.hasDeficit = false;
      added.reasons.length = 0;
    }
  }

  /** What blocks are decided by, as if this node did not count. */
  private sourcesWithout(node: Node | undefined): BlockSources {
    const { snapshot, catalog, nowMs, outages, budgets } = this.fleet;
    const instancesOf = (vmProvider: string): number => {
      const added = this.instancesAdded.get(vmProvider) ?? 0;
      return snapshot.instancesOf(vmProvider) + added - (node?.vmProvider === vmProvider ? 1 : 0);
    };
    return { snapshot, catalog, nowMs, outages, budgets, instancesOf };
  }
}
