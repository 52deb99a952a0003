/** Places: one pool in one zone each. Nodes and sessions meet there. */
import type { AutoscaleConfig, Pool, Workspace, Zone } from "../../model/config";
import { goesWithLabels, labelledMembers } from "../../model/labels";
import type { Snapshot } from "../../model/snapshot";
import type { Node } from "../../model/state";

export interface Place {
  readonly zone: Zone;
  readonly pool: Pool;
}

/**
 * Where the workspace may run, best first: the requested zone, then (if that zone searches alternates) the other
 * allowed zones by name; within a zone the workspace's pools in their order. Not where labels let it run on no node.
 */
export function placesOf(workspace: Workspace, requestedZone: string | undefined, snapshot: Snapshot): Place[] {
  return namedPlacesOf(workspace, requestedZone, snapshot).filter(
    ({ pool, zone }) => goesWithLabels(workspace, pool) || labelledMembers(workspace, pool, zone.name).length > 0,
  );
}

/** The same whatever the labels say. */
export function namedPlacesOf(workspace: Workspace, requestedZone: string | undefined, snapshot: Snapshot): Place[] {
  const allowed = workspace.zones.length > 0 ? workspace.zones : snapshot.zoneNames();
  const requested = requestedZone === undefined ? undefined : snapshot.zones.get(requestedZone);
  const others = requestedZone === undefined || requested?.searchAlternateZones !== false ? allowed : [];
  const names = requestedZone !== undefined && allowed.includes(requestedZone) ? [requestedZone] : [];
  const places: Place[] = [];
  for (const name of new Set([...names, ...others])) {
    const zone = snapshot.zones.get(name);
    if (!zone) continue;
    for (const poolName of workspace.pools) {
      const pool = snapshot.pools.get(poolName);
      if (pool) places.push({ zone, pool });
    }
  }
  return places;
}

/** Configs of the place whose nodes have the labels that the workspace wants; by name. */
export function configsFor(
  workspace: Workspace,
  { pool, zone }: Place,
  snapshot: Snapshot,
): readonly AutoscaleConfig[] {
  return goesWithLabels(workspace, pool) ? snapshot.configsIn(pool.name, zone.name) : [];
}

/** Whether labels let the workspace run on this node of the pool. */
export function isLabelledFor(workspace: Workspace | undefined, node: Pick<Node, "labels">, pool: Pool): boolean {
  return workspace === undefined || goesWithLabels(workspace, pool, node.labels);
}
