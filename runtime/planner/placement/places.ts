/** Places: one pool in one zone each. Nodes and sessions meet there. */
import type { Pool, Workspace, Zone } from "../../model/config";
import type { Snapshot } from "../../model/snapshot";

export interface Place {
  readonly zone: Zone;
  readonly pool: Pool;
}

/**
 * Where the workspace may run, best first: the requested zone, then (if that zone searches alternates) the other
 * allowed zones by name; within a zone the workspace's pools in their order.
 */
export function placesOf(workspace: Workspace, requestedZone: string | undefined, snapshot: Snapshot): Place[] {
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
