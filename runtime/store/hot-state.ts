/**
 * The whole live state in memory, with the indexes that placement and planning need. It changes only through
 * {@link HotState.apply}; whoever wants a change to last hands it to the {@link Ledger}.
 */
import {
  parseDefinition,
  type AutoscaleConfig,
  type DefinitionKind,
  type DnsProviderConfig,
  type Pool,
  type Schedule,
  type StagingConfig,
  type VmProviderConfig,
  type Workspace,
  type Zone,
} from "../model/config";
import type { AccountCheckRow } from "../model/account-check";
import type { Account, AccountService } from "../model/accounts";
import { PlaceMap } from "../model/place-map";
import type { Snapshot } from "../model/snapshot";
import { documentReader, type DocumentReader, type UnreadableDefinition } from "../model/unreadable";
import { SortedQueue } from "../model/sorted-queue";
import type {
  ApiKey,
  ConfigState,
  IdempotentAnswer,
  InstallationRecord,
  Lane,
  Node,
  Orphan,
  Session,
  StoredDefinition,
} from "../model/state";
import { noUsage, usageOf, type NodeUsage } from "../model/usage";
import { definitionId, installationRow, rowId, type Change, type TableName } from "../model/changes";
import { AccountMap } from "./account-map";
import { addTo, groupByPlace, groupSorted, removeFrom } from "./groups";
import { isSameButForSignsOfLife, Revisions } from "./revisions";

const noNodes: ReadonlyMap<string, Node> = new Map();
const readBySchema = documentReader(undefined);
const noConfigs: readonly AutoscaleConfig[] = [];
const noSessions: ReadonlySet<Session> = new Set();

export class HotState implements Snapshot {
  readonly definitions = new Map<string, StoredDefinition>();
  readonly unreadable = new Map<string, UnreadableDefinition>();
  readonly zones = new Map<string, Zone>();
  readonly pools = new Map<string, Pool>();
  readonly workspaces = new Map<string, Workspace>();
  readonly autoscaleConfigs = new Map<string, AutoscaleConfig>();
  readonly schedules = new Map<string, Schedule>();
  readonly stagingConfigs = new Map<string, StagingConfig>();
  readonly vmProviderConfigs = new Map<string, VmProviderConfig>();
  readonly dnsProviderConfigs = new Map<string, DnsProviderConfig>();
  readonly nodes = new Map<string, Node>();
  readonly sessions = new Map<string, Session>();
  readonly configStates = new Map<string, ConfigState>();
  readonly lanes = new Map<string, Lane>();
  readonly accounts = new AccountMap();
  readonly accountChecks = new Map<string, AccountCheckRow>();
  readonly orphans = new Map<string, Orphan>();
  readonly apiKeys = new Map<string, ApiKey>();
  readonly idempotentAnswers = new Map<string, IdempotentAnswer>();
  readonly installation = new Map<string, InstallationRecord>();
  readonly revisions = new Revisions();

  private readonly sessionsByNode = new Map<string, Set<Session>>();
  readonly staged = new Map<string, Map<string, Session>>();
  readonly assigned = new Map<string, Session>();
  readonly reservations = new Map<string, Session>();
  private readonly queued = new SortedQueue();
  private readonly nodesByPlace = new PlaceMap<Map<string, Node>>();
  private readonly nodesByConfig = new Map<string, Map<string, Node>>();
  private readonly instances = new Map<string, number>();
  /** Computed when asked for, forgotten when a session of the node changes. */
  private readonly usageByNode = new Map<string, NodeUsage>();
  private readonly plainTables: Record<Exclude<TableName, "session" | "node">, Map<string, unknown>> = {
    definition: this.definitions,
    lane: this.lanes,
    account: this.accounts,
    accountCheck: this.accountChecks,
    orphan: this.orphans,
    configState: this.configStates,
    apiKey: this.apiKeys,
    idempotentAnswer: this.idempotentAnswers,
    installation: this.installation,
  };
  private sortedZones: readonly string[] | undefined;
  private configsByPlace: PlaceMap<AutoscaleConfig[]> | undefined;
  private schedulesByConfig: Map<string, readonly Schedule[]> | undefined;
  private stagingByWorkspace: Map<string, readonly StagingConfig[]> | undefined;

  /** `findProblems`: tells which stored definitions can't be read. Default: their own schemas. */
  constructor(private readonly findProblems: DocumentReader = readBySchema) {}

  get installationId(): string {
    return this.installation.get(installationRow)?.installationId ?? "";
  }

