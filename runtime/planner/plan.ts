/**
 * What should change about the set of nodes now. Pure: the same snapshot and time give the same plan, whatever the order
 * in which the rows were stored; and planning again after the plan was applied changes nothing.
 */
import type { EpochMs } from "../model/clock";
import type { CloudCatalog } from "../model/config";
import type { ConfigDecision, NodeChange, Plan, Reason, StagingPosition, WaitingSession } from "../model/plan";
import type { ConfigState } from "../model/state";
import { formatCount } from "../model/units";
import type { Snapshot } from "../store/hot-state";
import { packQueue } from "./demand";
import { Fleet, type ConfigPosition } from "./fleet";
import { blockedReason } from "./limits";
import { fallbackReason } from "./routes";
import { drainRetiring } from "./rotation";
import type { SpecDigests } from "./spec-digest";
import { drainExcess, findExcess, removeFinished } from "./scale-down";
import type { WindowCache } from "./schedule";
import { packStaging } from "./staging-demand";
import { raiseToFloor, raiseToStandby } from "./standby";
import { without } from "./transitions";

export interface PlanOptions {
  readonly nowMs: EpochMs;
  readonly catalog: CloudCatalog;
  /** Kept from plan to plan it saves reading the same wall clocks again. */
  readonly windows?: WindowCache;
  /** Kept from plan to plan they save reading the same startup scripts again. */
  readonly digests?: SpecDigests;
}

/** Rounds in which a plan looks at its own effect; two are usual, more only when places feed each other. */
const roundsMax = 10;

export function plan(snapshot: Snapshot, options: PlanOptions): Plan {
  const { fleet, waiting, staging } = raise(snapshot, options);
  for (const position of fleet.positions) removeFinished(fleet, position, position.nodes);
  removeFinished(fleet, undefined, orphans(fleet));
  const excess = findExcess(fleet);
  const configs = fleet.positions.map((position) => {
    const excessSinceMs = drainExcess(fleet, position, excess.get(position) ?? []);
    drainRetiring(fleet, position);
    return decisionOf(fleet, position, waiting, excessSinceMs);
  });
  return { atMs: options.nowMs, changes: fleet.changes, configs, waiting, staging };
}

interface Raised {
  readonly fleet: Fleet;
  readonly waiting: readonly WaitingSession[];
  readonly staging: readonly StagingPosition[];
}

/**
 * Queue, staging, floor and standby, again with the nodes just found until no more are: a session may prefer a node that standby
 * makes, which leaves standby short again, and the next plan must not be the one to find that out.
 */
function raise(snapshot: Snapshot, options: PlanOptions): Raised {
  let earlier: readonly NodeChange[] = [];
  for (let round = 1; ; round += 1) {
    const fleet = new Fleet(snapshot, { ...options, earlier });
    const waiting = packQueue(fleet);
    const staging = packStaging(fleet);
    const open = fleet.positions.filter((position) => position.mode === "open");
    for (const position of open) raiseToFloor(fleet, position);
    for (const position of open) raiseToStandby(fleet, position);
    if (fleet.changes.length === earlier.length || round === roundsMax) return { fleet, waiting, staging };
    earlier = [...fleet.changes];
  }
}

/** Nodes whose config is not declared any more, by id. */
function orphans({ snapshot }: Fleet) {
  return [...snapshot.nodes.values()]
    .filter((node) => node.autoscaleConfig !== undefined && !snapshot.autoscaleConfigs.has(node.autoscaleConfig))
    .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
}

function decisionOf(
  fleet: Fleet,
  position: ConfigPosition,
  waiting: readonly WaitingSession[],
  excessSinceMs: EpochMs | undefined,
): ConfigDecision {
  const { config, state, mode } = position;
  const { earlyForMs } = position.window;
  const nextState: ConfigState = {
    ...without(without(state, "excessSinceMs"), "earlyForMs"),
    ...(excessSinceMs === undefined ? {} : { excessSinceMs }),
    ...(earlyForMs === undefined ? {} : { earlyForMs }),
  };
  const mine = waiting.filter(({ reason }) => reason.numbers["autoscaleConfig"] === config.name);
  const stuck = mine.find(({ nodeId, reason }) => nodeId === undefined && reason.code !== "newNode");
  const reasons: Reason[] = [];
  if (stuck) reasons.push(stuckReason(stuck.reason, mine.length));
  reasons.push(...position.reasons, ...changeReasons(fleet, position), ...fallbackReasons(fleet, position));
  if (mode !== "open") {
    const block = blockedReason(fleet, position, "demand");
    if (block) reasons.push(block);
  }
  if (reasons.length === 0) reasons.push(steadyReason(position));
  return { autoscaleConfig: config.name, isActive: mode === "open", reasons, nextState };
}

function stuckReason(reason: Reason, sessionsWaiting: number): Reason {
  const text = `${formatCount(sessionsWaiting, "session")} ${sessionsWaiting === 1 ? "waits" : "wait"}: ${reason.text}`;
  return { ...reason, text, numbers: { ...reason.numbers, sessionsWaiting } };
}

/** Which fallbacks this plan uses and why. */
function fallbackReasons(fleet: Fleet, position: ConfigPosition): Reason[] {
  const used = new Set(
    fleet.changes.flatMap((change) =>
      change.kind === "create" && change.autoscaleConfig === position.config.name ? [change.vmProvider] : [],
    ),
  );
  const routes = position.routes.filter(({ vmProvider }) => used.has(vmProvider));
  return routes.flatMap((route) => fallbackReason(fleet, position, route) ?? []);
}

/** One line per kind of change and reason, with how many nodes. */
function changeReasons(fleet: Fleet, { config, nodes }: ConfigPosition): Reason[] {
  const ids = new Set(nodes.map((node) => node.nodeId));
  const groups = new Map<string, { readonly change: NodeChange; count: number }>();
  for (const change of fleet.changes) {
    const isMine = change.kind === "create" ? change.autoscaleConfig === config.name : ids.has(change.nodeId);
    if (!isMine) continue;
    const key = `${change.kind}/${change.reason.code}`;
    const group = groups.get(key) ?? { change, count: 0 };
    group.count += 1;
    groups.set(key, group);
  }
  return [...groups.values()].map(({ change, count }) => ({
    code: `${change.kind}.${change.reason.code}`,
    text: `${change.kind} ${formatCount(count, "node")}: ${change.reason.text}`,
    numbers: { ...change.reason.numbers, nodes: count },
  }));
}

function steadyReason({ config, nodesLive, nodesInFlight, nodesTotal }: ConfigPosition): Reason {
  const coming = nodesInFlight > 0 ? `, ${nodesInFlight} of them on their way` : "";
  const text = `${formatCount(nodesLive, "node")}${coming}: neither too few nor too many`;
  return { code: "steady", text, numbers: { autoscaleConfig: config.name, nodesLive, nodesInFlight, nodesTotal } };
}
