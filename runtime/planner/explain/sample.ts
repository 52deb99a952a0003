/** The numbers of one moment, by autoscale config, as the planner reckons them. Pure: of one snapshot always the same. */
import type { EpochMs } from "../../model/clock";
import { vmProvidersOf, type AutoscaleConfig, type VmProviderConfig } from "../../model/config";
import { currenciesOf, rateOf } from "../../model/node-cost";
import { minuteOf, sampleValueNames, type Sample, type SampleSeries, type SampleValues } from "../../model/sample";
import type { Snapshot } from "../../model/snapshot";
import type { ConfigState, Node, Session } from "../../model/state";
import { subtractCores, type NodeUsage } from "../../model/usage";
import { modeOf } from "../config/mode";
import { WindowCache, type Window } from "../config/windows";
import { isInFlight, isServer } from "../lifecycle/node-status";
import { capacityOf, type NodeCapacity } from "../planning/node-capacity";
import { slotTargetOf, type SlotTarget } from "../planning/standby-slots";
import { standbyOf, standbySessionsOf } from "../planning/standby";
import { freeOf, slotsIn } from "../placement/room";

type Counts = { -readonly [Name in keyof SampleValues]: number | null };

export interface SampleOptions {
  readonly nowMs: EpochMs;
  /** Kept from sample to sample it saves reading the same wall clocks again. Default a new one. */
  readonly windows?: WindowCache;
}

export function sampleOf(snapshot: Snapshot, { nowMs, windows = new WindowCache() }: SampleOptions): Sample {
  const waiting = waitingByConfig(snapshot);
  const names = new Set([...snapshot.autoscaleConfigs.keys(), ...snapshot.configsWithNodes(), ...waiting.keys()]);
  names.delete(unassigned);
  const ofConfigs = [...names]
    .sort()
    .map((name) => configSeries(name, { snapshot, windows, nowMs, waiting: waiting.get(name) ?? [] }));
  const rest = waiting.get(unassigned) ?? [];
  const ofNobody = rest.length === 0 ? [] : [{ values: packed(withWaiting(zeros(), rest)) }];
  return { atMs: minuteOf(nowMs), series: [...ofConfigs, ...staticSeries(snapshot), ...ofNobody] };
}

/** Where sessions stand that wait for no config in particular. */
const unassigned = "";

function waitingByConfig(snapshot: Snapshot): Map<string, Session[]> {
  const groups = new Map<string, Session[]>();
  for (const session of snapshot.queue()) {
    const config = session.reason.numbers["autoscaleConfig"];
    const name = typeof config === "string" ? config : unassigned;
    const group = groups.get(name);
    if (group) group.push(session);
    else groups.set(name, [session]);
  }
  return groups;
}

interface ConfigSources {
  readonly snapshot: Snapshot;
  readonly windows: WindowCache;
  readonly nowMs: EpochMs;
  readonly waiting: readonly Session[];
}

function configSeries(name: string, { snapshot, windows, nowMs, waiting }: ConfigSources): SampleSeries {
  const nodes = [...snapshot.nodesOfConfig(name).values()];
  const config = snapshot.autoscaleConfigs.get(name);
  const counts = withWaiting(zeros(), waiting);
  const state = snapshot.configStates.get(name) ?? { autoscaleConfig: name };
  if (!config) {
    for (const node of nodes) countNode(counts, node, snapshot.usage(node.nodeId), undefined);
    countVms(counts, nodes, snapshot, state);
    const [first] = nodes;
    const place = first ? { pool: first.pool, zone: first.zone } : {};
    return { autoscaleConfig: name, ...place, values: packed(counts) };
  }
  const window = windows.at(config, snapshot, nowMs);
  const mode = modeOf({ config, state, window }, snapshot);
  const slots = mode === "open" ? slotTargetOf({ config, window }, snapshot) : undefined;
  if (mode === "open") setStandby(counts, config, window, slots);
  for (const node of nodes) {
    const usage = snapshot.usage(node.nodeId);
    countNode(counts, node, usage, capacityOf(node, usage, { mode, config }), slots);
  }
  countVms(counts, nodes, snapshot, state);
  setLimits(counts, config, nodes, snapshot);
  return { autoscaleConfig: name, pool: config.pool, zone: config.zone, values: packed(counts) };
}

/** Static members, by pool and zone. */
function staticSeries(snapshot: Snapshot): SampleSeries[] {
  const series = new Map<string, { readonly pool: string; readonly zone: string; readonly counts: Counts }>();
  for (const node of snapshot.nodes.values()) {
    const { pool, zone, autoscaleConfig } = node;
    if (autoscaleConfig !== undefined) continue;
    const key = JSON.stringify([pool, zone]);
    const known = series.get(key) ?? { pool, zone, counts: zeros() };
    series.set(key, known);
    const usage = snapshot.usage(node.nodeId);
    countNode(known.counts, node, usage, capacityOf(node, usage, undefined));
  }
  return [...series]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { pool, zone, counts }]) => ({
      ...{ pool, zone },
      values: packed(counts),
    }));
}

