/** What ends by itself: nodes that don't come or fall silent. */
import type { EpochMs } from "../model/clock";
import type { Reason } from "../model/reason";
import type { Node } from "../model/state";
import { formatCount, formatDuration } from "../model/units";
import { tellNode, type NodeEvent } from "../deciding/node-events";
import { isUnheard } from "../planner/lifecycle/node-status";
import type { QueueContext } from "../planner/placement/place-queue";
import { destroyNode } from "../planner/lifecycle/transitions";
import { requestedMsMax } from "./new-node";
import { answersOf, neighbourAnsweredMs, type Answers } from "./reachable";

export interface Hearing {
  /** When this process began to listen; silence before that is ours, not the nodes'. */
  readonly awakeSinceMs: EpochMs;
  /** False for a node that may have come to life after its deadline: it is asked before it is given up. */
  readonly isSilentSince: (node: Node, deadlineMs: EpochMs) => boolean;
}

/** Applies every time-out that has passed. */
export function applyTimeOuts(context: QueueContext, hearing: Hearing): void {
  const { snapshot } = context.draft;
  const answers = answersOf(snapshot.nodes.values(), context.nowMs);
  const silentZones = findSilentZones(snapshot.nodes.values(), context.nowMs, hearing.awakeSinceMs);
  for (const node of snapshot.nodes.values()) applyToNode(node, { ...hearing, context, silentZones, answers });
}

interface Judging extends Hearing {
  readonly context: QueueContext;
  /** Zones from which nothing is heard at all, with the number of their silent nodes. */
  readonly silentZones: ReadonlyMap<string, number>;
  readonly answers: Answers;
}

function applyToNode(node: Node, judging: Judging): void {
  const { context, awakeSinceMs } = judging;
  switch (node.status) {
    case "requested":
      return applyToRequested(node, context, awakeSinceMs);
    case "provisioning":
    case "starting":
      return applyToComing(node, judging);
    case "running":
    case "missing":
    case "draining":
      return applyToSilent(node, judging);
    case "destroying":
      return applyToDestroying(node, context);
    case "dead":
    case "failed":
      return;
    default: {
      const never: never = node.status;
      throw new Error(`unknown status ${String(never)}`);
    }
  }
}

/**
 * While it waits for a slot its time does not count, for a day. It counts while the lane is open: the lane may be stuck,
 * and another one can serve. Its cloud was not asked for it, so its config is not to blame.
 */
function applyToRequested(node: Node, context: QueueContext, awakeSinceMs: EpochMs): void {
  const lane = context.draft.snapshot.lanes.get(node.laneId ?? "");
  const openSinceMs = lane?.openRevision === undefined ? undefined : (lane.openSinceMs ?? 0);
  const waitedMs = context.nowMs - Math.max(node.statusSinceMs, awakeSinceMs);
  const stuckMs = openSinceMs === undefined ? 0 : Math.min(waitedMs, context.nowMs - openSinceMs);
  const { provisionTimeoutSeconds } = node;
  const numbers = { waitedMs, stuckMs, provisionTimeoutSeconds, lane: node.laneId ?? "" };
  if (stuckMs >= provisionTimeoutSeconds * 1000) {
    const text = `its lane was busy with something else for ${formatDuration(provisionTimeoutSeconds)}; another lane takes its place`;
    destroyNode(context, node, { code: "laneStuck", text, numbers });
  } else if (waitedMs >= requestedMsMax) {
    const text = `no slot was free to create it for ${formatDuration(requestedMsMax / 1000)}`;
    destroyNode(context, node, { code: "neverBegun", text, numbers });
  }
}

function applyToComing(node: Node, { context, awakeSinceMs, isSilentSince }: Judging): void {
  // Only rows of earlier versions: now it runs as soon as its address is known.
  if (node.status === "starting" && node.runningSinceMs !== undefined && node.address !== undefined) {
    const text = "had checked in before its address was known";
    return tell(node, { kind: "ready", reason: { code: "checkedIn", text, numbers: {} } }, context);
  }
  const sinceMs = Math.max(node.statusSinceMs, awakeSinceMs);
  const waitedMs = context.nowMs - sinceMs;
  const limitMs = node.provisionTimeoutSeconds * 1000;
  if (waitedMs < limitMs || !isSilentSince(node, sinceMs + limitMs)) return;
  const limit = formatDuration(node.provisionTimeoutSeconds);
  const text =
    node.status === "provisioning"
      ? `the cloud did not make it within ${limit}`
      : `${whatWasMissed(node)} within ${limit} after it was created`;
  const numbers = { waitedMs, provisionTimeoutSeconds: node.provisionTimeoutSeconds };
  const silence = node.readyWhen === "probe" ? "noAnswer" : "noCheckin";
  const code = node.status === "starting" ? silence : "provisionTimeout";
  tell(node, { kind: "timedOut", reason: { code, text, numbers } }, context);
}

