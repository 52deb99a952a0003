/**
 * What one plan leaves for the next: whatever follows from the definitions and from one config's or one place's nodes and
 * their sessions alone, with the revision that it was made from. Nothing in it depends on the time.
 */
import type { CloudCatalog } from "../model/config";
import { PlaceMap } from "../model/place-map";
import type { Node } from "../model/state";
import type { Snapshot } from "../store/hot-state";
import type { ConfigMode } from "./fleet";
import type { Route } from "./routes";
import type { Bin, Scope } from "./scope";

/** The nodes of one config. */
export interface Crew {
  readonly revision: number;
  /** Oldest first. */
  readonly nodes: readonly Node[];
  /** Those that do not simply run, oldest first. */
  readonly unsettled: readonly Node[];
  /** Those that run without any session and may take one, oldest first. */
  readonly idle: readonly Node[];
  readonly nodesInFlight: number;
  /** Capacity or soon capacity, if none is to be replaced. */
  readonly nodesLive: number;
  /** With what is in flight before this plan. */
  readonly routes: readonly Route[];
}

interface KnownScope {
  /** Undefined = used again only bin by bin, because which nodes are to be replaced depends on the time. */
  readonly revision: number | undefined;
  /** Of the configs with nodes in the place, by name; undefined = not declared. */
  readonly modes: ReadonlyMap<string, ConfigMode | undefined>;
  readonly scope: Scope;
}

interface KnownBin {
  readonly revision: number | undefined;
  readonly mode: ConfigMode | undefined;
  /** Undefined = the node is no capacity. */
  readonly bin: Bin | undefined;
}

export class PlanMemory {
  readonly crews = new Map<string, Crew>();
  readonly scopes = new PlaceMap<KnownScope>();
  /** By node. */
  readonly bins = new Map<string, KnownBin>();
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
  }
}
