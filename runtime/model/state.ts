/**
 * The runtime's own records.
 *
 * Node:    requested ⇄ provisioning → starting → running ⇄ missing → dead ┐
 *                 └───────┴─ failed ─┐    running ⇄ draining ─────────────┼→ destroying → (row deleted: gone)
 *                                    └────────────────────────────────────┘
 *   requested     in a revision; waits for its lane, for a slot, and for the engine to begin
 *   provisioning  the engine runs and asks the cloud for it; back to requested when it ended without having made it
 *   starting      the VM exists and its address is known; waiting for the check-in
 *   running       checked in; takes sessions
 *   missing       no sign of life for `missingTimeout`; not capacity, may come back
 *   dead          no sign of life for `deadTimeout`, or taken back by the cloud; its sessions are lost. Whatever had a VM
 *                 and has none any more is dead at once, also a node that is only starting
 *   draining      takes no new session; destroyed when the last one ended, or back to running when needed again
 *   destroying    no longer in the desired set; never comes back
 *   failed        create failed, or no check-in within `provisionTimeout`
 *
 * Session: queued → assigned → running ⇄ paused | stopped → ended; queued → ended.
 *   assigned and running and paused hold capacity and the node; stopped holds only the node; queued holds nothing.
 *   staged (placed for nobody, holds capacity) → assigned, when a request takes it; → ended when it is not wanted any more.
 */
import type { EpochMs } from "./clock";
import type { NodeConnection } from "./connection";
import type { DefinitionKind, Permissions } from "./config";
import { cloudFailureClasses, type CloudFailureClass } from "./errors";
import type { Reason } from "./reason";
import type { Shape } from "./shapes";

export const nodeStatuses = [
  "requested",
  "provisioning",
  "starting",
  "running",
  "missing",
  "dead",
  "draining",
  "destroying",
  "failed",
] as const;
export type NodeStatus = (typeof nodeStatuses)[number];

/** A node's A record: `<node id>.<baseDomainName>`. */
export interface DnsSpec {
  readonly kind: string;
  /** Id of the account that the record is in; absent in records of older versions, whose settings hold it. */
  readonly account?: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly baseDomainName: string;
  readonly ttlSeconds: number;
}

/** A node's computer record in an Active Directory, named by the node's id. */
export interface ComputerRecordSpec {
  /** Id of the account with which it is made. */
  readonly account: string;
  /** Distinguished name of the OU that it is made in. */
  readonly computerOu: string;
  /** It goes with everything below it. */
  readonly deletesChildren: boolean;
  /** For one join, which gives the computer another one. A secret everywhere. */
  readonly joinPassword: string;
}

/**
 * Version of the schemas of clouds' settings, frozen into each node. Raise it when a schema stops to take what it took: a
 * node of another version stays as it is, see `executor/kept-nodes.ts`.
 */
export const settingsVersionNow = 2;

/** All that the node program needs to declare one VM. Frozen when the node is born; never changed afterwards. */
export interface DesiredNode {
  /** Also the Pulumi resource name, the tag `headroom-node` and the start of the host name. */
  readonly nodeId: string;
  readonly zone: string;
  readonly pool: string;
  readonly autoscaleConfig: string;
  readonly vmProvider: string;
  readonly kind: string;
  /** Id of the account that the VM is in; absent in records of older versions, whose settings hold it. */
  readonly account?: string;
  /** The template: without what says which account and how to get in. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** {@link settingsVersionNow} at its birth; absent in rows of older versions. */
  readonly settingsVersion?: number;
  readonly osType: "linux" | "windows";
  /** Rendered; holds tokens, so it is a secret everywhere. */
  readonly startupScript: string;
  /** The script is sent exactly as it is. Absent = it is made to fit the image. */
  readonly isRawScript?: boolean;
  readonly dns?: DnsSpec;
  readonly computerRecord?: ComputerRecordSpec;
  /** Id of the installation that it was born in, the tag `headroom-installation`; absent in rows of older versions. */
  readonly installation?: string;
  /**
   * What its VM's power is declared to be; alone of all fields here it changes while the node lives, and only an update that
   * names the node in its `powers` changes the VM's. Absent = on, and never changed.
   */
  readonly power?: Power;
}

