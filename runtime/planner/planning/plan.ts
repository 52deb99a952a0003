/**
 * What should change about the set of nodes now. Pure: the same snapshot and time give the same plan, whatever the order
 * in which the rows were stored; and planning again after the plan was applied changes nothing.
 */
import type { ConfigDecision, NodeChange, Plan, StagingPosition, WaitingSession } from "../../model/plan";
import type { Reason } from "../../model/reason";
import type { ConfigState, Node } from "../../model/state";
import { formatCount } from "../../model/units";
import { definitionId } from "../../model/changes";
import type { Snapshot } from "../../model/snapshot";
import { budgetReason } from "../budget/caps";
import { without } from "../lifecycle/transitions";
import { nodesInFlight, nodesLive, nodesTotal, type ConfigView } from "./config-view";
import { drainRetiring } from "./drain-retiring";
import { drainExcess, findExcess, type LastingExcess } from "./excess";
import { Fleet, type FleetOptions } from "./fleet";
import { demandOf, packQueue } from "./pack-queue";
import { packStaging } from "./pack-staging";
import { PlanDraft } from "./plan-draft";
import { removeFinished } from "./remove-finished";
import { Reservations } from "./reservations";
import { raiseToFloor, raiseToStandby } from "./standby";
import { objectiveReason } from "./wait-reasons";

export type PlanOptions = FleetOptions;

/** A plan goes on with what its last round has added, so many times. Two rounds are usual; more are for places that share configs' caps. */
const roundsMax = 10;

export function plan(snapshot: Snapshot, options: PlanOptions): Plan {
  const fleet = new Fleet(snapshot, options);
  const draft = new PlanDraft(fleet);
  const { waiting, staging } = raise(draft);
  for (const view of fleet.configs) {
    removeFinished(draft, view, view.mode === "leaving" ? view.nodes.all : view.nodes.unsettled);
  }
  const { gone, unreadable } = withoutConfig(snapshot);
  removeFinished(draft, undefined, gone);
  removeFinished(draft, undefined, unreadable, "frozen");
  const excess = findExcess(draft);
  const lasting = fleet.configs.map((view) => drainExcess(draft, view, excess.get(view) ?? []));
  for (const view of fleet.configs) drainRetiring(draft, view);
  const changes = groupBy(draft.changes, (change) => configOf(change, snapshot));
  const sessions = groupBy(waiting, ({ reason }) => String(reason.numbers["autoscaleConfig"]));
  const configs = fleet.configs.map((view, index) => {
    const { name } = view.config;
    return decisionOf(draft, view, {
      waiting: sessions.get(name) ?? [],
      changes: changes.get(name) ?? [],
      lasting: lasting[index],
    });
  });
  return { atMs: options.nowMs, changes: draft.changes, configs, waiting, staging };
}

interface Raised {
  readonly waiting: readonly WaitingSession[];
  readonly staging: readonly StagingPosition[];
}

/**
 * Queue, staging, floor and standby, in rounds until a round adds nothing: a session may prefer a node that standby makes,
 * which leaves standby short again, and that must not be left to the next plan.
 */
function raise(draft: PlanDraft): Raised {
  const open = draft.fleet.configs.filter(({ mode }) => mode === "open");
  const demand = demandOf(draft);
  const reservations = new Reservations(draft.fleet);
  for (let round = 1; ; round += 1) {
    const changesBefore = draft.changes.length;
    const waiting = packQueue(draft, demand, reservations);
    const staging = packStaging(draft);
    for (const view of open) if (draft.mayBeShort(view)) raiseToFloor(draft, view);
    for (const view of open) if (draft.mayBeShort(view)) raiseToStandby(draft, view);
    const areReservationsMoved = reservations.endRound();
    const isSettled = draft.changes.length === changesBefore && !areReservationsMoved;
    if (isSettled || round === roundsMax) return { waiting, staging };
    draft.startRound();
  }
}

/** Nodes whose config is not declared any more, and those whose config can't be read, by id. */
function withoutConfig(snapshot: Snapshot): { readonly gone: Node[]; readonly unreadable: Node[] } {
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

function decisionOf(draft: PlanDraft, view: ConfigView, findings: Findings): ConfigDecision {
  const { config, state, mode } = view;
  const { waiting, changes, lasting } = findings;
  const { earlyForMs } = view.window;
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
  const stuck = waiting.filter(({ nodeId, reason }) => nodeId === undefined && reason.code !== "newNode");
  const reasons: Reason[] = [];
  // Others that wait for this config may have a node promised, or wait for something else.
  const [first] = stuck;
  if (first)
    reasons.push(stuckReason(first.reason, stuck.filter(({ reason }) => reason.text === first.reason.text).length));
  reasons.push(...view.added.reasons);
  if (changes.length > 0) {
    const used = changes.flatMap((change) => (change.kind === "create" ? [change.vmProvider] : []));
    reasons.push(...changeReasons(changes), ...draft.fallbackReasons(view, new Set(used)));
  }
  if (mode !== "open") {
    const block = draft.blocked(view, "demand");
    if (block) reasons.push(block);
  }
  if (view.spent && !reasons.some(({ code }) => code === "budget")) reasons.push(budgetReason(view.spent, config.name));
  if (reasons.length === 0) reasons.push(steadyReason(view));
  const objective = view.wait ? { objective: objectiveReason(view.wait, config.name) } : {};
  return { autoscaleConfig: config.name, isActive: mode === "open", reasons, ...objective, nextState };
}

function stuckReason(reason: Reason, sessionsWaiting: number): Reason {
  const text = `${formatCount(sessionsWaiting, "session")} ${sessionsWaiting === 1 ? "waits" : "wait"}: ${reason.text}`;
  return { ...reason, text, numbers: { ...reason.numbers, sessionsWaiting } };
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

function steadyReason(view: ConfigView): Reason {
  const counts = { nodesLive: nodesLive(view), nodesInFlight: nodesInFlight(view), nodesTotal: nodesTotal(view) };
  const coming = counts.nodesInFlight > 0 ? `, ${counts.nodesInFlight} of them on their way` : "";
  const text = `${formatCount(counts.nodesLive, "node")}${coming}: neither too few nor too many`;
  return { code: "steady", text, numbers: { autoscaleConfig: view.config.name, ...counts } };
}
