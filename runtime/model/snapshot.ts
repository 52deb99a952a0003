/** The live state as those see it who only read: rows, and what is found by them. */
import type { AccountCheckRow } from "./account-check";
import type { Account, AccountService } from "./accounts";
import type {
  AutoscaleConfig,
  Budget,
  DnsProviderConfig,
  LdapConfig,
  Pool,
  Schedule,
  StagingConfig,
  VmProviderConfig,
  Workspace,
  Zone,
} from "./config";
import type { NodeSecrets, SessionAccount, UserKey } from "./connection-rows";
import type { BudgetState, SpendDay, SpendMark, VmLife } from "./spend";
import type { ConfigDemand } from "./demand";
import type { ConfigState, Lane, Node, Orphan, Session, StoredDefinition } from "./state";
import type { UnreadableDefinition } from "./unreadable";
import type { NodeUsage } from "./usage";
import type { WaitingGroup } from "./waiting-groups";

/** What planner and readers see of the live state: read-only, and valid until the next change. */
export interface Snapshot {
  /** Empty before a runtime has led on this store. */
  readonly installationId: string;
  /** Every definition as stored, also those that this version can't read. */
  readonly definitions: ReadonlyMap<string, StoredDefinition>;
  /** By id of the definition. What it says is not known, so what rests on it is kept as it is. */
  readonly unreadable: ReadonlyMap<string, UnreadableDefinition>;
  readonly zones: ReadonlyMap<string, Zone>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly workspaces: ReadonlyMap<string, Workspace>;
  readonly autoscaleConfigs: ReadonlyMap<string, AutoscaleConfig>;
  readonly schedules: ReadonlyMap<string, Schedule>;
  readonly stagingConfigs: ReadonlyMap<string, StagingConfig>;
  readonly vmProviderConfigs: ReadonlyMap<string, VmProviderConfig>;
  readonly dnsProviderConfigs: ReadonlyMap<string, DnsProviderConfig>;
  readonly budgets: ReadonlyMap<string, Budget>;
  readonly ldapConfigs: ReadonlyMap<string, LdapConfig>;
  /** Autoscaled nodes of every status, and static members. */
  readonly nodes: ReadonlyMap<string, Node>;
  /** What is secret of their connections; none where nothing is. */
  readonly nodeSecrets: ReadonlyMap<string, NodeSecrets>;
  /** By user. */
  readonly userKeys: ReadonlyMap<string, UserKey>;
  /** Accounts in this node's VM that were made for sessions, also for some that have ended since. */
  sessionAccountsOf(nodeId: string): ReadonlyMap<string, SessionAccount>;
  /** Sessions that have not ended. */
  readonly sessions: ReadonlyMap<string, Session>;
  readonly configStates: ReadonlyMap<string, ConfigState>;
  /** By autoscale config: what was learned of the demand for it. None without a wait objective. */
  readonly configDemands: ReadonlyMap<string, ConfigDemand>;
  readonly lanes: ReadonlyMap<string, Lane>;
  /** Of the definitions as they are, and of nodes that were born in another one. */
  readonly accounts: ReadonlyMap<string, Account>;
  /** VMs that nobody knows, also those that were seen only once. */
  readonly orphans: ReadonlyMap<string, Orphan>;
  /** VMs that cost, by node id; empty while nothing is counted. */
  readonly vmLives: ReadonlyMap<string, VmLife>;
  /** Undefined while nothing is counted: there is neither a price nor a budget. */
  readonly spendMark: SpendMark | undefined;
  /** The ledger of spend, by id. */
  readonly spendDays: ReadonlyMap<string, SpendDay>;
  /** What was told of each budget, by its name. */
  readonly budgetStates: ReadonlyMap<string, BudgetState>;
  /** The account of a VM or DNS provider config, or of an LDAP config, as it is now. */
  accountOf(service: AccountService, definition: string): Account | undefined;
  /** What the clouds last said, by VM provider config; also of definitions that are gone, until the next check. */
  readonly accountChecks: ReadonlyMap<string, AccountCheckRow>;
  /** Sessions assigned to a node that have not ended. */
  sessionsOf(nodeId: string): ReadonlyMap<string, Session>;
  /** Queued sessions in order of request. It changes with the state: copy it to keep it. */
  queue(): readonly Session[];
  /** The same sessions by what they wait for; changes with the state too. */
  waitingGroups(): Iterable<WaitingGroup>;
  /** How many sessions of a user wait. */
  waitingOf(userId: string): number;
  /** Queued sessions for which the room of a node is kept, by node. */
  readonly reservations: ReadonlyMap<string, Session>;
  /** Sessions that were given a node and do not run yet. */
  readonly assigned: ReadonlyMap<string, Session>;
  /** Nodes of every status, and static members, of one pool in one zone. */
  nodesIn(pool: string, zone: string): ReadonlyMap<string, Node>;
  nodesOfConfig(autoscaleConfig: string): ReadonlyMap<string, Node>;
  nodesOfLane(laneId: string): ReadonlyMap<string, Node>;
  /** The node whose VM has this id in its cloud. */
  nodeOfVm(vmId: string): Node | undefined;
  lanesOfConfig(autoscaleConfig: string): ReadonlyMap<string, Lane>;
  /** Names of the configs that have nodes, also of those that are not declared any more. */
  configsWithNodes(): Iterable<string>;
  /** Nodes of every status that this VM provider config made: each may still exist. */
  instancesOf(vmProvider: string): number;
  /** What the sessions on a node take from it. */
  usage(nodeId: string): NodeUsage;
  /** In order. */
  zoneNames(): readonly string[];
  /** By name. */
  configsIn(pool: string, zone: string): readonly AutoscaleConfig[];
  /** Those with a wait objective, by name. */
  objectiveConfigs(): readonly AutoscaleConfig[];
  /** By name. */
  schedulesOf(autoscaleConfig: string): readonly Schedule[];
  /** By name. */
  stagingConfigsOf(workspace: string): readonly StagingConfig[];
  /** Staged sessions that nobody has yet, by the staging config that they were placed for, also one that is gone. */
  readonly staged: ReadonlyMap<string, ReadonlyMap<string, Session>>;
  /** Whether what was made from definitions, nodes and the sessions on them still holds. */
  readonly revisions: SnapshotRevisions;
}

/**
 * Numbers that rise with every change: two equal numbers of the same thing mean that nothing about it has changed, so
 * what was made from it still holds.
 */
export interface SnapshotRevisions {
  /** Of all definitions together. */
  readonly definitions: number;
  /** Of the ledger of spend and its mark. */
  readonly spend: number;
  /** Of a node, signs of life left out, and of the sessions on it; undefined for a node that is not there. */
  node(nodeId: string): number | undefined;
  /** Of the nodes of one pool in one zone, which come and go too; 0 when there has never been one. */
  place(pool: string, zone: string): number;
  /** Of the config's nodes, which come and go too; 0 when there has never been one. */
  config(autoscaleConfig: string): number;
}
