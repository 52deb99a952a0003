/**
 * What must be there beyond the queue: the floor (`minNodes`) and what is free on top (standby). Whatever falls short
 * is made up by draining nodes that come back, then by new nodes.
 */
import type { AgentAutoscaleConfig, ServerAutoscaleConfig } from "../../model/config";
import type { Reason } from "../../model/plan";
import { dimensions, type Dimension } from "../../model/shapes";
import type { Shape } from "../../model/state";
import { formatCount, formatMemory } from "../../model/units";
import type { ConfigPosition, Fleet } from "./fleet";
import { sessionsPerServer, type Bin, type Counted, type Scope, type Spare } from "./place-capacity";
import { countSlots, slotsIn, slotsReason, wantedSlotsOf } from "./standby-slots";

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
  if (position.nodesLive >= floor) return;
  const scope = fleet.scopeOf(position);
  while (position.nodesLive < floor) {
    const { nodesLive } = position;
    const text = `${nodesLive} of the ${formatCount(floor, "node")} that must always be there (min nodes)`;
    const reason = { code: "floor", text, numbers: { nodesLive, minNodes: floor } };
    const own = scope.recallable.find((bin) => bin.autoscaleConfig === position.config.name);
    if (!addNode(fleet, position, scope, own, reason)) return;
  }
}

export function raiseToStandby(fleet: Fleet, position: ConfigPosition): void {
  if (position.config.type === "server") raiseServers(fleet, position, position.config);
  else {
    raiseAgents(fleet, position, position.config);
    raiseSlots(fleet, position);
  }
}

function raiseAgents(fleet: Fleet, position: ConfigPosition, config: AgentAutoscaleConfig): void {
  const wanted = standbyOf(config, position);
  if (wanted.cores === 0 && wanted.memoryBytes === 0 && wanted.gpus === 0) return;
  const scope = fleet.scopeOf(position);
  const counted = { isComingCounted: true, isStaticCounted: config.countStatic };
  while (!hasSpare(scope, wanted, counted)) {
    const free = shapeOfSpare(scope.spare(counted));
    const short = dimensions.filter(
      (dimension) => free[dimension] < wanted[dimension] && canOffer(position, dimension),
    );
    if (short.length === 0) return;
    const reason = standbyReason(short, free, wanted);
    const back = scope.recallable.find((bin) => short.some((dimension) => bin.free[dimension] > 0));
    const added = addNode(fleet, position, scope, back, reason);
    if (!added || !added.shape) return;
  }
}

/** Most places do, and then nothing needs to be summed up for a reason. */
function hasSpare(scope: Scope, { cores, memoryBytes, gpus }: Shape, counted: Counted): boolean {
  return (
    scope.left("millicores", counted) / 1000 >= cores &&
    scope.left("memoryBytes", counted) >= memoryBytes &&
    scope.left("gpus", counted) >= gpus
  );
}

function raiseSlots(fleet: Fleet, position: ConfigPosition): void {
  const wanted = wantedSlotsOf(position, fleet.snapshot);
  if (!wanted) return;
  const { config } = position;
  const scope = fleet.scopeOf(position);
  let slots = countSlots(scope, wanted.needs, { isComingCounted: true, isStaticCounted: config.countStatic });
  while (slots < wanted.count) {
    const back = scope.recallable.find((bin) => slotsIn(bin.free, wanted.needs) > 0);
    const added = addNode(fleet, position, scope, back, slotsReason(wanted, slots), wanted.needs);
    if (!added || !added.shape) return;
    slots += slotsIn(added.free, wanted.needs);
  }
}

function raiseServers(fleet: Fleet, position: ConfigPosition, config: ServerAutoscaleConfig): void {
  const wanted = standbySessionsOf(config, position);
  if (wanted === 0) return;
  const scope = fleet.scopeOf(position);
  for (;;) {
    const available = scope.left("sessions", { isComingCounted: true, isStaticCounted: config.countStatic });
    if (available >= wanted) return;
    const text = `${available} of ${formatCount(wanted, "session")} available; one server takes ${sessionsPerServer(config)}`;
    const reason = { code: "standby", text, numbers: { available, minimumAvailableSessions: wanted } };
    const back = scope.recallable.find((bin) => (bin.sessionsLeft ?? 0) > 0);
    if (!addNode(fleet, position, scope, back, reason)) return;
  }
}

function addNode(
  fleet: Fleet,
  position: ConfigPosition,
  scope: Scope,
  back: Bin | undefined,
  reason: Reason,
  needs?: Shape,
): Bin | undefined {
  if (back) return fleet.recall(scope, back, reason);
  const block = fleet.blocked(position, "standby", needs);
  if (!block) return fleet.create(position, reason, needs).bin;
  position.hasDeficit = true;
  position.reasons.push({
    ...block,
    text: `${reason.text}; ${block.text}`,
    numbers: { ...reason.numbers, ...block.numbers },
  });
  return undefined;
}

/** A dimension of which the config's nodes have none can't be raised by more of them; one of them shows whether they do. */
function canOffer({ routes }: ConfigPosition, dimension: Dimension): boolean {
  return routes.some(({ shape, areGpusUnknown, nodesSilentOnGpus }) => {
    const isToBeTried = dimension === "gpus" && areGpusUnknown && nodesSilentOnGpus === 0;
    return shape === undefined || shape[dimension] > 0 || isToBeTried;
  });
}

function shapeOfSpare({ millicores, memoryBytes, gpus }: Spare): Shape {
  return { cores: millicores / 1000, memoryBytes, gpus };
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
