/**
 * The rows that follow from an update or a recovery: before it, during it, and at its end. What happens to a node goes the
 * road of all node events; what happens to the lane itself is decided here.
 */
import { tellNode } from "../deciding/node-events";
import type { EpochMs } from "../model/clock";
import type { Reason } from "../model/reason";
import type { EndedUpdate, Lane, LaneTrouble, Node } from "../model/state";
import type { QueueContext } from "../planner/placement/place-queue";
import { without } from "../planner/lifecycle/transitions";
import type { Snapshot } from "../model/snapshot";
import { classifyFailure } from "./failure-class";
import type { Presence } from "./lane-memory";
import { shouldHaveVm } from "./lane-work";
import type { KnownVm, PresentNode, RecoverRequest, UpdateEvent, UpdateRequest, UpdateResult } from "./node-updater";

/** The update is about to start: recorded before, so that a crash during it is seen afterwards. */
export function beginUpdate(
  context: QueueContext,
  lane: Lane,
  { revision, nodes, creates, deletes }: UpdateRequest,
): void {
  const text = `update of revision ${revision}: ${creates.length} to create, ${deletes.length} to delete`;
  const numbers = { revision, creates: creates.length, deletes: deletes.length, nodes: nodes.length };
  putLane(context, { ...atRest(lane), openRevision: revision, openSinceMs: context.nowMs });
  tell(context, lane, "updating", { code: "update", text, numbers });
}

/** What an update tells while it runs. True when the reconciler is to be woken. */
export function hearUpdate(context: QueueContext, request: UpdateRequest, event: UpdateEvent): boolean {
  const { draft } = context;
  if (event.kind === "started") {
    const lane = draft.lane(request.laneId);
    if (lane) engineStarted(context, lane, { ...event, request });
    return false;
  }
  if (event.kind === "ready" || event.kind === "settled") return false;
  const node = draft.node(event.nodeId);
  if (node?.laneId !== request.laneId) return false;
  switch (event.kind) {
    case "nodeCreating":
      return tellNode(context, node, { kind: "asked" });
    case "nodeCreated":
      return tellNode(context, node, { kind: "vmKnown", vm: event });
    case "nodeFailed":
      return tellNode(context, node, { kind: "refused", failure: { class: event.class, message: event.message } });
    // Rows of deleted nodes go at the end, when the stack's own state says so.
    case "nodeDeleted":
      return false;
    default: {
      const never: never = event;
      throw new Error(`unknown event ${JSON.stringify(never)}`);
    }
  }
}

/** Only from now on do the nodes wait for their cloud. */
function engineStarted(
  context: QueueContext,
  lane: Lane,
  started: Pick<Extract<UpdateEvent, { kind: "started" }>, "enginePid" | "engine" | "worker"> & {
    readonly request: UpdateRequest;
  },
): void {
  const { enginePid, engine, worker, request } = started;
  putLane(context, { ...lane, enginePid, ...(worker === undefined ? {} : { worker }) });
  tell(context, lane, "engineStarted", {
    code: "engine",
    text: `${engine} started${worker === undefined ? "" : ` by worker ${worker}`}`,
    numbers: { enginePid, engine, ...(worker === undefined ? {} : { worker }) },
  });
  for (const { nodeId } of request.nodes) {
    const node = context.draft.node(nodeId);
    if (node) tellNode(context, node, { kind: "engineStarted" });
  }
}

export type EndedJob =
  | {
      readonly kind: "update";
      readonly request: UpdateRequest;
      readonly result: UpdateResult;
      /** Ids of the nodes whose VM its engine has told to be made. */
      readonly made: ReadonlySet<string>;
    }
  | { readonly kind: "recover"; readonly request: RecoverRequest; readonly result: UpdateResult };

/** VMs younger than this may be missing in a cloud's listing although they exist. */
const youngMs = 600_000;

/** What the rows of a lane tell of the VMs that a recovery looks for. */
export function knownVms(lane: Lane, nodes: readonly Node[], nowMs: EpochMs): Record<string, KnownVm> {
  const known = nodes.map(({ nodeId, vmId, address, createdAtMs, status }): [string, KnownVm] => {
    const isYoung = nowMs - createdAtMs < youngMs;
    // The row of a node whose update is open may be behind what its engine does.
    const isUnasked = status === "requested" && lane.openRevision === undefined;
    return [nodeId, { vmId, address, isYoung, isUnasked }];
  });
  return Object.fromEntries(known);
}

