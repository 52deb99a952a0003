/**
 * What must be there beyond the queue: the floor (`minNodes`) and what is free on top (standby). Whatever falls short
 * is made up by draining nodes that come back, then by new nodes.
 */
import type { AgentAutoscaleConfig, ServerAutoscaleConfig } from "../../model/config";
import type { Reason } from "../../model/reason";
import { type Dimension, dimensions, type Shape } from "../../model/shapes";
import { formatCount, formatMemory } from "../../model/units";
import { serverLimitsOf } from "../config/next-node";
import { freeOf, freeServerSessions, slotsIn } from "../placement/room";
import { countsOn, nodesLive, type ConfigView } from "./config-view";
import type { Purpose } from "./create-blocks";
import type { FreeTotals, NodeCapacity } from "./node-capacity";
import type { PlanDraft } from "./plan-draft";
import type { Counted, PlannedPlace } from "./planned-place";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { SizedSessions } from "../demand/sizes";
import { inLeavingOrder, removableIn } from "./leaving-order";
import { packingOrder, packSessions } from "./mixed-standby";
import { countSlots, slotsReason, slotTargetOf } from "./standby-slots";
import { forecastReason } from "./wait-reasons";
import { isReplaced } from "./wait-standby";

/** Nodes that the config keeps whatever the demand; a window may replace its own value. */
export function floorOf({ config, window }: ConfigView): number {
  return window.minNodes ?? config.minNodes;
}

type Standing = Pick<ConfigView, "window" | "wait">;

/** What an agent config wants free; a window may replace its own values, and a wait objective may take their place. */
export function standbyOf(config: AgentAutoscaleConfig, { window, wait }: Standing): Shape {
  if (isReplaced(wait)) {
    const { standbyCores: cores = 0, standbyMemory: memoryBytes = 0, standbyGpus: gpus = 0 } = window;
    return { cores, memoryBytes, gpus };
  }
  return {
    cores: window.standbyCores ?? config.standbyCores,
    memoryBytes: window.standbyMemory ?? config.standbyMemory,
    gpus: window.standbyGpus ?? config.standbyGpus,
  };
}

export function standbySessionsOf(config: ServerAutoscaleConfig, { window, wait }: Standing): number {
  const declared = window.minimumAvailableSessions ?? config.minimumAvailableSessions;
  return withForecast(wait?.sessions, declared, { window, wait });
}

/** As {@link standbySessionsOf}, for servers that run: so many stay free on them whatever comes. */
export function readySessionsOf(config: ServerAutoscaleConfig, { window, wait }: Standing): number {
  const declared = window.minimumAvailableSessions ?? config.minimumAvailableSessions;
  return withForecast(wait?.ready, declared, { window, wait });
}

function withForecast(sessions: number | undefined, declared: number, { window, wait }: Standing): number {
  if (sessions === undefined || !wait?.isFollowed) return declared;
  return Math.max(sessions, isReplaced(wait) ? (window.minimumAvailableSessions ?? 0) : declared);
}

/** Sessions of docker agents for which a wait objective wants room, by size. */
function sizedStandbyOf({ wait }: Pick<ConfigView, "wait">): readonly SizedSessions[] {
  return wait?.isFollowed ? wait.bySize : [];
}

export function raiseToFloor(draft: PlanDraft, view: ConfigView): void {
  const floor = floorOf(view);
  if (nodesLive(view) >= floor) return;
  const place = draft.placeOf(view);
  while (nodesLive(view) < floor) {
    const live = nodesLive(view);
    const text = `${live} of the ${formatCount(floor, "node")} that must always be there (min nodes)`;
    const reason = { code: "floor", text, numbers: { nodesLive: live, minNodes: floor } };
    const own = place.recallable.find(({ autoscaleConfig }) => autoscaleConfig === view.config.name);
    if (!addNode(draft, view, { back: own, reason, purpose: "floor" })) return;
  }
}

