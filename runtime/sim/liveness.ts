/** What must be true in the end, when nothing goes wrong any more and nobody wants anything. */
import { subtractCores, usageOf } from "../model/usage";
import type { AgentAutoscaleConfig, AutoscaleConfig } from "../model/config";
import type { Node } from "../model/state";
import { plan } from "../planner/planning/plan";
import { WindowCache } from "../planner/config/windows";
import { documentReader } from "../model/unreadable";
import { HotState } from "../store/hot-state";
import { definitionId, type Change } from "../model/changes";
import type { Snapshot } from "../model/snapshot";
import type { SimBackend } from "./backend";
import type { SimCloud } from "./cloud";
import type { CommitChecker } from "./commit-checker";
import type { SimLeader } from "./replica";
import type { SeededRng } from "./rng";
import { simCatalog } from "./site";
import type { Verdict } from "./violation";

export interface End {
  readonly checker: CommitChecker;
  readonly cloud: SimCloud;
  readonly backend: SimBackend;
  readonly leader: SimLeader | undefined;
  readonly nowMs: number;
}

/** Undefined when the world has come to rest, else what is still open. */
export function unrest({ checker, cloud, backend, leader, nowMs }: End): string | undefined {
  const { durable } = checker;
  if (!leader) return "nobody leads";
  const waiting = [...durable.sessions.values()].find(({ status }) => status !== "staged");
  if (waiting) return `session ${waiting.sessionId} is ${waiting.status}: ${waiting.reason.text}`;
  for (const lane of durable.lanes.values()) {
    if (lane.openRevision !== undefined) return `lane ${lane.laneId} has an open update`;
    if (lane.appliedRevision < lane.desiredRevision) return `lane ${lane.laneId} is behind its desired revision`;
  }
  for (const node of durable.nodes.values()) {
    const isKept = node.status === "running" || node.autoscaleConfig === undefined || isQuarantined(node, durable);
    if (!isKept) return `node ${node.nodeId} is ${node.status}: ${node.reason.text}`;
  }
  const rows = [...durable.nodes.values()].filter(({ autoscaleConfig }) => autoscaleConfig !== undefined);
  const wanted = rows.map(({ nodeId }) => nodeId).sort();
  const existing = [...cloud.vms.keys()].sort();
  if (wanted.join() !== existing.join()) return `the store has nodes ${wanted.join()}, the cloud ${existing.join()}`;
  const strangers = new Set([...durable.lanes.values()].flatMap((lane) => lane.strangers ?? []));
  const recorded = [...backend.recorded()].filter((nodeId) => !strangers.has(nodeId)).sort();
  if (wanted.join() !== recorded.join()) return `the store has nodes ${wanted.join()}, the stacks ${recorded.join()}`;
  const next = plan(leader.ledger.state, { nowMs, catalog: simCatalog });
  if (next.changes.length > 0) return `the plan still has ${next.changes.map(({ kind }) => kind).join()}`;
  return leftOver(durable, nowMs);
}

/** The one failed node that a config may keep. */
function isQuarantined(node: Node, state: Snapshot): boolean {
  const { quarantine = 0 } = state.autoscaleConfigs.get(node.autoscaleConfig ?? "") ?? {};
  const failed = [...state.nodesOfConfig(node.autoscaleConfig ?? "").values()].filter(
    (other) => other.status === "failed",
  );
  return node.status === "failed" && node.address !== undefined && failed.length <= quarantine;
}

/** Idle nodes that nobody needs, by rules of its own: the planner must not be its own judge. */
function leftOver(state: Snapshot, nowMs: number): string | undefined {
  const windows = new WindowCache();
  for (const config of state.autoscaleConfigs.values()) {
    const nodes = [...state.nodesOfConfig(config.name).values()].filter(({ status }) => status === "running");
    const window = windows.at(config, state, nowMs);
    if (!window.isActive) {
      if (nodes.length > 0) return `nodes of inactive ${config.name}: ${nodes.length}`;
      continue;
    }
    const floor = window.minNodes ?? config.minNodes;
    if (nodes.length <= floor) continue;
    for (const node of nodes) {
      if (
        state.sessionsOf(node.nodeId).size === 0 &&
        !isNeeded(node, state, (config) => windows.at(config, state, nowMs).isActive)
      ) {
        return `${node.nodeId} of ${config.name} stays without need`;
      }
    }
  }
  return undefined;
}