/**
 * The result, without `present` when the stack lacks something that the update was to leave alone, or has made: then
 * nothing is known of it before the cloud is asked.
 */
export function trustedResult(ended: EndedJob): UpdateResult {
  const { result } = ended;
  if (ended.kind === "recover" || result.present === undefined) return result;
  const { request, made } = ended;
  const there = new Set(result.present.filter(({ isRemnant }) => !isRemnant).map(({ nodeId }) => nodeId));
  const mustBe = (nodeId: string) => !request.creates.includes(nodeId) || made.has(nodeId);
  const lost = request.nodes.filter(({ nodeId }) => mustBe(nodeId) && !there.has(nodeId));
  if (lost.length === 0) return result;
  const message = `the stack has lost ${lost.map(({ nodeId }) => nodeId).join(", ")}`;
  return { laneId: result.laneId, revision: result.revision, outcome: "failed", message };
}

/**
 * What is true after an update or a recovery whose result is certain. A node that was asked for and is not there has
 * failed after an update; after a recovery it is simply asked for again, because the cloud has not refused it. A node
 * that had a VM and of which the cloud says that it has none is dead, and never made again.
 */
export function concludeUpdate(context: QueueContext, lane: Lane, ended: EndedJob): void {
  const { request, result, kind } = ended;
  const present = new Map((result.present ?? []).map((node) => [node.nodeId, node]));
  const appliedRevision = kind === "update" ? Math.max(lane.appliedRevision, request.revision) : lane.appliedRevision;
  const known = kind === "update" ? withTrouble(atRest(lane), result, context.nowMs) : atRest(lane);
  const lastUpdate = endOf(lane, ended, context.nowMs);
  concludeLane(context, { ...known, appliedRevision, lastUpdate }, result);
  tellEnd(context, lane, lastUpdate);
  for (const node of nodesOf(context.draft.snapshot, lane.laneId)) {
    const made = present.get(node.nodeId);
    if (kind === "recover") afterRecovery(context, node, made, ended);
    else afterUpdate(context, node, made, ended);
  }
}

function endOf({ openSinceMs }: Lane, { kind, request, result }: EndedJob, endedAtMs: EpochMs): EndedUpdate {
  const { outcome, message } = result;
  const [creates, deletes] = kind === "update" ? [request.creates.length, request.deletes.length] : [0, 0];
  return {
    ...{ kind, revision: request.revision, endedAtMs, outcome, creates, deletes },
    ...(openSinceMs === undefined ? {} : { startedAtMs: openSinceMs }),
    ...(outcome === "failed" && message !== undefined ? { failure: { class: classifyFailure(message), message } } : {}),
  };
}

/** With its beginning, so that one entry tells the whole of it. */
function tellEnd(context: QueueContext, lane: Lane, ended: EndedUpdate): void {
  const { kind, revision, startedAtMs, outcome, failure, creates, deletes } = ended;
  const what = kind === "update" ? `update of revision ${revision}` : "recovery";
  const text =
    outcome === "succeeded" ? `${what} is done` : `${what} failed: ${failure?.message ?? "it did not say why"}`;
  const numbers = {
    ...{ kind, revision, outcome, creates, deletes },
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    ...(failure === undefined ? {} : { class: failure.class }),
  };
  tell(context, lane, kind === "update" ? "updated" : "recovered", { code: "updateEnded", text, numbers });
}

function afterUpdate(
  context: QueueContext,
  node: Node,
  made: PresentNode | undefined,
  { request, result }: Extract<EndedJob, { kind: "update" }>,
): void {
  const isRefused = result.notPermitted?.includes(node.nodeId) ?? false;
  if (made && request.deletes.includes(node.nodeId)) {
    if (!isRefused) noteUndeleted(context, node, made, result);
  } else if (made) tellNode(context, node, { kind: "vmKnown", vm: made });
  else if (node.status === "destroying") tellNode(context, node, { kind: "gone" });
  else if (isRefused) tellNode(context, node, { kind: "notMade" });
  else if (request.creates.includes(node.nodeId)) {
    const message = result.message ?? "the update ended without creating it";
    tellNode(context, node, { kind: "refused", failure: { class: classifyFailure(message), message } });
  }
}

