/**
 * Placement of one session: on a free node now, in the queue because some node could take it later, or refused with
 * the first constraint that no node can ever meet. Reads one pool and zone at a time, in the order of preference.
 */
import type { EpochMs } from "../../model/clock";
import {
  vmProvidersOf,
  type AutoscaleConfig,
  type CloudCatalog,
  type Pool,
  type Workspace,
  type Zone,
} from "../../model/config";
import type { Reason } from "../../model/plan";
import { describeShape, numbersOf } from "../../model/shape-text";
import { mayFit, type PartialShape } from "../../model/shapes";
import type { Node, NodeStatus, Shape } from "../../model/state";
import { formatCount } from "../../model/units";
import { describeUnreadable, firstUnreadable } from "../../model/unreadable";
import type { NodeUsage } from "../../model/usage";
import type { Snapshot } from "../../model/snapshot";
import { fitsShape, hasRoom, loadOf } from "./room";
import { checkedSize, declaredShape } from "../config/next-node";
import { isServer } from "../lifecycle/node-status";
import type { Draft } from "../../model/draft";
import { usageFor, type QueuePlace } from "./reserved-room";
import type { WindowCache } from "../config/windows";

/** Its time, sequence and id are its place in the queue; without them it comes after all that wait. */
export interface PlaceRequest extends QueuePlace {
  readonly workspace: string;
  readonly userId: string;
  readonly isRemoteApp?: boolean;
  readonly zone?: string;
  /** What the session takes; a queued session keeps what its workspace said when it was requested. */
  readonly needs: Shape;
}

export interface PlaceContext {
  readonly draft: Draft;
  readonly windows: WindowCache;
  readonly catalog: CloudCatalog;
  readonly nowMs: EpochMs;
  /** Nodes to choose from; default all of the pool in the zone. */
  readonly candidates?: (pool: string, zone: string) => Iterable<Node>;
}

export type Placement =
  | { readonly kind: "assigned"; readonly nodeId: string; readonly reason: Reason }
  | { readonly kind: "queued"; readonly reason: Reason }
  | { readonly kind: "refused"; readonly reason: Reason };

export interface Place {
  readonly zone: Zone;
  readonly pool: Pool;
}

