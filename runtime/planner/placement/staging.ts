/**
 * Staged sessions: placed before anybody asks for them, so that the next user of their workspace need not wait. In a pass
 * those that are not wanted any more end first, then the queue takes what is free, and then the missing ones are placed.
 */
import type { Workspace } from "../../model/config";
import { goesWithLabels, labelledMembers } from "../../model/labels";
import type { Reason } from "../../model/reason";
import { samePermissions, type Permissions, type StagingConfig } from "../../model/staging-config";
import type { Node, Session } from "../../model/state";
import type { Shape } from "../../model/shapes";
import { formatCount, formatDuration } from "../../model/units";
import type { Snapshot } from "../../model/snapshot";
import { isAllowedFor } from "../../model/workspace-access";
import { hasRoom, needsOf } from "./room";
import { isNewer } from "../../model/node-order";
import { findNode, type PlaceRequest } from "./choose-node";
import { isLabelledFor, placesOf, type Place } from "./places";
import { Eligibility, type PlaceContext } from "./eligibility";
import { assignSession, endSession, type TransitionContext } from "../lifecycle/transitions";

export type StagingContext = PlaceContext & TransitionContext;

/** Sessions staged in one pass at most: more would hold up the users' own requests. The next pass places the rest. */
const stagedPerPass = 100;

/** Names of all staging configs, also of those that are gone and have left sessions behind, in order. */
export function stagingNames(snapshot: Snapshot): string[] {
  return [...new Set([...snapshot.stagingConfigs.keys(), ...snapshot.staged.keys()])].sort();
}

/** Where a staging config's sessions may be placed, best first. */
export function stagingPlaces(config: StagingConfig, snapshot: Snapshot): Place[] {
  const zone = snapshot.zones.get(config.zone);
  const workspace = snapshot.workspaces.get(config.workspace);
  if (!zone || !workspace?.enabled) return [];
  const owner =
    config.autoscaleConfig === undefined ? undefined : snapshot.autoscaleConfigs.get(config.autoscaleConfig);
  const only = config.autoscaleConfig === undefined ? config.pool : (owner?.pool ?? "");
  return workspace.pools
    .filter((name) => only === undefined || name === only)
    .flatMap((name) => snapshot.pools.get(name) ?? [])
    .filter((pool) => pool.type === "dockerAgent")
    .filter((pool) => goesWithLabels(workspace, pool) || labelledMembers(workspace, pool, zone.name).length > 0)
    .map((pool) => ({ zone, pool }));
}

export function mayHoldStaged(config: StagingConfig, autoscaleConfig: string | undefined): boolean {
  return config.autoscaleConfig === undefined || config.autoscaleConfig === autoscaleConfig;
}

export interface StagedSessions {
  /** Could be given to a user now; oldest first. */
  readonly ready: readonly Session[];
  readonly unwanted: readonly { readonly session: Session; readonly reason: Reason }[];
}

/**
 * The sessions that were staged for a config, judged by what is declared now. Those on a node that is missing are neither
 * ready nor unwanted.
 */
export function judgeStaged(name: string, context: PlaceContext): StagedSessions {
  const { snapshot } = context.draft;
  const config = snapshot.stagingConfigs.get(name);
  const judging = config && startJudging(config, context);
  const ready: Session[] = [];
  const unwanted: { session: Session; reason: Reason }[] = [];
  for (const session of snapshot.staged.get(name)?.values() ?? []) {
    // It may have ended earlier in the same commit, with its node.
    if (!context.draft.session(session.sessionId)) continue;
    const node = nodeOf(session, context);
    const reason = judging ? unwantedReason(session, node, judging) : goneReason(name);
    if (reason) unwanted.push({ session, reason });
    else if (node?.status === "running") ready.push(session);
  }
  if (!config || ready.length <= config.sessions) return { ready, unwanted };
  // Sessions on the newest nodes end first, because those nodes are the first that may leave.
  const newestFirst = [...ready].sort((a, b) =>
    a.nodeId === b.nodeId ? 0 : isNewer(nodeOf(a, context)!, nodeOf(b, context)!) ? -1 : 1,
  );
  const surplus = new Set(newestFirst.slice(0, ready.length - config.sessions));
  for (const session of surplus) unwanted.push({ session, reason: surplusReason(config, ready.length) });
  return { ready: ready.filter((session) => !surplus.has(session)), unwanted };
}

