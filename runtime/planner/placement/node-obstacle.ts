/**
 * Why a node does not take a session now: the first constraint that fails. Without it the session would be placed there,
 * or the next one would be told. Asked of each node for the trace of a session, and counted for the sentence that tells
 * who asks why the session waits.
 */
import type { Pool, Workspace } from "../../model/config";
import type { Draft } from "../../model/draft";
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { Shape } from "../../model/shapes";
import type { Node } from "../../model/state";
import { formatCount } from "../../model/units";
import { labelMisfit } from "../../model/labels";
import type { NodeUsage } from "../../model/usage";
import { isInFlight, isServer } from "../lifecycle/node-status";
import type { PlaceRequest } from "./choose-node";
import type { Eligibility } from "./eligibility";
import { usageFor } from "./reserved-room";
import { fitsShape, freeJoins, freeServerSessions, freeShape, hasDesktopRule, hasRoom } from "./room";

/** What is asked about a node. */
export interface NodeQuestion {
  readonly request: PlaceRequest;
  /** Undefined when it is not declared: then labels are not asked for. */
  readonly workspace: Workspace | undefined;
  readonly pool: Pool;
  readonly draft: Draft;
  readonly eligibility: Eligibility;
}

/** Its text goes on after the node's id. Undefined when the node has room for the session. */
export function nodeObstacle(node: Node, question: NodeQuestion): Reason | undefined {
  const { request, workspace, pool, draft, eligibility } = question;
  const numbers = { nodeStatus: node.status };
  const misfit = workspace && labelMisfit(workspace, pool, node.labels);
  if (misfit) return { code: "labels", text: misfit.text, numbers };
  if (isInFlight(node)) {
    const isToCheckIn = node.status === "starting" && node.readyWhen !== "probe";
    const percent = isToCheckIn ? `, check-in ${Math.round(node.progressPercent ?? 0)}%` : "";
    return { code: "coming", text: `is ${node.status}${percent}`, numbers };
  }
  if (node.status !== "running") return { code: node.status, text: `is ${node.status}: ${node.reason.text}`, numbers };
  if (!eligibility.takes(node, request)) {
    const text = `takes no sessions: autoscale config "${node.autoscaleConfig}" is closed`;
    return { code: "configClosed", text, numbers };
  }
  if (hasRoom(node, usageFor(request, node, draft), request)) return undefined;
  const usage = draft.usage(node.nodeId);
  const reserver = draft.reserverOf(node.nodeId);
  if (reserver && hasRoom(node, usage, request)) {
    const text = `keeps its room for session ${reserver.sessionId}, which was requested earlier`;
    return { code: "reserved", text, numbers: { ...numbers, sessionId: reserver.sessionId } };
  }
  return isServer(node) ? fullServer(node, usage, request) : fullAgent(node, usage, request.needs);
}

function fullAgent({ shape }: Node, usage: NodeUsage, needs: Shape): Reason {
  if (!shape) return { code: "unknownShape", text: "has not said what it offers", numbers: {} };
  const free = freeShape(shape, usage);
  const text = `has ${showShape(free, needs)} free of ${showShape(shape, needs)}; it needs ${describeShape(needs)}`;
  return { code: "full", text, numbers: { ...numbersOf("free", free), ...numbersOf("needs", needs) } };
}

/** In the order in which `hasRoom` asks. */
function fullServer(node: Node, usage: NodeUsage, { userId, isRemoteApp, needs }: PlaceRequest): Reason {
  const { shape, sessionsMax = 1, usersMax = 1 } = node;
  const { sessions, userIds } = usage;
  const numbers = { sessions, sessionsMax, users: userIds.size, usersMax, free: freeServerSessions(node, usage) };
  if (!isRemoteApp && hasDesktopRule(node) && usage.desktopUserIds.has(userId)) {
    return { code: "desktop", text: "its user has a desktop on it already", numbers };
  }
  if (shape && !fitsShape(needs, shape)) {
    const text = `has ${showShape(shape, needs)} in all; it needs ${describeShape(needs)}`;
    return { code: "tooSmall", text, numbers: { ...numbers, ...numbersOf("needs", needs) } };
  }
  if (freeJoins(node, usage) > 0) {
    const text = `has ${userIds.size} of at most ${formatCount(usersMax, "user")}`;
    return { code: "users", text, numbers };
  }
  if (node.isReusable === false) {
    return { code: "used", text: "serves one session only, and has one or had one", numbers };
  }
  return { code: "sessions", text: `has ${sessions} of at most ${formatCount(sessionsMax, "session")}`, numbers };
}

/** GPUs are told, also none, to whoever needs some. */
function showShape(shape: Shape, needs: Shape): string {
  const gpus = needs.gpus > 0 && shape.gpus === 0 ? " and 0 GPUs" : "";
  return `${describeShape(shape)}${gpus}`;
}

/** How often each obstacle was met, in words and as numbers; of codes that have no words here the node's status is told. */
export function countObstacles(
  obstacles: readonly Reason[],
  needs: Shape,
): { readonly text: string; readonly numbers: Record<string, number> } {
  const counts = new Map<string, number>();
  for (const { code } of obstacles) counts.set(code, (counts.get(code) ?? 0) + 1);
  const texts = [...counts].map(
    ([code, count]) => `${count} ${(countedTexts[code] ?? statusText(code))(count, needs)}`,
  );
  return { text: texts.join(", "), numbers: Object.fromEntries([...counts].map(([code, n]) => [`nodes.${code}`, n])) };
}

type CountedText = (count: number, needs: Shape) => string;

const countedTexts: Readonly<Record<string, CountedText>> = {
  labels: (count) => `${count === 1 ? "does" : "do"} not go with its labels`,
  coming: (count) => `${is(count)} on the way`,
  configClosed: (count) => `${take(count)} no sessions now`,
  reserved: (count) => (count === 1 ? "keeps its room for an earlier session" : "keep their room for earlier sessions"),
  unknownShape: (count) => `${has(count)} not said what ${count === 1 ? "it offers" : "they offer"}`,
  full: (count, needs) => `${has(count)} less than ${describeShape(needs)} free`,
  desktop: (count) => `${has(count)} a desktop of the user`,
  tooSmall: (count, needs) => `${has(count)} less than ${describeShape(needs)} in all`,
  users: (count) => `${take(count)} no further user`,
  used: (count) => `${has(count)} served already`,
  sessions: (count) => `${take(count)} no further session`,
};

function statusText(status: string): CountedText {
  return (count) => `${is(count)} ${status}`;
}

function has(count: number): string {
  return count === 1 ? "has" : "have";
}
function is(count: number): string {
  return count === 1 ? "is" : "are";
}
function take(count: number): string {
  return count === 1 ? "takes" : "take";
}