export function place(request: PlaceRequest, context: PlaceContext): Placement {
  const placement = placeAsDeclared(request, context);
  const unreadable = firstUnreadable(context.draft.snapshot);
  // What can't be read might allow it: nobody is sent away for that.
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
  return judge(request, places, context);
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

/** True when the config's nodes may take new sessions now. */
export function isOpen(config: AutoscaleConfig, context: PlaceContext): boolean {
  const { snapshot } = context.draft;
  if (!config.enabled || config.drain || snapshot.configStates.get(config.name)?.isDeleting) return false;
  return context.windows.at(config, snapshot, context.nowMs).isActive;
}

/** The best node with room, by the zone's rules; undefined when there is none. */
export function findNode(request: PlaceRequest, places: readonly Place[], context: PlaceContext): Node | undefined {
  for (const { zone, pool } of places) {
    const open = new Map(
      context.draft.snapshot.configsIn(pool.name, zone.name).map((config) => [config.name, isOpen(config, context)]),
    );
    let best: Candidate | undefined;
    const candidates =
      context.candidates?.(pool.name, zone.name) ?? context.draft.snapshot.nodesIn(pool.name, zone.name).values();
    for (const stored of candidates) {
      const node = context.draft.latest(stored);
      if (node.status !== "running") continue;
      const usage = context.draft.usage(node.nodeId);
      if (!hasRoom(node, usageFor(request, node, context.draft), request) || !mayTake(node, request, open, context))
        continue;
      const candidate = { node, score: scoreOf(node, usage, { zone, userId: request.userId }) };
      if (!best || isBetter(candidate, best)) best = candidate;
    }
    if (best) return best.node;
  }
  return undefined;
}

/** Static members always may; a node whose config moved to another pool follows that config's own state. */
export function mayTakeSessions(node: Node, open: Map<string, boolean>, context: PlaceContext): boolean {
  if (node.autoscaleConfig === undefined) return true;
  const known = open.get(node.autoscaleConfig);
  if (known !== undefined) return known;
  const config = context.draft.snapshot.autoscaleConfigs.get(node.autoscaleConfig);
  const isConfigOpen = config !== undefined && isOpen(config, context);
  open.set(node.autoscaleConfig, isConfigOpen);
  return isConfigOpen;
}

/** As {@link mayTakeSessions}; outside the schedule a user's RemoteApp may still join the user on a server. */
export function mayTake(
  node: Node,
  request: Pick<PlaceRequest, "userId" | "isRemoteApp">,
  open: Map<string, boolean>,
  context: PlaceContext,
): boolean {
  if (mayTakeSessions(node, open, context)) return true;
  if (!request.isRemoteApp || !isServer(node) || node.autoscaleConfig === undefined) return false;
  const config = context.draft.snapshot.autoscaleConfigs.get(node.autoscaleConfig);
  const isHere = context.draft.usage(node.nodeId).userIds.has(request.userId);
  return isHere && config !== undefined && isKept(config, context);
}

/** Neither disabled nor being emptied. */
function isKept(config: AutoscaleConfig, { draft: { snapshot } }: PlaceContext): boolean {
  return config.enabled && !config.drain && !snapshot.configStates.get(config.name)?.isDeleting;
}

interface Candidate {
  readonly node: Node;
  /** Lower is better. */
  readonly score: number;
}

/**
 * Servers: the one where the user is already, then fewest sessions. Agents: the zone's strategy. Static members before
 * all others if the zone says so.
 */
function scoreOf(node: Node, usage: NodeUsage, { zone, userId }: { zone: Zone; userId: string }): number {
  const isFirst = zone.prioritizeStaticAgents && node.autoscaleConfig === undefined;
  const isHere = isServer(node) && usage.userIds.has(userId);
  const score = isServer(node) ? usage.sessions : strategyScore(node, usage, zone);
  return (isHere ? -2_000_000 : 0) + (isFirst ? -1_000_000 : 0) + score;
}

function strategyScore(node: Node, usage: NodeUsage, { loadStrategy }: Zone): number {
  switch (loadStrategy) {
    case "leastLoad":
      return loadOf(node, usage);
    case "mostLoad":
      return -loadOf(node, usage);
    case "leastSessions":
      return usage.sessions;
    case "mostSessions":
      return -usage.sessions;
    default: {
      const never: never = loadStrategy;
      throw new Error(`unknown load strategy ${String(never)}`);
    }
  }
}

/** Ties go to the oldest node, so that newer ones can empty and leave. */
function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.score !== b.score) return a.score < b.score;
  if (a.node.createdAtMs !== b.node.createdAtMs) return a.node.createdAtMs < b.node.createdAtMs;
  return a.node.nodeId < b.node.nodeId;
}

/** No node has room now: queued when some node could ever take it, else refused with the constraint met last. */
function judge(request: PlaceRequest, places: readonly Place[], context: PlaceContext): Placement {
  let furthest: Obstacle | undefined;
  let opensAtMs: EpochMs | undefined;
  let opensConfig: AutoscaleConfig | undefined;
  for (const { zone, pool } of places) {
    if (staticFits(request.needs, pool, zone)) return queued(request.needs, pool, zone, context);
    const configs = context.draft.snapshot.configsIn(pool.name, zone.name);
    if (configs.length === 0) furthest = further(furthest, noConfig(pool, zone, context));
    for (const config of configs) {
      const obstacle = obstacleOf(request, config, context);
      if (obstacle) furthest = further(furthest, obstacle);
      else if (isOpen(config, context)) return queued(request.needs, pool, zone, context);
      else {
        const openingMs = context.windows.at(config, context.draft.snapshot, context.nowMs).opensAtMs;
        if (openingMs === undefined) furthest = further(furthest, neverOpens(config));
        else if (opensAtMs === undefined || openingMs < opensAtMs) [opensAtMs, opensConfig] = [openingMs, config];
      }
    }
  }
  if (opensConfig && opensAtMs !== undefined) return queuedForSchedule(opensConfig, opensAtMs);
  return { kind: "refused", reason: furthest!.reason };
}

interface Obstacle {
  /** How far the request got; the obstacle met furthest on is the one to tell. */
  readonly stage: number;
  readonly reason: Reason;
}

function further(a: Obstacle | undefined, b: Obstacle): Obstacle {
  return !a || b.stage > a.stage ? b : a;
}

/**
 * Why this config can never serve the workspace as things are declared and its cloud says of its size; undefined when it
 * can. What nodes reported is no such reason: the next one may say otherwise, and so may the same one.
 */
