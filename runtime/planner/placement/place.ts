/**
 * Placement of one session: on a free node now, in the queue because some node could take it later, or refused with
 * the constraint that no node can ever meet.
 */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig, Pool, Workspace, Zone } from "../../model/config";
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { Node } from "../../model/state";
import type { Shape } from "../../model/shapes";
import { formatCount } from "../../model/units";
import { describeUnreadable, firstUnreadable } from "../../model/unreadable";
import { outsideReason } from "../config/mode";
import { findNode, type PlaceRequest } from "./choose-node";
import { isOpen, type PlaceContext } from "./eligibility";
import { nearer, neverOpensObstacle, noConfigObstacle, obstacleOf, type Obstacle } from "./obstacles";
import { placesOf, type Place } from "./places";
import { fitsShape } from "./room";

export type Placement =
  | { readonly kind: "assigned"; readonly nodeId: string; readonly reason: Reason }
  | { readonly kind: "queued"; readonly reason: Reason }
  | { readonly kind: "refused"; readonly reason: Reason };

export function place(request: PlaceRequest, context: PlaceContext): Placement {
  const placement = placeAsDeclared(request, context);
  const unreadable = firstUnreadable(context.draft.snapshot);
  // A definition that can't be read might allow it: nobody is sent away for that.
  if (placement.kind !== "refused" || placement.reason.code === "workspaceDisabled" || !unreadable) return placement;
  const text = `${placement.reason.text}; ${describeUnreadable(unreadable)}`;
  return { kind: "queued", reason: { ...placement.reason, code: "unreadable", text } };
}

function placeAsDeclared(request: PlaceRequest, context: PlaceContext): Placement {
  const { snapshot } = context.draft;
  const workspace = snapshot.workspaces.get(request.workspace);
  if (!workspace) return refused("workspaceGone", `workspace "${request.workspace}" is not declared any more`);
  if (!workspace.enabled) return refused("workspaceDisabled", `workspace "${workspace.name}" is disabled`);
  const places = placesOf(workspace, request.zone, snapshot);
  if (places.length === 0) return refusedZone(workspace, request);
  const node = findNode(request, places, context);
  if (node) return { kind: "assigned", nodeId: node.nodeId, reason: placedReason(node, request.needs, context) };
  return queueOrRefuse(request, places, context);
}

/** For a request that no node has room for now: queued when some node could ever take it, else refused. */
function queueOrRefuse(request: PlaceRequest, places: readonly Place[], context: PlaceContext): Placement {
  const { snapshot } = context.draft;
  let nearest: Obstacle | undefined;
  let opensAtMs: EpochMs | undefined;
  let opensConfig: AutoscaleConfig | undefined;
  for (const { zone, pool } of places) {
    if (fitsStaticMember(request.needs, pool, zone)) return queued(request.needs, pool, zone, context);
    const configs = snapshot.configsIn(pool.name, zone.name);
    if (configs.length === 0) nearest = nearer(nearest, noConfigObstacle(pool, zone, snapshot));
    for (const config of configs) {
      const obstacle = obstacleOf(request, config, context);
      if (obstacle) nearest = nearer(nearest, obstacle);
      else if (isOpen(config, context)) return queued(request.needs, pool, zone, context);
      else {
        const openingMs = context.windows.at(config, snapshot, context.nowMs).opensAtMs;
        if (openingMs === undefined) nearest = nearer(nearest, neverOpensObstacle(config));
        else if (opensAtMs === undefined || openingMs < opensAtMs) [opensAtMs, opensConfig] = [openingMs, config];
      }
    }
  }
  if (opensConfig) return { kind: "queued", reason: outsideReason(opensConfig, opensAtMs) };
  return { kind: "refused", reason: nearest!.reason };
}

function fitsStaticMember(needs: Shape, pool: Pool, zone: Zone): boolean {
  return pool.staticMembers.some(
    (member) =>
      member.zone === zone.name &&
      fitsShape(needs, { cores: member.cores, memoryBytes: member.memory, gpus: member.gpus }),
  );
}

function queued(needs: Shape, pool: Pool, zone: Zone, { draft }: PlaceContext): Placement {
  const ahead = draft.snapshot.queue().length;
  const text = `no node of pool "${pool.name}" in zone "${zone.name}" has ${describeShape(needs)} free; ${waitAhead(ahead)}`;
  const nodes = draft.snapshot.nodesIn(pool.name, zone.name).size;
  const numbers = { pool: pool.name, zone: zone.name, nodes, ahead, ...numbersOf("needs", needs) };
  return { kind: "queued", reason: { code: "full", text, numbers } };
}

function waitAhead(ahead: number): string {
  if (ahead === 0) return "nobody waits ahead";
  return ahead === 1 ? "1 waits ahead" : `${ahead} wait ahead`;
}

function refused(code: string, text: string): Placement {
  return { kind: "refused", reason: { code, text, numbers: {} } };
}

function refusedZone(workspace: Workspace, { zone }: PlaceRequest): Placement {
  const allowed =
    workspace.zones.length > 0 ? `runs only in zone ${workspace.zones.join(", ")}` : "has no zone to run in";
  const asked = zone === undefined ? "" : `; zone "${zone}" was asked for`;
  return refused("zone", `workspace "${workspace.name}" ${allowed}${asked}`);
}

function placedReason(node: Node, needs: Shape, { draft }: PlaceContext): Reason {
  const usage = draft.usage(node.nodeId);
  const beside = usage.sessions === 0 ? "empty" : `${formatCount(usage.sessions, "session")} on it`;
  const text = `node ${node.nodeId} of pool "${node.pool}" had room for ${describeShape(needs)} (${beside})`;
  const numbers = { nodeId: node.nodeId, sessionsBefore: usage.sessions, coresUsedBefore: usage.cores };
  return { code: "placed", text, numbers };
}
