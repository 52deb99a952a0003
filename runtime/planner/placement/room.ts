/** Whether a session fits on a node, and how much of the node is left. */
import type { Workspace } from "../../model/config";
import type { Node, Session, Shape } from "../../model/state";
import { subtractCores, type NodeUsage } from "../../model/usage";
import { isServer } from "../lifecycle/node-status";

/** True when an empty node of this shape could run the session. */
export function fitsShape(needs: Shape, shape: Shape): boolean {
  return needs.cores <= shape.cores && needs.memoryBytes <= shape.memoryBytes && needs.gpus <= shape.gpus;
}

/** What is left; 0 of what a node has too little of because its shape turned out smaller than expected. */
export function freeShape(shape: Shape, usage: Shape): Shape {
  return {
    cores: Math.max(0, subtractCores(shape.cores, usage.cores)),
    memoryBytes: Math.max(0, shape.memoryBytes - usage.memoryBytes),
    gpus: Math.max(0, shape.gpus - usage.gpus),
  };
}

export function needsOf({ cores, memory, gpus }: Workspace): Shape {
  return { cores, memoryBytes: memory, gpus };
}

/**
 * Sessions that a server can take at this moment: the lower of sessions left and users left, because each new session
 * is assumed to bring a new user. Example: 20 sessions, 2 users, one user with 10 sessions on it → 1.
 */
export function freeServerSessions(node: Node, usage: NodeUsage): number {
  return Math.min(freeJoins(node, usage), freeUsers(node, usage));
}

/** Sessions that a server can take of users who are on it already; of a non-reusable one that was used, none. */
export function freeJoins(node: Node, usage: NodeUsage): number {
  if (node.isReusable === false && (node.hasServed || usage.pinned > 0)) return 0;
  return Math.max(0, (node.sessionsMax ?? 1) - usage.sessions);
}

export function freeUsers(node: Node, usage: NodeUsage): number {
  return Math.max(0, (node.usersMax ?? 1) - usage.userIds.size);
}

/** What a session asks of a node. */
export type Wish = Pick<Session, "needs" | "userId" | "isRemoteApp">;

/** Whether the session fits on the node now. */
export function hasRoom(node: Node, usage: NodeUsage, wish: Wish): boolean {
  if (isServer(node)) return hasServerRoom(node, usage, wish);
  const { needs } = wish;
  if (!node.shape) return false;
  return (
    needs.memoryBytes <= node.shape.memoryBytes - usage.memoryBytes &&
    needs.gpus <= node.shape.gpus - usage.gpus &&
    needs.cores <= subtractCores(node.shape.cores, usage.cores)
  );
}

/**
 * A server takes at most one full desktop per user, and any number of RemoteApps beside it. A session of a user who is on
 * the server already takes a session and no user slot.
 */
function hasServerRoom(node: Node, usage: NodeUsage, { needs, userId, isRemoteApp }: Wish): boolean {
  if (node.shape && !fitsShape(needs, node.shape)) return false;
  if (!isRemoteApp && usage.desktopUserIds.has(userId)) return false;
  return (usage.userIds.has(userId) ? freeJoins(node, usage) : freeServerSessions(node, usage)) > 0;
}

/** Share of the node that is taken, 0 to 1 and above: its fullest dimension. Servers count sessions. */
export function loadOf(node: Node, usage: NodeUsage): number {
  if (isServer(node)) return usage.sessions / (node.sessionsMax ?? 1);
  const { cores = 0, memoryBytes = 0, gpus = 0 } = node.shape ?? {};
  const share = (used: number, has: number) => (has > 0 ? used / has : 0);
  return Math.max(share(usage.cores, cores), share(usage.memoryBytes, memoryBytes), share(usage.gpus, gpus));
}
