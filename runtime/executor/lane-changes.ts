/** The rows that follow from an update: before it, during it, and at its end. Pure but for the journal's clock. */
import type { EpochMs } from "../model/clock";
import type { CloudFailureClass } from "../model/errors";
import type { Journal } from "../model/journal";
import type { Reason } from "../model/plan";
import type { Lane, LaneTrouble, Node } from "../model/state";
import { failureChanges } from "../planner/transitions";
import type { Change, Snapshot } from "../store/hot-state";
import { classifyFailure } from "./failure-class";
import type { PresentNode, UpdateRequest, UpdateResult } from "./node-updater";

export interface ChangeContext {
  readonly state: Snapshot;
  readonly journal: Journal;
  readonly nowMs: EpochMs;
}

/** The update is about to start: recorded before, so that a crash during it is seen afterwards. */
export function beginUpdate(
  { journal, nowMs }: ChangeContext,
  lane: Lane,
  update: { readonly request: UpdateRequest; readonly creates: number; readonly deletes: number },
): Change[] {
  const { revision, nodes } = update.request;
  const reason: Reason = {
    code: "update",
    text: `update of revision ${revision}: ${update.creates} to create, ${update.deletes} to delete`,
    numbers: { revision, creates: update.creates, deletes: update.deletes, nodes: nodes.length },
  };
  return [
    { kind: "put", table: "lane", row: { ...atRest(lane), openRevision: revision, openSinceMs: nowMs } },
    { kind: "decision", decision: journal.entry("lane", lane.laneId, "updating", reason) },
  ];
}

/** The engine runs: only from now on do nodes wait for their cloud. */
export function engineStarted(
  { state, journal, nowMs }: ChangeContext,
  lane: Lane,
  started: { readonly enginePid: number; readonly engine: string; readonly request: UpdateRequest },
): Change[] {
  const { enginePid, engine, request } = started;
  const reason: Reason = { code: "engine", text: `${engine} started`, numbers: { enginePid, engine } };
  const changes: Change[] = [
    { kind: "put", table: "lane", row: { ...lane, enginePid } },
    { kind: "decision", decision: journal.entry("lane", lane.laneId, "engineStarted", reason) },
  ];
  for (const { nodeId } of request.nodes) {
    const node = state.nodes.get(nodeId);
    if (node?.status !== "requested") continue;
    changes.push({ kind: "put", table: "node", row: { ...node, status: "provisioning", statusSinceMs: nowMs } });
  }
  return changes;
}

/** Creates that start this soon after their engine are not written again. */
const createDelayNotedMs = 5_000;

/** The cloud is asked for it now: in a big update long after the engine began. */
export function nodeCreating({ nowMs }: ChangeContext, node: Node): Change[] {
  if (node.status !== "provisioning" || nowMs - node.statusSinceMs < createDelayNotedMs) return [];
  return [{ kind: "put", table: "node", row: { ...node, statusSinceMs: nowMs } }];
}

/** Its VM exists. A node that is to leave meanwhile only gets its address. */
export function nodeCreated({ journal, nowMs }: ChangeContext, node: Node, made: PresentNode): Change[] {
  const known = { address: made.address, ...(made.dnsName === undefined ? {} : { dnsName: made.dnsName }) };
  if (made.address === undefined || node.address === made.address) return [];
  if (node.status !== "requested" && node.status !== "provisioning") {
    return [{ kind: "put", table: "node", row: { ...node, ...known } }];
  }
  const reason: Reason = {
    code: "created",
    text: `the VM exists at ${made.address}`,
    numbers: { seconds: Math.round((nowMs - node.createdAtMs) / 100) / 10 },
  };
  return [
    { kind: "put", table: "node", row: { ...node, ...known, status: "starting", statusSinceMs: nowMs, reason } },
    { kind: "decision", decision: journal.entry("node", node.nodeId, "starting", reason) },
  ];
}

/** Its create failed; its config waits before it asks for more. */
export function nodeFailed(
  { state, journal, nowMs }: ChangeContext,
  node: Node,
  failure: { readonly class: CloudFailureClass; readonly message: string },
): Change[] {
  if (node.status !== "requested" && node.status !== "provisioning") return [];
  const reason: Reason = {
    code: "createFailed",
    text: `the VM could not be created (${failure.class}): ${failure.message}`,
    numbers: { class: failure.class },
  };
  const changes: Change[] = [
    { kind: "put", table: "node", row: { ...node, status: "failed", statusSinceMs: nowMs, failure, reason } },
    { kind: "decision", decision: journal.entry("node", node.nodeId, "failed", reason) },
  ];
  const before = node.autoscaleConfig === undefined ? undefined : state.configStates.get(node.autoscaleConfig);
  return [...changes, ...failureChanges({ journal, nowMs }, before, node, failure)];
}