export type Power = "on" | "off";

/** What the next node of a config will be like. */
export interface LikelyNode {
  /** Of a node like it, whose id and tokens mean nothing. */
  readonly spec: DesiredNode;
  /** When the demand for it began, or will begin. */
  readonly demandAtMs: EpochMs;
}

export interface Node {
  readonly nodeId: string;
  readonly zone: string;
  readonly pool: string;
  /** Absent for a static member. */
  readonly autoscaleConfig?: string;
  readonly vmProvider?: string;
  /** Absent for a static member. */
  readonly laneId?: string;
  readonly spec?: DesiredNode;
  readonly status: NodeStatus;
  readonly statusSinceMs: EpochMs;
  readonly createdAtMs: EpochMs;
  /** Capacity: override, else what it reported up to what its size has, else that; undefined until one is known. */
  readonly shape?: Shape;
  /** Of the shape what was certain when the node was born: overrides, and what its size has. No report changes it. */
  readonly declared?: Readonly<Partial<Shape>>;
  /** What its size has, by the cloud's word: the node is not credited with more. Absent: the cloud was not asked yet. */
  readonly size?: Shape;
  /** What the node said last of itself, as it said it; of each dimension the last word. */
  readonly reported?: Readonly<Partial<Shape>>;
  /** Its startup script where it is fetched by a small one; rendered, so a secret everywhere. Gone when it has checked in. */
  readonly fetchedScript?: string;
  /** Containers that it counted in its last heartbeat, of whichever session; for people, nothing is decided by it. */
  readonly containers?: number;
  /** Server pools: sessions and distinct users at the same time. */
  readonly sessionsMax?: number;
  readonly usersMax?: number;
  readonly isReusable?: boolean;
  /** The port that is probed. */
  readonly connectionPort?: number;
  /** Servers: how users get in. Absent in rows of older versions. */
  readonly connection?: NodeConnection;
  /** Of a static member, those that it has beside its pool's; absent = none. */
  readonly labels?: readonly string[];
  /** How the node shows that it is ready: its own call, its first heartbeat, or a TCP probe of its port. */
  readonly readyWhen: "checkin" | "heartbeat" | "probe" | "declared";
  readonly provisionTimeoutSeconds: number;
  readonly missingTimeoutSeconds: number;
  readonly deadTimeoutSeconds: number;
  readonly address?: string;
  /** The cloud's id of its VM: another VM that carries the node's id is not this node. */
  readonly vmId?: string;
  readonly dnsName?: string;
  /** Last check-in message: 0 to 100 and a text. */
  readonly progressPercent?: number;
  readonly progressMessage?: string;
  readonly runningSinceMs?: EpochMs;
  /** By the clock of the runtime, not of the node. Absent until the first one. */
  readonly lastHeartbeatMs?: EpochMs;
  /** When its connection port last answered a probe; only of nodes that send no heartbeats. */
  readonly lastProbeMs?: EpochMs;
  /** The cloud has announced that it takes the VM back, as it does with spot instances. */
  readonly interruption?: { readonly deadlineMs: EpochMs; readonly noticedAtMs: EpochMs; readonly message?: string };
  /** Of all that the node was made from, secrets left out: shows whether definitions have changed since. */
  readonly specDigest?: string;
  /** True once it took a session; a non-reusable server then takes no other. */
  readonly hasServed?: boolean;
  /** Why it failed, or why the last try to destroy it did. */
  readonly failure?: { readonly class: FailureClass; readonly message: string };
  /** Why it is in its present status. */
  readonly reason: Reason;
}

