/**
 * What one plan leaves for the next: whatever follows from the definitions and from one config's or one place's nodes and
 * their sessions alone, with the revision that it was made from. What depends on the time is reviewed by each plan.
 */
import type { CloudCatalog } from "../../model/config";
import { PlaceMap } from "../../model/place-map";
import type { Node } from "../../model/state";
import type { Snapshot } from "../../model/snapshot";
import type { ConfigMode } from "../config/mode";
import type { ConfigPosition } from "./fleet";
import type { Route } from "./routes";
import type { Bin, Scope } from "./place-capacity";

/** The nodes of one config. */
export interface Crew {
  readonly revision: number;
  /** Oldest first. */
  readonly nodes: readonly Node[];
  /** Those that do not simply run, oldest first. */
  readonly unsettled: readonly Node[];
  /** Those that run without any session and may take one, oldest first; made when first asked for. */
  idle?: readonly Node[];
  readonly nodesInFlight: number;
  /** Capacity or soon capacity, if none is to be replaced. */
  readonly nodesLive: number;
  /** With what is in flight before this plan. */
  readonly routes: readonly Route[];
}

interface KnownScope {
  /** Undefined = used again only bin by bin. */
  revision: number | undefined;
  readonly scope: Scope;
}

interface KnownBin {
  readonly revision: number | undefined;
  /** Undefined = the node is no capacity. */
  readonly bin: Bin | undefined;
}

interface KnownMode {
  readonly mode: ConfigMode;
  /** Nodes of it were to be replaced. */
  readonly isRotating: boolean;
}

export class PlanMemory {
  readonly crews = new Map<string, Crew>();
  readonly scopes = new PlaceMap<KnownScope>();
  /** By node. */
  readonly bins = new Map<string, KnownBin>();
  /** By config. */
  private readonly modes = new Map<string, KnownMode>();
  private source:
    { readonly snapshot: Snapshot; readonly definitions: number; readonly catalog: CloudCatalog } | undefined;

  /** Forgets what does not hold any more, or holds for another state. Call before each plan. */
  begin(snapshot: Snapshot, catalog: CloudCatalog): void {
    const { definitions } = snapshot.revisions;
    const { source } = this;
    const isKnown = source?.snapshot === snapshot && source.definitions === definitions && source.catalog === catalog;
    // Most of the bins are of nodes that are gone.
    const isStale = this.bins.size > 2 * snapshot.nodes.size + 100;
    if (isKnown && !isStale) return;
    this.source = { snapshot, definitions, catalog };
    this.crews.clear();
    this.scopes.clear();
    this.bins.clear();
    this.modes.clear();
  }

  /**
   * A config's mode and which of its nodes are to be replaced depend on the time: forgets what holds no more. Call for
   * every config before what is remembered of bins and scopes is used.
   */
  review({ config: { name }, mode, retiring, nodes }: ConfigPosition): void {
    const known = this.modes.get(name);
    const isRotating = retiring.size > 0;
    const isSameMode = known?.mode === mode;
    if (isSameMode && !known.isRotating && !isRotating) return;
    this.modes.set(name, { mode, isRotating });
    for (const { nodeId, pool, zone } of nodes) {
      if (!isSameMode) this.bins.delete(nodeId);
      const scope = this.scopes.get(pool, zone);
      if (scope) scope.revision = undefined;
    }
  }
}
