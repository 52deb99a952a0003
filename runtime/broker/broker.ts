/**
 * Commands from users, operators and nodes. Each method validates, decides in memory at once, commits, and resolves when
 * the commit is durable; so every answer that leaves the process is one that a crash cannot take back.
 */
import { Decisions } from "../deciding/decisions";
import type { Clock, Rng } from "../model/clock";
import type { CloudCatalog, DefinitionKind, Permissions } from "../model/config";
import { ConfigError, ConflictError, NotFoundError, UnauthorizedError, UnavailableError } from "../model/errors";
import type { Reason } from "../model/reason";
import type { Lane, Node, Session, StoredDefinition } from "../model/state";
import { describeUnreadable } from "../model/unreadable";
import { hasRoom, needsOf } from "../planner/placement/room";
import { isUsedUp, servedReason } from "../planner/lifecycle/node-status";
import { place, type Placement } from "../planner/placement/place";
import { fillNode, type QueueContext } from "../planner/placement/place-queue";
import { RivalCounter } from "../planner/placement/rivals";
import { findStaged, takeStaged } from "../planner/placement/staging";
import { assignSession, endSession, moveNode } from "../planner/lifecycle/transitions";
import { definitionId, type Change } from "../model/changes";
import type { Ledger } from "../store/store";
import { checkIn, heartbeat, interruptNode, type Heartbeat, type Interruption, type ServerStatus } from "./node-calls";
import { fetchScript } from "./fetched-scripts";
import { forgetNode, type ForgottenNode } from "./forget-node";
import { keepLaneClosed } from "./lane-orders";
import { deleteByRequest, drainByRequest, undrainByRequest } from "./node-orders";
import {
  checkDefinition,
  deleteDefinition,
  putDefinition,
  type Findings,
  type DeleteOutcome,
  type NamedDocument,
} from "./definitions";
import type { NodeTokens } from "./node-tokens";
import { queueFullReason } from "./queue-limits";
import { RefusedCalls } from "./refused-calls";
import type { Requesters } from "./requesters";
import { findWorkspace } from "./requested-workspace";
import { sessionMoves } from "./session-moves";

export interface BrokerOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly catalog: CloudCatalog;
  readonly tokens: NodeTokens;
  readonly requesters: Requesters;
  /** Sessions of one user that may wait at the same time; absent or 0 = no limit but that of the whole queue. */
  readonly queuePerUser?: number;
  /** Tells the reconciler that something changed; a hint. */
  readonly wake: () => void;
}

export interface SessionRequest {
  readonly workspace: string;
  readonly userId: string;
  /** Of the user, for workspaces that only some groups may have; absent = none. */
  readonly groups?: readonly string[];
  /** Preferred zone; undefined = any. */
  readonly zone?: string;
  /** What the user may do; absent = the defaults. Only a session that was staged with the same is his. */
  readonly permissions?: Permissions;
  /** Seconds without a sign of the requester, until it runs, after which he has left; absent = he never leaves. */
  readonly keepalive?: number;
}

export type SessionOutcome =
  | { readonly kind: "assigned"; readonly session: Session }
  /** `position`: its place among those who wait for the same pools, 1 = next. */
  | { readonly kind: "queued"; readonly session: Session; readonly position: number }
  /** The id leads to the journal's entry, for `headroom explain session`; there is no session. */
  | { readonly kind: "refused"; readonly sessionId: string; readonly reason: Reason };

/** A decision that has not happened yet: the state is still the one that it was made on. */
export interface Decided<Outcome> {
  readonly outcome: Outcome;
  /**
   * Makes it happen, in one transaction with the changes given; resolves when that is durable. To be called in the same
   * turn: a decision on a state of the past must not happen.
   */
  readonly commit: (also?: readonly Change[]) => Promise<void>;
}

export class Broker {
  private readonly decisions: Decisions;
  readonly refusedCalls: RefusedCalls;

  constructor(private readonly options: BrokerOptions) {
    this.decisions = new Decisions(options);
    this.refusedCalls = new RefusedCalls(options);
  }

  /** Placed, queued or refused; resolves when that is durable. */
  async requestSession(request: SessionRequest): Promise<SessionOutcome> {
    const { outcome, commit } = this.decideSession(request);
    await commit();
    return outcome;
  }

