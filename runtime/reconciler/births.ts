/** New nodes: everything about them is decided here, once, and frozen in the row. */
import type { Clock, Rng } from "../model/clock";
import { accountIdOf, specOfSettings, templateOf, type AccountRules, type AccountService } from "../model/accounts";
import {
  factsOf,
  type AutoscaleConfig,
  type CloudCatalog,
  type DnsProviderConfig,
  type VmProviderConfig,
} from "../model/config";
import { BugError } from "../model/errors";
import type { Reason } from "../model/plan";
import { renderNodeScript, scriptOf, type ScriptIdentity, type ScriptSources } from "../model/node-script";
import { settingsVersionNow, type DesiredNode, type DnsSpec, type Lane, type Node, type Shape } from "../model/state";
import { checkedSize, declaredShape, shapeOfConfig } from "../planner/config/next-node";
import { chooseLane } from "../planner/lifecycle/lanes";
import type { PlaceContext } from "../planner/placement/eligibility";
import { SpecDigests } from "../planner/config/spec-digest";
import type { Snapshot } from "../model/snapshot";
import type { NodeTokens } from "../broker/node-tokens";

/** What a node needs before it can be born and what takes a moment to make. */
export interface Identity extends ScriptIdentity {
  readonly autoscaleConfig: string;
}

/** In a burst of thousands a node may wait for hours before its cloud is asked for it; given up after a day. */
export const requestedMsMax = 24 * 3600_000;
/** Then it waits for the cloud and for its boot, each as long as its time-out allows. */
const waitsBeforeCheckin = 2;
const checkinSlackMs = 10 * 60_000;
/** An agent's token lasts longer than any node should. */
const agentTokenMs = 400 * 24 * 3600_000;

const dnsTtlSeconds = 60;

export async function makeIdentity(
  config: AutoscaleConfig,
  snapshot: Snapshot,
  { clock, rng, tokens }: { clock: Clock; rng: Rng; tokens: NodeTokens },
): Promise<Identity> {
  const nowMs = clock.now();
  let nodeId = `n${rng.id(7)}`;
  while (snapshot.nodes.has(nodeId)) nodeId = `n${rng.id(7)}`;
  const checkinMs = provisionTimeoutOf(config) * 1000 * waitsBeforeCheckin + requestedMsMax + checkinSlackMs;
  return {
    autoscaleConfig: config.name,
    nodeId,
    checkinToken: await tokens.issue({ nodeId, purpose: "checkin", expiresAtMs: nowMs + checkinMs, nowMs }),
    agentToken: await tokens.issue({ nodeId, purpose: "agent", expiresAtMs: nowMs + agentTokenMs, nowMs }),
  };
}

/** 10 minutes, 20 for Windows, unless the config says otherwise. */
export function provisionTimeoutOf(config: AutoscaleConfig): number {
  return config.provisionTimeout ?? (config.startupScript?.osType === "windows" ? 1200 : 600);
}

/** Where the plan wants the node and why. */
export interface Birth {
  readonly laneId: string;
  readonly vmProvider: string;
  readonly reason: Reason;
}

export function bearNode(identity: Identity, { laneId, reason, ...birth }: Birth, context: PlaceContext): Node {
  const { snapshot } = context.draft;
  const config = snapshot.autoscaleConfigs.get(identity.autoscaleConfig);
  const vmProvider = config && snapshot.vmProviderConfigs.get(birth.vmProvider);
  const zone = config && snapshot.zones.get(config.zone);
  if (!config || !vmProvider || !zone)
    throw new BugError(`a node was planned for "${identity.autoscaleConfig}", which is incomplete`);
  const { nodeId } = identity;
  const specDigest = new SpecDigests(context.catalog).of(config, vmProvider.name, snapshot);
  return {
    nodeId,
    zone: config.zone,
    pool: config.pool,
    autoscaleConfig: config.name,
    vmProvider: vmProvider.name,
    laneId,
    spec: specOf(identity, { config, vmProvider, zone, snapshot, catalog: context.catalog }),
    status: "requested",
    statusSinceMs: context.nowMs,
    createdAtMs: context.nowMs,
    shape: shapeOfConfig(config, snapshot, context.catalog, vmProvider.name, specDigest),
    declared: declaredShape(config, snapshot, context.catalog, vmProvider.name),
    ...sizeOf(checkedSize(vmProvider.name, snapshot, context.catalog)),
    specDigest,
    ...(config.type === "server" ? serverFields(config) : { readyWhen: "heartbeat" as const }),
    provisionTimeoutSeconds: provisionTimeoutOf(config),
    missingTimeoutSeconds: config.missingTimeout,
    deadTimeoutSeconds: config.deadTimeout,
    reason,
  };
}

/** What a node of this config would be like, with an id and tokens that mean nothing; undefined when it rests. */
export function likelySpecOf(
  config: AutoscaleConfig,
  vmProviderName: string,
  { snapshot, catalog }: { readonly snapshot: Snapshot; readonly catalog: CloudCatalog },
): DesiredNode | undefined {
  const vmProvider = snapshot.vmProviderConfigs.get(vmProviderName);
  const zone = snapshot.zones.get(config.zone);
  if (!vmProvider || !zone) return undefined;
  const identity = { autoscaleConfig: config.name, nodeId: "likely", checkinToken: "", agentToken: "" };
  return specOf(identity, { config, vmProvider, zone, snapshot, catalog });
}

function sizeOf(size: Shape | undefined): Pick<Node, "size"> {
  return size === undefined ? {} : { size };
}

