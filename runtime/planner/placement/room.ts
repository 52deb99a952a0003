/**
 * Whether a session fits on a node, and what is left of the node. There is one way to ask, for nodes that run and for
 * nodes that are only planned: both have limits and a usage.
 */
import type { Workspace } from "../../model/config";
import type { Node, Session } from "../../model/state";
import type { Shape } from "../../model/shapes";
import { subtractCores, type NodeUsage } from "../../model/usage";
import { isServer } from "../lifecycle/node-status";

/** How much a node takes when it is empty. */
export type NodeLimits = Pick<Node, "shape" | "sessionsMax" | "usersMax" | "isReusable" | "hasServed" | "connection">;

/** What a session asks of a node. */
export type SessionNeeds = Pick<Session, "needs" | "userId" | "isRemoteApp">;

export function needsOf({ cores, memory, gpus }: Workspace): Shape {
  return { cores, memoryBytes: memory, gpus };
}

/** True when an empty node of this shape could run the session. */
export function fitsShape(needs: Shape, shape: Shape): boolean {
  return needs.cores <= shape.cores && needs.memoryBytes <= shape.memoryBytes && needs.gpus <= shape.gpus;
}

/**
 * Whether the session fits on the node now. An RDP server takes one full desktop of each user, and any number of RemoteApps
 * beside it. A session of a user who is on the server already takes no user slot.
 */
export function hasRoom(node: NodeLimits, usage: NodeUsage, { needs, userId, isRemoteApp }: SessionNeeds): boolean {
  if (!isServer(node)) return hasShapeLeft(node, usage, needs);
  if (!isRemoteApp && hasDesktopRule(node) && usage.desktopUserIds.has(userId)) return false;
  if (!usage.userIds.has(userId)) return hasRoomForNewUser(node, usage, needs);
  return isServerLargeEnough(node, needs) && freeJoins(node, usage) > 0;
}

/** RDP logs a user in once: his second desktop would take the first one over. A server of an older version is taken for one. */
export function hasDesktopRule({ connection }: Pick<NodeLimits, "connection">): boolean {
  return connection === undefined || connection.type === "rdp";
}

/** As {@link hasRoom}, for a session of a user who has none on the node. */
export function hasRoomForNewUser(node: NodeLimits, usage: NodeUsage, needs: Shape): boolean {
  if (!isServer(node)) return hasShapeLeft(node, usage, needs);
  return isServerLargeEnough(node, needs) && freeServerSessions(node, usage) > 0;
}

function hasShapeLeft({ shape }: NodeLimits, usage: NodeUsage, needs: Shape): boolean {
  if (!shape) return false;
  return (
    needs.memoryBytes <= shape.memoryBytes - usage.memoryBytes &&
    needs.gpus <= shape.gpus - usage.gpus &&
    needs.cores <= subtractCores(shape.cores, usage.cores)
  );
}

/** A server's sessions share what it has: each of them alone must not be larger than the server. */
function isServerLargeEnough({ shape }: NodeLimits, needs: Shape): boolean {
  return shape === undefined || fitsShape(needs, shape);
}

const nothing: Shape = { cores: 0, memoryBytes: 0, gpus: 0 };

/** What is left of a node; nothing while its shape is not known. */
export function freeOf({ shape }: NodeLimits, usage: Shape): Shape {
  return shape ? freeShape(shape, usage) : nothing;
}

/** What is left; 0 of what a node has too little of because its shape turned out smaller than expected. */
export function freeShape(shape: Shape, usage: Shape): Shape {
  return {
    cores: Math.max(0, subtractCores(shape.cores, usage.cores)),
    memoryBytes: Math.max(0, shape.memoryBytes - usage.memoryBytes),
    gpus: Math.max(0, shape.gpus - usage.gpus),
  };
}

/** Sessions on one node at most: those that take nothing of it would fit without end. */
const slotsMax = 100_000;

/** How many such sessions fit into what is free on one node. */
export function slotsIn(free: Shape, needs: Shape): number {
  const times = (has: number, takes: number) => (takes > 0 ? Math.floor(has / takes) : slotsMax);
  return Math.min(
    slotsMax,
    times(Math.round(free.cores * 1000), Math.round(needs.cores * 1000)),
    times(free.memoryBytes, needs.memoryBytes),
    times(free.gpus, needs.gpus),
  );
}

/**
 * Sessions that a server can take at this moment: the lower of sessions left and users left, because each new session
 * is assumed to bring a new user. Example: 20 sessions, 2 users, one user with 10 sessions on it → 1.
 */
export function freeServerSessions(node: NodeLimits, usage: NodeUsage): number {
  return Math.min(freeJoins(node, usage), freeUsers(node, usage));
}

/** Sessions that a server can take of users who are on it already; of a non-reusable one that was used, none. */
export function freeJoins(node: NodeLimits, usage: NodeUsage): number {
  if (node.isReusable === false && (node.hasServed || usage.pinned > 0)) return 0;
  return Math.max(0, (node.sessionsMax ?? 1) - usage.sessions);
}

function freeUsers(node: NodeLimits, usage: NodeUsage): number {
  return Math.max(0, (node.usersMax ?? 1) - usage.userIds.size);
}

/** The usage with one more session on the node. */
export function withSession(node: NodeLimits, usage: NodeUsage, session: SessionNeeds): NodeUsage {
  const { needs, userId, isRemoteApp } = session;
  const [sessions, pinned] = [usage.sessions + 1, usage.pinned + 1];
  const filled = node.shape ? withNeeds(usage, needs, node.shape) : usage;
  // Users are only counted on servers.
  if (!isServer(node)) return { ...filled, sessions, pinned };
  return {
    ...filled,
    sessions,
    pinned,
    userIds: withUser(usage.userIds, userId),
    desktopUserIds: isRemoteApp ? usage.desktopUserIds : withUser(usage.desktopUserIds, userId),
  };
}

/**
 * The usage with what a session needs taken from it. What the session needs beyond what the node has left is not counted:
 * room is also kept for sessions that do not fit yet.
 */
export function withNeeds(usage: NodeUsage, needs: Shape, shape: Shape): NodeUsage {
  const filled = (used: number, needed: number, has: number): number => Math.max(used, Math.min(used + needed, has));
  const millicores = (cores: number): number => Math.round(cores * 1000);
  return {
    ...usage,
    cores: filled(millicores(usage.cores), millicores(needs.cores), millicores(shape.cores)) / 1000,
    memoryBytes: filled(usage.memoryBytes, needs.memoryBytes, shape.memoryBytes),
    gpus: filled(usage.gpus, needs.gpus, shape.gpus),
  };
}

function withUser(users: ReadonlySet<string>, userId: string): ReadonlySet<string> {
  return users.has(userId) ? users : new Set(users).add(userId);
}

/** Share of the node that is taken, 0 to 1 and above: its fullest dimension. Servers count sessions. */
export function loadOf(node: NodeLimits, usage: NodeUsage): number {
  if (isServer(node)) return usage.sessions / (node.sessionsMax ?? 1);
  const { cores = 0, memoryBytes = 0, gpus = 0 } = node.shape ?? {};
  const share = (used: number, has: number) => (has > 0 ? used / has : 0);
  return Math.max(share(usage.cores, cores), share(usage.memoryBytes, memoryBytes), share(usage.gpus, gpus));
}
