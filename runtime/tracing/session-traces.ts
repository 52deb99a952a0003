/**
 * A trace for each session that had to wait, from its request to its node, made of what is committed:
 *
 *   session             from the request until it is given its node
 *   ├ decide            until a node is asked for; absent when one was on its way already
 *   ├ wait for lane     until the engine begins with it
 *   ├ engine update     until its VM has an address
 *   │ ├ create ...      each resource of the node in its cloud, as the worker has told
 *   ├ boot              until it runs
 *   └ place             until the session is given it
 *
 * And one for each node that failed before it ran. Everything is told when it is over; a leader that ends takes the traces
 * that it has begun with it.
 */
import type { EngineStep, UpdateEvent } from "../executor/node-updater";
import type { EpochMs } from "../model/clock";
import type { Change } from "../model/changes";
import type { Node, Session } from "../model/state";
import type { FinishedSpan, SpanSink } from "./span";

/** When a node became what it is. */
interface Timeline {
  readonly askedAtMs: EpochMs;
  begunAtMs?: EpochMs;
  madeAtMs?: EpochMs;
  ranAtMs?: EpochMs;
  steps?: readonly EngineStep[];
}

/** Nodes that are remembered: beyond what a leader makes in an hour nobody looks at each trace. The oldest goes first. */
const nodesMax = 20_000;

interface RowsBefore {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly sessions: ReadonlyMap<string, Session>;
}

export class SessionTraces {
  private readonly timelines = new Map<string, Timeline>();

  constructor(private readonly sink: SpanSink) {}

  /** Sees a commit before it is applied to `before`; what it returns is to be called once that is durable. */
  see(changes: readonly Change[], before: RowsBefore): () => void {
    const spans: FinishedSpan[] = [];
    const nodes = new Map<string, Node>();
    for (const change of changes) {
      if (change.kind === "delete" && change.table === "node") this.timelines.delete(change.id);
      if (change.kind !== "put") continue;
      if (change.table === "node") {
        const { row } = change;
        this.noteNode(nodes.get(row.nodeId) ?? before.nodes.get(row.nodeId), row, spans);
        nodes.set(row.nodeId, row);
      } else if (change.table === "session") {
        const { row } = change;
        const isFromQueue = before.sessions.get(row.sessionId)?.status === "queued" && row.status === "assigned";
        if (isFromQueue) spans.push(this.ofSession(row));
      }
    }
    return () => spans.forEach((span) => this.sink.send(span));
  }

  /** A worker tells, before that is recorded, what its engine has made for a node. */
  heard(event: UpdateEvent): void {
    if (event.kind !== "nodeCreated" || event.steps === undefined) return;
    const timeline = this.timelines.get(event.nodeId);
    if (timeline) timeline.steps = event.steps;
  }

  private noteNode(before: Node | undefined, after: Node, spans: FinishedSpan[]): void {
    const { nodeId, status, statusSinceMs, createdAtMs } = after;
    if (before === undefined && status === "requested") this.begin(nodeId, createdAtMs);
    const timeline = this.timelines.get(nodeId);
    if (timeline === undefined || before === undefined || before.status === status) return;
    if (status === "provisioning") timeline.begunAtMs = statusSinceMs;
    if (status === "starting") timeline.madeAtMs = statusSinceMs;
    if (status === "running") timeline.ranAtMs ??= statusSinceMs;
    if (status === "failed") {
      spans.push(failedNode(after, timeline));
      this.timelines.delete(nodeId);
    }
  }

  private begin(nodeId: string, askedAtMs: EpochMs): void {
    this.timelines.set(nodeId, { askedAtMs });
    if (this.timelines.size <= nodesMax) return;
    const [oldest] = this.timelines.keys();
    this.timelines.delete(oldest!);
  }

  private ofSession({ sessionId, workspace, nodeId = "", requestedAtMs, assignedAtMs, zone }: Session): FinishedSpan {
    const endMs = Math.max(requestedAtMs, assignedAtMs ?? requestedAtMs);
    const timeline = this.timelines.get(nodeId);
    const attributes = {
      "headroom.session": sessionId,
      "headroom.workspace": workspace,
      "headroom.node": nodeId,
      ...(zone === undefined ? {} : { "headroom.zone": zone }),
    };
    // A node that ran before was only full.
    const hasWaitedForNode = timeline?.ranAtMs !== undefined && timeline.ranAtMs >= requestedAtMs;
    const children = hasWaitedForNode ? wayOf(timeline, { fromMs: requestedAtMs, toMs: endMs }) : [];
    return { name: "session", startMs: requestedAtMs, endMs, attributes, children };
  }
}

function failedNode({ nodeId, autoscaleConfig = "", vmProvider = "", failure, ...node }: Node, timeline: Timeline) {
  const { askedAtMs } = timeline;
  const endMs = Math.max(askedAtMs, node.statusSinceMs);
  const attributes = {
    "headroom.node": nodeId,
    "headroom.config": autoscaleConfig,
    "headroom.vm_provider": vmProvider,
  };
  const children = wayOf(timeline, { fromMs: askedAtMs, toMs: endMs });
  return { name: "node", startMs: askedAtMs, endMs, attributes, error: failure?.class ?? "UNKNOWN", children };
}

/** What happened one after the other, cut to the time that somebody waited. */
function wayOf(
  { askedAtMs, begunAtMs, madeAtMs, ranAtMs, steps = [] }: Timeline,
  { fromMs, toMs }: { readonly fromMs: EpochMs; readonly toMs: EpochMs },
): FinishedSpan[] {
  const spans: FinishedSpan[] = [];
  let sinceMs = fromMs;
  const until = (name: string, atMs: EpochMs | undefined, children: readonly FinishedSpan[] = []): void => {
    const endMs = Math.min(atMs ?? toMs, toMs);
    if (endMs > sinceMs) spans.push({ name, startMs: sinceMs, endMs, attributes: {}, children });
    sinceMs = Math.max(sinceMs, endMs);
  };
  until("decide", askedAtMs);
  until("wait for lane", begunAtMs);
  if (begunAtMs === undefined) return spans;
  until("engine update", madeAtMs, steps.map(spanOfStep));
  if (madeAtMs === undefined) return spans;
  until("boot", ranAtMs);
  if (ranAtMs !== undefined) until("place", toMs);
  return spans;
}

function spanOfStep({ type, startedAtMs, endedAtMs }: EngineStep): FinishedSpan {
  const attributes = { "headroom.resource_type": type };
  return { name: `create ${type}`, startMs: startedAtMs, endMs: Math.max(startedAtMs, endedAtMs), attributes };
}
