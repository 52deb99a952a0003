/**
 * What one plan leaves for the next: whatever follows from the definitions and from one config's or one place's nodes and
 * their sessions alone, with the revision that it was made from. What depends on the time is reviewed by each plan.
 */
import type { CloudCatalog } from "../../model/config";
import { PlaceMap } from "../../model/place-map";
import type { Snapshot } from "../../model/snapshot";
import type { ConfigMode } from "../config/mode";
import type { ConfigNodes } from "./config-nodes";
import type { ConfigView } from "./config-view";
import type { NodeCapacity } from "./node-capacity";
import type { PlaceCapacity } from "./place-capacity";

/** Something and the revision that it was made from; undefined = it holds no more. */
interface Remembered<T> {
  revision: number | undefined;
  readonly value: T;
}

interface KnownMode {
  readonly mode: ConfigMode;
  /** True when nodes of it were to be replaced. */
  readonly isRotating: boolean;
}

export class PlanMemory {
  private readonly nodesByConfig = new Map<string, Remembered<ConfigNodes>>();
  private readonly places = new PlaceMap<Remembered<PlaceCapacity>>();
  /** By node; undefined = the node is no capacity. */
  private readonly capacities = new Map<string, Remembered<NodeCapacity | undefined>>();
  /** By config. */
  private readonly modes = new Map<string, KnownMode>();
  private source:
    { readonly snapshot: Snapshot; readonly definitions: number; readonly catalog: CloudCatalog } | undefined;

  /** Forgets what does not hold any more, or holds for another state. Call before each plan. */
  begin(snapshot: Snapshot, catalog: CloudCatalog): void {
    const { definitions } = snapshot.revisions;
    const { source } = this;
    const isKnown = source?.snapshot === snapshot && source.definitions === definitions && source.catalog === catalog;
    // Most of what is remembered is of nodes that are gone.
    const isStale = this.capacities.size > 2 * snapshot.nodes.size + 100;
    if (isKnown && !isStale) return;
    this.source = { snapshot, definitions, catalog };
    this.nodesByConfig.clear();
    this.places.clear();
    this.capacities.clear();
    this.modes.clear();
  }

  /**
   * A config's mode and which of its nodes are to be replaced depend on the time: forgets what holds no more. Call for
   * every config before what is remembered of nodes and places is used.
   */
  review({ config: { name }, mode, retiring, nodes }: ConfigView): void {
    const known = this.modes.get(name);
    const isRotating = retiring.size > 0;
    const isSameMode = known?.mode === mode;
    if (isSameMode && !known.isRotating && !isRotating) return;
    this.modes.set(name, { mode, isRotating });
    for (const { nodeId, pool, zone } of nodes.all) {
      if (!isSameMode) this.capacities.delete(nodeId);
      const place = this.places.get(pool, zone);
      if (place) place.revision = undefined;
    }
  }

  nodesOf(config: string, revision: number, make: () => ConfigNodes): ConfigNodes {
    const known = this.nodesByConfig.get(config);
    if (known?.revision === revision) return known.value;
    const value = make();
    this.nodesByConfig.set(config, { revision, value });
    return value;
  }

  place(pool: string, zone: string, revision: number, make: () => PlaceCapacity): PlaceCapacity {
    const known = this.places.get(pool, zone);
    if (known?.revision === revision) return known.value;
    const value = make();
    this.places.set(pool, zone, { revision, value });
    return value;
  }

  capacity(
    nodeId: string,
    revision: number | undefined,
    make: () => NodeCapacity | undefined,
  ): NodeCapacity | undefined {
    const known = this.capacities.get(nodeId);
    if (known && known.revision === revision) return known.value;
    const value = make();
    this.capacities.set(nodeId, { revision, value });
    return value;
  }
}