  /** The same for whoever adds to the commit, such as the answer that an idempotency key is to get again. */
  decideSession(request: SessionRequest): Decided<SessionOutcome> {
    const context = this.decisions.begin();
    const session = this.newSession(request, context.nowMs);
    const staged = findStaged(session, context);
    const placement = staged ? { kind: "staged" as const, staged } : this.placeNew(session, context);
    if (placement.kind === "refused") {
      const reason = withRequest(placement.reason, request);
      context.draft.decide(this.decisions.journal.entry("session", session.sessionId, "refused", reason));
      const outcome = { kind: "refused" as const, sessionId: session.sessionId, reason };
      return { outcome, commit: () => this.commit(context) };
    }
    const placed = this.settle(session, placement, context);
    const isQueued = placement.kind === "queued";
    const outcome: SessionOutcome = isQueued
      ? { kind: "queued", session: placed, position: new RivalCounter(this.state).of(placed).ahead + 1 }
      : { kind: "assigned", session: placed };
    return this.decided(outcome, context);
  }

  /** The requester of a session that does not run yet asked for it. */
  seeRequester(sessionId: string): void {
    if (this.isAwaited(sessionId)) this.options.requesters.see(sessionId, this.options.clock.now());
  }

  /** The requester of a session watches it; call the answer when he stops. */
  watchRequester(sessionId: string): () => void {
    if (!this.isAwaited(sessionId)) return () => undefined;
    return this.options.requesters.watch(sessionId, () => this.options.clock.now());
  }

  private isAwaited(sessionId: string): boolean {
    const session = this.state.sessions.get(sessionId);
    const isBeforeRunning = session?.status === "queued" || session?.status === "assigned";
    return isBeforeRunning && session.keepaliveSeconds !== undefined;
  }

  /** Ends a session; resolves when that is durable. */
  async releaseSession(sessionId: string): Promise<Session> {
    const { outcome, commit } = this.decideRelease(sessionId);
    await commit();
    return outcome;
  }

  /**
   * Ends a session, or cancels it while it waits. Its room goes to the queue in the same commit. The outcome is the session
   * as it ends, before anything later can have happened.
   */
  decideRelease(sessionId: string): Decided<Session> {
    const session = this.findSession(sessionId);
    const context = this.decisions.begin();
    const endReason = session.status === "queued" ? "cancelled" : "released";
    endSession(context, session, endReason, { code: endReason, text: `${endReason} by request`, numbers: {} });
    if (session.nodeId !== undefined) this.reuseNode(session.nodeId, context);
    return this.decided({ ...session, status: "ended", endedAtMs: context.nowMs, endReason }, context);
  }

  /** assigned → running; running ⇄ paused; either → stopped; stopped → running when its node still has room. */
  async setSessionStatus(sessionId: string, status: "running" | "paused" | "stopped"): Promise<Session> {
    const session = this.findSession(sessionId);
    if (session.status === status) {
      await this.options.ledger.settled();
      return session;
    }
    if (!sessionMoves[session.status].includes(status)) {
      throw new ConflictError(`session ${sessionId} is ${session.status}; it can't become ${status}`);
    }
    const context = this.decisions.begin();
    if (session.status === "stopped") this.claimRoom(session);
    const moved: Session = { ...session, status };
    context.draft.putSession(moved);
    const reason = { code: status, text: `became ${status} by request`, numbers: { before: session.status } };
    context.draft.decide(this.decisions.journal.entry("session", sessionId, status, reason));
    if (status === "stopped" && session.nodeId !== undefined) fillNode(context, session.nodeId);
    await this.commit(context);
    this.options.wake();
    return moved;
  }

  /** Creates or changes a definition; `name` must be the document's own. */
  async putDefinition(request: NamedDocument): Promise<StoredDefinition> {
    const context = this.decisions.begin();
    const stored = putDefinition(request, { ...context, rng: this.options.rng });
    await this.commit(context);
    this.options.wake();
    return stored;
  }

  /** Every problem and warning of a document, as if the pending ones existed. Changes nothing. */
  checkDefinition(request: {
    readonly kind: DefinitionKind;
    readonly doc: unknown;
    readonly owner: string;
    readonly pending?: readonly { readonly kind: DefinitionKind; readonly doc: unknown; readonly owner: string }[];
  }): Findings {
    return checkDefinition(request, this.state, this.options.catalog);
  }