/** By how the node was to show that it is ready. */
function whatWasMissed({ readyWhen, connectionPort = 0, address = "" }: Node): string {
  return readyWhen === "probe" ? `port ${connectionPort} of ${address} did not answer` : "no check-in";
}

/** Nobody has to be woken: time-outs are the beginning of a pass. */
function tell(node: Node, event: NodeEvent, context: QueueContext): void {
  tellNode(context, node, event);
}

/** A delete takes minutes; what takes longer is told, because somebody may have to look into the cloud. */
const destroyOverdueSeconds = 600;

/** Nothing is given up: the lane goes on trying, with waits of at most 5 minutes, until the node is known to be gone. */
function applyToDestroying(node: Node, { draft, journal, nowMs }: QueueContext): void {
  const waitedMs = nowMs - node.statusSinceMs;
  if (waitedMs < destroyOverdueSeconds * 1000 || node.reason.code === "destroyOverdue") return;
  const last = node.failure ? `; last try: ${node.failure.message}` : "";
  const since = new Date(node.statusSinceMs).toISOString();
  const text = `was to be destroyed at ${since} (${node.reason.text}) and is still there; it is tried again and again${last}`;
  const reason = {
    code: "destroyOverdue",
    text,
    numbers: { waitedMs, destroyOverdueSeconds, lane: node.laneId ?? "" },
  };
  draft.putNode({ ...node, reason });
  draft.decide(journal.entry("node", node.nodeId, "destroyOverdue", reason));
}

/** When at least so many nodes are silent at once, the network between them and us is the likelier cause. */
const outageNodesMin = 3;

/** How long beyond `deadTimeout` a node in a silent zone is kept; then it is given up all the same. */
const outageHoldSeconds = 86_400;

/**
 * Zones from which nothing is heard: all their nodes are missing, and there are at least {@link outageNodesMin}. One node
 * that is heard, such as one that was made meanwhile, shows that the network works and each silent node is at fault itself.
 */
function findSilentZones(nodes: Iterable<Node>, nowMs: EpochMs, awakeSinceMs: EpochMs): Map<string, number> {
  const silent = new Map<string, number>();
  const heard = new Set<string>();
  for (const node of nodes) {
    if (node.status !== "running" && node.status !== "missing" && node.status !== "draining") continue;
    const silentMs = silenceOf(node, nowMs, awakeSinceMs);
    if (silentMs === undefined) continue;
    if (silentMs < node.missingTimeoutSeconds * 1000) heard.add(node.zone);
    else silent.set(node.zone, (silent.get(node.zone) ?? 0) + 1);
  }
  for (const [zone, count] of silent) if (heard.has(zone) || count < outageNodesMin) silent.delete(zone);
  return silent;
}

/**
 * Since its last sign of life: a heartbeat, or an answered probe of its connection port. Undefined for a node that has
 * never given any although it runs: nothing says that it ever would.
 */
function silenceOf(node: Node, nowMs: EpochMs, awakeSinceMs: EpochMs): number | undefined {
  if (isUnheard(node)) return undefined;
  return nowMs - Math.max(lastSignOf(node) ?? node.runningSinceMs ?? node.statusSinceMs, awakeSinceMs);
}

/** Static members are never dead: they are not ours to destroy. */
function applyToSilent(node: Node, judging: Judging): void {
  const { context, awakeSinceMs, silentZones, isSilentSince } = judging;
  if (node.interruption && applyToInterrupted(node, node.interruption.deadlineMs, judging)) return;
  if (isUnheard(node)) return applyToUnheard(node, judging);
  const silentMs = silenceOf(node, context.nowMs, awakeSinceMs);
  if (silentMs === undefined) return;
  const numbers = {
    silentMs,
    missingTimeoutSeconds: node.missingTimeoutSeconds,
    deadTimeoutSeconds: node.deadTimeoutSeconds,
  };
  const sign = node.lastHeartbeatMs === undefined && node.lastProbeMs !== undefined ? "answered probe" : "heartbeat";
  const text = `no ${sign} for ${formatDuration(Math.floor(silentMs / 1000))}`;
  const overdueMs = silentMs - node.deadTimeoutSeconds * 1000;
  const missingAtMs = context.nowMs - silentMs + node.missingTimeoutSeconds * 1000;
  if (overdueMs >= 0 && node.autoscaleConfig !== undefined) {
    const silentNodes = silentZones.get(node.zone);
    const holdMs = silentNodes === undefined ? 0 : outageHoldSeconds * 1000;
    if (overdueMs < holdMs)
      return keepInOutage(node, { text, numbers: { ...numbers, silentNodes: silentNodes! } }, context);
    if (!isSilentSince(node, context.nowMs - overdueMs + holdMs)) return;
    tell(node, { kind: "lost", reason: { code: "dead", text, numbers } }, context);
  } else if (context.nowMs >= missingAtMs && node.status === "running" && isSilentSince(node, missingAtMs)) {
    tell(node, { kind: "silent", reason: { code: "missing", text, numbers } }, context);
  }
}

