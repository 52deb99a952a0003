/**
 * The rules that every durable change must keep, checked as the disk takes it, against a picture of the disk that is
 * built from nothing but these changes.
 */
import { needsOf } from "../planner/placement/room";
import { laneNodesMax } from "../planner/lifecycle/lanes";
import { WindowCache } from "../planner/config/windows";
import type { AutoscaleConfig, DefinitionKind } from "../model/config";
import type { Lane, Node, NodeStatus, Session, SessionStatus } from "../model/state";
import { HotState } from "../store/hot-state";
import type { Change } from "../model/changes";
import type { EpochMs } from "../model/clock";
import type { SimBackend } from "./backend";
import type { SimCloud } from "./cloud";
import { couldEverServe } from "./service";
import type { Timeline } from "./timeline";
import type { SimVersions } from "./versions";
import type { Verdict } from "./violation";
import { VmRules } from "./vm-rules";

/** The diagram in `model/state.ts`. */
const nodeMoves: Readonly<Record<NodeStatus, readonly NodeStatus[]>> = {
  requested: ["provisioning", "starting", "failed", "draining", "destroying"],
  provisioning: ["requested", "starting", "failed", "draining", "destroying"],
  starting: ["running", "failed", "dead", "draining", "destroying"],
  running: ["missing", "dead", "draining"],
  missing: ["running", "dead", "draining"],
  dead: ["destroying", "draining"],
  draining: ["running", "dead", "destroying"],
  failed: ["destroying", "draining"],
  destroying: [],
};

const sessionMoves: Readonly<Record<SessionStatus, readonly SessionStatus[]>> = {
  queued: ["assigned", "ended"],
  staged: ["assigned", "ended"],
  assigned: ["running", "stopped", "ended"],
  running: ["paused", "stopped", "ended"],
  paused: ["running", "stopped", "ended"],
  stopped: ["running", "ended"],
  ended: [],
};

/** What the rules need to know beyond the changes. */
export interface CheckerWorld {
  readonly cloud: SimCloud;
  readonly backend: SimBackend;
  readonly versions: SimVersions;
  /** Since when neither the runtime nor its store has been disturbed. */
  wellSinceMs(): number;
  /** Somebody asked for the end of this session. */
  isEndAsked(sessionId: string): boolean;
}

export class CommitChecker {
  /** What is durable. */
  readonly durable = new HotState();
  /** Set once the world exists. */
  world!: CheckerWorld;
  private epoch = 0;
  private readonly windows = new WindowCache();
  /** Rules of the VMs behind the rows. */
  readonly vms: VmRules;
  private readonly endedSessions = new Set<string>();
  private readonly served = new Set<string>();
  private readonly documents = new Set<string>();
  /** Subjects that changed status in the commit at hand, and those that a decision speaks of. */
  private changed = new Set<string>();
  private decided = new Set<string>();

  constructor(
    private readonly verdict: Verdict,
    private readonly timeline: Timeline,
  ) {
    const { durable } = this;
    const cloud = () => this.world.cloud;
    this.vms = new VmRules({ verdict, timeline, durable, cloud, wellSinceMs: () => this.world.wellSinceMs() });
  }

  written(changes: readonly Change[], epoch: number): void {
    this.verdict.check(epoch >= this.epoch, "one decider", () => `epoch ${epoch} wrote after ${this.epoch}`);
    this.epoch = epoch;
    this.changed = new Set();
    this.decided = new Set();
    for (const change of changes) {
      this.checkChange(change);
      const before = change.kind === "put" && change.table === "session" ? this.sessionBefore(change.row) : undefined;
      this.durable.apply([change]);
      if (change.kind === "put" && change.table === "node") this.vms.rowChanged(change.row.nodeId, change.row);
      if (change.kind === "delete" && change.table === "node") this.vms.rowChanged(change.id, undefined);
      if (change.kind === "put" && change.table === "session") this.checkRoom(change.row, before);
    }
    for (const subject of this.changed) {
      this.verdict.check(
        this.decided.has(subject),
        "every decision has a reason",
        () => `${subject} changed in silence`,
      );
    }
  }

  get sessionsSeen(): number {
    return this.endedSessions.size + this.durable.sessions.size;
  }

  /** Whether this document was ever stored; another may have taken its place since. */
  hasStored(id: string, doc: object): boolean {
    return this.documents.has(`${id} ${JSON.stringify(doc)}`);
  }

  hasEnded(sessionId: string): boolean {
    return this.endedSessions.has(sessionId);
  }