export function raiseToStandby(draft: PlanDraft, view: ConfigView): void {
  if (view.config.type === "server") raiseServers(draft, view, view.config);
  else {
    raiseAgents(draft, view, view.config);
    raiseSlots(draft, view);
    raiseSized(draft, view);
  }
}

function raiseAgents(draft: PlanDraft, view: ConfigView, config: AgentAutoscaleConfig): void {
  const standby = standbyOf(config, view);
  if (standby.cores === 0 && standby.memoryBytes === 0 && standby.gpus === 0) return;
  const place = draft.placeOf(view);
  const counted = { isComingCounted: true, isStaticCounted: config.countStatic };
  if (hasLeft(place, standby, counted)) return;
  tellNever(view, shapeOfTotals(place.left(counted)), standby);
  while (!hasLeft(place, standby, counted)) {
    const free = shapeOfTotals(place.left(counted));
    const short = dimensions.filter((dimension) => free[dimension] < standby[dimension] && canOffer(view, dimension));
    if (short.length === 0) return;
    const reason = standbyReason(short, free, standby);
    const back = place.recallable.find(({ limits, usage }) => {
      const own = freeOf(limits, usage);
      return short.some((dimension) => own[dimension] > 0);
    });
    const added = addNode(draft, view, { back, reason });
    if (!added?.limits.shape) return;
  }
}

/** Standby of what turned out to be on none of the config's nodes stays short, and that is told. */
function tellNever(view: ConfigView, free: Shape, standby: Shape): void {
  const hasNone = (dimension: Dimension): boolean =>
    view.nodes.routes.every(
      ({ shape, areGpusUnknown }) => shape?.[dimension] === 0 && !(dimension === "gpus" && areGpusUnknown),
    );
  const never = dimensions.filter((dimension) => free[dimension] < standby[dimension] && hasNone(dimension));
  if (never.length === 0) return;
  const { text, numbers } = standbyReason(never, free, standby);
  const why = `a node of autoscale config "${view.config.name}" has none, so more of them would not help`;
  view.added.reasons.push({ code: "standbyNever", text: `${text}; ${why}`, numbers });
}

/** Most places do, and then nothing needs to be summed up for a reason. */
function hasLeft(place: PlannedPlace, { cores, memoryBytes, gpus }: Shape, counted: Counted): boolean {
  return (
    place.leftOf("millicores", counted) / 1000 >= cores &&
    place.leftOf("memoryBytes", counted) >= memoryBytes &&
    place.leftOf("gpus", counted) >= gpus
  );
}

function raiseSlots(draft: PlanDraft, view: ConfigView): void {
  const target = slotTargetOf(view, draft.fleet.snapshot);
  if (!target) return;
  const place = draft.placeOf(view);
  const slotsOn = ({ limits, usage }: NodeCapacity): number => slotsIn(freeOf(limits, usage), target.needs);
  let slots = countSlots(place, target, { isComingCounted: true, isStaticCounted: view.config.countStatic });
  while (slots < target.count) {
    const back = place.recallable.find((node) => slotsOn(node) > 0);
    const added = addNode(draft, view, { back, reason: slotsReason(target, slots), needs: target.needs });
    if (!added?.limits.shape) return;
    slots += slotsOn(added);
  }
}

/** Room for sessions of the sizes that a wait objective expects. */
function raiseSized(draft: PlanDraft, view: ConfigView): void {
  const wanted = sizedStandbyOf(view);
  if (wanted.length === 0 || !view.wait) return;
  const place = draft.placeOf(view);
  const total = wanted.reduce((sum, { sessions }) => sum + sessions, 0);
  // A node that is added has room for one at least, so that there are never more rounds than sessions.
  for (let round = 0; round <= total; round += 1) {
    const { coming } = place;
    const leaving = inLeavingOrder(removableIn(place, draft.fleet), draft.fleet);
    const nodes = [...packingOrder(place, leaving, view.config.countStatic), ...coming];
    const { missing } = packSessions(wanted, nodes, place);
    const [first] = missing;
    if (!first) return;
    const lacking = missing.reduce((sum, { sessions }) => sum + sessions, 0);
    const text = `${total - lacking} of ${formatCount(total, "session")} could start at once; the next needs ${describeShape(first.needs)} on one node`;
    const numbers = { available: total - lacking, sessionsWanted: total, ...numbersOf("needs", first.needs) };
    const reason = forecastReason(text, numbers, view.wait);
    const back = place.recallable.find(({ limits, usage }) => slotsIn(freeOf(limits, usage), first.needs) > 0);
    const added = addNode(draft, view, { back, reason, needs: first.needs });
    if (!added?.limits.shape || slotsIn(freeOf(added.limits, added.usage), first.needs) === 0) return;
  }
}

