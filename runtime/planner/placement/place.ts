/**
 * Placement of one session: on a free node now, in the queue because some node could take it later, or refused with
 * the constraint that no node can ever meet.
 */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig, Workspace } from "../../model/config";
import { labelledMembers } from "../../model/labels";
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { Shape } from "../../model/shapes";
import type { Node } from "../../model/state";
import { formatCount, formatDuration } from "../../model/units";
import { describeUnreadable, firstUnreadable } from "../../model/unreadable";
import { describeWorkspace, isAllowedFor, notAllowedReason } from "../../model/workspace-access";
import { outsideReason } from "../config/mode";
import { isServer } from "../lifecycle/node-status";
import { findNode, type PlaceRequest } from "./choose-node";
import { Eligibility, isOpen, type PlaceContext } from "./eligibility";
import { countObstacles, nodeObstacle } from "./node-obstacle";
import { labelObstacle, nearer, neverOpensObstacle, noConfigObstacle, obstacleOf, type Obstacle } from "./obstacles";
import { configsFor, placesOf, type Place } from "./places";
import { queueTimeoutOf } from "./queue-timeout";
import { noPlaceReason } from "./no-place";
import { RivalCounter } from "./rivals";
import { fitsShape } from "./room";

export type Placement =
  | { readonly kind: "assigned"; readonly nodeId: string; readonly reason: Reason }
  /** Why it waits is told when somebody asks: it takes a look at every node. */
  | { readonly kind: "queued"; readonly tell: () => Reason }
  | { readonly kind: "refused"; readonly reason: Reason };

/** Refusals that no definition which can't be read could take back. */
const isCertain = ({ code }: Reason): boolean => code === "workspaceDisabled" || code === "notAllowed";

export function place(request: PlaceRequest, context: PlaceContext): Placement {
  const placement = placeAsDeclared(request, context);
  const unreadable = firstUnreadable(context.draft.snapshot);
  // A definition that can't be read might allow it: nobody is sent away for that.
  if (placement.kind !== "refused" || isCertain(placement.reason) || !unreadable) return placement;
  const text = `${placement.reason.text}; ${describeUnreadable(unreadable)}`;
  const reason = { ...placement.reason, code: "unreadable", text };
  return { kind: "queued", tell: () => reason };
}

function placeAsDeclared(request: PlaceRequest, context: PlaceContext): Placement {
  const { snapshot } = context.draft;
  const workspace = snapshot.workspaces.get(request.workspace);
  if (!workspace) return refused("workspaceGone", `workspace "${request.workspace}" is not declared any more`);
  if (!workspace.enabled) return refused("workspaceDisabled", `${describeWorkspace(workspace)} is disabled`);
  if (!isAllowedFor(workspace, request)) return { kind: "refused", reason: notAllowedReason(workspace, request) };
  const places = placesOf(workspace, request.zone, snapshot);
  if (places.length === 0) return { kind: "refused", reason: noPlaceReason(workspace, request.zone, snapshot) };
  const node = findNode(request, places, context);
  if (node) return { kind: "assigned", nodeId: node.nodeId, reason: placedReason(node, request.needs, context) };
  return queueOrRefuse(request, workspace, places, context);
}

/** For a request that no node has room for now: queued when some node could take it in time, else refused. */
function queueOrRefuse(
  request: PlaceRequest,
  workspace: Workspace,
  places: readonly Place[],
  context: PlaceContext,
): Placement {
  const { snapshot } = context.draft;
  let nearest: Obstacle | undefined;
  let opensAtMs: EpochMs | undefined;
  let opensConfig: AutoscaleConfig | undefined;
  for (const where of places) {
    if (fitsStaticMember(request.needs, workspace, where)) return queued(request, workspace, where, context);
    const configs = configsFor(workspace, where, snapshot);
    if (configs.length === 0) nearest = nearer(nearest, emptyPlaceObstacle(request, workspace, where, context));
    for (const config of configs) {
      const obstacle = obstacleOf(request, config, context);
      if (obstacle) nearest = nearer(nearest, obstacle);
      else if (isOpen(config, context)) return queued(request, workspace, where, context);
      else {
        const openingMs = context.windows.at(config, snapshot, context.nowMs).opensAtMs;
        if (openingMs === undefined) nearest = nearer(nearest, neverOpensObstacle(config));
        else if (opensAtMs === undefined || openingMs < opensAtMs) [opensAtMs, opensConfig] = [openingMs, config];
      }
    }
  }
  if (opensConfig) return untilItOpens(request, opensConfig, opensAtMs!, context);
  return { kind: "refused", reason: nearest!.reason };
}