export const sessionStatuses = ["queued", "staged", "assigned", "running", "paused", "stopped", "ended"] as const;
export type SessionStatus = (typeof sessionStatuses)[number];
export const sessionEndReasons = [
  "released",
  "cancelled",
  /** Its requester was not heard of for `keepaliveSeconds` before it ran. */
  "left",
  /** It was given a node and did not run within `startTimeout`. */
  "startTimeout",
  "queueTimeout",
  "nodeDead",
  "neverServable",
  /** Staged, and nobody got it within the staging config's `expiration`. */
  "expired",
  /** Staged, and not wanted any more where it is or as it is. */
  "unstaged",
] as const;
export type SessionEndReason = (typeof sessionEndReasons)[number];

export interface Session {
  readonly sessionId: string;
  readonly workspace: string;
  /** Empty while staged: nobody has it. */
  readonly userId: string;
  /** One application on a server; absent for a full desktop, of which a user has at most one per server. */
  readonly isRemoteApp?: boolean;
  /** The zone the user asked for; undefined = any. */
  readonly zone?: string;
  readonly status: SessionStatus;
  readonly requestedAtMs: EpochMs;
  /** Order in the queue: earlier requests first, this number breaks ties. */
  readonly sequence: number;
  readonly nodeId?: string;
  readonly assignedAtMs?: EpochMs;
  readonly endedAtMs?: EpochMs;
  readonly endReason?: SessionEndReason;
  /** What its user may do, fixed from the start; absent = the defaults. */
  readonly permissions?: Permissions;
  /** Groups of its user, as the request named them; absent = none. */
  readonly groups?: readonly string[];
  /** Until it runs: ends when its requester has not been heard of for this long; absent = it stays. */
  readonly keepaliveSeconds?: number;
  /** The staging config that it was placed for, and when; stays when a user gets it. */
  readonly stagingConfig?: string;
  readonly stagedAtMs?: EpochMs;
  /** What the session takes, copied from the workspace when requested. */
  readonly needs: Shape;
  /** While queued: it was passed over for too long. */
  readonly reservation?: Reservation;
  readonly reason: Reason;
}

/** Nodes on which a waiting session counts, for all that came later, as if it were there already. */
export interface Reservation {
  readonly sinceMs: EpochMs;
  readonly nodeIds: readonly string[];
}

/** What went wrong with a node: what the cloud said, no check-in in time, or what the node reported of itself. */
export const failureClasses = [...cloudFailureClasses, "TIMEOUT", "REPORTED"] as const;
export type FailureClass = (typeof failureClasses)[number];

/**
 * Failed nodes in a row of one config on one VM provider config. Gone with the first node that runs, and when the
 * definition of the config or of the VM provider config changes.
 */
export interface RouteFailures {
  /** At least 1; failures during one back-off count once. */
  readonly consecutiveFailures: number;
  /** No create before this time. */
  readonly retryAtMs: EpochMs;
  readonly last: { readonly class: FailureClass; readonly message: string; readonly atMs: EpochMs };
}

/** What a config remembers between plans. */
export interface ConfigState {
  readonly autoscaleConfig: string;
  /** Since when there has been more than needed, without a break. */
  readonly excessSinceMs?: EpochMs;
  /** The fewest nodes that were in excess at any time since then: so many leave. */
  readonly excessNodes?: number;
  /** By name of the VM provider config that the failed nodes were for. */
  readonly failures?: Readonly<Record<string, RouteFailures>>;
  /** Seconds from the request of a node to its check-in, of the last nodes that came up, newest last; at most 20. */
  readonly bootSeconds?: readonly number[];
  /** Start of the window for which `leadTime: auto` has opened the config already; it stays open until then. */
  readonly earlyForMs?: EpochMs;
  /** Asked to be deleted: drains, and the definition goes with its last node. */
  readonly isDeleting?: boolean;
}

