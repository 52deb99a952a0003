/**
 * What should change about the set of nodes now. Pure: the same snapshot and time give the same plan, whatever the order
 * in which the rows were stored; and planning again after the plan was applied changes nothing.
 */
import type { ConfigDecision, NodeChange, Plan, Reason, StagingPosition, WaitingSession } from "../../model/plan";
import type { ConfigState, Node } from "../../model/state";
import { formatCount } from "../../model/units";
import { definitionId } from "../../model/changes";
import type { Snapshot } from "../../model/snapshot";
import { demandOf, packQueue } from "./pack-queue";
import { Fleet, type ConfigPosition, type FleetOptions } from "./fleet";
import { blockedReason } from "./create-blocks";
import { fallbackReason } from "./routes";
import { Reservations } from "./reservations";
import { drainRetiring } from "./rotation";
import { drainExcess, findExcess, removeFinished, type LastingExcess } from "./scale-down";
import { packStaging } from "./pack-staging";
import { raiseToFloor, raiseToStandby } from "./standby";
import { without } from "../lifecycle/transitions";

export type PlanOptions = FleetOptions;

/** Rounds in which a plan looks at its own effect; two are usual, more only when places feed each other. */
const roundsMax = 10;

export function plan(snapshot: Snapshot, options: PlanOptions): Plan {
  const fleet = new Fleet(snapshot, options);
  const { waiting, staging } = raise(fleet);
  for (const position of fleet.positions) {
    removeFinished(fleet, position, position.mode === "leaving" ? position.nodes : position.crew.unsettled);
  }
  const { gone, unreadable } = withoutConfig(fleet);
  removeFinished(fleet, undefined, gone);
  removeFinished(fleet, undefined, unreadable, "frozen");
  const excess = findExcess(fleet);
  const lasting = fleet.positions.map((position) => drainExcess(fleet, position, excess.get(position) ?? []));
  for (const position of fleet.positions) drainRetiring(fleet, position);
  const changes = groupBy(fleet.changes, (change) => configOf(change, snapshot));
  const sessions = groupBy(waiting, ({ reason }) => String(reason.numbers["autoscaleConfig"]));
  const configs = fleet.positions.map((position, index) => {
    const { name } = position.config;
    return decisionOf(fleet, position, {
      waiting: sessions.get(name) ?? [],
      changes: changes.get(name) ?? [],
      lasting: lasting[index],
    });
  });
  return { atMs: options.nowMs, changes: fleet.changes, configs, waiting, staging };
}

interface Raised {
  readonly waiting: readonly WaitingSession[];
  readonly staging: readonly StagingPosition[];
}

/**
 * Queue, staging, floor and standby, again with the nodes just found until no more are: a session may prefer a node that
 * standby makes, which leaves standby short again, and the next plan must not be the one to find that out.
 */
function raise(fleet: Fleet): Raised {
  const open = fleet.positions.filter((position) => position.mode === "open");
  const demand = demandOf(fleet);
  const reservations = new Reservations(fleet);
  for (let round = 1; ; round += 1) {
    const changesBefore = fleet.changes.length;
    const waiting = packQueue(fleet, demand, reservations);
    const staging = packStaging(fleet);
    for (const position of open) if (fleet.mayBeShort(position)) raiseToFloor(fleet, position);
    for (const position of open) if (fleet.mayBeShort(position)) raiseToStandby(fleet, position);
    const areNodesMoved = reservations.endRound();
    const isSettled = fleet.changes.length === changesBefore && !areNodesMoved;
    if (isSettled || round === roundsMax) return { waiting, staging };
    fleet.startRound();
  }
}

/** Nodes whose config is not declared any more, and those whose config can't be read, by id. */
function withoutConfig({ snapshot }: Fleet): { readonly gone: Node[]; readonly unreadable: Node[] } {
  const names = [...snapshot.configsWithNodes()].filter((name) => !snapshot.autoscaleConfigs.has(name));
  const isKept = (name: string): boolean =>
    snapshot.unreadable.has(definitionId("autoscaleConfig", name)) && !snapshot.configStates.get(name)?.isDeleting;
  const nodesOf = (wanted: readonly string[]): Node[] =>
    wanted.flatMap((name) => [...snapshot.nodesOfConfig(name).values()]).sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  return { gone: nodesOf(names.filter((name) => !isKept(name))), unreadable: nodesOf(names.filter(isKept)) };
}

function configOf(change: NodeChange, snapshot: Snapshot): string | undefined {
  return change.kind === "create" ? change.autoscaleConfig : snapshot.nodes.get(change.nodeId)?.autoscaleConfig;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string | undefined, T[]> {
  const groups = new Map<string | undefined, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

interface Findings {
  /** Sessions that wait for this config. */
  readonly waiting: readonly WaitingSession[];
  readonly changes: readonly NodeChange[];
  readonly lasting: LastingExcess | undefined;
}

function decisionOf(fleet: Fleet, position: ConfigPosition, findings: Findings): ConfigDecision {
  const { config, state, mode } = position;
  const { waiting, changes, lasting } = findings;
  const { earlyForMs } = position.window;
  const isAsBefore =
    state.excessSinceMs === lasting?.excessSinceMs &&
    state.excessNodes === lasting?.excessNodes &&
    state.earlyForMs === earlyForMs;
  const nextState: ConfigState = isAsBefore
    ? state
    : {
        ...without(without(without(state, "excessSinceMs"), "excessNodes"), "earlyForMs"),
        ...lasting,
        ...(earlyForMs === undefined ? {} : { earlyForMs }),
      };
  const stuck = waiting.find(({ nodeId, reason }) => nodeId === undefined && reason.code !== "newNode");
  const reasons: Reason[] = [];
  if (stuck) reasons.push(stuckReason(stuck.reason, waiting.length));
  reasons.push(...position.reasons);
  if (changes.length > 0) reasons.push(...changeReasons(changes), ...fallbackReasons(fleet, position, changes));
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
function fallbackReasons(fleet: Fleet, position: ConfigPosition, changes: readonly NodeChange[]): Reason[] {
  const used = new Set(changes.map((change) => (change.kind === "create" ? change.vmProvider : undefined)));
  const routes = position.routes.filter(({ vmProvider }) => used.has(vmProvider));
  return routes.flatMap((route) => fallbackReason(fleet, position, route) ?? []);
}

/** One line per kind of change and reason, with how many nodes. */
function changeReasons(changes: readonly NodeChange[]): Reason[] {
  const groups = new Map<string, { readonly change: NodeChange; count: number }>();
  for (const change of changes) {
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
