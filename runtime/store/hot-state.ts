/**
 * The whole live state in memory: a table for each kind of row, with the indexes that placement and planning read. It
 * changes only through {@link HotState.apply}; whoever wants a change to last hands it to the {@link Ledger}.
 */
import type { AccountCheckRow } from "../model/account-check";
import type { Account, AccountService } from "../model/accounts";
import {
  definitionId,
  installationRow,
  rowId,
  spendMarkRow,
  type Change,
  type Rows,
  type TableName,
} from "../model/changes";
import type { AutoscaleConfig, DefinitionKind, Schedule, StagingConfig } from "../model/config";
import type { NodeSecrets, SessionAccount, UserKey } from "../model/connection-rows";
import type { ConfigDemand } from "../model/demand";
import type { Snapshot } from "../model/snapshot";
import { SortedQueue } from "../model/sorted-queue";
import type { BudgetState, SpendDay, SpendMark, VmLife } from "../model/spend";
import type { InstallationRecord } from "../model/installation-record";
import type {
  ApiKey,
  ConfigState,
  IdempotentAnswer,
  Lane,
  Node,
  Orphan,
  RevokedKey,
  Session,
  StoredDefinition,
} from "../model/state";
import { documentReader, type DocumentReader } from "../model/unreadable";
import { noUsage, usageOf, type NodeUsage } from "../model/usage";
import { WaitingGroups, type WaitingGroup } from "../model/waiting-groups";
import { ChangeWatch } from "./change-watch";
import { DeclaredDefinitions } from "./declared-definitions";
import { isSameButForSignsOfLife, Revisions } from "./revisions";
import { Groups, Holders, PlaceGroups, Sum, Table, type Index } from "./table";
import { Tally } from "./tally";

/** Memory that a kept answer takes beside its text. */
const answerOverheadBytes = 500;

/** Memory that a kept answer takes, about. */
export function bytesOfAnswer({ key, body }: Pick<IdempotentAnswer, "key" | "body">): number {
  return answerOverheadBytes + key.length + (JSON.stringify(body) ?? "").length;
}

const readBySchema = documentReader(undefined);
const noConfigs: readonly AutoscaleConfig[] = [];
const noIds: readonly string[] = [];

export class HotState implements Snapshot {
  readonly revisions = new Revisions();
  /** Of all changes but signs of life. */
  readonly changes = new ChangeWatch();
  /** What follows from definitions, accounts or sizes is to be made anew. */
  private readonly asDefinition: Index<unknown> = { follow: () => this.revisions.definitionChanged() };

  private readonly declared: DeclaredDefinitions;
  readonly definitions: Table<StoredDefinition>;

  private readonly byPlace = new PlaceGroups<Node>();
  private readonly byConfig = new Groups<Node>((node) => node.autoscaleConfig);
  private readonly byLane = new Groups<Node>((node) => node.laneId);
  private readonly byVmProvider = new Groups<Node>((node) => node.vmProvider);
  private readonly byVm = new Holders<Node>(({ vmId }) => (vmId === undefined ? noIds : [vmId]));
  /** By status. */
  readonly nodesByStatus = new Tally<Node>(({ status }) => status);
  readonly nodes = new Table<Node>(
    this.byPlace,
    this.byConfig,
    this.byLane,
    this.byVmProvider,
    this.byVm,
    this.revisions,
    this.nodesByStatus,
  );

  readonly nodeSecrets = new Table<NodeSecrets>();
  readonly userKeys = new Table<UserKey>();
  private readonly accountsByNode = new Groups<SessionAccount>((account) => account.nodeId);
  readonly sessionAccounts = new Table<SessionAccount>(this.accountsByNode);