/** It was to be deleted and is still there: why is kept with it, and the lane tries again. */
function noteUndeleted(context: QueueContext, node: Node, made: PresentNode, result: UpdateResult): void {
  if (result.outcome !== "failed") return void tellNode(context, node, { kind: "vmKnown", vm: made });
  const message = result.message ?? "the update ended without deleting it";
  context.draft.putNode({ ...node, failure: { class: classifyFailure(message), message } });
}

function afterRecovery(
  context: QueueContext,
  node: Node,
  made: PresentNode | undefined,
  { result }: Extract<EndedJob, { kind: "recover" }>,
): void {
  const isAbsent = result.absent?.includes(node.nodeId) ?? false;
  if (isAbsent && shouldHaveVm(node)) loseVm(context, node);
  else if (made) tellNode(context, node, { kind: "vmKnown", vm: made });
  else if (isAbsent) tellNode(context, node, { kind: node.status === "destroying" ? "gone" : "notMade" });
}

function loseVm(context: QueueContext, node: Node): void {
  const { address = "", vmId = "" } = node;
  const text = `its VM at ${address} is gone: neither its stack nor the cloud has it`;
  tellNode(context, node, { kind: "lost", reason: { code: "vmGone", text, numbers: { address, vmId } } });
}

/** The lane's row, and what people should know of its stack. */
function concludeLane(context: QueueContext, lane: Lane, result: UpdateResult): void {
  const { nodes } = context.draft.snapshot;
  const { strangers: before = [], forgotten = [], ...rest } = lane;
  const rowless = (result.present ?? []).map(({ nodeId }) => nodeId).filter((nodeId) => !nodes.has(nodeId));
  const strangers = rowless.filter((nodeId) => !forgotten.includes(nodeId));
  const left = forgotten.filter((nodeId) => rowless.includes(nodeId));
  putLane(context, {
    ...rest,
    ...(strangers.length === 0 ? {} : { strangers: strangers.sort() }),
    ...(left.length === 0 ? {} : { forgotten: left }),
  });
  if (strangers.join() !== before.join() && strangers.length > 0) {
    const names = strangers.join(", ");
    const text = `no row tells of ${names} in stack ${lane.stack}: kept, and left alone`;
    tell(context, lane, "strangers", { code: "strangers", text, numbers: { nodes: names } });
  }
  for (const { nodeId, vmId } of result.duplicates ?? []) {
    const text = `VM ${vmId} carries the id of node ${nodeId}, which has another VM: left alone`;
    tell(context, lane, "duplicate", { code: "duplicate", text, numbers: { nodeId, vmId } });
  }
}

function putLane({ draft }: QueueContext, row: Lane): void {
  draft.put({ kind: "put", table: "lane", row });
}

function tell({ draft, journal }: QueueContext, { laneId }: Lane, event: string, reason: Reason): void {
  draft.decide(journal.entry("lane", laneId, event, reason));
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

/** Rows of nodes that left and are known not to be in the stack. */
export function settleLane(context: QueueContext, lane: Lane, present: Presence): void {
  putLane(context, { ...without(lane, "forgotten"), appliedRevision: lane.desiredRevision });
  for (const node of nodesOf(context.draft.snapshot, lane.laneId)) {
    if (!present.has(node.nodeId)) tellNode(context, node, { kind: "gone" });
  }
}

/** The lane without an open update. */
export function atRest(lane: Lane): Lane {
  const {
    laneId,
    autoscaleConfig,
    stack,
    desiredRevision,
    appliedRevision,
    keptClosedUntilMs,
    trouble,
    lastUpdate,
    strangers,
    forgotten,
  } = lane;
  return {
    ...{ laneId, autoscaleConfig, stack, desiredRevision, appliedRevision },
    ...(keptClosedUntilMs === undefined ? {} : { keptClosedUntilMs }),
    ...(trouble === undefined ? {} : { trouble }),
    ...(lastUpdate === undefined ? {} : { lastUpdate }),
    ...(strangers === undefined ? {} : { strangers }),
    ...(forgotten === undefined ? {} : { forgotten }),
  };
}

export function nodesOf(state: Snapshot, laneId: string): Node[] {
  return [...state.nodesOfLane(laneId).values()];
}
