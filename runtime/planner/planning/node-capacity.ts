/** One node as capacity: a node that exists, or one that the plan creates. */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig } from "../../model/config";
import type { Node } from "../../model/state";
import type { Shape } from "../../model/shapes";
import { noUsage, type NodeUsage } from "../../model/usage";
import type { ConfigMode } from "../config/mode";
import { serverLimitsOf } from "../config/next-node";
import { isFinalDrain, isInFlight, isServer, isUsedUp } from "../lifecycle/node-status";
import { freeOf, freeServerSessions, type NodeLimits } from "../placement/room";

/** Never changes; what a plan gives away of it is counted by its {@link PlannedPlace}. */
export interface NodeCapacity {
  /** `joinable`: a server outside its schedule, whose users' RemoteApps may join them. */
  readonly kind: "running" | "inFlight" | "draining" | "new" | "joinable";
  readonly createdAtMs: EpochMs;
  /** Undefined for a node that this plan creates. */
  readonly node?: Node | undefined;
  /** Undefined for a static member. */
  readonly autoscaleConfig?: string | undefined;
  readonly limits: NodeLimits;
  /** What the sessions on it take, before the plan. */
  readonly usage: NodeUsage;
  /** What is left of it, before the plan. */
  readonly free: Readonly<FreeTotals>;
  /** With aggressive scaling a node on its way serves one waiting session only. */
  readonly isExclusive: boolean;
  /** True when no session, not even a stopped one, is on the node. */
  readonly isIdle: boolean;
}

/** What of its config decides whether a node is capacity. */
interface Owner {
  readonly mode: ConfigMode;
  readonly config: AutoscaleConfig;
}

/** @param owner Undefined for a static member, and for a node whose config is gone. Answers undefined for a node that is no capacity. */
export function capacityOf(node: Node, usage: NodeUsage, owner: Owner | undefined): NodeCapacity | undefined {
  const kind = kindOf(node, owner);
  if (!kind || isUsedUp(node, usage)) return undefined;
  const { shape, sessionsMax, usersMax, isReusable, hasServed, connection } = node;
  // A copy: a plan reads the limits of thousands of nodes, which is several times faster where all have the same fields.
  const limits = { shape, sessionsMax, usersMax, isReusable, hasServed, connection } as NodeLimits;
  return {
    kind,
    createdAtMs: node.createdAtMs,
    node,
    autoscaleConfig: node.autoscaleConfig,
    limits,
    usage,
    free: freeTotalsOf(limits, usage),
    isExclusive: kind === "inFlight" && owner?.config.aggressiveScaling === true,
    isIdle: usage.pinned === 0,
  };
}

function kindOf(node: Node, owner: Owner | undefined): NodeCapacity["kind"] | undefined {
  const isOpenOrStatic = node.autoscaleConfig === undefined || owner?.mode === "open";
  if (!isOpenOrStatic) {
    const isJoinable = owner?.mode === "inactive" && node.status === "running" && isServer(node);
    return isJoinable ? "joinable" : undefined;
  }
  if (node.status === "running") return "running";
  if (isInFlight(node)) return "inFlight";
  return node.status === "draining" && !isFinalDrain(node) ? "draining" : undefined;
}

/** @param shape What the node will offer; undefined = not known before it reports. */
export function newNodeCapacity(config: AutoscaleConfig, shape: Shape | undefined, nowMs: EpochMs): NodeCapacity {
  const limits = { shape, ...(config.type === "server" ? serverLimitsOf(config) : {}) } as NodeLimits;
  return {
    kind: "new",
    createdAtMs: nowMs,
    autoscaleConfig: config.name,
    limits,
    usage: noUsage,
    free: freeTotalsOf(limits, noUsage),
    isExclusive: config.aggressiveScaling,
    isIdle: true,
  };
}

/**
 * Oldest first, then by config and id. New nodes have no id yet, but those of one config and moment are alike: they take
 * the same places now and, with ids, in the next plan.
 */
export function byAge(a: NodeCapacity, b: NodeCapacity): number {
  if (a.createdAtMs !== b.createdAtMs) return a.createdAtMs - b.createdAtMs;
  const [configOfA, configOfB] = [a.autoscaleConfig ?? "", b.autoscaleConfig ?? ""];
  if (configOfA !== configOfB) return configOfA < configOfB ? -1 : 1;
  const [idOfA, idOfB] = [a.node?.nodeId ?? "~", b.node?.nodeId ?? "~"];
  if (idOfA === idOfB) return 0;
  return idOfA < idOfB ? -1 : 1;
}

/** What is free in total. Cores in thousandths, so that sums are exact in any order. */
export interface FreeTotals {
  millicores: number;
  memoryBytes: number;
  gpus: number;
  /** Servers: sessions that they still take, each by a new user. */
  sessions: number;
}

export function noTotals(): FreeTotals {
  return { millicores: 0, memoryBytes: 0, gpus: 0, sessions: 0 };
}

/** What is free on one node: of a server its sessions only, of an agent its shape only. */
export function freeTotalsOf(limits: NodeLimits, usage: NodeUsage): FreeTotals {
  if (isServer(limits)) {
    return { millicores: 0, memoryBytes: 0, gpus: 0, sessions: freeServerSessions(limits, usage) };
  }
  const { cores, memoryBytes, gpus } = freeOf(limits, usage);
  return { millicores: Math.round(cores * 1000), memoryBytes, gpus, sessions: 0 };
}

export function addTotals(
  sum: FreeTotals,
  { millicores, memoryBytes, gpus, sessions }: FreeTotals,
  sign: 1 | -1,
): void {
  sum.millicores += sign * millicores;
  sum.memoryBytes += sign * memoryBytes;
  sum.gpus += sign * gpus;
  sum.sessions += sign * sessions;
}