  private checkChange(change: Change): void {
    if (change.kind === "decision") {
      const { subject, subjectId, reason, event } = change.decision;
      this.decided.add(`${subject} ${subjectId}`);
      const isWhole = reason.text !== "" && reason.code !== "" && event !== "";
      this.verdict.check(isWhole, "every decision has a reason", () => `${subject} ${subjectId} ${event} has none`);
      return;
    }
    if (change.kind === "delete") {
      if (change.table === "node") this.checkGone(change.id);
      this.verdict.check(change.table !== "session", "no session is lost", () => `session ${change.id} was deleted`);
      this.timeline.note(`-${change.table} ${change.id}`);
      return;
    }
    if (change.table === "node") this.checkNode(change.row, this.durable.nodes.get(change.row.nodeId));
    else if (change.table === "session") this.checkSession(change.row);
    else if (change.table === "lane") this.checkLane(change.row);
    else if (change.table === "definition") {
      const { kind, name, doc } = change.row;
      this.documents.add(`${kind}/${name} ${JSON.stringify(doc)}`);
    }
  }

  private checkNode(node: Node, before: Node | undefined): void {
    const { verdict } = this;
    this.timeline.note(`${node.nodeId} ${node.status}`);
    if (node.autoscaleConfig === undefined) return;
    if (!before) return this.checkBirth(node);
    const isSame =
      (node.spec === before.spec || JSON.stringify(node.spec) === JSON.stringify(before.spec)) &&
      node.laneId === before.laneId &&
      node.autoscaleConfig === before.autoscaleConfig &&
      node.vmProvider === before.vmProvider &&
      // A time that a wrong clock had put into the future is taken back.
      node.createdAtMs <= before.createdAtMs;
    verdict.check(isSame, "a node is frozen at birth", () => `node ${node.nodeId} was changed`);
    if (node.status === before.status) return;
    verdict.check(
      nodeMoves[before.status].includes(node.status),
      "nodes move as the diagram says",
      () => `node ${node.nodeId} went from ${before.status} to ${node.status}`,
    );
    if (node.status !== "provisioning") this.changed.add(`node ${node.nodeId}`);
    if (node.status === "draining" && unneededCodes.includes(node.reason.code)) this.checkReadable(node, "leaves");
    if (node.status !== "destroying") return;
    const pinned = this.durable.sessionsOf(node.nodeId).size;
    verdict.check(pinned === 0, "a busy node stays", () => `sessions on ${node.nodeId}, which leaves: ${pinned}`);
  }

  private checkBirth(node: Node): void {
    const { verdict, durable } = this;
    const { nodeId, vmProvider = "", autoscaleConfig = "", laneId = "" } = node;
    verdict.check(!this.vms.wasBorn(nodeId), "a node id is used once", () => `node ${nodeId} was born again`);
    verdict.check(node.status === "requested", "nodes move as the diagram says", () => `${nodeId} born ${node.status}`);
    this.changed.add(`node ${nodeId}`);
    this.checkReadable(node, "is born");
    const nodes = [...durable.nodes.values()];
    const instances = 1 + nodes.filter((other) => other.vmProvider === vmProvider).length;
    const instancesMax = durable.vmProviderConfigs.get(vmProvider)?.maxInstances ?? 0;
    verdict.check(
      instances <= instancesMax,
      "max instances is never exceeded",
      () => `${nodeId} is number ${instances} of at most ${instancesMax} of ${vmProvider}`,
    );
    const inLane = 1 + nodes.filter((other) => other.laneId === laneId).length;
    verdict.check(inLane <= laneNodesMax, "lanes stay small", () => `nodes in lane ${laneId}: ${inLane}`);
    const config = durable.autoscaleConfigs.get(autoscaleConfig);
    if (!config) return verdict.broken("only open configs create", `${nodeId} has no config ${autoscaleConfig}`);
    const count = 1 + durable.nodesOfConfig(autoscaleConfig).size;
    const nodesMax = (config.maxNodes ?? Infinity) + (config.aggressiveScaling ? config.aggressiveOvershoot : 0);
    verdict.check(
      count <= nodesMax,
      "max nodes is never exceeded",
      () => `${nodeId} is number ${count} of ${nodesMax}`,
    );
    const { isActive } = this.windows.at(config, durable, node.createdAtMs);
    const isOpen =
      config.enabled && !config.drain && isActive && durable.configStates.get(autoscaleConfig)?.isDeleting !== true;
    verdict.check(isOpen, "only open configs create", () => `${nodeId} was created by closed ${autoscaleConfig}`);
  }

