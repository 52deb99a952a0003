/**
 * For each alert what makes it fire and what does not, as series of one value a minute: `1+2x30` rises by 2 for 30 minutes,
 * `0x30` stays.
 */

export interface AlertCase {
  readonly alert: string;
  /** Minutes after which it has fired. */
  readonly minutes: number;
  readonly fires: Readonly<Record<string, string>>;
  readonly rests: Readonly<Record<string, string>>;
}

const waits = (le: string) => `headroom_session_wait_duration_seconds_bucket{pool="p",source="queued",le="${le}"}`;
const commits = (le: string) => `headroom_store_commit_duration_seconds_bucket{le="${le}"}`;
const cores = (state: string, of = "c") => `headroom_capacity_cores{pool="p",zone="z",config="${of}",state="${state}"}`;
const standby = 'headroom_standby_cores{pool="p",zone="z",config="c"}';
const at = 'instance="a",job="headroom"';
const updates = (result: string) => `headroom_lane_update_duration_seconds_count{kind="update",result="${result}"}`;
const requests = (status: string) => `headroom_http_request_duration_seconds_count{status="${status}"}`;

export const alertCases: readonly AlertCase[] = [
  {
    alert: "HeadroomSessionsWait",
    minutes: 10,
    fires: { 'headroom_queue_oldest_wait_seconds{workspace="w"}': "0+60x20" },
    rests: { 'headroom_queue_oldest_wait_seconds{workspace="w"}': "100x20" },
  },
  {
    alert: "HeadroomWaitsAreLong",
    minutes: 60,
    fires: {
      [waits("60")]: "0x90",
      [waits("120")]: "0+2x90",
      [waits("+Inf")]: "0+2x90",
      'headroom_session_wait_duration_seconds_count{pool="p"}': "0+2x90",
    },
    rests: {
      [waits("60")]: "0+2x90",
      [waits("120")]: "0+2x90",
      [waits("+Inf")]: "0+2x90",
      'headroom_session_wait_duration_seconds_count{pool="p"}': "0+2x90",
    },
  },
  {
    alert: "HeadroomSessionsRefused",
    minutes: 10,
    fires: { 'headroom_session_requests_total{workspace="w",outcome="refused"}': "0x5 1x20" },
    rests: {
      'headroom_session_requests_total{workspace="w",outcome="refused"}': "7x20",
      'headroom_session_requests_total{workspace="w",outcome="placed"}': "0+5x20",
    },
  },
  {
    alert: "HeadroomSessionsLost",
    minutes: 10,
    fires: { 'headroom_sessions_ended_total{workspace="w",reason="nodeDead"}': "0x5 1x20" },
    rests: { 'headroom_sessions_ended_total{workspace="w",reason="released"}': "0+5x20" },
  },
  {
    alert: "HeadroomStagingShort",
    minutes: 15,
    fires: { 'headroom_staged_ready{staging="s"}': "1x20", 'headroom_staged_desired{staging="s"}': "2x20" },
    rests: { 'headroom_staged_ready{staging="s"}': "2x20", 'headroom_staged_desired{staging="s"}': "2x20" },
  },
  {
    alert: "HeadroomStandbyShort",
    minutes: 20,
    // What static members have free counts too.
    fires: { [cores("free")]: "1x30", [cores("free", "")]: "2x30", [cores("used")]: "9x30", [standby]: "4x30" },
    rests: { [cores("free")]: "1x30", [cores("free", "")]: "3x30", [cores("used")]: "0x30", [standby]: "4x30" },
  },
  {
    alert: "HeadroomStandbyShort",
    minutes: 20,
    fires: {
      'headroom_capacity_sessions{pool="p",zone="z",config="c",state="free"}': "1x30",
      'headroom_standby_sessions{pool="p",zone="z",config="c"}': "2x30",
    },
    rests: {
      'headroom_capacity_sessions{pool="p",zone="z",config="c",state="free"}': "2x30",
      'headroom_standby_sessions{pool="p",zone="z",config="c"}': "2x30",
    },
  },
  {
    alert: "HeadroomConfigNearlyFull",
    minutes: 15,
    fires: {
      'headroom_nodes{config="c",status="running"}': "8x20",
      'headroom_nodes{config="c",status="draining"}': "2x20",
      'headroom_nodes_limit{config="c"}': "10x20",
    },
    rests: { 'headroom_nodes{config="c",status="running"}': "9x20", 'headroom_nodes_limit{config="c"}': "10x20" },
  },
  {
    alert: "HeadroomNothingAtWork",
    minutes: 15,
    fires: {
      'headroom_schedule_open{config="c"}': "1x20",
      'headroom_nodes_desired{config="c"}': "0x20",
      [standby]: "4x20",
    },
    rests: {
      'headroom_schedule_open{config="c"}': "0x20",
      'headroom_nodes_desired{config="c"}': "0x20",
      [standby]: "4x20",
    },
  },
  {
    alert: "HeadroomNodesLost",
    minutes: 10,
    fires: { 'headroom_nodes{config="c",status="missing"}': "1x20" },
    rests: {
      'headroom_nodes{config="c",status="missing"}': "0x20",
      'headroom_nodes{config="c",status="failed"}': "3x20",
    },
  },
  {
    alert: "HeadroomNodesFail",
    minutes: 10,
    fires: { 'headroom_node_failures_total{config="c",provider="v",class="QUOTA"}': "0+1x20" },
    rests: { 'headroom_node_failures_total{config="c",provider="v",class="QUOTA"}': "0x8 2x20" },
  },
  {
    alert: "HeadroomCircuitOpen",
    minutes: 10,
    fires: { 'headroom_circuit_open{config="c",provider="v"}': "1x20" },
    rests: { 'headroom_circuit_open{config="c",provider="v"}': "0x20" },
  },
  {
    alert: "HeadroomNodesOverdue",
    minutes: 20,
    fires: { 'headroom_nodes_overdue{config="c",status="destroying"}': "1x30" },
    rests: { 'headroom_nodes_overdue{config="c",status="destroying"}': "0x30" },
  },
  {
    alert: "HeadroomNodesChurn",
    minutes: 90,
    fires: {
      'headroom_nodes_created_total{config="c",provider="v"}': "0+1x120",
      'headroom_session_requests_total{workspace="w",outcome="placed"}': "0x120",
    },
    rests: {
      'headroom_nodes_created_total{config="c",provider="v"}': "0+1x120",
      'headroom_session_requests_total{workspace="w",outcome="placed"}': "0+1x120",
    },
  },
  {
    alert: "HeadroomUpdatesFail",
    minutes: 60,
    fires: { [updates("failed")]: "0+1x90", [updates("succeeded")]: "0+3x90" },
    rests: { [updates("failed")]: "0+1x90", [updates("succeeded")]: "0+30x90" },
  },
  {
    alert: "HeadroomLanesBehind",
    minutes: 10,
    fires: { headroom_lane_behind_oldest_seconds: "900x20" },
    rests: { headroom_lane_behind_oldest_seconds: "300x20" },
  },
  {
    alert: "HeadroomNoFreeSlot",
    minutes: 15,
    fires: { 'headroom_update_slots{state="free"}': "0x20", 'headroom_update_slots{state="waiting"}': "2x20" },
    rests: { 'headroom_update_slots{state="free"}': "0x20", 'headroom_update_slots{state="waiting"}': "0x20" },
  },
  {
    alert: "HeadroomNoLeader",
    minutes: 5,
    fires: { 'headroom_leader{instance="a"}': "0x10", 'headroom_leader{instance="b"}': "0x10" },
    rests: { 'headroom_leader{instance="a"}': "0x10", 'headroom_leader{instance="b"}': "1x10" },
  },
  {
    alert: "HeadroomNoLeader",
    minutes: 5,
    fires: { "up{}": "0x10" },
    rests: { 'headroom_leader{instance="a"}': "1x10" },
  },
  {
    alert: "HeadroomPlansStopped",
    minutes: 10,
    fires: {
      [`headroom_leader{${at}}`]: "1x20",
      [`headroom_plan_last_success_timestamp_seconds{${at}}`]: "60x20",
    },
    rests: {
      [`headroom_leader{${at}}`]: "1x20",
      [`headroom_plan_last_success_timestamp_seconds{${at}}`]: "0+60x20",
    },
  },
  {
    alert: "HeadroomStoreSlow",
    minutes: 20,
    fires: { [commits("0.1")]: "0+50x30", [commits("0.5")]: "0+60x30", [commits("+Inf")]: "0+60x30" },
    rests: { [commits("0.1")]: "0+60x30", [commits("0.5")]: "0+60x30", [commits("+Inf")]: "0+60x30" },
  },
  {
    alert: "HeadroomRequestsFail",
    minutes: 20,
    fires: { [requests("5xx")]: "0+5x30", [requests("2xx")]: "0+100x30" },
    rests: { [requests("4xx")]: "0+50x30", [requests("2xx")]: "0+100x30", [requests("5xx")]: "0x30" },
  },
  {
    alert: "HeadroomEventLoopSlow",
    minutes: 15,
    fires: { [`nodejs_eventloop_lag_p99_seconds{${at}}`]: "0.5x20", [`headroom_leader{${at}}`]: "0x20" },
    rests: { [`nodejs_eventloop_lag_p99_seconds{${at}}`]: "0.05x20", [`headroom_leader{${at}}`]: "1x20" },
  },
  {
    alert: "HeadroomOrphans",
    minutes: 40,
    fires: { 'headroom_orphan_vms{provider="v"}': "1x60" },
    rests: { 'headroom_orphan_vms{provider="v"}': "0x60" },
  },
  {
    alert: "HeadroomSweepOld",
    minutes: 90,
    fires: {
      [`headroom_orphan_sweep_timestamp_seconds{provider="v",${at}}`]: "60x120",
      [`process_start_time_seconds{${at}}`]: "0x120",
    },
    rests: {
      [`headroom_orphan_sweep_timestamp_seconds{provider="v",${at}}`]: "0x120",
      [`process_start_time_seconds{${at}}`]: "4800x120",
    },
  },
  {
    alert: "HeadroomAccountBroken",
    minutes: 10,
    fires: { 'headroom_account_ok{provider="v"}': "0x20" },
    rests: { 'headroom_account_ok{provider="v"}': "1x20" },
  },
  {
    alert: "HeadroomBudgetSpent",
    minutes: 5,
    fires: {
      'headroom_budget_spent{budget="b",currency="EUR"}': "100x10",
      'headroom_budget_amount{budget="b",currency="EUR"}': "100x10",
    },
    rests: {
      'headroom_budget_spent{budget="b",currency="EUR"}': "99x10",
      'headroom_budget_amount{budget="b",currency="EUR"}': "100x10",
    },
  },
  {
    alert: "HeadroomBudgetUncounted",
    minutes: 70,
    fires: { 'headroom_budget_uncounted_nodes{budget="b"}': "2x100" },
    rests: { 'headroom_budget_uncounted_nodes{budget="b"}': "0x100" },
  },
];
