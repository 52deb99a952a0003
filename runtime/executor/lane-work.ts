/**
 * What a lane needs next, from its rows and from what is known of it. Pure.
 *
 *   recover  it is not known what is in the stack, or a VM that should be in it is not: the cloud is asked
 *   update   the stack gets exactly these nodes; creates and deletes never in the same update, creates first
 *   settle   rows can be brought up to date without the engine
 *   empty    nothing is left of the lane: it can be removed
 *   idle     nothing to do
 *   wait     what is needed is not due yet
 *
 * Once the stack is known, each row that is not in it is known to have no VM: a recovery asked the cloud, an update of
 * this process deleted it, or none was ever made.
 */
import type { EpochMs } from "../model/clock";
import type { DesiredNode, Lane, Node } from "../model/state";
import { retryWaitMs, type LaneMemory, type Presence } from "./lane-memory";
import type { PresentNode } from "./node-updater";
import type { SlotNeed } from "./slot-scheduler";

export type LaneStep =
  | { readonly kind: "recover"; readonly nodes: readonly DesiredNode[] }
  | {
      readonly kind: "update";
      readonly nodes: readonly DesiredNode[];
      readonly creates: readonly string[];
      readonly deletes: readonly string[];
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
      return needs(step.creates.length > 0 ? "create" : "delete");
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

/** @param present What is in the stack; undefined = not known, e.g. after a restart. */
export function nextStep(lane: Lane, nodes: readonly Node[], present: Presence | undefined): LaneStep {
  const known = present ?? (isUntouched(lane, nodes) ? new Map<string, PresentNode>() : undefined);
  if (lane.openRevision !== undefined || known === undefined) return { kind: "recover", nodes: specsOf(nodes) };
  const isThere = ({ nodeId }: Node) => known.has(nodeId);
  const hasVm = (node: Node) => isThere(node) && known.get(node.nodeId)?.isRemnant !== true;
  if ((lane.forgotten ?? []).some((nodeId) => known.has(nodeId))) return { kind: "recover", nodes: specsOf(nodes) };
  // Declared, its VM would be made again under the same id.
  if (nodes.some((node) => shouldHaveVm(node) && !hasVm(node))) return { kind: "recover", nodes: specsOf(nodes) };
  if (nodes.length === 0 && known.size === 0) return { kind: "empty" };

  const creating = nodes.filter(({ status }) => status === "requested" || status === "provisioning");
  const leaving = nodes.filter(({ status }) => status === "destroying");
  const existing = nodes.filter((node) => node.status !== "destroying" && !creating.includes(node) && hasVm(node));
  if (creating.length > 0) {
    // The engine compares what exists one by one; new VMs must not wait for that.
    const kept = [...creating, ...existing, ...leaving.filter(hasVm)];
    return { kind: "update", nodes: specsOf(kept), creates: idsOf(creating), deletes: [] };
  }
  const deletes = idsOf(leaving.filter(isThere));
  if (deletes.length > 0) return { kind: "update", nodes: specsOf(existing), creates: [], deletes };
  if (leaving.length > 0 || lane.appliedRevision < lane.desiredRevision) return { kind: "settle" };
  return { kind: "idle" };
}

/** Its VM was made and has not been given up: without it, the node is dead. */
export function shouldHaveVm({ status, address }: Node): boolean {
  return address !== undefined && ["starting", "running", "missing", "draining"].includes(status);
}

/** No engine has ever worked on it, so that nothing can be in its stack. */
function isUntouched(lane: Lane, nodes: readonly Node[]): boolean {
  return lane.appliedRevision === 0 && nodes.every(({ status, address }) => status === "requested" && !address);
}

function specsOf(nodes: readonly Node[]): DesiredNode[] {
  return nodes.flatMap(({ spec }) => (spec === undefined ? [] : [spec]));
}

function idsOf(nodes: readonly Node[]): string[] {
  return nodes.map(({ nodeId }) => nodeId);
}