function raiseServers(draft: PlanDraft, view: ConfigView, config: ServerAutoscaleConfig): void {
  const wanted = standbySessionsOf(config, view);
  if (wanted === 0) return;
  const place = draft.placeOf(view);
  for (;;) {
    const available = place.leftOf("sessions", { isComingCounted: true, isStaticCounted: config.countStatic });
    if (available >= wanted) return;
    const reason = serverReason(available, wanted, { view, config });
    const back = place.recallable.find(({ limits, usage }) => freeServerSessions(limits, usage) > 0);
    if (!addNode(draft, view, { back, reason })) return;
  }
}

interface OfServers {
  readonly view: ConfigView;
  readonly config: ServerAutoscaleConfig;
}

function serverReason(available: number, wanted: number, { view, config }: OfServers): Reason {
  const text = `${available} of ${formatCount(wanted, "session")} available; one server takes ${sessionsPerServer(config)}`;
  const numbers = { available, minimumAvailableSessions: wanted };
  const isForecast = view.wait?.isFollowed && wanted === view.wait.sessions;
  return isForecast ? forecastReason(text, numbers, view.wait) : { code: "standby", text, numbers };
}

/** New sessions that one empty server takes, each by a new user. */
function sessionsPerServer(config: ServerAutoscaleConfig): number {
  const { sessionsMax, usersMax } = serverLimitsOf(config);
  return Math.min(sessionsMax, usersMax);
}

interface WantedNode {
  /** A draining node that serves as well as a new one. */
  readonly back: NodeCapacity | undefined;
  readonly reason: Reason;
  /** Of the sessions that the node is for; undefined = of any size. */
  readonly needs?: Shape;
  /** Default standby. */
  readonly purpose?: Purpose;
}

/** Undefined when a node is missing that can't be created: the config's reasons then say why. */
function addNode(draft: PlanDraft, view: ConfigView, wanted: WantedNode): NodeCapacity | undefined {
  const { back, reason, needs, purpose = "standby" } = wanted;
  if (back) return draft.recall(draft.placeOf(view), back, reason);
  const block = draft.blocked(view, purpose, needs);
  if (!block) return draft.create(view, reason, { purpose, needs }).node;
  view.added.hasDeficit = true;
  const numbers = { ...reason.numbers, ...block.numbers };
  view.added.reasons.push({ ...block, text: `${reason.text}; ${block.text}`, numbers });
  return undefined;
}

/**
 * False for something of which the config's nodes have none: more of them don't help. Where nobody knows whether they have
 * GPUs, one is made to find out.
 */
function canOffer(view: ConfigView, dimension: Dimension): boolean {
  return view.nodes.routes.some((route) => {
    if (route.shape === undefined || route.shape[dimension] > 0) return true;
    return dimension === "gpus" && route.areGpusUnknown && countsOn(view, route).nodesSilentOnGpus === 0;
  });
}

function shapeOfTotals({ millicores, memoryBytes, gpus }: FreeTotals): Shape {
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
  if (dimension === "memoryBytes") {
    return `${shape.memoryBytes === 0 ? "0GiB" : formatMemory(shape.memoryBytes)} memory`;
  }
  return formatCount(shape[dimension], dimension === "cores" ? "core" : "GPU");
}
