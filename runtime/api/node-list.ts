/**
 * The list of nodes for people who look at thousands: filtered, sorted, one page of it in columns. The cursor holds the
 * sort key of the last node of a page, so that no node is told twice or left out because others have come or gone.
 */
import { ConfigError } from "../model/errors";
import type { EpochMs } from "../model/clock";
import type { Snapshot } from "../model/snapshot";
import { nodeStatuses, type Node, type NodeStatus } from "../model/state";
import { loadOf } from "../planner/placement/room";
import type { NodeListQuery, NodeListView } from "./node-list-contracts";

/** Two numbers, the smaller first, then the id. */
type SortKey = readonly [number, number, string];

/** Those that need somebody come first. */
const stateRanks: Readonly<Record<NodeStatus, number>> = {
  failed: 0,
  dead: 1,
  missing: 2,
  requested: 3,
  provisioning: 4,
  starting: 5,
  draining: 6,
  destroying: 7,
  running: 8,
};

const sortKeys: Readonly<Record<NodeListQuery["sort"], (node: Node, snapshot: Snapshot) => SortKey>> = {
  state: ({ status, createdAtMs, nodeId }) => [stateRanks[status], createdAtMs, nodeId],
  newest: ({ createdAtMs, nodeId }) => [-createdAtMs, 0, nodeId],
  oldest: ({ createdAtMs, nodeId }) => [createdAtMs, 0, nodeId],
  load: (node, snapshot) => [-loadOf(node, snapshot.usage(node.nodeId)), node.createdAtMs, node.nodeId],
  id: ({ nodeId }) => [0, 0, nodeId],
};

export function listNodes(query: NodeListQuery, snapshot: Snapshot, nowMs: EpochMs): NodeListView {
  const matching = [...candidatesOf(query, snapshot)].filter((node) => isMatch(node, query));
  const { status } = query;
  const listed = status === undefined ? matching : matching.filter((node) => status.includes(node.status));
  const keyOf = sortKeys[query.sort];
  const after = query.page === undefined ? undefined : readCursor(query.page);
  const keyed = listed
    .map((node) => ({ node, key: keyOf(node, snapshot) }))
    .filter(({ key }) => after === undefined || compare(key, after) > 0)
    .sort((a, b) => compare(a.key, b.key));
  const page = keyed.slice(0, query.limit);
  const last = page.at(-1);
  return {
    nowMs,
    total: listed.length,
    counts: countsOf(matching),
    statuses: [...nodeStatuses],
    ...columnsOf(
      page.map(({ node }) => node),
      snapshot,
      nowMs,
    ),
    ...(last !== undefined && keyed.length > page.length ? { next: writeCursor(last.key) } : {}),
  };
}

/** The smallest set that an index of the state gives. */
function candidatesOf({ config, lane, pool, zone }: NodeListQuery, snapshot: Snapshot): Iterable<Node> {
  if (lane !== undefined) return snapshot.nodesOfLane(lane).values();
  if (config !== undefined) return snapshot.nodesOfConfig(config).values();
  if (pool !== undefined && zone !== undefined) return snapshot.nodesIn(pool, zone).values();
  return snapshot.nodes.values();
}

function isMatch(node: Node, { config, pool, zone, vmProvider, lane, text }: NodeListQuery): boolean {
  const is = (wanted: string | undefined, has: string | undefined): boolean => wanted === undefined || wanted === has;
  if (!is(config, node.autoscaleConfig) || !is(pool, node.pool) || !is(zone, node.zone)) return false;
  if (!is(vmProvider, node.vmProvider) || !is(lane, node.laneId)) return false;
  if (text === undefined) return true;
  const searched = text.toLowerCase();
  const { nodeId, address, vmId, reason, failure } = node;
  return [nodeId, address, vmId, reason.text, failure?.message].some((part) => part?.toLowerCase().includes(searched));
}

function countsOf(nodes: readonly Node[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of nodes) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function columnsOf(nodes: readonly Node[], snapshot: Snapshot, nowMs: EpochMs): Pick<NodeListView, "places" | "nodes"> {
  const places = new Map<string, { readonly index: number; readonly place: NodeListView["places"][number] }>();
  const placeOf = ({ autoscaleConfig, pool, zone }: Node): number => {
    const key = JSON.stringify([autoscaleConfig, pool, zone]);
    const place = { ...(autoscaleConfig === undefined ? {} : { autoscaleConfig }), pool, zone };
    const known = places.get(key) ?? { index: places.size, place };
    places.set(key, known);
    return known.index;
  };
  const secondsSince = (ms: EpochMs): number => Math.max(0, Math.round((nowMs - ms) / 1000));
  const columns = {
    nodeId: nodes.map(({ nodeId }) => nodeId),
    place: nodes.map(placeOf),
    status: nodes.map(({ status }) => nodeStatuses.indexOf(status)),
    ageSeconds: nodes.map(({ createdAtMs }) => secondsSince(createdAtMs)),
    statusSeconds: nodes.map(({ statusSinceMs }) => secondsSince(statusSinceMs)),
    sessions: nodes.map(({ nodeId }) => snapshot.sessionsOf(nodeId).size),
    loadPercent: nodes.map((node) => loadPercentOf(node, snapshot)),
  };
  return { places: [...places.values()].map(({ place }) => place), nodes: columns };
}

function loadPercentOf(node: Node, snapshot: Snapshot): number | null {
  if (node.shape === undefined && node.sessionsMax === undefined) return null;
  return Math.min(100, Math.round(loadOf(node, snapshot.usage(node.nodeId)) * 100));
}

function compare(a: SortKey, b: SortKey): number {
  const byNumber = a[0] - b[0] || a[1] - b[1];
  if (byNumber !== 0) return byNumber;
  return a[2] === b[2] ? 0 : a[2] < b[2] ? -1 : 1;
}

function writeCursor(key: SortKey): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

function readCursor(cursor: string): SortKey {
  const refusal = ConfigError.of([{ path: "page", message: "is no `next` of an answer; begin without it" }]);
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw refusal;
  }
  if (!Array.isArray(key)) throw refusal;
  const [first, second, nodeId] = key as unknown[];
  if (typeof first !== "number" || typeof second !== "number" || typeof nodeId !== "string") throw refusal;
  return [first, second, nodeId];
}