  private readonly byNode = new Groups<Session>((session) => session.nodeId);
  private readonly byStagingConfig = new Groups<Session>((session) =>
    session.status === "staged" ? (session.stagingConfig ?? "") : undefined,
  );
  private readonly notStarted = new Holders<Session>(({ sessionId, status }) =>
    status === "assigned" ? [sessionId] : noIds,
  );
  private readonly byKeptNode = new Holders<Session>(({ status, reservation }) =>
    status === "queued" ? (reservation?.nodeIds ?? noIds) : noIds,
  );
  private readonly queued = new SortedQueue();
  private readonly waiting = new WaitingGroups();
  private readonly waitingByUser = new Groups<Session>(({ status, userId }) =>
    status === "queued" ? userId : undefined,
  );
  /** By node: made when asked for, forgotten when a session on the node changes. */
  private readonly usages = new Map<string, NodeUsage>();
  private readonly forgetUsages: Index<Session> = {
    follow: (_id, before, after) => {
      if (before?.nodeId !== undefined) this.forgetUsage(before.nodeId);
      if (after?.nodeId !== undefined && after.nodeId !== before?.nodeId) this.forgetUsage(after.nodeId);
    },
  };
  /** By status; sessions that have not ended. */
  readonly sessionsByStatus = new Tally<Session>(({ status }) => status);
  /** Sessions that have not ended. */
  readonly sessions = new Table<Session>(
    this.byNode,
    this.byStagingConfig,
    this.notStarted,
    this.byKeptNode,
    this.queued,
    this.waiting,
    this.waitingByUser,
    this.forgetUsages,
    this.sessionsByStatus,
  );

  private readonly byAutoscaleConfig = new Groups<Lane>((lane) => lane.autoscaleConfig);
  readonly lanes = new Table<Lane>(this.byAutoscaleConfig);
  private readonly currentAccounts = new Holders<Account>(({ isCurrent, service, definition }) =>
    isCurrent ? [`${service}/${definition}`] : noIds,
  );
  readonly accounts = new Table<Account>(this.currentAccounts, this.asDefinition);
  readonly accountChecks = new Table<AccountCheckRow>(this.asDefinition);
  readonly configStates = new Table<ConfigState>();
  readonly configDemands = new Table<ConfigDemand>();
  readonly orphans = new Table<Orphan>();
  readonly apiKeys = new Table<ApiKey>();
  readonly revokedKeys = new Table<RevokedKey>();
  /** Memory of all kept answers, about. */
  readonly idempotentBytes = new Sum<IdempotentAnswer>(bytesOfAnswer);
  readonly idempotentAnswers = new Table<IdempotentAnswer>(this.idempotentBytes);
  readonly installation = new Table<InstallationRecord>();
  private readonly asSpend: Index<unknown> = { follow: () => this.revisions.spendChanged() };
  readonly vmLives = new Table<VmLife>();
  private readonly spendMarks = new Table<SpendMark>(this.asSpend);
  readonly spendDays = new Table<SpendDay>(this.asSpend);
  readonly budgetStates = new Table<BudgetState>();
  private readonly tables: { readonly [T in TableName]: Table<Rows[T]> };

