/**
 * The one road of node events. Whoever learns something about a node tells it here: the updates of its lane, the node
 * itself, probes, time-outs, and the sweep of its account. Here it becomes a change of the node's row and of whatever
 * depends on it: sessions that get the node or lose it, and what its config remembers of failures and boots. What people
 * and plans want of a node, such as to drain it, is no event; that is in `planner/lifecycle/transitions.ts`.
 *
 *   event          told by                         a node that is                      becomes
 *   engineStarted  an update of its lane           requested                           provisioning
 *   asked          an update of its lane           provisioning                        provisioning, from now on
 *   vmKnown        an update or a recovery         requested, provisioning             starting; running if it had called
 *   notMade        an update or a recovery         provisioning                        requested
 *   refused        an update of its lane           requested, provisioning             failed
 *   ready          its call, heartbeat or probe    starting                            running
 *   saidItFailed   its call                        requested, provisioning, starting   failed
 *   timedOut       time-outs                       provisioning, starting              failed
 *   silent         time-outs                       running                             missing
 *   heardAgain     its heartbeat or probe          missing                             running
 *   lost           time-outs, sweep or recovery    starting to draining                dead
 *   gone           an update or a recovery         destroying                          (its row is deleted)
 *
 * An event that comes too late, such as the refusal of a node that runs, changes nothing.
 */
import type { CloudFailureClass } from "../model/errors";
import type { Reason } from "../model/reason";
import type { ConfigState, Node, NodeStatus } from "../model/state";
import { afterFailure, isTripped, openedReason, withoutFailures } from "../planner/lifecycle/failures";
import { isInFlight } from "../planner/lifecycle/node-status";
import { fillNode, type QueueContext } from "../planner/placement/place-queue";
import { endSession, moveNode } from "../planner/lifecycle/transitions";

/** What the node's stack tells of its VM; what is absent is not known yet. */
export interface VmFacts {
  readonly address?: string;
  /** The cloud's id of the VM. */
  readonly vmId?: string;
  readonly dnsName?: string;
}

export type NodeEvent =
  | { readonly kind: "engineStarted" | "asked" | "notMade" | "gone" }
  | { readonly kind: "vmKnown"; readonly vm: VmFacts }
  | { readonly kind: "refused"; readonly failure: { readonly class: CloudFailureClass; readonly message: string } }
  | { readonly kind: "saidItFailed"; readonly message?: string | undefined }
  | { readonly kind: "ready" | "timedOut" | "silent" | "heardAgain" | "lost"; readonly reason: Reason };

/**
 * The node may hold what else its teller has learned; that is written with it.
 * True when the reconciler is to be woken: something that waits for this could go on now, with nothing else to wake it.
 */
export function tellNode(context: QueueContext, node: Node, event: NodeEvent): boolean {
  switch (event.kind) {
    case "engineStarted":
      if (node.status === "requested") moveSilently(context, node, "provisioning");
      return false;
    case "asked":
      return noteAsked(context, node);
    case "vmKnown":
      return noteVm(context, node, event.vm);
    case "notMade":
      return askAgain(context, node);
    case "refused":
      return refuse(context, node, event.failure);
    case "ready":
      return becomeReady(context, node, event.reason);
    case "saidItFailed":
      return failByOwnWord(context, node, event.message ?? "no message");
    case "timedOut":
      if (node.status !== "provisioning" && node.status !== "starting") return false;
      return fail(context, node, { class: "TIMEOUT", message: event.reason.text }, event.reason);
    case "silent":
      if (node.status === "running") moveNode(context, node, "missing", event.reason);
      return true;
    case "heardAgain":
      return comeBack(context, node, event.reason);
    case "lost":
      return lose(context, node, event.reason);
    case "gone":
      return forget(context, node);
    default: {
      const never: never = event;
      throw new Error(`unknown node event ${JSON.stringify(never)}`);
    }
  }
}

/** A step of the engine that nobody needs to read about. */
function moveSilently({ draft, nowMs }: QueueContext, node: Node, status: NodeStatus): void {
  draft.putNode({ ...node, status, statusSinceMs: nowMs });
}

/** When the cloud is asked this soon after the engine has begun, the row is not written again. */
const askDelayNotedMs = 5_000;

/** In a big update the cloud is asked for a node long after the engine began; its time-out counts from then. */
function noteAsked(context: QueueContext, node: Node): boolean {
  const isLate = context.nowMs - node.statusSinceMs >= askDelayNotedMs;
  if (node.status === "provisioning" && isLate) moveSilently(context, node, "provisioning");
  return false;
}

/**
 * A node that is to leave meanwhile only gets its address. When this is another VM that carries the node's id, what the row
 * tells stays.
 */
function noteVm(context: QueueContext, node: Node, { address, vmId, dnsName }: VmFacts): boolean {
  if (node.vmId !== undefined && vmId !== undefined && vmId !== node.vmId) return false;
  const facts: VmFacts = {
    ...(address === undefined ? {} : { address }),
    ...(vmId === undefined ? {} : { vmId }),
    ...(dnsName === undefined ? {} : { dnsName }),
  };
  const isNews = Object.entries(facts).some(([field, value]) => node[field as keyof VmFacts] !== value);
  if (!isNews) return false;
  const known: Node = { ...node, ...facts };
  if (address === undefined || (node.status !== "requested" && node.status !== "provisioning")) {
    context.draft.putNode(known);
    return false;
  }
  const seconds = Math.round((context.nowMs - node.createdAtMs) / 100) / 10;
  moveNode(context, known, "starting", {
    code: "created",
    text: `the VM exists at ${address}`,
    numbers: { seconds },
  });
  if (node.runningSinceMs !== undefined) {
    const text = "had checked in before its address was known";
    return becomeReady(context, context.draft.node(node.nodeId)!, { code: "checkedIn", text, numbers: {} });
  }
  // Probes begin with the next pass; a node that calls by itself needs none.
  return node.readyWhen === "probe";
}

