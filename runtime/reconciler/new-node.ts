/** The row of a new node: everything about it is decided here, once, and stays as it is. */
import { createHash } from "node:crypto";
import type { Rng } from "../model/clock";
import { accountIdOf, specOfSettings, templateOf, type AccountRules, type AccountService } from "../model/accounts";
import {
  factsOf,
  type AutoscaleConfig,
  type CloudCatalog,
  type DnsProviderConfig,
  type ServerAutoscaleConfig,
  type VmProviderConfig,
} from "../model/config";
import { recordPlaceOf } from "../model/computer-records";
import { nodeConnectionOf } from "../model/connection";
import { BugError } from "../model/errors";
import { directoryAccountRules, directoryAsProvider } from "../model/ldap-config";
import type { Reason } from "../model/reason";
import {
  renderBootstrap,
  renderNodeScript,
  scriptOf,
  type ScriptIdentity,
  type ScriptSources,
} from "../model/node-script";
import { settingsVersionNow, type ComputerRecordSpec, type DesiredNode, type DnsSpec, type Node } from "../model/state";
import type { Shape } from "../model/shapes";
import { checkedSize, declaredShape, shapeOfConfig } from "../planner/config/next-node";
import type { PlaceContext } from "../planner/placement/eligibility";
import { SpecDigests } from "../planner/config/spec-digest";
import type { Snapshot } from "../model/snapshot";
import type { NodeTokens } from "../broker/node-tokens";
import { makeJoinPassword } from "./join-password";
import { withPlaceToTry } from "./next-place";

/** In a burst of thousands a node may wait for hours before its cloud is asked for it; it is given up after a day. */
export const requestedMsMax = 24 * 3600_000;
/** After that it waits for the cloud, then for its boot, each as long as its time-out allows. */
const waitsBeforeCheckin = 2;
const checkinSlackMs = 10 * 60_000;
/** An agent's token lasts longer than any node should. */
const agentTokenMs = 400 * 24 * 3600_000;

const dnsTtlSeconds = 60;

/** Where chance and signatures come from. */
export interface IdentitySources {
  readonly rng: Rng;
  readonly tokens: NodeTokens;
}

/** An id that no node has, and the tokens with which the node speaks. */
export function makeIdentity(
  config: AutoscaleConfig,
  { draft, nowMs }: Pick<PlaceContext, "draft" | "nowMs">,
  { rng, tokens }: IdentitySources,
): ScriptIdentity {
  let nodeId = `n${rng.id(7)}`;
  while (draft.node(nodeId)) nodeId = `n${rng.id(7)}`;
  const checkinMs = provisionTimeoutOf(config) * 1000 * waitsBeforeCheckin + requestedMsMax + checkinSlackMs;
  return {
    nodeId,
    checkinToken: tokens.issue({ nodeId, purpose: "checkin", expiresAtMs: nowMs + checkinMs, nowMs }),
    agentToken: tokens.issue({ nodeId, purpose: "agent", expiresAtMs: nowMs + agentTokenMs, nowMs }),
    joinPassword: recordPlaceOf(config) ? makeJoinPassword(rng) : "",
  };
}

/** 10 minutes, 20 for Windows, unless the config says otherwise. */
export function provisionTimeoutOf(config: AutoscaleConfig): number {
  return config.provisionTimeout ?? (config.startupScript?.osType === "windows" ? 1200 : 600);
}

/** What the plan wants, and in which lane. */
export interface WantedNode {
  readonly autoscaleConfig: string;
  readonly vmProvider: string;
  readonly laneId: string;
  readonly reason: Reason;
}

export function createNodeRow(wanted: WantedNode, context: PlaceContext, sources: IdentitySources): Node {
  const { laneId, reason } = wanted;
  const { snapshot } = context.draft;
  const config = snapshot.autoscaleConfigs.get(wanted.autoscaleConfig);
  const vmProvider = config && snapshot.vmProviderConfigs.get(wanted.vmProvider);
  const zone = config && snapshot.zones.get(config.zone);
  if (!config || !vmProvider || !zone)
    throw new BugError(`a node was planned for "${wanted.autoscaleConfig}", which is incomplete`);
  const identity = makeIdentity(config, context, sources);
  const specDigest = new SpecDigests(context.catalog).of(config, vmProvider.name, snapshot);
  return {
    nodeId: identity.nodeId,
    zone: config.zone,
    pool: config.pool,
    autoscaleConfig: config.name,
    vmProvider: vmProvider.name,
    laneId,
    ...specOf(identity, { config, vmProvider, zone, snapshot, catalog: context.catalog }),
    status: "requested",
    statusSinceMs: context.nowMs,
    createdAtMs: context.nowMs,
    shape: shapeOfConfig(config, snapshot, context.catalog, vmProvider.name, specDigest),
    declared: declaredShape(config, snapshot, context.catalog, vmProvider.name),
    ...sizeOf(checkedSize(vmProvider.name, snapshot, context.catalog)),
    specDigest,
    ...(config.type === "server"
      ? serverFields(config, awaitsPassword(config, vmProvider, context.catalog))
      : { readyWhen: "heartbeat" as const }),
    provisionTimeoutSeconds: provisionTimeoutOf(config),
    missingTimeoutSeconds: config.missingTimeout,
    deadTimeoutSeconds: config.deadTimeout,
    reason,
  };
}