/** One Pulumi stack of at most `laneNodesMax` nodes of one autoscale config. */
export interface Lane {
  readonly laneId: string;
  readonly autoscaleConfig: string;
  /** The stack's name within project `headroom-nodes`. */
  readonly stack: string;
  /** Grows with each change of the desired set. */
  readonly desiredRevision: number;
  /** Last revision whose update ended. */
  readonly appliedRevision: number;
  /** An update of this revision was started and its end is not recorded: after a crash the lane needs recovery. */
  readonly openRevision?: number;
  /** When that update was started. */
  readonly openSinceMs?: EpochMs;
  /** Engine process of the open update, for recovery. */
  readonly enginePid?: number;
  /** The worker of another machine that runs it; absent = one of the service's own. */
  readonly worker?: string;
  /** The open update was opened ahead and takes further nodes: they are made at once. */
  readonly takesNodes?: boolean;
  /** An operator wants its stack: no update is opened ahead in it before this time. */
  readonly keptClosedUntilMs?: EpochMs;
  /** Ids of nodes that are in the stack and have no row, e.g. after a database came back from a backup. They are kept. */
  readonly strangers?: readonly string[];
  /** Ids of nodes that were given up and are to be taken out of the stack without asking a cloud. */
  readonly forgotten?: readonly string[];
  /** Its last update failed, and not because the cloud has no room: new nodes go to other lanes. */
  readonly trouble?: LaneTrouble;
  /** The last update or recovery whose end is known; absent in rows of older versions. */
  readonly lastUpdate?: EndedUpdate;
}

/** How an update or a recovery of a lane ended. */
export interface EndedUpdate {
  readonly kind: "update" | "recover";
  readonly revision: number;
  /** Absent for a recovery of a lane that was not open. */
  readonly startedAtMs?: EpochMs;
  readonly endedAtMs: EpochMs;
  readonly outcome: "succeeded" | "failed";
  /** Why it failed. */
  readonly failure?: { readonly class: CloudFailureClass; readonly message: string };
  /** Nodes that it was to make and to delete. */
  readonly creates: number;
  readonly deletes: number;
}

export interface LaneTrouble {
  /** Updates in a row that failed so; at least 1. */
  readonly failures: number;
  /** When the first of them ended. */
  readonly sinceMs: EpochMs;
  /** What the last one said. */
  readonly message: string;
}

/**
 * A VM in one of our accounts, or a computer record in a directory, that carries our installation's id and that no row and
 * no stack tells of. It has been seen once, or is known to be one from `reportedAtMs` on.
 */
export interface Orphan {
  /** Account and VM. */
  readonly orphanId: string;
  readonly accountId: string;
  /** Name of the VM provider config, or of the LDAP config, whose account that is. */
  readonly vmProvider: string;
  /** It is a computer record; its `vmId` is the node id that it carries. Absent = a VM. */
  readonly isComputerRecord?: true;
  /** Where in the account, e.g. its region. */
  readonly place: Readonly<Record<string, unknown>>;
  /** The cloud's id of it. */
  readonly vmId: string;
  /** Of its tag `headroom-node`; absent when it has none. */
  readonly nodeId?: string;
  readonly firstSeenMs: EpochMs;
  readonly lastSeenMs: EpochMs;
  /** Seen again, at least 5 minutes after the first time. */
  readonly reportedAtMs?: EpochMs;
}

/** A definition as stored: the document exactly as declared, who declared it, when. */
export interface StoredDefinition {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly doc: Readonly<Record<string, unknown>>;
  /** Pulumi URN or API key name that owns it; another owner may not change it. */
  readonly owner: string;
  readonly updatedAtMs: EpochMs;
}

/** One entry of the decision journal. Append-only. */
export interface Decision {
  readonly decisionId: string;
  readonly atMs: EpochMs;
  readonly subject: "node" | "session" | "config" | "staging" | "lane" | "budget" | "runtime";
  readonly subjectId: string;
  /** What happened, e.g. `created`, `placed`, `draining`. */
  readonly event: string;
  readonly reason: Reason;
}

export { apiScopes, type ApiKey, type ApiScope, type RevokedKey } from "./api-key";

/** The answer given to an idempotency key, kept for 24 hours. */
export interface IdempotentAnswer {
  readonly key: string;
  readonly bodyHash: string;
  readonly status: number;
  readonly body: unknown;
  readonly atMs: EpochMs;
}