  /** `draining` while nodes of an autoscale config are left; ask again, or see the definition go. */
  async deleteDefinition(request: {
    readonly kind: DefinitionKind;
    readonly name: string;
    readonly owner: string;
  }): Promise<DeleteOutcome> {
    const context = this.decisions.begin();
    const outcome = deleteDefinition(request, context);
    await this.commit(context);
    this.options.wake();
    return outcome;
  }

  /** Takes no new session from now on and is destroyed when the last one has ended, also when its config is disabled. */
  async deleteNode(nodeId: string): Promise<Node> {
    return this.order((context) => deleteByRequest(nodeId, context));
  }

  /** Takes no new session from now on and stays, also when it is empty, until it is undrained or deleted. */
  async drainNode(nodeId: string): Promise<Node> {
    return this.order((context) => drainByRequest(nodeId, context));
  }

  /** Takes sessions again; the queue gets its room in the same commit. */
  async undrainNode(nodeId: string): Promise<Node> {
    return this.order((context) => undrainByRequest(nodeId, context));
  }

  /** Its row goes at once and its sessions end; its cloud is asked for nothing. */
  async forgetNode(nodeId: string, isForced: boolean): Promise<ForgottenNode> {
    const context = this.decisions.begin();
    const forgotten = forgetNode(nodeId, isForced, context);
    await this.commit(context);
    this.options.wake();
    return forgotten;
  }

  /** Its stack is free within seconds, unless nodes are made or deleted in it. */
  async closeLane(laneId: string): Promise<Lane> {
    const { ledger, clock } = this.options;
    const row = keepLaneClosed(laneId, ledger.state, clock.now());
    await ledger.commit([{ kind: "put", table: "lane", row }]);
    return row;
  }

  private async order(carryOut: (context: QueueContext) => Node): Promise<Node> {
    const context = this.decisions.begin();
    const node = carryOut(context);
    await this.commit(context);
    this.options.wake();
    return node;
  }

  /** A node's own call with its check-in token. */
  async serverStatus(token: string, status: ServerStatus): Promise<Node> {
    const nodeId = await this.options.tokens.verify(token, "checkin", this.options.clock.now());
    return this.nodeCall((context) => checkIn(nodeId, status, context));
  }

  /** A node's sign of life with its agent token; the first one is the check-in of a docker agent. */
  async heartbeat(token: string, nodeId: string, beat: Heartbeat): Promise<Node> {
    const tokenNodeId = await this.options.tokens.verify(token, "agent", this.options.clock.now());
    return this.nodeCall((context) => {
      const node = heartbeat({ nodeId, tokenNodeId, beat }, context);
      // A sign of life alone is remembered and not written: after a restart silence counts from then anyway.
      if (context.draft.changes.length === 0) this.state.noteSignOfLife(node);
      return node;
    });
  }

  /** A node was told by its cloud that its VM is taken back; with its agent token, or its check-in token while that is good. */
  async interruption(token: string, nodeId: string, notice: Interruption): Promise<Node> {
    const { tokens, clock } = this.options;
    const tokenNodeId = await tokens
      .verify(token, "agent", clock.now())
      .catch(() => tokens.verify(token, "checkin", clock.now()));
    if (tokenNodeId !== nodeId) throw new UnauthorizedError(`this token does not speak for node ${nodeId}`);
    return this.nodeCall((context) => interruptNode(nodeId, notice, context));
  }

  /** What a node's small startup script asks for, with its check-in token. */
  fetchScript(token: string, nodeId: string): Promise<string> {
    return fetchScript({ token, nodeId }, this.options);
  }

  private async nodeCall(call: (context: QueueContext) => Node): Promise<Node> {
    const context = this.decisions.begin();
    const node = call(context);
    await this.commit(context);
    if (context.draft.changes.length > 0) this.options.wake();
    return node;
  }

  private get state() {
    return this.options.ledger.state;
  }

  private decided<Outcome>(outcome: Outcome, context: QueueContext): Decided<Outcome> {
    const commit = async (also: readonly Change[] = []): Promise<void> => {
      for (const change of also) context.draft.put(change);
      await this.commit(context);
      this.options.wake();
    };
    return { outcome, commit };
  }

