/** The rows that follow from an update: before it, during it, and at its end. Pure but for the journal's clock. */
import type { EpochMs } from "../model/clock";
import type { CloudFailureClass } from "../model/errors";
import type { Journal } from "../model/journal";
import type { Reason } from "../model/plan";
import type { Lane, LaneTrouble, Node } from "../model/state";
import { Draft } from "../model/draft";
import { failureChanges, loseNode, without } from "../planner/lifecycle/transitions";
import type { Change } from "../model/changes";
import type { Snapshot } from "../model/snapshot";
import { classifyFailure } from "./failure-class";
import { shouldHaveVm, type Presence } from "./lane-work";
import type { KnownVm, PresentNode, RecoverRequest, UpdateRequest, UpdateResult } from "./node-updater";

export interface ChangeContext {
  readonly state: Snapshot;
  readonly journal: Journal;
  readonly nowMs: EpochMs;
}

/** The update is about to start: recorded before, so that a crash during it is seen afterwards. */
export function beginUpdate(
  { journal, nowMs }: ChangeContext,
  lane: Lane,
  { revision, nodes, creates, deletes }: UpdateRequest,
): Change[] {
  const reason: Reason = {
    code: "update",
    text: `update of revision ${revision}: ${creates.length} to create, ${deletes.length} to delete`,
    numbers: { revision, creates: creates.length, deletes: deletes.length, nodes: nodes.length },
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

/**
 * Its VM exists. A node that is to leave meanwhile only gets its address. What its row tells of its VM is kept when this
 * is another VM that carries the node's id.
 */
export function nodeCreated({ journal, nowMs }: ChangeContext, node: Node, made: PresentNode): Change[] {
  if (node.vmId !== undefined && made.vmId !== undefined && made.vmId !== node.vmId) return [];
  const known = {
    ...(made.address === undefined ? {} : { address: made.address }),
    ...(made.vmId === undefined ? {} : { vmId: made.vmId }),
    ...(made.dnsName === undefined ? {} : { dnsName: made.dnsName }),
  };
  const isNews = Object.entries(known).some(([name, value]) => node[name as keyof typeof known] !== value);
  if (!isNews) return [];
  if (made.address === undefined) return [{ kind: "put", table: "node", row: { ...node, ...known } }];
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

export type EndedJob =
  | { readonly kind: "update"; readonly request: UpdateRequest; readonly result: UpdateResult }
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
 * The result, without `present` when the stack lacks something that the update was to leave alone: then nothing is known
 * of it before the cloud is asked.
 */
export function trustedResult({ kind, request, result }: EndedJob): UpdateResult {
  if (kind === "recover" || result.present === undefined) return result;
  const there = new Set(result.present.filter(({ isRemnant }) => !isRemnant).map(({ nodeId }) => nodeId));
  const lost = request.nodes.filter(({ nodeId }) => !request.creates.includes(nodeId) && !there.has(nodeId));
  if (lost.length === 0) return result;
  const message = `the stack has lost ${lost.map(({ nodeId }) => nodeId).join(", ")}`;
  return { laneId: result.laneId, revision: result.revision, outcome: "failed", message };
}

/**
 * What is true after an update or a recovery whose result is certain. A node that was asked for and is not there has
 * failed after an update; after a recovery it is simply asked for again, because the cloud has not refused it. A node
 * that had a VM and of which the cloud says that it has none is dead, and never made again.
 */
export function concludeUpdate(context: ChangeContext, lane: Lane, ended: EndedJob): Change[] {
  const { request, result, kind } = ended;
  const present = new Map((result.present ?? []).map((node) => [node.nodeId, node]));
  const appliedRevision = kind === "update" ? Math.max(lane.appliedRevision, request.revision) : lane.appliedRevision;
  const known = kind === "update" ? withTrouble(atRest(lane), result, context.nowMs) : atRest(lane);
  const changes = laneConcluded(context, { ...known, appliedRevision }, result);
  for (const node of nodesOf(context.state, lane.laneId)) {
    const made = present.get(node.nodeId);
    if (kind === "recover") changes.push(...afterRecovery(context, node, made, ended));
    else changes.push(...afterUpdate(context, node, made, ended));
  }
  return changes;
}

function afterUpdate(
  context: ChangeContext,
  node: Node,
  made: PresentNode | undefined,
  { request, result }: Extract<EndedJob, { kind: "update" }>,
): Change[] {
  const isRefused = result.notPermitted?.includes(node.nodeId) ?? false;
  if (made && isRefused && request.deletes.includes(node.nodeId)) return [];
  if (made && request.deletes.includes(node.nodeId) && result.outcome === "failed") {
    const message = result.message ?? "the update ended without deleting it";
    return [{ kind: "put", table: "node", row: { ...node, failure: { class: classifyFailure(message), message } } }];
  }
  if (made) return nodeCreated(context, node, made);
  if (node.status === "destroying") return nodeGone(context, node);
  if (isRefused) return nodeUnmade(context, node);
  if (!request.creates.includes(node.nodeId)) return [];
  const failure = result.message ?? "the update ended without creating it";
  return nodeFailed(context, node, { class: classifyFailure(failure), message: failure });
}

function afterRecovery(
  context: ChangeContext,
  node: Node,
  made: PresentNode | undefined,
  { result }: Extract<EndedJob, { kind: "recover" }>,
): Change[] {
  if (result.absent?.includes(node.nodeId) && shouldHaveVm(node)) return vmLost(context, node);
  if (made) return nodeCreated(context, node, made);
  if (!result.absent?.includes(node.nodeId)) return [];
  return node.status === "destroying" ? nodeGone(context, node) : nodeUnmade(context, node);
}

function vmLost({ state, journal, nowMs }: ChangeContext, node: Node): Change[] {
  const draft = new Draft(state);
  const { address = "", vmId = "" } = node;
  const text = `its VM at ${address} is gone: neither its stack nor the cloud has it`;
  loseNode({ draft, journal, nowMs }, node, { code: "vmGone", text, numbers: { address, vmId } });
  return draft.changes;
}

/** The lane's row, and what people should know of its stack. */
function laneConcluded({ state, journal }: ChangeContext, lane: Lane, result: UpdateResult): Change[] {
  const { strangers: before = [], forgotten = [], ...rest } = lane;
  const rowless = (result.present ?? []).map(({ nodeId }) => nodeId).filter((nodeId) => !state.nodes.has(nodeId));
  const strangers = rowless.filter((nodeId) => !forgotten.includes(nodeId));
  const left = forgotten.filter((nodeId) => rowless.includes(nodeId));
  const row: Lane = {
    ...rest,
    ...(strangers.length === 0 ? {} : { strangers: strangers.sort() }),
    ...(left.length === 0 ? {} : { forgotten: left }),
  };
  const changes: Change[] = [{ kind: "put", table: "lane", row }];
  const tell = (event: string, text: string, numbers: Reason["numbers"]) => {
    changes.push({
      kind: "decision",
      decision: journal.entry("lane", lane.laneId, event, { code: event, text, numbers }),
    });
  };
  if (strangers.join() !== before.join() && strangers.length > 0) {
    const names = strangers.join(", ");
    tell("strangers", `no row tells of ${names} in stack ${lane.stack}: kept, and left alone`, { nodes: names });
  }
  for (const { nodeId, vmId } of result.duplicates ?? []) {
    tell("duplicate", `VM ${vmId} carries the id of node ${nodeId}, which has another VM: left alone`, {
      nodeId,
      vmId,
    });
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
export function settleLane(context: ChangeContext, lane: Lane, present: Presence): Change[] {
  const gone = nodesOf(context.state, lane.laneId).filter(
    ({ status, nodeId }) => status === "destroying" && !present.has(nodeId),
  );
  return [
    { kind: "put", table: "lane", row: { ...without(lane, "forgotten"), appliedRevision: lane.desiredRevision } },
    ...gone.flatMap((node) => nodeGone(context, node)),
  ];
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
    strangers,
    forgotten,
  } = lane;
  return {
    ...{ laneId, autoscaleConfig, stack, desiredRevision, appliedRevision },
    ...(keptClosedUntilMs === undefined ? {} : { keptClosedUntilMs }),
    ...(trouble === undefined ? {} : { trouble }),
    ...(strangers === undefined ? {} : { strangers }),
    ...(forgotten === undefined ? {} : { forgotten }),
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
