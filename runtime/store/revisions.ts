/**
 * Numbers that rise with every change, so that whoever remembers something made from the live state can tell in one
 * look-up whether it still holds. Two equal numbers of the same thing mean that nothing about it changed between them.
 */
import { PlaceMap } from "../model/place-map";
import type { SnapshotRevisions } from "../model/snapshot";
import type { Node } from "../model/state";

/** What changes with every sign of life, and what no plan reads. */
const quietFields: ReadonlySet<string> = new Set<keyof Node>([
  "lastHeartbeatMs",
  "lastProbeMs",
  "progressPercent",
  "progressMessage",
]);

export class Revisions implements SnapshotRevisions {
  private last = 0;
  private ofDefinitions = 0;
  private readonly nodes = new Map<string, number>();
  private readonly places = new PlaceMap<number>();
  private readonly configs = new Map<string, number>();

  get definitions(): number {
    return this.ofDefinitions;
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

  /** Call after the node or a session on it changed. */
  nodeChanged(node: Node): void {
    this.nodes.set(node.nodeId, this.raise(node));
  }

  nodeLeft(node: Node): void {
    this.raise(node);
    this.nodes.delete(node.nodeId);
  }

  private raise({ pool, zone, autoscaleConfig }: Node): number {
    this.last += 1;
    this.places.set(pool, zone, this.last);
    if (autoscaleConfig !== undefined) this.configs.set(autoscaleConfig, this.last);
    return this.last;
  }
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
