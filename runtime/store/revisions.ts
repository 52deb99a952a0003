/**
 * Numbers that rise with every change, so that whoever remembers something made from the live state can tell in one
 * look-up whether it still holds. Two equal numbers of the same thing mean that nothing about it changed between them.
 */
import { PlaceMap } from "../model/place-map";
import type { SnapshotRevisions } from "../model/snapshot";
import type { Node } from "../model/state";
import type { Index } from "./table";

/** What changes with every sign of life, and what no plan reads. */
const quietFields: ReadonlySet<string> = new Set<keyof Node>([
  "lastHeartbeatMs",
  "lastProbeMs",
  "progressPercent",
  "progressMessage",
  "containers",
]);

export class Revisions implements SnapshotRevisions, Index<Node> {
  private last = 0;
  private ofDefinitions = 0;
  private ofSpend = 0;
  private readonly nodes = new Map<string, number>();
  private readonly places = new PlaceMap<number>();
  private readonly configs = new Map<string, number>();

  get definitions(): number {
    return this.ofDefinitions;
  }

  get spend(): number {
    return this.ofSpend;
  }

  node(nodeId: string): number | undefined {
    return this.nodes.get(nodeId);
  }

  place(pool: string, zone: string): number {
    return this.places.get(pool, zone) ?? 0;
  }

  config(autoscaleConfig: string): number {
    return this.configs.get(autoscaleConfig) ?? 0;
  }

  definitionChanged(): void {
    this.ofDefinitions += 1;
  }

  spendChanged(): void {
    this.ofSpend += 1;
  }

  follow(nodeId: string, before: Node | undefined, after: Node | undefined): void {
    if (before && after && isSameButForSignsOfLife(before, after)) return;
    if (before && !isAtSamePlace(before, after)) this.raise(before);
    if (after) this.nodeChanged(after);
    else this.nodes.delete(nodeId);
  }

  /** Its row, or a session on it. */
  nodeChanged(node: Node): void {
    this.nodes.set(node.nodeId, this.raise(node));
  }

  private raise({ pool, zone, autoscaleConfig }: Node): number {
    this.last += 1;
    this.places.set(pool, zone, this.last);
    if (autoscaleConfig !== undefined) this.configs.set(autoscaleConfig, this.last);
    return this.last;
  }
}

function isAtSamePlace(a: Node, b: Node | undefined): boolean {
  return a.pool === b?.pool && a.zone === b.zone && a.autoscaleConfig === b.autoscaleConfig;
}

/** True when the two rows differ by signs of life at most. */
export function isSameButForSignsOfLife(a: Node, b: Node): boolean {
  return a === b || (hasAllOf(a, b) && hasAllOf(b, a));
}

function hasAllOf(a: Node, b: Node): boolean {
  for (const field in b) {
    if (a[field as keyof Node] !== b[field as keyof Node] && !quietFields.has(field)) return false;
  }
  return true;
}