function zeros(): Counts {
  const counts = Object.fromEntries(sampleValueNames.map((name) => [name, 0])) as Counts;
  return { ...counts, nodesMax: null, costPerHour: null };
}

function add(counts: Counts, name: keyof Counts, more: number): void {
  counts[name] = (counts[name] ?? 0) + more;
}

function withWaiting(counts: Counts, waiting: readonly Session[]): Counts {
  add(counts, "waiting", waiting.length);
  add(counts, "demandSessions", waiting.length);
  for (const { needs } of waiting) add(counts, "demandCores", needs.cores);
  return counts;
}

const groupOf: Readonly<Partial<Record<Node["status"], keyof Counts>>> = {
  running: "nodesReady",
  draining: "nodesLeaving",
  destroying: "nodesLeaving",
  missing: "nodesTroubled",
  dead: "nodesTroubled",
  failed: "nodesTroubled",
};

/** @param capacity Undefined for a node that is none. */
function countNode(
  counts: Counts,
  node: Node,
  usage: NodeUsage,
  capacity: NodeCapacity | undefined,
  slots?: SlotTarget,
): void {
  add(counts, groupOf[node.status] ?? "nodesComing", 1);
  add(counts, "demandSessions", usage.sessions);
  add(counts, "demandCores", usage.cores);
  if (capacity?.kind !== "running") return;
  add(counts, "sessionsFree", capacity.free.sessions);
  add(counts, "coresFree", capacity.free.millicores / 1000);
  if (isServer(node)) add(counts, "sessionsTotal", node.sessionsMax ?? 0);
  else add(counts, "coresTotal", node.shape?.cores ?? 0);
  if (slots?.isLabelled(capacity)) add(counts, "slotsFree", slotsIn(freeOf(capacity.limits, usage), slots.needs));
}

function setStandby(counts: Counts, config: AutoscaleConfig, window: Window, slots: SlotTarget | undefined): void {
  if (config.type === "server") counts.standbySessions = standbySessionsOf(config, { window });
  else counts.standbyCores = standbyOf(config, { window }).cores;
  counts.standbySlots = slots?.count ?? 0;
}

function setLimits(counts: Counts, config: AutoscaleConfig, nodes: readonly Node[], snapshot: Snapshot): void {
  const providers = vmProvidersOf(config).map((name) => snapshot.vmProviderConfigs.get(name));
  const instancesMax = providers.reduce((sum, provider) => sum + (provider?.maxInstances ?? 0), 0);
  counts.nodesMax = Math.min(config.maxNodes ?? Infinity, instancesMax);
  setCost(counts, { providers, nodes }, snapshot);
}

interface Priced {
  readonly providers: readonly (VmProviderConfig | undefined)[];
  readonly nodes: readonly Node[];
}

function setCost(counts: Counts, { providers, nodes }: Priced, { vmProviderConfigs }: Snapshot): void {
  const rates = nodes.filter(hasVm).map(({ vmProvider = "" }) => rateOf("running", vmProviderConfigs.get(vmProvider)));
  const known = rates.filter((rate) => rate !== undefined);
  counts.vmsUnpriced = rates.length - known.length;
  if (providers.every((provider) => provider?.hourlyCost === undefined)) return;
  if (currenciesOf(vmProviderConfigs.values()).length > 1) return;
  counts.costPerHour = known.reduce((sum, rate) => sum + rate, 0);
}

/** Each VM has one use: whoever has a session is in use, whatever else is true of it. */
function countVms(counts: Counts, nodes: readonly Node[], snapshot: Snapshot, { excessNodes = 0 }: ConfigState): void {
  let idle = 0;
  for (const node of nodes.filter(hasVm)) {
    add(counts, "vms", 1);
    if (snapshot.usage(node.nodeId).pinned > 0) add(counts, "vmsInUse", 1);
    else if (isInFlight(node)) add(counts, "vmsBooting", 1);
    else if (node.status === "running") idle += 1;
    else add(counts, "vmsLeaving", 1);
  }
  counts.vmsExcess = Math.min(idle, excessNodes);
  counts.vmsStandby = idle - counts.vmsExcess;
}

/** The cloud has told of it, and nobody that it is gone. */
function hasVm({ vmId, address }: Node): boolean {
  return vmId !== undefined || address !== undefined;
}

/** Sums of cores without what binary fractions add to them. */
function packed(counts: Counts): SampleValues {
  return {
    ...counts,
    demandCores: subtractCores(counts.demandCores ?? 0, 0),
    coresFree: subtractCores(counts.coresFree ?? 0, 0),
  };
}
