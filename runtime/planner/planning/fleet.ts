/**
 * What stands at the moment of a plan: every config as it is now, every place with its nodes as capacity. Nothing of it
 * changes while the plan is made; what the plan adds is kept by {@link PlanDraft}.
 */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig, CloudCatalog } from "../../model/config";
import { Draft } from "../../model/draft";
import type { Snapshot } from "../../model/snapshot";
import type { Node } from "../../model/state";
import { modeOf } from "../config/mode";
import { knownShape } from "../config/next-node";
import { SpecDigests } from "../config/spec-digest";
import { BudgetCaps } from "../budget/caps";
import { BudgetBook } from "../budget/position";
import { WindowCache, type WindowOverrides } from "../config/windows";
import { sharedOutages, type SharedOutage } from "../lifecycle/failures";
import { noRetirement, retiringOf } from "../lifecycle/retirement";
import type { PlaceContext } from "../placement/eligibility";
import { configNodesOf, isUsedUpIn, type ConfigNodes } from "./config-nodes";
import { noAdditions, type ConfigView } from "./config-view";
import { capacityOf, type NodeCapacity } from "./node-capacity";
import { PlaceCapacity } from "./place-capacity";
import { PlanMemory } from "./plan-memory";
import { objectiveCounts, waitStandbyOf } from "./wait-standby";

export interface FleetOptions {
  readonly nowMs: EpochMs;
  readonly catalog: CloudCatalog;
  /** Kept from plan to plan it saves making the same digests again. Default a new one. */
  readonly digests?: SpecDigests;
  /** Kept from plan to plan it saves reading the same wall clocks again. Default a new one. */
  readonly windows?: WindowCache | undefined;
  /** Kept from plan to plan it saves looking again at what has not changed. Default a new one. */
  readonly memory?: PlanMemory;
  /** Kept from plan to plan it saves adding up what was spent again. Default a new one. */
  readonly budgetBook?: BudgetBook;
}

/** Of a config whose budget is spent. */
const noStandby: WindowOverrides = {
  standbyCores: 0,
  standbyGpus: 0,
  standbyMemory: 0,
  standbySlots: 0,
  minimumAvailableSessions: 0,
};

export class Fleet {
  readonly context: PlaceContext;
  readonly nowMs: EpochMs;
  readonly catalog: CloudCatalog;
  readonly digests: SpecDigests;
  /** By name. */
  readonly configs: readonly ConfigView[];
  /** VM provider configs that were out of capacity or quota a moment ago, by name. */
  readonly outages: ReadonlyMap<string, SharedOutage>;
  /** What budgets that are spent forbid. */
  readonly budgets: BudgetCaps;
  private readonly byName = new Map<string, ConfigView>();
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
    this.catalog = catalog;
    this.digests = digests;
    this.outages = sharedOutages(snapshot.configStates.values(), nowMs);
    this.budgets = new BudgetCaps((options.budgetBook ?? new BudgetBook()).positions(snapshot, nowMs));
    this.context = { draft: new Draft(snapshot), windows, catalog, nowMs };
    const configs = [...snapshot.autoscaleConfigs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const views = configs.map((config) => this.viewOf(config));
    for (const view of views) {
      this.byName.set(view.config.name, view);
      for (const nodeId of view.retiring.keys()) this.retiring.add(nodeId);
      this.memory.review(view);
    }
    this.configs = snapshot.objectiveConfigs().length === 0 ? views : this.withObjectives(views);
  }

  config(name: string): ConfigView | undefined {
    return this.byName.get(name);
  }

  /** Configs of the place that are open now, by name. */
  openIn(pool: string, zone: string): ConfigView[] {
    const all = this.snapshot.configsIn(pool, zone).map(({ name }) => this.byName.get(name)!);
    return all.filter(({ mode }) => mode === "open");
  }

  place(pool: string, zone: string): PlaceCapacity {
    const { snapshot, memory } = this;
    return memory.place(pool, zone, snapshot.revisions.place(pool, zone), () => {
      const nodes: NodeCapacity[] = [];
      for (const node of snapshot.nodesIn(pool, zone).values()) {
        const capacity = this.retiring.has(node.nodeId) ? undefined : this.capacityOf(node);
        if (capacity) nodes.push(capacity);
      }
      return new PlaceCapacity(pool, zone, nodes);
    });
  }

  private capacityOf(node: Node): NodeCapacity | undefined {
    const { snapshot, memory } = this;
    const owner = node.autoscaleConfig === undefined ? undefined : this.byName.get(node.autoscaleConfig);
    return memory.capacity(node.nodeId, snapshot.revisions.node(node.nodeId), () =>
      capacityOf(node, snapshot.usage(node.nodeId), owner),
    );
  }

  private viewOf(config: AutoscaleConfig): ConfigView {
    const { snapshot } = this;
    const state = snapshot.configStates.get(config.name) ?? { autoscaleConfig: config.name };
    const declared = this.context.windows.at(config, snapshot, this.nowMs);
    const spent = this.budgets.ofConfig(config, "standby");
    const window = spent ? { ...declared, ...noStandby } : declared;
    const mode = modeOf({ config, state, window }, snapshot);
    const nodes = this.nodesOf(config);
    const retiring = mode === "open" ? retiringOf(config, nodes.all, this) : noRetirement;
    const isLeaving = (node: Node) => retiring.has(node.nodeId) && !isUsedUpIn(snapshot, node);
    const nodesRetiring = retiring.size === 0 ? 0 : nodes.all.filter(isLeaving).length;
    return { config, state, mode, window, spent, nodes, retiring, nodesRetiring, added: noAdditions() };
  }

  /** What wait objectives want depends on the room in each place, which is known when all configs are. */
  private withObjectives(views: readonly ConfigView[]): ConfigView[] {
    const { snapshot, nowMs } = this;
    const counts = objectiveCounts(snapshot);
    return views.map((view) => {
      const { config, window, mode } = view;
      if (!config.waitObjective || mode !== "open") return view;
      const { running, coming } = this.place(config.pool, config.zone);
      const wait = waitStandbyOf(config, { snapshot, nowMs, window, counts, running, coming });
      const known = { ...view, wait };
      this.byName.set(config.name, known);
      return known;
    });
  }

  private nodesOf(config: AutoscaleConfig): ConfigNodes {
    const { snapshot, memory, digests } = this;
    return memory.nodesOf(config.name, snapshot.revisions.config(config.name), () =>
      configNodesOf(config, snapshot, (vmProvider) => {
        const specDigest = digests.of(config, vmProvider, snapshot);
        return knownShape(config, snapshot, this.catalog, { vmProvider, specDigest });
      }),
    );
  }
}
