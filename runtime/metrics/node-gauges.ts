/** Gauges of nodes: how many, in which status, what they offer and what of it is taken. One look at each node. */
import { Draft } from "../model/draft";
import { nodeStatuses, type Node, type NodeStatus } from "../model/state";
import { isInFlight, isServer } from "../planner/lifecycle/node-status";
import { Eligibility } from "../planner/placement/eligibility";
import { freeOf, freeServerSessions } from "../planner/placement/room";
import type { FleetMoment, FleetSample } from "./moment";
import { capacityStates } from "./table";

/** Nodes that are being destroyed for longer than this are overdue: most clouds need seconds. */
const destroyMaxMs = 900_000;

/** Statuses that may take too long. */
const timed = ["provisioning", "starting", "destroying"] as const;
/** On the way out. */
const leaving: readonly NodeStatus[] = ["draining", "destroying", "dead", "failed"];

type Amounts = Record<(typeof capacityStates)[number], number>;
const nothing = (): Amounts => ({ used: 0, free: 0, coming: 0 });

/** What the nodes of one config have in one pool and zone; static members are of no config. */
interface PlaceTotals {
  readonly labels: { readonly pool: string; readonly zone: string; readonly config: string };
  readonly isOfServers: boolean;
  readonly cores: Amounts;
  readonly memoryBytes: Amounts;
  readonly sessions: Amounts;
}

class ConfigTotals {
  readonly byStatus = new Map<NodeStatus, number>();
  readonly overdue = new Map<NodeStatus, number>();

  count(node: Node, nowMs: number): void {
    const { status } = node;
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1);
    if (isOverdue(node, nowMs)) this.overdue.set(status, (this.overdue.get(status) ?? 0) + 1);
  }
}

export function* nodeGauges({ snapshot, catalog, nowMs, windows }: FleetMoment): Iterable<FleetSample> {
  const eligibility = new Eligibility({ draft: new Draft(snapshot), windows, catalog, nowMs });
  const configs = new Map<string, ConfigTotals>();
  const places = new Map<string, PlaceTotals>();
  for (const { name, pool, zone, type } of snapshot.autoscaleConfigs.values()) {
    configs.set(name, new ConfigTotals());
    placeOf(places, { pool, zone, config: name }, type === "server");
  }
  let oldestWishMs = nowMs;
  for (const node of snapshot.nodes.values()) {
    const { autoscaleConfig: config, pool, zone, status, statusSinceMs } = node;
    if (config !== undefined) {
      const totals = configs.get(config) ?? new ConfigTotals();
      configs.set(config, totals);
      totals.count(node, nowMs);
    }
    const isWish = status === "requested" || status === "provisioning" || status === "destroying";
    if (isWish) oldestWishMs = Math.min(oldestWishMs, statusSinceMs);
    const isTaking = status === "running" && eligibility.takesSessions(node);
    const place = placeOf(places, { pool, zone, config: config ?? "" }, isServer(node));
    addCapacity(place, node, { usage: snapshot.usage(node.nodeId), isTaking });
  }
  for (const [config, totals] of configs) yield* ofConfig(config, totals);
  for (const place of places.values()) yield* ofPlace(place);
  yield ["headroom_lane_behind_oldest_seconds", {}, (nowMs - oldestWishMs) / 1000];
}

function placeOf(places: Map<string, PlaceTotals>, labels: PlaceTotals["labels"], isOfServers: boolean): PlaceTotals {
  const key = `${labels.pool}/${labels.zone}/${labels.config}`;
  const known = places.get(key);
  if (known) return known;
  const made = { labels, isOfServers, cores: nothing(), memoryBytes: nothing(), sessions: nothing() };
  places.set(key, made);
  return made;
}

function addCapacity(
  place: PlaceTotals,
  node: Node,
  { usage, isTaking }: { readonly usage: Parameters<typeof freeServerSessions>[1]; readonly isTaking: boolean },
): void {
  const { cores, memoryBytes, sessions } = place;
  sessions.used += usage.sessions;
  cores.used += usage.cores;
  memoryBytes.used += usage.memoryBytes;
  const state = isTaking ? "free" : isInFlight(node) ? "coming" : undefined;
  if (state === undefined) return;
  const free = freeOf(node, usage);
  cores[state] += free.cores;
  memoryBytes[state] += free.memoryBytes;
  sessions[state] += isServer(node) ? freeServerSessions(node, usage) : 0;
}

function* ofConfig(config: string, { byStatus, overdue }: ConfigTotals): Iterable<FleetSample> {
  let desired = 0;
  for (const status of nodeStatuses) {
    const nodes = byStatus.get(status) ?? 0;
    if (!leaving.includes(status)) desired += nodes;
    yield ["headroom_nodes", { config, status }, nodes];
  }
  yield ["headroom_nodes_desired", { config }, desired];
  for (const status of timed) yield ["headroom_nodes_overdue", { config, status }, overdue.get(status) ?? 0];
}

function* ofPlace({ labels, isOfServers, cores, memoryBytes, sessions }: PlaceTotals): Iterable<FleetSample> {
  for (const state of capacityStates) {
    if (isOfServers) yield ["headroom_capacity_sessions", { ...labels, state }, sessions[state]];
    else {
      // Sums of tenths are not exact.
      yield ["headroom_capacity_cores", { ...labels, state }, Math.round(cores[state] * 1000) / 1000];
      yield ["headroom_capacity_memory_bytes", { ...labels, state }, memoryBytes[state]];
    }
  }
}

function isOverdue({ status, statusSinceMs, provisionTimeoutSeconds }: Node, nowMs: number): boolean {
  const sinceMs = nowMs - statusSinceMs;
  if (status === "destroying") return sinceMs > destroyMaxMs;
  return (status === "provisioning" || status === "starting") && sinceMs > provisionTimeoutSeconds * 1000;
}