function nodeOf({ nodeId }: Session, { draft }: PlaceContext): Node | undefined {
  return nodeId === undefined ? undefined : draft.node(nodeId);
}

interface Judging {
  readonly config: StagingConfig;
  readonly workspace: Workspace | undefined;
  /** What the workspace takes now. */
  readonly needs: Shape | undefined;
  readonly eligibility: Eligibility;
  readonly context: PlaceContext;
}

function startJudging(config: StagingConfig, context: PlaceContext): Judging {
  const workspace = context.draft.snapshot.workspaces.get(config.workspace);
  return { config, workspace, needs: workspace && needsOf(workspace), eligibility: new Eligibility(context), context };
}

/** Why a staged session that no user has yet is to end; undefined while it may stay. */
function unwantedReason(session: Session, node: Node | undefined, judging: Judging): Reason | undefined {
  const { config, workspace, needs, context } = judging;
  if (!workspace?.enabled || !needs) {
    return { code: "workspaceDisabled", text: `workspace "${config.workspace}" is disabled`, numbers: {} };
  }
  if (!isAsConfigured(session, config, needs)) {
    const text = `staging config "${config.name}" or its workspace has changed since it was staged`;
    return { code: "stagingChanged", text, numbers: {} };
  }
  if (!node || !isPlaceOf(node, config, workspace, context.draft.snapshot)) {
    const text = `staging config "${config.name}" or its workspace wants the sessions on other nodes`;
    return { code: "stagingChanged", text, numbers: {} };
  }
  const isLeaving = node.status !== "running" && node.status !== "missing";
  if (isLeaving || !judging.eligibility.takesSessions(node)) {
    const why = isLeaving ? `is ${node.status}` : `takes no sessions: its autoscale config is closed`;
    return { code: "nodeClosed", text: `node ${node.nodeId} ${why}`, numbers: { nodeId: node.nodeId } };
  }
  const reserver = context.draft.reserverOf(node.nodeId);
  if (reserver) {
    const text = `session ${reserver.sessionId} waits, and node ${node.nodeId} keeps its room for it`;
    return { code: "reserved", text, numbers: { nodeId: node.nodeId, sessionId: reserver.sessionId } };
  }
  const ageSeconds = Math.floor((context.nowMs - (session.stagedAtMs ?? session.requestedAtMs)) / 1000);
  if (ageSeconds < config.expiration) return undefined;
  const text = `nobody got it for ${formatDuration(ageSeconds)}; it is replaced after ${formatDuration(config.expiration)}`;
  return { code: "expired", text, numbers: { ageSeconds, expirationSeconds: config.expiration } };
}

/** True when what is fixed at a session's start is still what the config wants. */
function isAsConfigured({ needs, workspace, permissions }: Session, config: StagingConfig, now: Shape): boolean {
  const isSameSize = needs.cores === now.cores && needs.memoryBytes === now.memoryBytes && needs.gpus === now.gpus;
  return isSameSize && workspace === config.workspace && samePermissions(permissions, config.permissions);
}

function isPlaceOf(node: Node, config: StagingConfig, workspace: Workspace, { pools }: Snapshot): boolean {
  if (node.zone !== config.zone || !workspace.pools.includes(node.pool)) return false;
  const pool = pools.get(node.pool);
  if (pool && !isLabelledFor(workspace, node, pool)) return false;
  return (config.pool ?? node.pool) === node.pool && mayHoldStaged(config, node.autoscaleConfig);
}

function goneReason(name: string): Reason {
  return { code: "stagingGone", text: `staging config "${name}" is not declared any more`, numbers: {} };
}

function surplusReason({ name, sessions }: StagingConfig, staged: number): Reason {
  const text = `staging config "${name}" wants only ${sessions} of ${formatCount(staged, "session")} staged for it`;
  return { code: "surplus", text, numbers: { wanted: sessions, staged } };
}

/** Ends staged sessions that are not wanted any more, so that the queue can have their room. */
export function endUnwanted(context: StagingContext): void {
  for (const name of stagingNames(context.draft.snapshot)) {
    for (const { session, reason } of judgeStaged(name, context).unwanted) {
      // A definition that can't be read might want it.
      if (context.draft.snapshot.unreadable.size > 0 && reason.code !== "expired") continue;
      endSession(context, session, reason.code === "expired" ? "expired" : "unstaged", reason);
    }
  }
}