  /** What the runtime can't read it does not know: nothing is made and nothing leaves because of what else it knows. */
  private checkReadable({ nodeId, autoscaleConfig = "" }: Node, does: string): void {
    const { durable } = this;
    const config = durable.autoscaleConfigs.get(autoscaleConfig);
    if (!config) return;
    const below: [DefinitionKind, string][] = [
      ["autoscaleConfig", autoscaleConfig],
      ["zone", config.zone],
      ["pool", config.pool],
      ...durable.schedulesOf(autoscaleConfig).map(({ name }): [DefinitionKind, string] => ["schedule", name]),
    ];
    const hidden = below.find(([kind, name]) => this.world.versions.isHidden(this.epoch, kind, name));
    this.verdict.check(
      hidden === undefined,
      "what rests on an unreadable definition stays as it is",
      () => `${nodeId} ${does} although ${hidden?.join(" ")} can't be read`,
    );
  }

  private checkGone(nodeId: string): void {
    const node = this.durable.nodes.get(nodeId);
    if (!node || node.autoscaleConfig === undefined) return;
    const { cloud, backend } = this.world;
    this.verdict.check(node.status === "destroying", "nodes move as the diagram says", () => `${nodeId} just vanished`);
    const isThere = cloud.vms.has(nodeId) || backend.recorded().has(nodeId);
    this.verdict.check(!isThere, "no VM without a row", () => `the row of ${nodeId} is gone, its VM or record is not`);
  }

  private checkSession(session: Session): void {
    const { verdict, durable } = this;
    const { sessionId, status } = session;
    this.timeline.note(`${sessionId} ${status} ${session.nodeId ?? ""}`);
    const before = durable.sessions.get(sessionId);
    const wasEnded = this.endedSessions.has(sessionId);
    verdict.check(!wasEnded, "an ended session stays ended", () => `session ${sessionId} became ${status} again`);
    if (!before || before.status !== status) this.changed.add(`session ${sessionId}`);
    if (before && before.status !== status) {
      const isLegal = sessionMoves[before.status].includes(status);
      verdict.check(isLegal, "sessions move as the diagram says", () => `${sessionId}: ${before.status} to ${status}`);
    }
    if (before?.nodeId !== undefined) {
      const isSame = before.nodeId === session.nodeId;
      verdict.check(isSame, "a session stays on its node", () => `${sessionId} moved to ${session.nodeId}`);
    }
    if (status === "ended") this.checkEnd(session, before);
    const isPlaced = (status === "assigned" && before?.status !== "assigned") || (status === "staged" && !before);
    if (isPlaced) this.checkPlacement(session, before?.status === "staged");
  }

  private checkEnd(session: Session, before: Session | undefined): void {
    const { verdict } = this;
    const { sessionId, endReason } = session;
    this.endedSessions.add(sessionId);
    if (endReason === "released" || endReason === "cancelled") {
      const isAsked = this.world.isEndAsked(sessionId);
      return verdict.check(isAsked, "no session is lost", () => `nobody asked for the end of ${sessionId}`);
    }
    if (endReason === "neverServable") this.checkNeverServable(session);
    if (endReason !== "nodeDead") {
      const wasUnused = before !== undefined && unusedBefore(endReason).includes(before.status);
      return verdict.check(wasUnused, "no session is lost", () => `${sessionId} ended by ${endReason} at work`);
    }
    if (before?.status === "staged") return;
    const node = this.durable.nodes.get(before?.nodeId ?? "");
    const vm = node && this.world.cloud.vms.get(node.nodeId);
    const silentMs = vm?.silentSinceMs === undefined ? 0 : this.timeline.nowMs - vm.silentSinceMs;
    const isDead = node !== undefined && (!vm || silentMs > node.deadTimeoutSeconds * 1000 - silenceSlackMs);
    verdict.check(isDead, "only the dead lose sessions", () => `${sessionId}: its node was silent for ${silentMs} ms`);
  }

  /**
   * What guests report decides nothing for good: while some config that is open, or opens while a session may wait, has
   * VMs that are large enough, it may come.
   */
  private checkNeverServable({ sessionId, workspace: name, zone, needs, endedAtMs }: Session): void {
    const { durable, verdict } = this;
    const workspace = durable.workspaces.get(name);
    if (!workspace?.enabled) return;
    const config = [...durable.autoscaleConfigs.values()].find(
      (config) =>
        workspace.pools.includes(config.pool) &&
        (workspace.zones.length === 0 || workspace.zones.includes(config.zone)) &&
        (zone === undefined || zone === config.zone) &&
        config.enabled &&
        !config.drain &&
        durable.configStates.get(config.name)?.isDeleting !== true &&
        // As it was decided: a clock may have jumped before that was durable.
        this.opensInTime(config, endedAtMs ?? this.timeline.nowMs) &&
        couldEverServe(config, needs, durable),
    );
    verdict.check(
      config === undefined,
      "a session that can be served is not given up",
      () => `${sessionId} of ${name} ended as never servable, but ${config?.name} has VMs for it`,
    );
  }

  private opensInTime(config: AutoscaleConfig, nowMs: EpochMs): boolean {
    const { isActive, opensAtMs = Infinity } = new WindowCache().at(config, this.durable, nowMs);
    return isActive || opensAtMs <= nowMs + config.queueTimeout * 1000;
  }