  /** Also of a definition that can't be read. */
  isDeclared(kind: DefinitionKind, name: string): boolean {
    return this.definitions.has(definitionId(kind, name));
  }

  sessionsOf(nodeId: string): ReadonlySet<Session> {
    return this.sessionsByNode.get(nodeId) ?? noSessions;
  }

  queue(): readonly Session[] {
    return this.queued.sessions;
  }

  nodesIn(pool: string, zone: string): ReadonlyMap<string, Node> {
    return this.nodesByPlace.get(pool, zone) ?? noNodes;
  }

  nodesOfConfig(autoscaleConfig: string): ReadonlyMap<string, Node> {
    return this.nodesByConfig.get(autoscaleConfig) ?? noNodes;
  }

  configsWithNodes(): Iterable<string> {
    return this.nodesByConfig.keys();
  }

  instancesOf(vmProvider: string): number {
    return this.instances.get(vmProvider) ?? 0;
  }

  accountOf(service: AccountService, definition: string): Account | undefined {
    return this.accounts.currentOf(service, definition);
  }

  usage(nodeId: string): NodeUsage {
    const known = this.usageByNode.get(nodeId);
    if (known) return known;
    const sessions = this.sessionsByNode.get(nodeId);
    if (!sessions) return noUsage;
    const usage = usageOf(sessions);
    this.usageByNode.set(nodeId, usage);
    return usage;
  }

  zoneNames(): readonly string[] {
    this.sortedZones ??= [...this.zones.keys()].sort();
    return this.sortedZones;
  }

  configsIn(pool: string, zone: string): readonly AutoscaleConfig[] {
    this.configsByPlace ??= groupByPlace(this.autoscaleConfigs.values());
    return this.configsByPlace.get(pool, zone) ?? noConfigs;
  }

  schedulesOf(autoscaleConfig: string): readonly Schedule[] {
    this.schedulesByConfig ??= groupSorted(this.schedules.values(), (schedule) => schedule.autoscaleConfig);
    return this.schedulesByConfig.get(autoscaleConfig) ?? [];
  }

