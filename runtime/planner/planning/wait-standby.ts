/**
 * What a config with a wait objective keeps free: the forecast's advice for the room that there is now, and whether the
 * plan follows it. The forecast says how many sessions; here they become room.
 */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig } from "../../model/config";
import type { Shape } from "../../model/shapes";
import type { Snapshot } from "../../model/snapshot";
import type { Node } from "../../model/state";
import { declaredBackoffSeconds, type ObjectiveMode } from "../../model/wait-objective";
import type { Window } from "../config/windows";
import { configOf } from "../demand/demand-events";
import { forecastIn, forecastOptionsOf } from "../demand/learned";
import { meanSize, sessionsBySize, type SizedSessions } from "../demand/sizes";
import { advise } from "../forecast/forecast";
import type { Advice, ForecastOptions, Position } from "../forecast/forecast-types";
import { freeOf, freeServerSessions, slotsIn } from "../placement/room";
import { isServer } from "../lifecycle/node-status";
import { declaredSessionsOf, sizesOf } from "./declared-sessions";
import type { NodeCapacity } from "./node-capacity";

export interface WaitStandby {
  readonly mode: ObjectiveMode;
  /** As declared, with what the forecast takes from elsewhere. */
  readonly options: ForecastOptions;
  readonly advice: Advice;
  readonly position: Position;
  /** Sessions that the declared standby keeps free, beside those that are staged. */
  readonly declaredSessions: number;
  /** Staged sessions that nobody has: each is one that could start at once. */
  readonly staged: number;
  /** Sessions that the forecast wants room for, beside the staged ones. */
  readonly sessions: number;
  /** Of nodes that run, none goes while fewer would be free on them; at least `sessions`. */
  readonly ready: number;
  /** Both by the sizes of docker agents' sessions. */
  readonly bySize: readonly SizedSessions[];
  readonly readyBySize: readonly SizedSessions[];
  /** How long an idle node beyond that would stay, with `downscaleBackoff: "auto"`. Unit: seconds. */
  readonly backoffSeconds: number;
  /** True when the plan holds itself to it; else the declared standby counts. */
  readonly isFollowed: boolean;
}

/** What waits and what is staged, by config; made once for a plan, and only when some config has an objective. */
export interface ObjectiveCounts {
  readonly waiting: ReadonlyMap<string, number>;
  readonly staged: ReadonlyMap<string, number>;
}

export function objectiveCounts(snapshot: Snapshot): ObjectiveCounts {
  const waiting = new Map<string, number>();
  const staged = new Map<string, number>();
  const add = (counts: Map<string, number>, config: string | undefined) =>
    config !== undefined && counts.set(config, (counts.get(config) ?? 0) + 1);
  for (const { reason } of snapshot.queue()) {
    const config = reason.numbers["autoscaleConfig"];
    if (typeof config === "string") add(waiting, config);
  }
  for (const sessions of snapshot.staged.values()) {
    for (const { nodeId = "" } of sessions.values()) {
      const node: Node | undefined = snapshot.nodes.get(nodeId);
      if (node) add(staged, configOf(node, snapshot));
    }
  }
  return { waiting, staged };
}

export interface WaitSources {
  readonly snapshot: Snapshot;
  readonly nowMs: EpochMs;
  readonly window: Window;
  readonly counts: ObjectiveCounts;
  /** Of the config's place: nodes that run, and nodes that come. */
  readonly running: readonly NodeCapacity[];
  readonly coming: readonly NodeCapacity[];
}

/** Undefined without an objective. */
export function waitStandbyOf(config: AutoscaleConfig, sources: WaitSources): WaitStandby | undefined {
  const { waitObjective } = config;
  if (!waitObjective) return undefined;
  const { snapshot, nowMs, window, counts } = sources;
  const declaredSessions = declaredSessionsOf(config, window, snapshot);
  const sizes = config.type === "server" ? [] : sizesOf(config, snapshot);
  const staged = counts.staged.get(config.name) ?? 0;
  const position = positionOf(config, meanSize(sizes), staged, sources);
  const schedules = snapshot.schedulesOf(config.name);
  const options = forecastOptionsOf(config, waitObjective, { schedules, declaredSessions: declaredSessions + staged });
  const advice = advise(forecastIn(snapshot.configDemands.get(config.name)), nowMs, position, options);
  const beside = (wanted: number): number => Math.max(0, Math.ceil(wanted) - staged);
  const sessions = beside(advice.parts.forecastSessions);
  const ready = Math.max(sessions, beside(advice.readySessions));
  const canBeSized = config.type === "server" || sizes.length > 0;
  return {
    mode: waitObjective.mode,
    options,
    advice,
    position,
    declaredSessions,
    staged,
    sessions,
    ready,
    bySize: sizes.length > 0 ? sessionsBySize(sessions, sizes) : [],
    readyBySize: sizes.length > 0 ? sessionsBySize(ready, sizes) : [],
    backoffSeconds: Math.max(0, Math.round(advice.backoffSeconds)),
    isFollowed: waitObjective.mode !== "shadow" && advice.reason === "forecast" && canBeSized,
  };
}

function positionOf(
  { name, countStatic }: AutoscaleConfig,
  usual: Shape | undefined,
  staged: number,
  { counts, running, coming }: WaitSources,
): Position {
  const isCounted = ({ autoscaleConfig }: NodeCapacity): boolean => autoscaleConfig !== undefined || countStatic;
  const freeOn = (nodes: readonly NodeCapacity[]): number =>
    nodes.filter(isCounted).reduce((sum, node) => sum + freeSessionsOn(node, usual), 0);
  let busy = 0;
  for (const { autoscaleConfig, usage } of running) {
    if (autoscaleConfig === name || (autoscaleConfig === undefined && countStatic)) busy += usage.sessions;
  }
  return {
    free: freeOn(running) + staged,
    coming: freeOn(coming),
    waiting: counts.waiting.get(name) ?? 0,
    busy: Math.max(0, busy - staged),
  };
}

function freeSessionsOn({ limits, usage }: NodeCapacity, usual: Shape | undefined): number {
  if (isServer(limits)) return freeServerSessions(limits, usage);
  return usual ? slotsIn(freeOf(limits, usage), usual) : 0;
}

/** How long idle nodes of the config stay when nobody needs them. Unit: seconds. */
export function backoffSecondsOf(config: AutoscaleConfig, wait: WaitStandby | undefined): number {
  if (config.downscaleBackoff !== "auto" || !wait?.isFollowed) return declaredBackoffSeconds(config);
  return wait.backoffSeconds;
}

/** True when the config's own standby fields don't count. */
export function isReplaced(wait: WaitStandby | undefined): boolean {
  return wait?.mode === "replace" && wait.isFollowed;
}