  /** `findProblems`: tells which stored definitions can't be read. Default: their own schemas. */
  constructor(findProblems: DocumentReader = readBySchema) {
    this.declared = new DeclaredDefinitions(findProblems);
    this.definitions = new Table<StoredDefinition>(this.declared, this.asDefinition);
    this.tables = {
      definition: this.definitions,
      node: this.nodes,
      nodeSecrets: this.nodeSecrets,
      session: this.sessions,
      sessionAccount: this.sessionAccounts,
      lane: this.lanes,
      account: this.accounts,
      accountCheck: this.accountChecks,
      configState: this.configStates,
      configDemand: this.configDemands,
      orphan: this.orphans,
      apiKey: this.apiKeys,
      userKey: this.userKeys,
      revokedKey: this.revokedKeys,
      idempotentAnswer: this.idempotentAnswers,
      installation: this.installation,
      vmLife: this.vmLives,
      spendMark: this.spendMarks,
      spendDay: this.spendDays,
      budgetState: this.budgetStates,
    };
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "decision") continue;
      const isEnded = change.kind === "put" && change.table === "session" && change.row.status === "ended";
      if (isEnded) this.sessions.delete(change.row.sessionId);
      else if (change.kind === "delete") this.tables[change.table].delete(change.id);
      else this.put(change.table, change.row);
    }
    this.changes.tell(changes);
  }

  /** Undefined = there is none, as of a session that ended. */
  row<T extends TableName>(table: T, id: string): Rows[T] | undefined {
    return this.tables[table].get(id);
  }

  /**
   * The node as it is, with newer signs of life (`lastHeartbeatMs`, `lastProbeMs`). They are kept in memory alone and
   * reach the store only with the next other change of the row.
   */
  noteSignOfLife(node: Node): void {
    const known = this.nodes.get(node.nodeId);
    if (known && isSameButForSignsOfLife(known, node)) this.nodes.set(node.nodeId, node);
  }

  get installationId(): string {
    return this.installation.get(installationRow)?.installationId ?? "";
  }

  get spendMark(): SpendMark | undefined {
    return this.spendMarks.get(spendMarkRow);
  }

  get unreadable() {
    return this.declared.unreadable;
  }
  get zones() {
    return this.declared.byKind.zone;
  }
  get pools() {
    return this.declared.byKind.pool;
  }
  get workspaces() {
    return this.declared.byKind.workspace;
  }
  get autoscaleConfigs() {
    return this.declared.byKind.autoscaleConfig;
  }
  get schedules() {
    return this.declared.byKind.schedule;
  }
  get stagingConfigs() {
    return this.declared.byKind.stagingConfig;
  }
  get vmProviderConfigs() {
    return this.declared.byKind.vmProviderConfig;
  }
  get dnsProviderConfigs() {
    return this.declared.byKind.dnsProviderConfig;
  }
  get budgets() {
    return this.declared.byKind.budget;
  }
  get ldapConfigs() {
    return this.declared.byKind.ldapConfig;
  }

  /** Also of a definition that can't be read. */
  isDeclared(kind: DefinitionKind, name: string): boolean {
    return this.definitions.has(definitionId(kind, name));
  }

  zoneNames(): readonly string[] {
    return this.declared.inOrder().zoneNames;
  }
  configsIn(pool: string, zone: string): readonly AutoscaleConfig[] {
    return this.declared.inOrder().configs.get(pool, zone) ?? noConfigs;
  }
  objectiveConfigs(): readonly AutoscaleConfig[] {
    return this.declared.inOrder().objectiveConfigs;
  }
  schedulesOf(autoscaleConfig: string): readonly Schedule[] {
    return this.declared.inOrder().schedules.get(autoscaleConfig) ?? [];
  }
  stagingConfigsOf(workspace: string): readonly StagingConfig[] {
    return this.declared.inOrder().stagingConfigs.get(workspace) ?? [];
  }

  nodesIn(pool: string, zone: string): ReadonlyMap<string, Node> {
    return this.byPlace.of(pool, zone);
  }
  nodesOfConfig(autoscaleConfig: string): ReadonlyMap<string, Node> {
    return this.byConfig.of(autoscaleConfig);
  }
  configsWithNodes(): Iterable<string> {
    return this.byConfig.all.keys();
  }
  nodesOfLane(laneId: string): ReadonlyMap<string, Node> {
    return this.byLane.of(laneId);
  }
  nodeOfVm(vmId: string): Node | undefined {
    return this.byVm.byKey.get(vmId);
  }
  instancesOf(vmProvider: string): number {
    return this.byVmProvider.of(vmProvider).size;
  }
  lanesOfConfig(autoscaleConfig: string): ReadonlyMap<string, Lane> {
    return this.byAutoscaleConfig.of(autoscaleConfig);
  }
  accountOf(service: AccountService, definition: string): Account | undefined {
    return this.currentAccounts.byKey.get(`${service}/${definition}`);
  }

  sessionsOf(nodeId: string): ReadonlyMap<string, Session> {
    return this.byNode.of(nodeId);
  }
  sessionAccountsOf(nodeId: string): ReadonlyMap<string, SessionAccount> {
    return this.accountsByNode.of(nodeId);
  }
  get staged(): ReadonlyMap<string, ReadonlyMap<string, Session>> {
    return this.byStagingConfig.all;
  }
  get assigned(): ReadonlyMap<string, Session> {
    return this.notStarted.byKey;
  }
  get reservations(): ReadonlyMap<string, Session> {
    return this.byKeptNode.byKey;
  }
  queue(): readonly Session[] {
    return this.queued.sessions;
  }
  waitingGroups(): Iterable<WaitingGroup> {
    return this.waiting.all();
  }
  waitingOf(userId: string): number {
    return this.waitingByUser.of(userId).size;
  }

  usage(nodeId: string): NodeUsage {
    const known = this.usages.get(nodeId);
    if (known) return known;
    const sessions = this.byNode.of(nodeId);
    if (sessions.size === 0) return noUsage;
    const usage = usageOf(sessions.values());
    this.usages.set(nodeId, usage);
    return usage;
  }

  private forgetUsage(nodeId: string): void {
    this.usages.delete(nodeId);
    const node = this.nodes.get(nodeId);
    if (node) this.revisions.nodeChanged(node);
  }

  /** Each table takes rows of its own kind only, which the compiler can't follow through the lookup. */
  private put<T extends TableName>(table: T, row: Rows[T]): void {
    this.tables[table].set(rowId(table, row), row);
  }
}
