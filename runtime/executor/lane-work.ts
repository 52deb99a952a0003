/**
 * What a lane needs next, from its rows and from what is known of it. Pure.
 *
 *   recover  an update has no recorded end, or what is in the stack must be known before anything can be left out
 *   update   the stack gets exactly these nodes; creates and deletes never in the same update, creates first
 *   settle   rows can be brought up to date without the engine
 *   empty    nothing is left of the lane: it can be removed
 *   idle     nothing to do
 *   wait     what is needed is not due yet
 */
import type { EpochMs } from "../model/clock";
import type { DesiredNode, Lane, Node } from "../model/state";
import { retryWaitMs, type LaneMemory } from "./lane-memory";
import type { SlotNeed } from "./slot-scheduler";

export type LaneStep =
  | { readonly kind: "recover"; readonly nodes: readonly DesiredNode[] }
  | {
      readonly kind: "update";
      readonly nodes: readonly DesiredNode[];
      readonly creates: number;
      readonly deletes: number;
    }
  | { readonly kind: "settle" }
  | { readonly kind: "empty" }
  | { readonly kind: "idle" };

export type DueStep = LaneStep | { readonly kind: "wait"; readonly ms: number };

/** An engine that was left alone is looked at this often, and so long after its update began at most. */
const engineLookMs = 1_000;
const engineWaitMs = 1_200_000;

export interface LaneFacts {
  readonly nodes: readonly Node[];
  readonly nowMs: EpochMs;
  /** How long an empty lane is kept. */
  readonly lingerMs: number;
  /** Whether an engine of an earlier update still works on the stack; asked only before a recovery. */
  isEngineRunning(): boolean;
}

/** The next step, or how long the lane waits before it. */
export function dueStep(lane: Lane, memory: LaneMemory, facts: LaneFacts): DueStep {
  const step = nextStep(lane, facts.nodes, memory.present);
  if (step.kind === "idle") return step;
  const retryMs = retryWaitMs(lane, memory.retry, facts.nowMs);
  const ms = retryMs > 0 ? retryMs : ownWaitMs(step, lane, memory, facts);
  return ms > 0 ? { kind: "wait", ms } : step;
}

function ownWaitMs({ kind }: LaneStep, lane: Lane, { emptySinceMs }: LaneMemory, facts: LaneFacts): number {
  const { nowMs, lingerMs } = facts;
  if (kind === "empty") return (emptySinceMs ?? nowMs) + lingerMs - nowMs;
  const mayWait = kind === "recover" && nowMs - (lane.openSinceMs ?? 0) < engineWaitMs;
  return mayWait && facts.isEngineRunning() ? engineLookMs : 0;
}

/** What the step needs a slot for; undefined when it needs none. */
export function slotNeedOf(step: DueStep, lane: Lane, nodes: readonly Node[]): SlotNeed | undefined {
  const needs = (kind: SlotNeed["kind"]): SlotNeed => {
    const isAwaited = (kind === "create" || kind === "recover") && nodes.some(isAwaitedNode);
    return { kind, account: accountOf(nodes), config: lane.autoscaleConfig, isAwaited };
  };
  switch (step.kind) {
    case "update":
      return needs(step.creates > 0 ? "create" : "delete");
    case "recover":
      return needs("recover");
    case "empty":
      return needs("remove");
    case "settle":
    case "idle":
    case "wait":
      return undefined;
    default: {
      const never: never = step;
      throw new Error(`unknown step ${JSON.stringify(never)}`);
    }
  }
}

/** It is to be made, and was asked for because sessions wait. */
function isAwaitedNode({ status, reason }: Node): boolean {
  return (status === "requested" || status === "provisioning") && reason.code === "queue";
}

/** Nodes of one lane are all of one VM provider config. */
function accountOf(nodes: readonly Node[]): string {
  const [node] = nodes;
  return node?.spec?.account ?? node?.vmProvider ?? "";
}

/** @param present Ids of the nodes in the stack; undefined = not known, e.g. after a restart. */
export function nextStep(lane: Lane, nodes: readonly Node[], present: ReadonlySet<string> | undefined): LaneStep {
  const all = specsOf(nodes);
  if (lane.openRevision !== undefined) return { kind: "recover", nodes: all };
  if (nodes.length === 0 && (present === undefined || present.size === 0)) return { kind: "empty" };

  const creating = nodes.filter(({ status }) => status === "requested" || status === "provisioning");
  const leaving = nodes.filter(({ status }) => status === "destroying");
  const unborn = nodes.filter(hasFailedToBeCreated);
  if (present === undefined) {
    // Declaring a node that leaves, or one whose create failed, would make its VM if it has none.
    const mustKnow = unborn.length > 0 || (creating.length > 0 && leaving.length > 0);
    if (mustKnow) return { kind: "recover", nodes: all };
  }
  const isThere = ({ nodeId }: Node) => present?.has(nodeId) ?? false;
  const wanted = nodes.filter((node) => node.status !== "destroying" && (!hasFailedToBeCreated(node) || isThere(node)));
  if (creating.length > 0) {
    // The engine compares what exists one by one; new VMs must not wait for that.
    const existing = wanted.filter((node) => !creating.includes(node));
    const kept = [...creating, ...existing, ...leaving.filter(isThere)];
    return { kind: "update", nodes: specsOf(kept), creates: creating.length, deletes: 0 };
  }
  const strangers = [...(present ?? [])].filter((nodeId) => !nodes.some((node) => node.nodeId === nodeId));
  const deletes = strangers.length + leaving.filter((node) => present === undefined || isThere(node)).length;
  if (deletes > 0) return { kind: "update", nodes: specsOf(wanted), creates: 0, deletes };
  if (leaving.length > 0 || lane.appliedRevision < lane.desiredRevision) return { kind: "settle" };
  return { kind: "idle" };
}

/** The cloud refused it: it is not declared again, and waits only for the planner to give up its row. */
export function hasFailedToBeCreated({ status, failure, address }: Node): boolean {
  return status === "failed" && address === undefined && failure?.class !== "TIMEOUT" && failure?.class !== "REPORTED";
}

function specsOf(nodes: readonly Node[]): DesiredNode[] {
  return nodes.flatMap(({ spec }) => (spec === undefined ? [] : [spec]));
}