function emptyPlaceObstacle(
  { needs }: PlaceRequest,
  workspace: Workspace,
  where: Place,
  { draft: { snapshot } }: PlaceContext,
): Obstacle {
  const isUnlabelled = snapshot.configsIn(where.pool.name, where.zone.name).length > 0;
  return isUnlabelled ? labelObstacle(workspace, where, needs) : noConfigObstacle(workspace, where, snapshot);
}

/** Nobody is let wait for a window that opens after the wait would have ended. */
function untilItOpens(
  request: PlaceRequest,
  config: AutoscaleConfig,
  opensAtMs: EpochMs,
  { draft: { snapshot }, nowMs }: PlaceContext,
): Placement {
  const reason = outsideReason(config, opensAtMs);
  const queueTimeoutSeconds = queueTimeoutOf(request, snapshot);
  if (opensAtMs <= nowMs + queueTimeoutSeconds * 1000) return { kind: "queued", tell: () => reason };
  const text = `${reason.text}, and a session waits at most ${formatDuration(queueTimeoutSeconds)} (queueTimeout)`;
  return { kind: "refused", reason: { ...reason, text, numbers: { ...reason.numbers, queueTimeoutSeconds } } };
}

function fitsStaticMember(needs: Shape, workspace: Workspace, { pool, zone }: Place): boolean {
  return labelledMembers(workspace, pool, zone.name).some((member) =>
    fitsShape(needs, { cores: member.cores, memoryBytes: member.memory, gpus: member.gpus }),
  );
}

function queued(request: PlaceRequest, workspace: Workspace, where: Place, context: PlaceContext): Placement {
  return { kind: "queued", tell: () => waitingReason(request, workspace, where, context) };
}

/** Tells of the place that will serve it, as things are: what keeps each of its nodes from the session, and who is ahead. */
function waitingReason(
  request: PlaceRequest,
  workspace: Workspace,
  { pool, zone }: Place,
  context: PlaceContext,
): Reason {
  const { draft } = context;
  const question = { request, workspace, pool, draft, eligibility: new Eligibility(context) };
  const nodes = [...draft.snapshot.nodesIn(pool.name, zone.name).values()].map((node) => draft.latest(node));
  const obstacles = nodes.flatMap((node) => nodeObstacle(node, question) ?? []);
  const counted = countObstacles(obstacles, request.needs);
  const where = `pool "${pool.name}" in zone "${zone.name}"`;
  const why =
    nodes.length === 0
      ? `${where} has no node yet`
      : `none of the ${formatCount(nodes.length, "node")} of ${where} takes it: ${counted.text}`;
  const { ahead } = new RivalCounter(draft.snapshot).of(request);
  const numbers = {
    pool: pool.name,
    zone: zone.name,
    nodes: nodes.length,
    ahead,
    ...numbersOf("needs", request.needs),
  };
  const text = `${why}; ${waitAhead(ahead)}`;
  return { code: "full", text, numbers: { ...numbers, ...counted.numbers } };
}

function waitAhead(ahead: number): string {
  if (ahead === 0) return "nobody waits ahead";
  return ahead === 1 ? "1 waits ahead" : `${ahead} wait ahead`;
}

function refused(code: string, text: string): Placement {
  return { kind: "refused", reason: { code, text, numbers: {} } };
}

function placedReason(node: Node, needs: Shape, { draft }: PlaceContext): Reason {
  const usage = draft.usage(node.nodeId);
  const numbers = { nodeId: node.nodeId, sessionsBefore: usage.sessions, coresUsedBefore: usage.cores };
  const taken = `node ${node.nodeId} of pool "${node.pool}" had room for`;
  if (isServer(node)) {
    const text = `${taken} a session (${usage.sessions} of ${node.sessionsMax} taken)`;
    return { code: "placed", text, numbers };
  }
  const beside = usage.sessions === 0 ? "empty" : `${formatCount(usage.sessions, "session")} on it`;
  return { code: "placed", text: `${taken} ${describeShape(needs)} (${beside})`, numbers };
}