  /** Without changes: what the answer tells of may have been committed a moment ago and is not durable yet. */
  private async commit({ draft }: QueueContext): Promise<void> {
    await this.options.ledger.commit(draft.changes);
  }

  private newSession(request: SessionRequest, nowMs: number): Session {
    const { workspace: name, userId, groups = [], zone, permissions, keepalive } = request;
    this.checkReadable("workspace", name);
    const workspace = findWorkspace(name, this.state.workspaces);
    if (zone !== undefined && !this.state.isDeclared("zone", zone)) {
      const known = this.state.zoneNames().join(", ") || "none";
      throw ConfigError.of([{ path: "zone", message: `"${zone}" is not declared; known zones: ${known}` }]);
    }
    return {
      sessionId: `s${this.options.rng.id(15)}`,
      workspace: name,
      userId,
      ...(groups.length === 0 ? {} : { groups }),
      ...(zone === undefined ? {} : { zone }),
      ...(permissions === undefined ? {} : { permissions }),
      ...(keepalive === undefined ? {} : { keepaliveSeconds: keepalive }),
      status: "queued",
      requestedAtMs: nowMs,
      sequence: (this.state.queue().at(-1)?.sequence ?? 0) + 1,
      needs: needsOf(workspace),
      ...(workspace.kind === "remoteApp" ? { isRemoteApp: true } : {}),
      reason: { code: "requested", text: "requested", numbers: {} },
    };
  }

  private checkReadable(kind: DefinitionKind, name: string): void {
    const found = this.state.unreadable.get(definitionId(kind, name));
    if (found) throw new UnavailableError(describeUnreadable(found));
  }

  private placeNew(session: Session, context: QueueContext) {
    const placement = place(session, context);
    const full = placement.kind === "queued" ? queueFullReason(session.userId, this.state, this.options) : undefined;
    return full ? { kind: "refused" as const, reason: full } : placement;
  }

  private settle(
    session: Session,
    placement: Exclude<Placement, { kind: "refused" }> | { readonly kind: "staged"; readonly staged: Session },
    context: QueueContext,
  ): Session {
    if (placement.kind === "staged") return takeStaged(context, placement.staged, session);
    if (placement.kind === "assigned") return assignSession(context, session, placement.nodeId, placement.reason);
    return this.enqueue(session, placement.tell(), context);
  }

  private enqueue(session: Session, reason: Reason, { draft }: QueueContext): Session {
    const queued: Session = { ...session, reason };
    draft.putSession(queued);
    draft.decide(this.decisions.journal.entry("session", session.sessionId, "queued", reason));
    return queued;
  }

  /** A node lost a session: a non-reusable server is done, any other takes from the queue. */
  private reuseNode(nodeId: string, context: QueueContext): void {
    const node = context.draft.node(nodeId);
    if (!node) return;
    const isDone = node.status === "running" && isUsedUp(node, context.draft.usage(nodeId));
    if (isDone) moveNode(context, node, "draining", servedReason);
    else fillNode(context, nodeId);
  }

  /** A stopped session gave its room away; it comes back only where room is left. */
  private claimRoom(session: Session): void {
    const node = session.nodeId === undefined ? undefined : this.state.nodes.get(session.nodeId);
    if (!node) return;
    const usage = this.state.usage(node.nodeId);
    const others = [...usage.desktopUserIds].filter((id) => id !== session.userId || session.isRemoteApp);
    const withoutItself = { ...usage, pinned: usage.pinned - 1, desktopUserIds: new Set(others) };
    const asNew = node.isReusable === false ? { ...node, isReusable: true } : node;
    if (hasRoom(asNew, withoutItself, session)) return;
    throw new ConflictError(`node ${node.nodeId} has no room left for session ${session.sessionId}; try again later`);
  }

  private findSession(sessionId: string): Session {
    const session = this.state.sessions.get(sessionId);
    if (!session) throw new NotFoundError(`there is no session "${sessionId}", or it has ended`);
    return session;
  }
}

/** A refused request leaves nothing but its entry in the journal, so that entry says who asked for what. */
function withRequest(reason: Reason, { workspace, userId, zone }: SessionRequest): Reason {
  const numbers = { ...reason.numbers, workspace, userId, ...(zone === undefined ? {} : { requestedZone: zone }) };
  return { ...reason, numbers };
}