/** Whether some config of the place would miss its standby without this node. */
function isNeeded(node: Node, state: Snapshot, isActive: (config: AutoscaleConfig) => boolean): boolean {
  return state.configsIn(node.pool, node.zone).some((config) => isActive(config) && lacksWithout(config, node, state));
}

function lacksWithout(config: AutoscaleConfig, without: Node, state: Snapshot): boolean {
  const others = [...state.nodesIn(config.pool, config.zone).values()].filter(
    (node) =>
      node !== without && node.status === "running" && (config.countStatic || node.autoscaleConfig !== undefined),
  );
  if (config.type === "server") {
    let available = 0;
    for (const node of others) available += Math.min(node.sessionsMax ?? 1, node.usersMax ?? 1);
    return available < config.minimumAvailableSessions;
  }
  let [cores, memoryBytes] = [0, 0];
  for (const { nodeId, shape } of others) {
    const usage = usageOf(state.sessionsOf(nodeId).values());
    cores += subtractCores(shape?.cores ?? 0, usage.cores);
    memoryBytes += (shape?.memoryBytes ?? 0) - usage.memoryBytes;
  }
  return cores < config.standbyCores || memoryBytes < config.standbyMemory || lacksSlots(config, others, state);
}

/** Counts whole sessions, node by node. */
function lacksSlots({ standbySlots }: AgentAutoscaleConfig, nodes: readonly Node[], state: Snapshot): boolean {
  const workspace = standbySlots && state.workspaces.get(standbySlots.workspace);
  if (!workspace) return false;
  let slots = 0;
  for (const { nodeId, shape } of nodes) {
    const usage = usageOf(state.sessionsOf(nodeId).values());
    const free = {
      cores: subtractCores(shape?.cores ?? 0, usage.cores),
      memory: (shape?.memoryBytes ?? 0) - usage.memoryBytes,
    };
    slots += Math.max(0, Math.floor(Math.min(free.cores / workspace.cores + 1e-9, free.memory / workspace.memory)));
  }
  return slots < standbySlots.count;
}

/** Planning is pure and does not depend on the order in which rows were stored; memory equals a fresh count. */
export function checkPlanning(leader: SimLeader, rng: SeededRng, verdict: Verdict, nowMs: number): void {
  const { state } = leader.ledger;
  const reader = documentReader(undefined);
  const shuffled = new HotState((kind, doc) => {
    const { name } = doc as { readonly name: string };
    return state.unreadable.get(definitionId(kind, name))?.problems ?? reader(kind, doc);
  });
  shuffled.apply(rng.shuffle(rowsOf(state)));
  const options = { nowMs, catalog: simCatalog };
  const [first, again, other] = [plan(state, options), plan(state, options), plan(shuffled, options)].map((made) =>
    JSON.stringify(made),
  );
  verdict.check(first === again, "planning is pure", () => "two plans of one state differ");
  verdict.check(first === other, "planning does not depend on order", () => firstDifference(first!, other!));
  for (const vmProvider of state.vmProviderConfigs.keys()) {
    const counted = [...state.nodes.values()].filter((node) => node.vmProvider === vmProvider).length;
    const isSame = counted === state.instancesOf(vmProvider);
    verdict.check(isSame, "memory counts right", () => `instances of ${vmProvider} are not the number of its nodes`);
  }
  for (const nodeId of state.nodes.keys()) {
    const [kept, fresh] = [state.usage(nodeId), usageOf(shuffled.sessionsOf(nodeId).values())];
    const isSame =
      kept.cores === fresh.cores && kept.pinned === fresh.pinned && kept.userIds.size === fresh.userIds.size;
    verdict.check(isSame, "memory counts right", () => `usage of ${nodeId} is not the sum of its sessions`);
  }
}

function firstDifference(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const around = (text: string) => text.slice(Math.max(0, at - 100), at + 100);
  return `${around(a)} but shuffled ${around(b)}`;
}

function rowsOf(state: HotState): Change[] {
  return [
    ...[...state.definitions.values()].map((row): Change => ({ kind: "put", table: "definition", row })),
    ...[...state.nodes.values()].map((row): Change => ({ kind: "put", table: "node", row })),
    ...[...state.sessions.values()].map((row): Change => ({ kind: "put", table: "session", row })),
    ...[...state.lanes.values()].map((row): Change => ({ kind: "put", table: "lane", row })),
    ...[...state.configStates.values()].map((row): Change => ({ kind: "put", table: "configState", row })),
  ];
}