/**
 * A static member that names its port has to answer there before it takes sessions for long: nobody else says that it is
 * switched on. Of a server that checked in, only what is said of its neighbours speaks against it: it takes no new session,
 * and is given up when it has none and went on unheard for `deadTimeout`.
 */
function applyToUnheard(node: Node, judging: Judging): void {
  const { context, awakeSinceMs, answers, isSilentSince } = judging;
  if (node.autoscaleConfig === undefined && node.connectionPort !== undefined)
    return applyToUnheardMember(node, judging);
  const answeredMs = neighbourAnsweredMs(node, answers);
  if (answeredMs === undefined || node.status === "draining") return;
  const { missingTimeoutSeconds, deadTimeoutSeconds, connectionPort = 0 } = node;
  const runningMs = Math.max(node.runningSinceMs ?? node.statusSinceMs, awakeSinceMs);
  const whose = `autoscale config "${node.autoscaleConfig}"`;
  const text = `port ${connectionPort} has never answered, and those of other nodes of ${whose} do`;
  const numbers = {
    runningForMs: context.nowMs - runningMs,
    missingTimeoutSeconds,
    deadTimeoutSeconds,
    connectionPort,
  };
  if (node.status === "running") {
    const missingAtMs = runningMs + missingTimeoutSeconds * 1000;
    if (context.nowMs < missingAtMs || !isSilentSince(node, Math.max(missingAtMs, answeredMs))) return;
    return tell(node, { kind: "silent", reason: { code: "missing", text, numbers } }, context);
  }
  const missingForMs = context.nowMs - Math.max(node.statusSinceMs, awakeSinceMs);
  const deadAtMs = context.nowMs - missingForMs + (deadTimeoutSeconds - missingTimeoutSeconds) * 1000;
  const isFree = context.draft.usage(node.nodeId).pinned === 0;
  if (!isFree || context.nowMs < deadAtMs || !isSilentSince(node, Math.max(deadAtMs, answeredMs))) return;
  tell(node, { kind: "lost", reason: { code: "dead", text, numbers } }, context);
}

/** It is never given up; its first answer brings it back. */
function applyToUnheardMember(node: Node, { context, awakeSinceMs, isSilentSince }: Judging): void {
  if (node.status !== "running") return;
  const { missingTimeoutSeconds, connectionPort = 0 } = node;
  const sinceMs = Math.max(node.runningSinceMs ?? node.statusSinceMs, awakeSinceMs);
  const missingAtMs = sinceMs + missingTimeoutSeconds * 1000;
  if (context.nowMs < missingAtMs || !isSilentSince(node, missingAtMs)) return;
  const text = `its port ${connectionPort} has never answered, in ${formatDuration(Math.floor((context.nowMs - sinceMs) / 1000))}`;
  const numbers = { runningForMs: context.nowMs - sinceMs, missingTimeoutSeconds, connectionPort };
  tell(node, { kind: "silent", reason: { code: "missing", text, numbers } }, context);
}

/** Nothing is heard from the whole zone: its nodes are no capacity, but none is destroyed for it. */
function keepInOutage(node: Node, { text, numbers }: Omit<Reason, "code">, { draft, journal }: QueueContext): void {
  if (node.status !== "missing" || node.reason.code === "zoneSilent") return;
  const why = `nor from any other of the ${formatCount(Number(numbers["silentNodes"]), "node")} in zone "${node.zone}": the network is doubted, not the node`;
  const until = `kept until one of them is heard, at most ${formatDuration(outageHoldSeconds)} longer`;
  const reason = { code: "zoneSilent", text: `${text}, ${why}; ${until}`, numbers: { ...numbers, outageHoldSeconds } };
  draft.putNode({ ...node, reason });
  draft.decide(journal.entry("node", node.nodeId, "zoneSilent", reason));
}

function lastSignOf({ lastHeartbeatMs, lastProbeMs }: Node): EpochMs | undefined {
  if (lastHeartbeatMs === undefined || lastProbeMs === undefined) return lastHeartbeatMs ?? lastProbeMs;
  return Math.max(lastHeartbeatMs, lastProbeMs);
}

/** A VM that the cloud was to take back may live a little longer; one that is silent since is gone. */
const interruptionGraceMs = 60_000;

/** True when the cloud has taken the node. One that still gives signs of life keeps its sessions until they end. */
function applyToInterrupted(node: Node, deadlineMs: EpochMs, judging: Judging): boolean {
  const { context, awakeSinceMs, isSilentSince } = judging;
  const graceEndMs = Math.max(deadlineMs, awakeSinceMs) + interruptionGraceMs;
  if (context.nowMs < graceEndMs || (lastSignOf(node) ?? 0) > deadlineMs) return false;
  if (!isSilentSince(node, graceEndMs)) return false;
  const text = `the cloud took it back at ${new Date(deadlineMs).toISOString()}, as announced`;
  tell(node, { kind: "lost", reason: { code: "interrupted", text, numbers: { deadlineMs } } }, context);
  return true;
}