/** The update ended before the cloud had made it; the next one asks for it again. */
function askAgain({ draft, journal, nowMs }: QueueContext, node: Node): boolean {
  if (node.status !== "provisioning") return false;
  const text = "the update that was to make it ended before the cloud had; it is asked for again";
  draft.putNode({ ...node, status: "requested", statusSinceMs: nowMs });
  draft.decide(journal.entry("node", node.nodeId, "requested", { code: "askedAgain", text, numbers: {} }));
  return false;
}

/** It takes sessions from now on. One that calls before its address is known does so as soon as that is. */
function becomeReady(context: QueueContext, node: Node, reason: Reason): boolean {
  const { draft, journal, nowMs } = context;
  if (!isInFlight(node)) return false;
  if (node.status === "starting" && node.address !== undefined) {
    start(context, node, reason);
    fillNode(context, node.nodeId);
    return true;
  }
  if (node.runningSinceMs !== undefined) return false;
  draft.putNode({ ...node, runningSinceMs: nowMs });
  draft.decide(journal.entry("node", node.nodeId, "checkedInEarly", reason));
  return false;
}

/** Boots of a config that are remembered, to tell who waits how long it will take. */
const bootsRemembered = 20;

/** Its config's row of failures is over, and its boot is measured. */
function start(context: QueueContext, node: Node, reason: Reason): void {
  const runningSinceMs = node.runningSinceMs ?? context.nowMs;
  moveNode(context, node, "running", reason, { progressPercent: 100, runningSinceMs });
  if (node.autoscaleConfig === undefined) return;
  const state = context.draft.configState(node.autoscaleConfig);
  const seconds = Math.round((runningSinceMs - node.createdAtMs) / 1000);
  const bootSeconds = [...(state.bootSeconds ?? []), seconds].slice(-bootsRemembered);
  context.draft.putConfigState({ ...afterSuccess(context, state, node), bootSeconds });
}

function afterSuccess({ draft, journal }: QueueContext, state: ConfigState, node: Node): ConfigState {
  const { vmProvider = "", nodeId } = node;
  const failures = state.failures?.[vmProvider];
  if (failures && isTripped(failures)) {
    const text = `node ${nodeId} runs: VM provider config "${vmProvider}" is used without limits again`;
    const numbers = { vmProvider, nodeId, consecutiveFailures: failures.consecutiveFailures };
    draft.decide(
      journal.entry("config", state.autoscaleConfig, "circuitClosed", { code: "circuitClosed", text, numbers }),
    );
  }
  return withoutFailures(state, vmProvider);
}

function comeBack(context: QueueContext, node: Node, reason: Reason): boolean {
  if (node.status !== "missing") return false;
  moveNode(context, node, "running", reason);
  fillNode(context, node.nodeId);
  return true;
}

function refuse(
  context: QueueContext,
  node: Node,
  failure: { readonly class: CloudFailureClass; readonly message: string },
): boolean {
  if (node.status !== "requested" && node.status !== "provisioning") return false;
  const text = `the VM could not be created (${failure.class}): ${failure.message}`;
  return fail(context, node, failure, { code: "createFailed", text, numbers: { class: failure.class } });
}

function failByOwnWord(context: QueueContext, node: Node, message: string): boolean {
  if (!isInFlight(node)) return false;
  const text = `the node said that it failed: ${message}`;
  return fail(context, node, { class: "REPORTED", message }, { code: "reportedFailure", text, numbers: {} });
}

/** The node failed before it ever ran: its config waits before it tries again, or uses a fallback at once. */
function fail(context: QueueContext, node: Node, failure: NonNullable<Node["failure"]>, reason: Reason): boolean {
  const { draft, journal, nowMs } = context;
  moveNode(context, node, "failed", reason, { failure });
  const { autoscaleConfig, vmProvider } = node;
  if (autoscaleConfig === undefined || vmProvider === undefined) return true;
  const before = draft.configState(autoscaleConfig);
  const after = afterFailure(before, { autoscaleConfig, vmProvider, failure, nowMs });
  draft.putConfigState(after);
  const opened = openedReason(before, after, vmProvider);
  if (opened) draft.decide(journal.entry("config", autoscaleConfig, "circuitOpened", opened));
  return true;
}

const hadVm: readonly NodeStatus[] = ["starting", "running", "missing", "draining"];

/** The node is dead with all that ran on it; that is no failure of its config. */
function lose(context: QueueContext, node: Node, reason: Reason): boolean {
  if (!hadVm.includes(node.status)) return false;
  moveNode(context, node, "dead", reason);
  for (const session of context.draft.sessionsOf(node.nodeId)) {
    const text = `its node ${node.nodeId} is dead: ${reason.text}`;
    const numbers = { nodeId: node.nodeId, ...reason.numbers };
    endSession(context, session, "nodeDead", { code: "nodeDead", text, numbers });
  }
  return true;
}

function forget({ draft, journal }: QueueContext, node: Node): boolean {
  if (node.status !== "destroying") return false;
  draft.deleteNode(node.nodeId);
  const reason = { code: "gone", text: "everything of it is deleted", numbers: {} };
  draft.decide(journal.entry("node", node.nodeId, "gone", reason));
  return true;
}
