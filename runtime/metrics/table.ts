/**
 * Every metric of Headroom's own: its type, its labels and what it says. The page docs/monitoring.md shows this table, and
 * the instruments are made of it. No label names a node, a session, a user or a lane: a label's values are words of this
 * program, or names of definitions.
 */

export type MetricType = "counter" | "gauge" | "histogram";

export interface MetricSpec {
  readonly type: MetricType;
  readonly labels: readonly string[];
  readonly help: string;
  /** Of a histogram: upper bounds, in its unit. */
  readonly buckets?: readonly number[];
}

/** Told by every process, also while it stands by. */
export const processMetrics = {
  headroom_build_info: {
    type: "gauge",
    labels: ["version", "engine"],
    help: "1; version of the program and name of its engine",
  },
  headroom_leader: { type: "gauge", labels: [], help: "1 while this process holds the lease and decides, else 0" },
  headroom_http_request_duration_seconds: {
    type: "histogram",
    labels: ["method", "route", "status"],
    help: "Requests by route (as in the OpenAPI document) and class of status; of event streams until their head",
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2.5],
  },
} as const satisfies Record<string, MetricSpec>;

/** Told by the leader alone. */
export const fleetMetrics = {
  headroom_epoch: { type: "gauge", labels: [], help: "Number of the term; rises with each change of leadership" },
  headroom_nodes: { type: "gauge", labels: ["config", "status"], help: "Nodes of each autoscale config by status" },
  headroom_nodes_desired: {
    type: "gauge",
    labels: ["config"],
    help: "Nodes that are to exist: all but those that drain, are destroyed, dead or failed",
  },
  headroom_nodes_limit: {
    type: "gauge",
    labels: ["config"],
    help: "Most nodes the config may have: maxNodes, or less where its VM provider configs allow fewer together",
  },
  headroom_nodes_overdue: {
    type: "gauge",
    labels: ["config", "status"],
    help: "Nodes that are made for longer than provisionTimeout, or destroyed for longer than 15 minutes",
  },
  headroom_capacity_cores: {
    type: "gauge",
    labels: ["pool", "zone", "config", "state"],
    help: "Cores of docker agents: used by sessions, free on nodes that run, coming with nodes that are made",
  },
  headroom_capacity_memory_bytes: {
    type: "gauge",
    labels: ["pool", "zone", "config", "state"],
    help: "Memory of docker agents: used by sessions, free on nodes that run, coming with nodes that are made",
  },
  headroom_capacity_sessions: {
    type: "gauge",
    labels: ["pool", "zone", "config", "state"],
    help: "Sessions of servers: used, free on nodes that run, coming with nodes that are made",
  },
  headroom_standby_cores: {
    type: "gauge",
    labels: ["pool", "zone", "config"],
    help: "Cores that are to be free now: standbyCores, or that of the open schedule",
  },
  headroom_standby_memory_bytes: {
    type: "gauge",
    labels: ["pool", "zone", "config"],
    help: "Memory that is to be free now: standbyMemory, or that of the open schedule",
  },
  headroom_standby_sessions: {
    type: "gauge",
    labels: ["pool", "zone", "config"],
    help: "Sessions that servers are to have room for now: minimumAvailableSessions, or that of the open schedule",
  },
  headroom_sessions: {
    type: "gauge",
    labels: ["workspace", "status"],
    help: "Sessions that have not ended, by workspace and status",
  },
  headroom_queue_sessions: {
    type: "gauge",
    labels: ["pool"],
    help: "Sessions that wait and may run in the pool; one that may run in several pools counts in each",
  },
  headroom_queue_oldest_wait_seconds: {
    type: "gauge",
    labels: ["workspace"],
    help: "How long the session that has waited longest has waited; 0 when none waits",
  },
  headroom_session_wait_duration_seconds: {
    type: "histogram",
    labels: ["pool", "source"],
    help: "From the request of a session to its node: placed at once, from the queue, or staged before",
    buckets: [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 900],
  },
  headroom_session_requests_total: {
    type: "counter",
    labels: ["workspace", "outcome"],
    help: "Requests for sessions by what became of them at first",
  },
  headroom_sessions_ended_total: {
    type: "counter",
    labels: ["workspace", "reason"],
    help: "Sessions that ended, by reason",
  },
  headroom_nodes_created_total: {
    type: "counter",
    labels: ["config", "provider"],
    help: "Nodes that were asked for, by VM provider config",
  },
  headroom_nodes_destroyed_total: {
    type: "counter",
    labels: ["config", "reason"],
    help: "Nodes that left the desired set, by the code of the reason",
  },
  headroom_node_failures_total: {
    type: "counter",
    labels: ["config", "provider", "class"],
    help: "Nodes that failed before they ran, by class of the failure",
  },
  headroom_node_boot_duration_seconds: {
    type: "histogram",
    labels: ["config", "phase"],
    help: "create: from the request of a node to its address; checkin: from there until it runs",
    buckets: [5, 15, 30, 60, 90, 120, 180, 300, 600, 1200],
  },
  headroom_circuit_open: {
    type: "gauge",
    labels: ["config", "provider"],
    help: "1 while failures in a row keep a config from making nodes on a VM provider config as usual, else 0",
  },
  headroom_staged_desired: {
    type: "gauge",
    labels: ["staging"],
    help: "Sessions that a staging config wants ready, as of the last plan",
  },
  headroom_staged_ready: {
    type: "gauge",
    labels: ["staging"],
    help: "Staged sessions that a user could have at once, as of the last plan",
  },
  headroom_schedule_open: {
    type: "gauge",
    labels: ["config"],
    help: "1 while a schedule of the config is open, else 0; only of configs with schedules",
  },
  headroom_schedule_next_change_timestamp_seconds: {
    type: "gauge",
    labels: ["config"],
    help: "When the config opens or closes next; absent when no change is in sight",
  },
  headroom_lanes: {
    type: "gauge",
    labels: ["state"],
    help: "Lanes: at rest, opened ahead of their nodes, updating, or behind (wait for an update)",
  },
  headroom_lane_behind_oldest_seconds: {
    type: "gauge",
    labels: [],
    help: "Age of the oldest wish, to make or to destroy a node, that no update has fulfilled; 0 when there is none",
  },
  headroom_lane_update_duration_seconds: {
    type: "histogram",
    labels: ["kind", "result"],
    help: "Updates and recoveries of lanes; not those that were opened ahead, which wait for their nodes",
    buckets: [2, 5, 15, 30, 60, 120, 300, 600, 1200],
  },
  headroom_update_failures_total: {
    type: "counter",
    labels: ["class"],
    help: "Updates whose engine failed, by class of the failure",
  },
  headroom_update_slots: {
    type: "gauge",
    labels: ["state"],
    help: "Updates that may run at the same time: used and free; waiting = lanes that wait for a slot",
  },
  headroom_decisions_total: {
    type: "counter",
    labels: ["subject", "code"],
    help: "Entries of the decision journal by what they are about and the code of their reason",
  },
  headroom_plan_duration_seconds: {
    type: "histogram",
    labels: [],
    help: "Making and applying one plan",
    buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 2],
  },
  headroom_plan_last_success_timestamp_seconds: {
    type: "gauge",
    labels: [],
    help: "When the last plan became durable; 0 before the first of this process",
  },
  headroom_store_commit_duration_seconds: {
    type: "histogram",
    labels: [],
    help: "One transaction of the store",
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
  },
  headroom_orphan_vms: {
    type: "gauge",
    labels: ["provider"],
    help: "VMs and computer records of this installation that nobody has, by definition of the account",
  },
  headroom_orphan_sweep_timestamp_seconds: {
    type: "gauge",
    labels: ["provider"],
    help: "When all places of an account were last listed; 0 before the first time since this process leads",
  },
  headroom_account_ok: {
    type: "gauge",
    labels: ["provider"],
    help: "0 when a cloud or a directory says that nothing can be made with a definition's account, or did not answer again and again; else 1",
  },
  headroom_account_checked_timestamp_seconds: {
    type: "gauge",
    labels: ["provider"],
    help: "When the account of a VM provider or LDAP config was last answered for; absent before the first time since its last edit",
  },
  headroom_vm_cost_total: {
    type: "counter",
    labels: ["config", "currency"],
    help: "What VMs have cost by their declared prices, every five minutes; without a currency where prices name none",
  },
  headroom_budget_amount: { type: "gauge", labels: ["budget", "currency"], help: "What may be spent in one period" },
  headroom_budget_spent: {
    type: "gauge",
    labels: ["budget", "currency"],
    help: "What was spent of a budget in its present period",
  },
  headroom_budget_forecast: {
    type: "gauge",
    labels: ["budget", "currency"],
    help: "What will have been spent of a budget when its present period ends",
  },
  headroom_budget_uncounted_nodes: {
    type: "gauge",
    labels: ["budget"],
    help: "VMs in the scope of a budget that it does not count, for want of a price in its currency",
  },
  headroom_vm_seconds_total: {
    type: "counter",
    labels: ["config", "use"],
    help: "Time of VMs by what it went to: boot, sessions, idle, leaving",
  },
} as const satisfies Record<string, MetricSpec>;

export type FleetMetrics = typeof fleetMetrics;
export type ProcessMetrics = typeof processMetrics;

/** Names of the metrics of one type in a table. */
export type NamesOf<Table, Type extends MetricType> = {
  [Name in keyof Table]: Table[Name] extends { readonly type: Type } ? Name : never;
}[keyof Table] &
  string;

/** A value for each label of a metric. */
export type LabelsOf<Table, Name extends keyof Table> = Table[Name] extends { readonly labels: readonly (infer L)[] }
  ? Readonly<Record<L & string, string>>
  : never;

export const requestOutcomes = ["placed", "staged", "queued", "refused"] as const;
export const waitSources = ["placed", "queued", "staged"] as const;
export const bootPhases = ["create", "checkin"] as const;
export const capacityStates = ["used", "free", "coming"] as const;
export const vmUses = ["boot", "sessions", "idle", "leaving"] as const;
export type VmUse = (typeof vmUses)[number];
export const jobKinds = ["update", "recover"] as const;
export const jobResults = ["succeeded", "failed", "refused", "unknown"] as const;
export type JobResult = (typeof jobResults)[number];
