/**
 * A decision in the making: reads like the snapshot with the changes made so far, which go to the ledger as one commit.
 * So a node that becomes free and the queued sessions that it takes are one transaction.
 */
import type { ConnectionSecrets } from "./connection";
import type { ConfigState, Decision, Lane, Node, Session } from "./state";
import { usageOf, type NodeUsage } from "./usage";
import type { Change } from "./changes";
import type { Snapshot } from "./snapshot";

export class Draft {
  readonly changes: Change[] = [];
  private readonly nodes = new Map<string, Node>();
  private readonly sessions = new Map<string, Session>();
  /** Of nodes in `movedTo`: computed when asked for, forgotten when a session of the node changes. */
  private readonly usages = new Map<string, NodeUsage>();
  private readonly lanes = new Map<string, Lane>();
  private readonly configStates = new Map<string, ConfigState>();
  private readonly movedTo = new Map<string, Set<string>>();

  constructor(readonly snapshot: Snapshot) {}

  node(nodeId: string): Node | undefined {
    return this.nodes.get(nodeId) ?? this.snapshot.nodes.get(nodeId);
  }

  /** The node as it is in this draft. */
  latest(node: Node): Node {
    return this.nodes.size === 0 ? node : (this.nodes.get(node.nodeId) ?? node);
  }

  usage(nodeId: string): NodeUsage {
    if (!this.movedTo.has(nodeId)) return this.snapshot.usage(nodeId);
    const usage = this.usages.get(nodeId) ?? usageOf(this.sessionsOf(nodeId));
    this.usages.set(nodeId, usage);
    return usage;
  }

  session(sessionId: string): Session | undefined {
    const session = this.sessions.get(sessionId) ?? this.snapshot.sessions.get(sessionId);
    return session?.status === "ended" ? undefined : session;
  }

  /** The waiting session for which the node's room is kept. */
  reserverOf(nodeId: string): Session | undefined {
    const { reservations } = this.snapshot;
    const session = reservations.size === 0 ? undefined : reservations.get(nodeId);
    const latest = session && this.session(session.sessionId);
    return latest?.status === "queued" ? latest : undefined;
  }

  sessionsOf(nodeId: string): Session[] {
    const before = [...this.snapshot.sessionsOf(nodeId).values()].filter(
      (session) => !this.sessions.has(session.sessionId),
    );
    const moved = [...(this.movedTo.get(nodeId) ?? [])].map((id) => this.sessions.get(id)!);
    return [...before, ...moved.filter((session) => session.nodeId === nodeId && session.status !== "ended")];
  }

  putNode(node: Node): void {
    this.nodes.set(node.nodeId, node);
    this.changes.push({ kind: "put", table: "node", row: node });
  }

  /** Its row goes, and what was kept for it alone. */
  deleteNode(nodeId: string): void {
    this.changes.push({ kind: "delete", table: "node", id: nodeId });
    this.putNodeSecrets(nodeId, undefined);
    for (const id of this.snapshot.sessionAccountsOf(nodeId).keys()) {
      this.changes.push({ kind: "delete", table: "sessionAccount", id });
    }
  }

  /** Undefined = nothing of its connection is secret. */
  putNodeSecrets(nodeId: string, secrets: ConnectionSecrets | undefined): void {
    if (secrets) this.changes.push({ kind: "put", table: "nodeSecrets", row: { nodeId, ...secrets } });
    else if (this.snapshot.nodeSecrets.has(nodeId)) {
      this.changes.push({ kind: "delete", table: "nodeSecrets", id: nodeId });
    }
  }

  putSession(session: Session): void {
    this.sessions.set(session.sessionId, session);
    this.changes.push({ kind: "put", table: "session", row: session });
    if (session.nodeId === undefined) return;
    const moved = this.movedTo.get(session.nodeId) ?? new Set();
    this.movedTo.set(session.nodeId, moved.add(session.sessionId));
    this.usages.delete(session.nodeId);
  }

  /** Lanes whose desired set this draft changes: they are to be woken once it is durable. */
  get lanesTouched(): readonly string[] {
    return [...this.lanes.keys()];
  }

  /** Raises the lane's desired revision, once per draft. */
  raiseLane(lane: Lane): void {
    if (this.lanes.has(lane.laneId)) return;
    const raised = { ...lane, desiredRevision: lane.desiredRevision + 1 };
    this.lanes.set(lane.laneId, raised);
    this.changes.push({ kind: "put", table: "lane", row: raised });
  }

  lane(laneId: string): Lane | undefined {
    return this.lanes.get(laneId) ?? this.snapshot.lanes.get(laneId);
  }

  configState(autoscaleConfig: string): ConfigState {
    const known = this.configStates.get(autoscaleConfig) ?? this.snapshot.configStates.get(autoscaleConfig);
    return known ?? { autoscaleConfig };
  }

  putConfigState(state: ConfigState): void {
    this.configStates.set(state.autoscaleConfig, state);
    this.changes.push({ kind: "put", table: "configState", row: state });
  }

  put(change: Change): void {
    this.changes.push(change);
  }

  decide(decision: Decision): void {
    this.changes.push({ kind: "decision", decision });
  }
}
