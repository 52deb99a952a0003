/**
 * What must be there beyond the queue: the floor (`minNodes`) and what is free on top (standby). Whatever falls short
 * is made up by draining nodes that come back, then by new nodes.
 */
import type { AgentAutoscaleConfig, ServerAutoscaleConfig } from "../model/config";
import type { Reason } from "../model/plan";
import type { Shape } from "../model/state";
import { formatCount, formatMemory } from "../model/units";
import { subtractCores } from "../model/usage";
import { sessionsPerServer, type Bin, type ConfigPosition, type Fleet, type Scope } from "./fleet";

const dimensions = ["cores", "memoryBytes", "gpus"] as const;
type Dimension = (typeof dimensions)[number];

/** Nodes that the config keeps whatever the demand; a window may replace its own value. */
export function floorOf({ config, window }: ConfigPosition): number {
  return window.minNodes ?? config.minNodes;
}

/** What an agent config wants free; a window may replace its own values. */
export function standbyOf(config: AgentAutoscaleConfig, { window }: ConfigPosition): Shape {
  return {
    cores: window.standbyCores ?? config.standbyCores,
    memoryBytes: window.standbyMemory ?? config.standbyMemory,
    gpus: window.standbyGpus ?? config.standbyGpus,
  };
}

export function standbySessionsOf(config: ServerAutoscaleConfig, { window }: ConfigPosition): number {
  return window.minimumAvailableSessions ?? config.minimumAvailableSessions;
}

export function raiseToFloor(fleet: Fleet, position: ConfigPosition): void {
  const floor = floorOf(position);
  const scope = fleet.scope(position.config.pool, position.config.zone);
  while (position.nodesLive < floor) {
    const { nodesLive } = position;
    const text = `${nodesLive} of the ${formatCount(floor, "node")} that must always be there (min nodes)`;
    const reason = { code: "floor", text, numbers: { nodesLive, minNodes: floor } };
    const own = scope.recallable.find((bin) => bin.position === position);
    if (!addNode(fleet, position, scope, own, reason)) return;
  }
}

export function raiseToStandby(fleet: Fleet, position: ConfigPosition): void {
  if (position.config.type === "server") raiseServers(fleet, position, position.config);
  else raiseAgents(fleet, position, position.config);
}

function raiseAgents(fleet: Fleet, position: ConfigPosition, config: AgentAutoscaleConfig): void {
  const wanted = standbyOf(config, position);
  const scope = fleet.scope(config.pool, config.zone);
  let free = freeAgents([...scope.running, ...scope.coming], config.countStatic);
  for (;;) {
    const short = dimensions.filter(
      (dimension) => free[dimension] < wanted[dimension] && canOffer(position, dimension),
    );
    if (short.length === 0) return;
    const reason = standbyReason(short, free, wanted);
    const back = scope.recallable.find((bin) => short.some((dimension) => bin.free[dimension] > 0));
    const added = addNode(fleet, position, scope, back, reason);
    if (!added || !added.shape) return;
    free = sum(free, added.free);
  }
}

function raiseServers(fleet: Fleet, position: ConfigPosition, config: ServerAutoscaleConfig): void {
  const wanted = standbySessionsOf(config, position);
  const scope = fleet.scope(config.pool, config.zone);
  let available = availableSessions([...scope.running, ...scope.coming], config.countStatic);
  while (available < wanted) {
    const text = `${available} of ${formatCount(wanted, "session")} available; one server takes ${sessionsPerServer(config)}`;
    const reason = { code: "standby", text, numbers: { available, minimumAvailableSessions: wanted } };
    const back = scope.recallable.find((bin) => (bin.sessionsLeft ?? 0) > 0);
    const added = addNode(fleet, position, scope, back, reason);
    if (!added) return;
    available += added.sessionsLeft ?? 0;
  }
}

function addNode(
  fleet: Fleet,
  position: ConfigPosition,
  scope: Scope,
  back: Bin | undefined,
  reason: Reason,
): Bin | undefined {
  if (back) return fleet.recall(scope, back, reason);
  const block = fleet.blocked(position, "standby");
  if (!block) return fleet.create(position, reason);
  position.hasDeficit = true;
  position.reasons.push({
    ...block,
    text: `${reason.text}; ${block.text}`,
    numbers: { ...reason.numbers, ...block.numbers },
  });
  return undefined;
}

/** A dimension of which the config's nodes have none can't be raised by more of them. */
function canOffer({ routes }: ConfigPosition, dimension: Dimension): boolean {
  return routes.some(({ shape }) => shape === undefined || shape[dimension] > 0);
}

/** Capacity left for sessions that nobody has asked for yet. */
export function freeAgents(bins: readonly Bin[], countStatic: boolean): Shape {
  let free: Shape = { cores: 0, memoryBytes: 0, gpus: 0 };
  for (const bin of bins) {
    if (bin.sessionsLeft === undefined && (countStatic || bin.position)) free = sum(free, bin.free);
  }
  return free;
}

export function availableSessions(bins: readonly Bin[], countStatic: boolean): number {
  let available = 0;
  for (const bin of bins) {
    if (countStatic || bin.position) available += bin.sessionsLeft ?? 0;
  }
  return available;
}

function sum(a: Shape, b: Shape): Shape {
  return {
    cores: subtractCores(a.cores, -b.cores),
    memoryBytes: a.memoryBytes + b.memoryBytes,
    gpus: a.gpus + b.gpus,
  };
}

function standbyReason(short: readonly Dimension[], free: Shape, wanted: Shape): Reason {
  const parts = short.map(
    (dimension) => `${show(dimension, free)} free of ${show(dimension, wanted)} wanted on standby`,
  );
  const numbers: Record<string, number> = {};
  for (const dimension of short) {
    numbers[`free.${dimension}`] = free[dimension];
    numbers[`standby.${dimension}`] = wanted[dimension];
  }
  return { code: "standby", text: parts.join("; "), numbers };
}

function show(dimension: Dimension, shape: Shape): string {
  if (dimension === "memoryBytes")
    return `${shape.memoryBytes === 0 ? "0GiB" : formatMemory(shape.memoryBytes)} memory`;
  return formatCount(shape[dimension], dimension === "cores" ? "core" : "GPU");
}