/**
 * What is true after an update or a recovery whose result is certain. A node that was asked for and is not there has
 * failed after an update; after a recovery it is simply asked for again, because the cloud has not refused it.
 */
export function concludeUpdate(
  context: ChangeContext,
  lane: Lane,
  ended: { readonly kind: "update" | "recover"; readonly request: UpdateRequest; readonly result: UpdateResult },
): Change[] {
  const { request, result, kind } = ended;
  const present = new Map((result.present ?? []).map((node) => [node.nodeId, node]));
  const asked = new Set(request.nodes.map(({ nodeId }) => nodeId));
  const appliedRevision = kind === "update" ? Math.max(lane.appliedRevision, request.revision) : lane.appliedRevision;
  const known = kind === "update" ? withTrouble(atRest(lane), result, context.nowMs) : atRest(lane);
  const changes: Change[] = [{ kind: "put", table: "lane", row: { ...known, appliedRevision } }];
  const failure = result.message ?? "the update ended without creating it";
  const refused = new Set(result.notPermitted ?? []);
  for (const node of nodesOf(context.state, lane.laneId)) {
    const made = present.get(node.nodeId);
    const isUndeleted = made && node.status === "destroying" && kind === "update" && !asked.has(node.nodeId);
    if (isUndeleted && refused.has(node.nodeId)) continue;
    if (isUndeleted && result.outcome === "failed") {
      const message = result.message ?? "the update ended without deleting it";
      const row = { ...node, failure: { class: classifyFailure(message), message } };
      changes.push({ kind: "put", table: "node", row });
    } else if (made) changes.push(...nodeCreated(context, node, made));
    else if (node.status === "destroying") changes.push(...nodeGone(context, node));
    else if (refused.has(node.nodeId)) changes.push(...nodeUnmade(context, node));
    else if (kind === "update" && asked.has(node.nodeId)) {
      changes.push(...nodeFailed(context, node, { class: classifyFailure(failure), message: failure }));
    } else if (kind === "recover") changes.push(...nodeUnmade(context, node));
  }
  return changes;
}

/** What one lane can't do another may; where the cloud has no room the lane is not to blame. */
function withTrouble(lane: Lane, { outcome, message = "", notPermitted }: UpdateResult, nowMs: EpochMs): Lane {
  if (notPermitted !== undefined) return lane;
  const { trouble: before, ...rest } = lane;
  const failureClass = outcome === "failed" ? classifyFailure(message) : undefined;
  if (failureClass === undefined || failureClass === "CAPACITY" || failureClass === "QUOTA") return rest;
  const { failures, sinceMs } = before ?? { failures: 0, sinceMs: nowMs };
  const trouble: LaneTrouble = { failures: failures + 1, sinceMs, message };
  return { ...rest, trouble };
}

/** It was asked for and is not there, and nobody asks for it any more until the next update. */
function nodeUnmade({ journal, nowMs }: ChangeContext, node: Node): Change[] {
  if (node.status !== "provisioning") return [];
  const text = "the update that was to make it ended before the cloud had; it is asked for again";
  const reason: Reason = { code: "askedAgain", text, numbers: {} };
  return [
    { kind: "put", table: "node", row: { ...node, status: "requested", statusSinceMs: nowMs } },
    { kind: "decision", decision: journal.entry("node", node.nodeId, "requested", reason) },
  ];
}

/** Rows of nodes that left and are known not to be in the stack. */
export function settleLane(context: ChangeContext, lane: Lane, present: ReadonlySet<string>): Change[] {
  const gone = nodesOf(context.state, lane.laneId).filter(
    ({ status, nodeId }) => status === "destroying" && !present.has(nodeId),
  );
  return [
    { kind: "put", table: "lane", row: { ...lane, appliedRevision: lane.desiredRevision } },
    ...gone.flatMap((node) => nodeGone(context, node)),
  ];
}

/** The lane without an open update. */
export function atRest(lane: Lane): Lane {
  const { laneId, autoscaleConfig, stack, desiredRevision, appliedRevision, keptClosedUntilMs, trouble } = lane;
  return {
    ...{ laneId, autoscaleConfig, stack, desiredRevision, appliedRevision },
    ...(keptClosedUntilMs === undefined ? {} : { keptClosedUntilMs }),
    ...(trouble === undefined ? {} : { trouble }),
  };
}

export function nodesOf(state: Snapshot, laneId: string): Node[] {
  return [...state.nodes.values()].filter((node) => node.laneId === laneId);
}

function nodeGone({ journal }: ChangeContext, node: Node): Change[] {
  const reason: Reason = { code: "gone", text: "everything of it is deleted", numbers: {} };
  return [
    { kind: "delete", table: "node", id: node.nodeId },
    { kind: "decision", decision: journal.entry("node", node.nodeId, "gone", reason) },
  ];
}