/** Places missing sessions where there is room now. False when there may be more to place in another pass. */
export function fillStaging(context: StagingContext, newSessionId: () => string): boolean {
  const { draft } = context;
  let left = stagedPerPass;
  for (const [name, config] of [...draft.snapshot.stagingConfigs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const workspace = draft.snapshot.workspaces.get(config.workspace);
    const places = stagingPlaces(config, draft.snapshot);
    if (!workspace || places.length === 0) continue;
    const request: PlaceRequest = { workspace: workspace.name, userId: "", needs: needsOf(workspace) };
    const candidates = candidatesFor(config, request, context);
    const missing = config.sessions - judgeStaged(name, context).ready.length;
    for (let staged = 0; staged < missing; staged += 1) {
      const node = findNode(request, places, { ...context, candidates });
      if (!node) break;
      if (left === 0) return false;
      left -= 1;
      stageOn(node, { config, request, sessionId: newSessionId() }, context);
    }
  }
  return true;
}

/** Nodes with room, by place: a node that is full now stays full while sessions are placed. */
function candidatesFor(config: StagingConfig, request: PlaceRequest, { draft }: PlaceContext) {
  const withRoom = new Map<string, readonly Node[]>();
  return (pool: string, zone: string): readonly Node[] => {
    const key = `${pool}/${zone}`;
    const known = withRoom.get(key);
    if (known) return known;
    const nodes = [...draft.snapshot.nodesIn(pool, zone).values()].filter(
      (node) => mayHoldStaged(config, node.autoscaleConfig) && hasRoom(node, draft.usage(node.nodeId), request),
    );
    withRoom.set(key, nodes);
    return nodes;
  };
}

interface NewStaged {
  readonly config: StagingConfig;
  readonly request: PlaceRequest;
  readonly sessionId: string;
}

function stageOn(node: Node, { config, request, sessionId }: NewStaged, context: StagingContext): void {
  const { draft, journal, nowMs } = context;
  const text = `staging config "${config.name}" keeps ${formatCount(config.sessions, "session")} ready`;
  const reason = { code: "staged", text, numbers: { nodeId: node.nodeId, wanted: config.sessions } };
  draft.putSession({
    sessionId,
    workspace: request.workspace,
    userId: "",
    status: "staged",
    requestedAtMs: nowMs,
    sequence: 0,
    nodeId: node.nodeId,
    needs: request.needs,
    permissions: config.permissions,
    stagingConfig: config.name,
    stagedAtMs: nowMs,
    reason,
  });
  draft.decide(journal.entry("session", sessionId, "staged", reason));
}

export interface StagedRequest extends PlaceRequest {
  readonly permissions?: Permissions;
}

/**
 * A session that is staged for such a request: in the requested zone, else in the others if they may be searched. The
 * one that was staged first, because it has run the longest.
 */
export function findStaged(request: StagedRequest, context: PlaceContext): Session | undefined {
  const { snapshot } = context.draft;
  const configs = snapshot.stagingConfigsOf(request.workspace);
  const workspace = snapshot.workspaces.get(request.workspace);
  if (configs.length === 0 || !workspace?.enabled || !isAllowedFor(workspace, request)) return undefined;
  const zones = new Set(placesOf(workspace, request.zone, snapshot).map(({ zone }) => zone.name));
  for (const zone of zones) {
    for (const config of configs) {
      if (config.zone !== zone || !samePermissions(config.permissions, request.permissions)) continue;
      const judging = startJudging(config, context);
      for (const session of snapshot.staged.get(config.name)?.values() ?? []) {
        const node = nodeOf(session, context);
        const isReady = node?.status === "running" && !unwantedReason(session, node, judging);
        if (isReady) return session;
      }
    }
  }
  return undefined;
}

/** The staged session becomes the requester's, under its own id and where it is. */
export function takeStaged(context: StagingContext, staged: Session, request: Session): Session {
  const { sessionId, nodeId = "", stagingConfig = "", stagedAtMs = context.nowMs, needs, permissions } = staged;
  const readyMs = context.nowMs - stagedAtMs;
  const text = `was staged for such a request ${formatDuration(Math.floor(readyMs / 1000))} ago, on node ${nodeId}`;
  const taken: Session = { ...request, sessionId, needs, permissions, stagingConfig, stagedAtMs };
  return assignSession(context, taken, nodeId, { code: "staged", text, numbers: { nodeId, stagingConfig, readyMs } });
}