export function obstacleOf(
  request: PlaceRequest,
  config: AutoscaleConfig,
  context: PlaceContext,
  shapes: readonly PartialShape[] = limitsOf(config, context),
): Obstacle | undefined {
  const { snapshot } = context.draft;
  const where = { autoscaleConfig: config.name, pool: config.pool, zone: config.zone };
  const obstacle = (stage: number, code: string, text: string, numbers: Reason["numbers"] = {}): Obstacle => ({
    stage,
    reason: { code, text, numbers: { ...where, ...numbers } },
  });
  if (snapshot.configStates.get(config.name)?.isDeleting) {
    return obstacle(1, "configDeleting", `autoscale config "${config.name}" is being deleted`);
  }
  if (!config.enabled) return obstacle(1, "configDisabled", `autoscale config "${config.name}" is disabled`);
  if (config.drain) return obstacle(1, "configDraining", `autoscale config "${config.name}" is being drained`);
  if (shapes.some((limits) => mayFit(request.needs, limits)) || hasFittingNode(config, request.needs, snapshot)) {
    return undefined;
  }
  const shape = shapes[0]!;
  const numbers = { ...numbersOf("needs", request.needs), ...numbersOf("node", shape) };
  const needs = `workspace "${request.workspace}" needs ${describeShape(request.needs)}`;
  if (shape.gpus !== undefined && request.needs.gpus > shape.gpus) {
    return obstacle(2, "gpu", `${needs}; nodes of "${config.name}" have ${formatCount(shape.gpus, "GPU")}`, numbers);
  }
  return obstacle(3, "shape", `${needs}; a node of "${config.name}" has only ${describeShape(shape)}`, numbers);
}

/** A node that is larger than a new one would be, because it was made from an older definition: it may get room. */
function hasFittingNode({ name }: AutoscaleConfig, needs: Shape, snapshot: Snapshot): boolean {
  for (const { status, shape } of snapshot.nodesOfConfig(name).values()) {
    if (shape && lastingStatuses.includes(status) && fitsShape(needs, shape)) return true;
  }
  return false;
}

const lastingStatuses: readonly NodeStatus[] = ["requested", "provisioning", "starting", "running", "missing"];

/** What the nodes that a config may make have at most, on each of its VM provider configs, as far as that is certain. */
function limitsOf(config: AutoscaleConfig, { draft: { snapshot }, catalog }: PlaceContext): PartialShape[] {
  return vmProvidersOf(config).map((name) => ({
    ...checkedSize(name, snapshot, catalog),
    ...declaredShape(config, snapshot, catalog, name),
  }));
}

function staticFits(needs: Shape, pool: Pool, zone: Zone): boolean {
  return pool.staticMembers.some(
    (member) =>
      member.zone === zone.name &&
      fitsShape(needs, { cores: member.cores, memoryBytes: member.memory, gpus: member.gpus }),
  );
}

function noConfig(pool: Pool, zone: Zone, { draft }: PlaceContext): Obstacle {
  const members = pool.staticMembers.filter((member) => member.zone === zone.name).length;
  const text =
    members === 0
      ? `pool "${pool.name}" has no autoscale config and no static member in zone "${zone.name}"`
      : `pool "${pool.name}" has no autoscale config in zone "${zone.name}", and none of its ${formatCount(members, "static member")} is large enough`;
  const numbers = { pool: pool.name, zone: zone.name, staticMembers: members };
  return {
    stage: draft.snapshot.nodesIn(pool.name, zone.name).size > 0 ? 0.5 : 0,
    reason: { code: "noConfig", text, numbers },
  };
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

function queuedForSchedule(config: AutoscaleConfig, opensAtMs: EpochMs): Placement {
  const opens = `it opens at ${new Date(opensAtMs).toISOString()}`;
  const text = `autoscale config "${config.name}" is outside its schedule; ${opens}`;
  return { kind: "queued", reason: { code: "schedule", text, numbers: { autoscaleConfig: config.name, opensAtMs } } };
}

function neverOpens({ name, pool, zone }: AutoscaleConfig): Obstacle {
  const text = `autoscale config "${name}" is outside its schedule, which has no window to come`;
  return { stage: 4, reason: { code: "schedule", text, numbers: { autoscaleConfig: name, pool, zone } } };
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