  stagingConfigsOf(workspace: string): readonly StagingConfig[] {
    this.stagingByWorkspace ??= groupSorted(this.stagingConfigs.values(), (config) => config.workspace);
    return this.stagingByWorkspace.get(workspace) ?? [];
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "decision") continue;
      if (change.kind === "delete") this.remove(change.table, change.id);
      else this.put(change);
    }
  }

  /**
   * The node as it is, with newer signs of life (`lastHeartbeatMs`, `lastProbeMs`). They are kept in memory alone and
   * reach the store only with the next other change of the row.
   */
  noteSignOfLife(node: Node): void {
    const known = this.nodes.get(node.nodeId);
    if (known && isSameButForSignsOfLife(known, node)) this.rememberNode(node);
  }

  private put(change: Extract<Change, { kind: "put" }>): void {
    switch (change.table) {
      case "definition":
        this.definitions.set(rowId("definition", change.row), change.row);
        this.putDefinition(change.row);
        return;
      case "node":
        this.rememberNode(change.row);
        return;
      case "session":
        this.forgetSession(change.row.sessionId);
        if (change.row.status !== "ended") this.rememberSession(change.row);
        return;
      case "account":
        this.accounts.set(change.row.accountId, change.row);
        return this.revisions.definitionChanged();
      case "accountCheck":
        this.accountChecks.set(change.row.vmProvider, change.row);
        // A size may be known now.
        return this.revisions.definitionChanged();
      case "lane":
      case "configState":
      case "orphan":
      case "apiKey":
      case "idempotentAnswer":
      case "installation":
        this.plainTables[change.table].set(rowId(change.table, change.row), change.row);
        return;
      default: {
        const never: never = change;
        throw new Error(`unknown table ${JSON.stringify(never)}`);
      }
    }
  }

  private remove(table: TableName, id: string): void {
    if (table === "session") return this.forgetSession(id);
    if (table === "node") return this.forgetNode(id);
    if (table === "definition") {
      const definition = this.definitions.get(id);
      if (definition) this.resolved(definition.kind)?.delete(definition.name);
      this.unreadable.delete(id);
      this.forgetGroups();
    }
    this.plainTables[table].delete(id);
  }

  private putDefinition({ kind, name, doc }: StoredDefinition): void {
    const problems = this.findProblems(kind, doc);
    const id = definitionId(kind, name);
    if (problems.length > 0) {
      this.unreadable.set(id, { kind, name, problems });
      this.resolved(kind)?.delete(name);
    } else {
      this.unreadable.delete(id);
      this.resolved(kind)?.set(name, parseDefinition(kind, doc));
    }
    this.forgetGroups();
  }

  private forgetGroups(): void {
    this.revisions.definitionChanged();
    this.sortedZones = undefined;
    this.configsByPlace = undefined;
    this.schedulesByConfig = undefined;
    this.stagingByWorkspace = undefined;
  }

  /** A node that stays where it is keeps its place in the maps, which so stay in the order of age. */
  private rememberNode(node: Node): void {
    const known = this.nodes.get(node.nodeId);
    const isAtHome = known?.pool === node.pool && known.zone === node.zone;
    if (!isAtHome || known.autoscaleConfig !== node.autoscaleConfig || known.vmProvider !== node.vmProvider) {
      this.forgetNode(node.nodeId);
      if (node.vmProvider !== undefined) this.instances.set(node.vmProvider, this.instancesOf(node.vmProvider) + 1);
    }
    this.nodes.set(node.nodeId, node);
    const inPlace = this.nodesByPlace.get(node.pool, node.zone);
    if (inPlace) inPlace.set(node.nodeId, node);
    else this.nodesByPlace.set(node.pool, node.zone, new Map([[node.nodeId, node]]));
    if (node.autoscaleConfig !== undefined) addTo(this.nodesByConfig, node.autoscaleConfig, node.nodeId, node);
    if (!known || !isSameButForSignsOfLife(known, node)) this.revisions.nodeChanged(node);
  }

  private forgetNode(nodeId: string): void {
    const known = this.nodes.get(nodeId);
    if (!known) return;
    this.revisions.nodeLeft(known);
    this.nodes.delete(nodeId);
    if (known.vmProvider !== undefined) this.instances.set(known.vmProvider, this.instancesOf(known.vmProvider) - 1);
    this.nodesByPlace.get(known.pool, known.zone)?.delete(nodeId);
    if (known.autoscaleConfig !== undefined) removeFrom(this.nodesByConfig, known.autoscaleConfig, nodeId);
  }

  /** Undefined for a kind that only another version knows. */
  private resolved(kind: DefinitionKind): Map<string, unknown> | undefined {
    const maps: Record<DefinitionKind, Map<string, unknown>> = {
      zone: this.zones,
      pool: this.pools,
      workspace: this.workspaces,
      autoscaleConfig: this.autoscaleConfigs,
      schedule: this.schedules,
      stagingConfig: this.stagingConfigs,
      vmProviderConfig: this.vmProviderConfigs,
      dnsProviderConfig: this.dnsProviderConfigs,
    };
    return maps[kind];
  }

  private rememberSession(session: Session): void {
    this.sessions.set(session.sessionId, session);
    if (session.status === "queued") this.enqueue(session);
    if (session.status === "assigned") this.assigned.set(session.sessionId, session);
    if (session.status === "staged") addTo(this.staged, session.stagingConfig ?? "", session.sessionId, session);
    if (session.nodeId === undefined) return;
    this.forgetUsage(session.nodeId);
    const onNode = this.sessionsByNode.get(session.nodeId) ?? new Set();
    onNode.add(session);
    this.sessionsByNode.set(session.nodeId, onNode);
  }

  private enqueue(session: Session): void {
    this.queued.add(session);
    for (const nodeId of session.reservation?.nodeIds ?? []) this.reservations.set(nodeId, session);
  }

  private dequeue(session: Session): void {
    this.queued.remove(session);
    for (const nodeId of session.reservation?.nodeIds ?? []) {
      if (this.reservations.get(nodeId) === session) this.reservations.delete(nodeId);
    }
  }

  private forgetSession(sessionId: string): void {
    const known = this.sessions.get(sessionId);
    if (!known) return;
    this.sessions.delete(sessionId);
    if (known.status === "queued") this.dequeue(known);
    this.assigned.delete(sessionId);
    if (known.status === "staged") removeFrom(this.staged, known.stagingConfig ?? "", sessionId);
    if (known.nodeId === undefined) return;
    this.forgetUsage(known.nodeId);
    const onNode = this.sessionsByNode.get(known.nodeId);
    onNode?.delete(known);
    if (onNode?.size === 0) this.sessionsByNode.delete(known.nodeId);
  }

  private forgetUsage(nodeId: string): void {
    this.usageByNode.delete(nodeId);
    const node = this.nodes.get(nodeId);
    if (node) this.revisions.nodeChanged(node);
  }
}