function serverFields(config: Extract<AutoscaleConfig, { type: "server" }>) {
  const { reusable, maxSimultaneousSessionsPerServer, maxSimultaneousUsers, connectionPort, requireCheckin } = config;
  return {
    sessionsMax: reusable ? maxSimultaneousSessionsPerServer : 1,
    usersMax: reusable ? maxSimultaneousUsers : 1,
    isReusable: reusable,
    connectionPort,
    readyWhen: requireCheckin ? ("checkin" as const) : ("probe" as const),
  };
}

interface SpecSources extends Omit<ScriptSources, "facts"> {
  readonly vmProvider: VmProviderConfig;
  readonly snapshot: Snapshot;
  readonly catalog: CloudCatalog;
}

function specOf(identity: Identity, { config, vmProvider, zone, catalog, snapshot }: SpecSources): DesiredNode {
  const { nodeId } = identity;
  const facts = factsOf(catalog.vm, vmProvider.kind);
  const dns = dnsOf(config, snapshot, catalog);
  const sources = { config, vmProvider, zone, facts };
  return {
    nodeId,
    zone: config.zone,
    pool: config.pool,
    autoscaleConfig: config.name,
    vmProvider: vmProvider.name,
    kind: vmProvider.kind,
    account: accountIdFor("vm", vmProvider, facts.account, snapshot),
    settings: templateOf(vmProvider.settings, facts.account),
    settingsVersion: settingsVersionNow,
    osType: scriptOf(sources).osType,
    startupScript: renderNodeScript(sources, identity),
    ...(dns ? { dns } : {}),
    ...(snapshot.installationId === "" ? {} : { installation: snapshot.installationId }),
  };
}

function dnsOf(config: AutoscaleConfig, snapshot: Snapshot, catalog: CloudCatalog): DnsSpec | undefined {
  if (!config.registerDns || config.dnsProvider === undefined || config.baseDomainName === undefined) return undefined;
  const dnsProvider = snapshot.dnsProviderConfigs.get(config.dnsProvider);
  if (!dnsProvider)
    throw new BugError(`DNS provider config "${config.dnsProvider}" of "${config.name}" is not declared`);
  const { kind, settings } = dnsProvider;
  const rules = factsOf(catalog.dns, kind).account;
  return {
    kind,
    account: accountIdFor("dns", dnsProvider, rules, snapshot),
    settings: templateOf(settings, rules),
    baseDomainName: config.baseDomainName,
    ttlSeconds: dnsTtlSeconds,
  };
}

/** The account of the definition as it is now; one that has no row yet gets it under the same id. */
function accountIdFor(
  service: AccountService,
  { name, kind, settings }: VmProviderConfig | DnsProviderConfig,
  rules: AccountRules,
  snapshot: Snapshot,
): string {
  const known = snapshot.accountOf(service, name);
  return known?.accountId ?? accountIdOf(specOfSettings({ service, kind, definition: name, settings }, rules));
}

/** A lane with the VM provider configs of its nodes: none while it is empty. */
interface LaneWithProviders {
  readonly lane: Lane;
  nodes: number;
  isDue: boolean;
  readonly vmProviders: Set<string>;
}

/** The lanes of one commit: counts what it adds, opens new ones. */
export class LaneChooser {
  private readonly loads = new Map<string, LaneWithProviders[]>();

  constructor(
    private readonly snapshot: Snapshot,
    private readonly rng: Rng,
  ) {}

  /**
   * The lane for one more node of this config; a new lane is not in the snapshot yet. Nodes of different VM provider
   * configs never share a lane, so that a cloud that can't be reached does not hold up another one's nodes.
   */
  choose(autoscaleConfig: string, vmProvider: string): Lane {
    const known = this.loads.get(autoscaleConfig) ?? this.countLanes(autoscaleConfig);
    this.loads.set(autoscaleConfig, known);
    const usable = known.filter(({ vmProviders }) => vmProviders.size === 0 || vmProviders.has(vmProvider));
    const chosen = chooseLane(usable) ?? this.openLane(autoscaleConfig, known);
    const load = known.find(({ lane }) => lane.laneId === chosen.laneId)!;
    load.nodes += 1;
    load.isDue = true;
    load.vmProviders.add(vmProvider);
    return chosen;
  }

  private countLanes(autoscaleConfig: string): LaneWithProviders[] {
    const loads = new Map<string, LaneWithProviders>();
    for (const lane of this.snapshot.lanes.values()) {
      if (lane.autoscaleConfig !== autoscaleConfig) continue;
      const isDue = lane.desiredRevision > lane.appliedRevision;
      loads.set(lane.laneId, { lane, nodes: 0, isDue, vmProviders: new Set() });
    }
    for (const { laneId = "", vmProvider } of this.snapshot.nodesOfConfig(autoscaleConfig).values()) {
      const load = loads.get(laneId);
      if (!load) continue;
      load.nodes += 1;
      if (vmProvider !== undefined) load.vmProviders.add(vmProvider);
    }
    return [...loads.values()];
  }

  private openLane(autoscaleConfig: string, loads: LaneWithProviders[]): Lane {
    const laneId = `${autoscaleConfig}-${this.rng.id(6)}`;
    const lane: Lane = { laneId, autoscaleConfig, stack: laneId, desiredRevision: 0, appliedRevision: 0 };
    loads.push({ lane, nodes: 0, isDue: true, vmProviders: new Set() });
    return lane;
  }
}
