/**
 * One full plan of a big fleet: 10,000 nodes, 100,000 sessions, 1,000 autoscale configs. Between two plans a share of the
 * sessions comes and goes and every node sends a heartbeat, so that nothing of the plan before can simply be kept. The
 * garbage of those is collected before the plan begins; where that falls into a plan it adds about 10 ms, by chance.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { cloudCatalog } from "../provider/registry";
import type { DefinitionKind } from "../runtime/model/config";
import type { ConfigState, Node, Session } from "../runtime/model/state";
import { PlanMemory } from "../runtime/planner/planning/plan-memory";
import { plan, type PlanOptions } from "../runtime/planner/planning/plan";
import { WindowCache } from "../runtime/planner/config/windows";
import { HotState } from "../runtime/store/hot-state";
import type { Change } from "../runtime/model/changes";
import { median, percentile, type Bench, type BenchContext, type Figure } from "./result";

interface Size {
  readonly nodes: number;
  readonly sessionsPerNode: number;
  readonly configs: number;
}

interface Case {
  readonly name: string;
  readonly isBigPlace?: boolean;
  /** Sessions that wait, for places whose nodes are full. */
  readonly waiting?: number;
  /** Configs whose standby has to grow, and as many whose idle nodes are due to leave. */
  readonly changing?: number;
}

const gib = 2 ** 30;
const startMs = Date.parse("2026-01-07T12:00:00Z");
const cases: readonly Case[] = [
  { name: "nothing to change" },
  { name: "300 sessions wait", waiting: 300 },
  { name: "100 configs grow, 100 shrink", changing: 100 },
  { name: "300 wait, 100 grow, 100 shrink", waiting: 300, changing: 100 },
  { name: "all in one pool and zone, 300 wait", isBigPlace: true, waiting: 300 },
];

export const planning: Bench = {
  name: "plan",
  about: "one full plan of 10,000 nodes, 100,000 sessions and 1,000 autoscale configs",
  async run({ isSmoke, log }: BenchContext) {
    const size: Size = isSmoke
      ? { nodes: 500, sessionsPerNode: 10, configs: 50 }
      : { nodes: 10_000, sessionsPerNode: 10, configs: 1_000 };
    const figures: Figure[] = [];
    for (const it of cases) {
      const { timesMs, changes } = measure(size, it, isSmoke ? 5 : 60);
      log(`${it.name}: ${changes} changes; ${timesMs.map((ms) => ms.toFixed(1)).join(" ")}`);
      const goal = isSmoke ? {} : { atMost: 20 };
      figures.push(
        { what: `${it.name}, median`, value: median(timesMs), unit: "ms", ...goal },
        { what: `${it.name}, p90`, value: percentile(timesMs, 0.9), unit: "ms" },
      );
    }
    return figures;
  },
};

function measure(size: Size, it: Case, times: number): { timesMs: number[]; changes: number } {
  const state = new HotState();
  state.apply(definitions(size, it));
  state.apply(rows(size, it));
  const options: Omit<PlanOptions, "nowMs"> = {
    catalog: cloudCatalog(),
    windows: new WindowCache(),
    memory: new PlanMemory(),
  };
  setFlagsFromString("--expose-gc");
  const collectYoung = runInNewContext("() => gc({ type: 'minor' })") as () => void;
  const timesMs: number[] = [];
  let changes = 0;
  for (let round = -20; round < times; round += 1) {
    const nowMs = startMs + round * 5000;
    churn(state, round, nowMs);
    collectYoung();
    const beganMs = performance.now();
    changes = plan(state, { ...options, nowMs }).changes.length;
    if (round >= 0) timesMs.push(performance.now() - beganMs);
  }
  return { timesMs, changes };
}

function definitions({ nodes, configs }: Size, { isBigPlace, changing = 0 }: Case): Change[] {
  const put = (kind: DefinitionKind, doc: { readonly name: string }): Change => ({
    kind: "put",
    table: "definition",
    row: { kind, name: doc.name, doc: { ...doc }, owner: "bench", updatedAtMs: startMs },
  });
  const changes: Change[] = [];
  for (let index = 0; index < 10; index += 1) {
    changes.push(put("zone", { name: `zone-${index}`, ...{ upstreamAuthAddress: "headroom.example.com" } }));
    const settings = { cores: 16, memory: "64GiB" };
    changes.push(
      put("vmProviderConfig", { name: `vms-${index}`, ...{ kind: "local", maxInstances: 10_000, settings } }),
    );
  }
  for (let index = 0; index < configs; index += 1) {
    const { pool, zone, isServer } = placeOf(index, isBigPlace);
    const type = isServer ? "server" : "dockerAgent";
    // Of the two configs of a place one is always on and one has a schedule: the usual pattern.
    if (index % 2 === 0 && (index === 0 || !isBigPlace)) {
      changes.push(put("pool", { name: pool, ...{ type } }));
      const workspace = isServer ? { kind: "desktop", cores: 4, memory: "4GiB" } : { cores: 1, memory: "2GiB" };
      changes.push(put("workspace", { name: `work-${index}`, ...{ pools: [pool], ...workspace } }));
    }
    const name = `config-${index}`;
    const grows = index < changing ? { minNodes: nodes / configs + 2 } : {};
    const server = { maxSimultaneousSessionsPerServer: 20, maxSimultaneousUsers: 20 };
    const standby = isServer ? { minimumAvailableSessions: 10 } : { standbyCores: 8, standbyMemory: "16GiB" };
    const shrinks = index >= changing && index < 2 * changing;
    const own = { ...(isServer ? server : {}), ...(shrinks ? { downscaleBackoff: "0s" } : standby) };
    const vmProvider = `vms-${index % 10}`;
    changes.push(put("autoscaleConfig", { name, ...{ type, pool, zone, vmProvider, ...own, ...grows } }));
    if (index % 2 === 0) continue;
    const isOpen = index % 8 !== 7;
    const [start, end] = isOpen ? ["06:00", "20:00"] : ["22:00", "23:00"];
    const timezone = ["UTC", "Europe/Berlin", "Africa/Cairo", "Europe/London"][index % 4];
    const days = ["mon", "tue", "wed", "thu", "fri"];
    changes.push(
      put("schedule", { name: `schedule-${index}`, ...{ autoscaleConfig: name, days, start, end, timezone } }),
    );
  }
  return changes;
}

