/** Why a workspace may run nowhere at all, whatever its sessions need. */
import type { Pool, Workspace } from "../../model/config";
import { labelMisfit } from "../../model/labels";
import type { Reason } from "../../model/reason";
import type { Snapshot } from "../../model/snapshot";
import { describeWorkspace } from "../../model/workspace-access";
import { namedPlacesOf } from "./places";

/** For a workspace that has no place. */
export function noPlaceReason(workspace: Workspace, requestedZone: string | undefined, snapshot: Snapshot): Reason {
  const named = namedPlacesOf(workspace, requestedZone, snapshot);
  if (named.length > 0) return labelsReason(workspace, [...new Set(named.map(({ pool }) => pool))]);
  const name = describeWorkspace(workspace);
  const zones = workspace.zones.length > 0 ? workspace.zones : snapshot.zoneNames();
  const isZoneOpen = requestedZone === undefined || zones.includes(requestedZone);
  if (zones.length > 0 && isZoneOpen) {
    const text = `none of the pools of ${name} is declared: ${workspace.pools.join(", ")}`;
    return { code: "noConfig", text, numbers: { workspace: workspace.name } };
  }
  const allowed = zones.length > 0 ? `runs only in zone ${zones.join(", ")}` : "has no zone to run in";
  const asked = requestedZone === undefined ? "" : `; zone "${requestedZone}" was asked for, and searches no other`;
  return { code: "zone", text: `${name} ${allowed}${asked}`, numbers: { workspace: workspace.name } };
}

function labelsReason(workspace: Workspace, pools: readonly Pool[]): Reason {
  const each = pools.map((pool) => `pool "${pool.name}" ${labelMisfit(workspace, pool)?.text ?? "has its labels"}`);
  const text = `${describeWorkspace(workspace)} runs in none of its pools because of labels: ${each.join("; ")}`;
  return { code: "labels", text, numbers: { workspace: workspace.name, pools: pools.length } };
}