/**
 * What a node of this config would be like, with an id and tokens that mean nothing. Undefined while its VM provider
 * config or its zone can't be read.
 */
export function likelySpecOf(
  config: AutoscaleConfig,
  vmProviderName: string,
  { snapshot, catalog }: { readonly snapshot: Snapshot; readonly catalog: CloudCatalog },
): DesiredNode | undefined {
  const vmProvider = snapshot.vmProviderConfigs.get(vmProviderName);
  const zone = snapshot.zones.get(config.zone);
  if (!vmProvider || !zone) return undefined;
  const identity = { nodeId: "likely", checkinToken: "", agentToken: "", joinPassword: "" };
  return specOf(identity, { config, vmProvider, zone, snapshot, catalog }).spec;
}

function sizeOf(size: Shape | undefined): Pick<Node, "size"> {
  return size === undefined ? {} : { size };
}

function serverFields(config: ServerAutoscaleConfig, isPasswordAwaited: boolean) {
  const { reusable, maxSimultaneousSessionsPerServer, maxSimultaneousUsers, connectionPort, requireCheckin } = config;
  return {
    sessionsMax: reusable ? maxSimultaneousSessionsPerServer : 1,
    usersMax: reusable ? maxSimultaneousUsers : 1,
    isReusable: reusable,
    connectionPort,
    connection: { ...nodeConnectionOf(config), ...(isPasswordAwaited ? { awaitsPassword: true as const } : {}) },
    readyWhen: requireCheckin ? ("checkin" as const) : ("probe" as const),
  };
}

/** Windows with RDP, and nobody has declared a password: the cloud makes one where its settings say so. */
function awaitsPassword(
  config: ServerAutoscaleConfig,
  { kind, settings }: VmProviderConfig,
  { vm }: CloudCatalog,
): boolean {
  const { connectionType, connectionCredentialType, connectionPassword, startupScript } = config;
  const isBlank = connectionCredentialType === "static" && connectionPassword === undefined;
  if (connectionType !== "rdp" || !isBlank || startupScript?.osType !== "windows") return false;
  const facts = factsOf(vm, kind);
  const parsed = facts.settings.safeParse(settings);
  return parsed.success && (facts.wantsWindowsPassword?.(parsed.data) ?? false);
}

interface SpecSources extends Omit<ScriptSources, "facts"> {
  readonly vmProvider: VmProviderConfig;
  readonly snapshot: Snapshot;
  readonly catalog: CloudCatalog;
}

/** What the node's cloud is asked for, and the script that the node fetches itself where its config says so. */
interface Made extends Pick<Node, "fetchedScript"> {
  readonly spec: DesiredNode;
}

function specOf(identity: ScriptIdentity, { config, vmProvider, zone, catalog, snapshot }: SpecSources): Made {
  const { nodeId } = identity;
  const facts = factsOf(catalog.vm, vmProvider.kind);
  const dns = dnsOf(config, snapshot, catalog);
  const computerRecord = computerRecordOf(config, identity, snapshot);
  const ldap = snapshot.ldapConfigs.get(recordPlaceOf(config)?.ldapConfig ?? "");
  const sources = { config, vmProvider, zone, facts, ldap };
  const { raw, osType, delivery } = scriptOf(sources);
  const script = renderNodeScript(sources, identity);
  const isFetched = delivery === "fetch" && script !== "";
  const spec: DesiredNode = {
    nodeId,
    zone: config.zone,
    pool: config.pool,
    autoscaleConfig: config.name,
    vmProvider: vmProvider.name,
    kind: vmProvider.kind,
    account: accountIdFor("vm", vmProvider, facts.account, snapshot),
    settings: withPlaceToTry(templateOf(vmProvider.settings, facts.account), facts.placesField, {
      autoscaleConfig: config.name,
      vmProvider: vmProvider.name,
      snapshot,
    }),
    settingsVersion: settingsVersionNow,
    osType,
    startupScript: isFetched ? renderBootstrap(sources, identity, sha256(script)) : script,
    ...(raw && !isFetched ? { isRawScript: true } : {}),
    ...(dns ? { dns } : {}),
    ...(computerRecord ? { computerRecord } : {}),
    ...(snapshot.installationId === "" ? {} : { installation: snapshot.installationId }),
  };
  return isFetched ? { spec, fetchedScript: script } : { spec };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
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

function computerRecordOf(
  config: AutoscaleConfig,
  { joinPassword }: ScriptIdentity,
  snapshot: Snapshot,
): ComputerRecordSpec | undefined {
  const place = recordPlaceOf(config);
  if (place === undefined) return undefined;
  const ldap = snapshot.ldapConfigs.get(place.ldapConfig);
  if (!ldap) throw new BugError(`LDAP config "${place.ldapConfig}" of "${config.name}" is not declared`);
  const account = accountIdFor("directory", directoryAsProvider(ldap), directoryAccountRules, snapshot);
  const { computerOu, deletesChildren } = place;
  return { account, computerOu, deletesChildren, joinPassword };
}

/** The account of the definition as it is now; one that has no row yet gets it under the same id. */
function accountIdFor(
  service: AccountService,
  { name, kind, settings }: Pick<VmProviderConfig | DnsProviderConfig, "name" | "kind" | "settings">,
  rules: AccountRules,
  snapshot: Snapshot,
): string {
  const known = snapshot.accountOf(service, name);
  return known?.accountId ?? accountIdOf(specOfSettings({ service, kind, definition: name, settings }, rules));
}