function placeOf(config: number, isBigPlace = false): { pool: string; zone: string; isServer: boolean } {
  const index = isBigPlace ? 0 : Math.floor(config / 2);
  return { pool: `pool-${index}`, zone: `zone-${index % 10}`, isServer: index % 5 === 4 };
}

function rows({ nodes, sessionsPerNode, configs }: Size, { isBigPlace, waiting = 0, changing = 0 }: Case): Change[] {
  const changes: Change[] = [];
  for (let index = 0; index < nodes; index += 1) {
    const config = index % configs;
    const node = nodeOf(index, config, isBigPlace);
    changes.push({ kind: "put", table: "node", row: node });
    // The first nodes of the last configs are full: sessions wait there.
    const isShrinking = config >= changing && config < 2 * changing && index >= configs * 5;
    for (let nth = 0; nth < (isShrinking ? 0 : sessionsPerNode); nth += 1) {
      changes.push({ kind: "put", table: "session", row: sessionOf(index * sessionsPerNode + nth, node, isBigPlace) });
    }
  }
  for (let index = 0; index < waiting; index += 1) {
    const config = configs - 1 - (index % (configs / 2));
    const { sessionId, nodeId, ...session } = sessionOf(1_000_000 + index, nodeOf(0, config, isBigPlace), isBigPlace);
    const needs = { cores: 16, memoryBytes: 32 * gib, gpus: 0 };
    const row: Session = {
      ...session,
      sessionId: `w${sessionId}${nodeId === undefined ? "" : "q"}`,
      status: "queued",
      needs,
    };
    changes.push({ kind: "put", table: "session", row });
  }
  for (let config = 0; config < configs; config += 1) {
    const row: ConfigState = { autoscaleConfig: `config-${config}`, bootSeconds: [40, 50] };
    changes.push({ kind: "put", table: "configState", row });
  }
  return changes;
}

function nodeOf(index: number, config: number, isBigPlace = false): Node {
  const { pool, zone, isServer } = placeOf(config, isBigPlace);
  const createdAtMs = startMs - 86_400_000 + index * 1000;
  return {
    nodeId: `n${index}`,
    zone,
    pool,
    autoscaleConfig: `config-${config}`,
    vmProvider: `vms-${config % 10}`,
    laneId: `config-${config}-1`,
    status: index % 50 === 49 ? "starting" : "running",
    statusSinceMs: createdAtMs,
    createdAtMs,
    shape: { cores: 16, memoryBytes: 64 * gib, gpus: 0 },
    ...(isServer ? { sessionsMax: 20, usersMax: 20, isReusable: true } : {}),
    readyWhen: "heartbeat",
    provisionTimeoutSeconds: 600,
    missingTimeoutSeconds: 600,
    deadTimeoutSeconds: 3600,
    address: "10.0.0.1",
    reason: { code: "heartbeat", text: "first heartbeat", numbers: {} },
  };
}

function sessionOf(index: number, node: Node, isBigPlace = false): Session {
  const config = Number(node.autoscaleConfig!.slice("config-".length));
  return {
    sessionId: `s${index}`,
    workspace: `work-${isBigPlace ? 0 : config - (config % 2)}`,
    userId: `user-${index}`,
    status: "running",
    nodeId: node.nodeId,
    requestedAtMs: startMs - 3_600_000,
    sequence: index,
    needs: { cores: 1, memoryBytes: 2 * gib, gpus: 0 },
    reason: { code: "placed", text: "placed", numbers: {} },
  };
}

/** 500 sessions leave and others come in their place, and each node sends its heartbeat. */
function churn(state: HotState, round: number, nowMs: number): void {
  const changes: Change[] = [];
  const busy = [...state.sessions.values()].filter(({ nodeId }) => nodeId !== undefined).slice(0, 500);
  for (const [nth, session] of busy.entries()) {
    const sessionId = `c${round}-${nth}`;
    changes.push({ kind: "put", table: "session", row: { ...session, status: "ended" } });
    changes.push({ kind: "put", table: "session", row: { ...session, sessionId, userId: `user-${sessionId}` } });
  }
  for (const node of state.nodes.values()) {
    if (node.status === "running")
      changes.push({ kind: "put", table: "node", row: { ...node, lastHeartbeatMs: nowMs } });
  }
  state.apply(changes);
}