  private checkPlacement(session: Session, wasStaged: boolean): void {
    const { verdict, durable } = this;
    const node = durable.nodes.get(session.nodeId ?? "");
    if (!node) return verdict.broken("sessions go to running nodes", `${session.sessionId} is on no node`);
    const { nodeId } = node;
    verdict.check(node.status === "running", "sessions go to running nodes", () => `${nodeId} is ${node.status}`);
    if (node.isReusable === false) {
      verdict.check(!this.served.has(nodeId), "a single-use server serves once", () => `${nodeId} serves again`);
      this.served.add(nodeId);
    }
    const workspace = durable.workspaces.get(session.workspace);
    if (workspace && !wasStaged && session.requestedAtMs === session.assignedAtMs) {
      const isSame = JSON.stringify(needsOf(workspace)) === JSON.stringify(session.needs);
      verdict.check(
        isSame,
        "a session takes what its workspace says",
        () => `${session.sessionId} takes other amounts`,
      );
    }
    const config = node.autoscaleConfig === undefined ? undefined : durable.autoscaleConfigs.get(node.autoscaleConfig);
    const isOpen = node.autoscaleConfig === undefined || (config?.enabled === true && !config.drain);
    verdict.check(isOpen, "closed configs take no session", () => `${session.sessionId} went to ${nodeId}`);
  }

  private sessionBefore({ sessionId }: Session): Session | undefined {
    return this.durable.sessions.get(sessionId);
  }

  /**
   * Counted here and not by the runtime, which must not be its own judge. Of a size that nobody has declared a guest may
   * have said too much: then what it has taken stays.
   */
  private checkRoom({ nodeId }: Session, before: Session | undefined): void {
    const node = nodeId === undefined ? undefined : this.durable.nodes.get(nodeId);
    if (!node) return;
    const isPlaced = before?.nodeId === undefined;
    const isCertain = node.sessionsMax !== undefined || node.declared?.cores !== undefined;
    if (!isPlaced && !isCertain) return;
    const all = [...this.durable.sessionsOf(node.nodeId).values()];
    const isRdp = node.sessionsMax !== undefined && (node.connection?.type ?? "rdp") === "rdp";
    const desktops = all.filter(({ isRemoteApp }) => isRdp && !isRemoteApp);
    const isSingle = new Set(desktops.map(({ userId }) => userId)).size === desktops.length;
    this.verdict.check(isSingle, "one full desktop per user and server", () => `${node.nodeId} has two of one user`);
    const sessions = all.filter(({ status }) => status !== "stopped");
    const total = { cores: 0, memoryBytes: 0, gpus: 0 };
    for (const { needs } of sessions) {
      total.cores += needs.cores;
      total.memoryBytes += needs.memoryBytes;
      total.gpus += needs.gpus;
    }
    const { shape } = node;
    const users = new Set(sessions.map(({ userId }) => userId)).size;
    const fits =
      node.sessionsMax !== undefined
        ? sessions.length <= (node.sessionsMax ?? 1) && users <= (node.usersMax ?? 1)
        : shape !== undefined &&
          total.cores <= shape.cores + 1e-6 &&
          total.memoryBytes <= shape.memoryBytes &&
          total.gpus <= shape.gpus;
    this.verdict.check(
      fits,
      "a node never has more than it offers",
      () => `${node.nodeId} has ${JSON.stringify(total)}`,
    );
  }

  private checkLane(lane: Lane): void {
    const before = this.durable.lanes.get(lane.laneId);
    if (!before) return;
    const isGrowing = lane.desiredRevision >= before.desiredRevision && lane.appliedRevision >= before.appliedRevision;
    this.verdict.check(isGrowing, "revisions only grow", () => `lane ${lane.laneId} went back`);
    const isOpenTwice =
      before.openRevision !== undefined && lane.openRevision !== undefined && before.openRevision !== lane.openRevision;
    this.verdict.check(!isOpenTwice, "one update per lane", () => `lane ${lane.laneId} was opened twice`);
  }
}

/** Reasons for which a node leaves that nobody asked to leave. */
const unneededCodes: readonly string[] = ["excess", "schedule"];

/** What a session that ends for this reason may have been: nothing that anybody works in. */
function unusedBefore(endReason: Session["endReason"]): readonly SessionStatus[] {
  if (endReason === "expired" || endReason === "unstaged") return ["staged"];
  if (endReason === "startTimeout") return ["assigned"];
  return endReason === "left" ? ["queued", "assigned"] : ["queued"];
}

/** One heartbeat's pause and the way of a message: what a node may seem silent although it is not yet. */
const silenceSlackMs = 45_000;
