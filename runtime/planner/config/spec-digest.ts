/**
 * Whether a node is what a new one would be: a digest of all that a node is made from. Of an account only its identity
 * counts: new credentials make no node different.
 */
import { accountIdOf, specOfSettings, templateOf, type AccountRules, type AccountService } from "../../model/accounts";
import { canonicalJson } from "../../model/canonical-json";
import { recordPlaceOf } from "../../model/computer-records";
import { nodeConnectionOf } from "../../model/connection";
import {
  factsOf,
  type AutoscaleConfig,
  type CloudCatalog,
  type DnsProviderConfig,
  type VmProviderConfig,
} from "../../model/config";
import { shortDigest } from "../../model/short-digest";
import type { Node } from "../../model/state";
import type { Snapshot } from "../../model/snapshot";

type Sources = Pick<Snapshot, "vmProviderConfigs" | "dnsProviderConfigs" | "zones" | "autoscaleConfigs" | "accountOf">;

/** Remembers a digest while the definitions that it was made from are the same objects: making one reads whole scripts. */
export class SpecDigests {
  private readonly known = new WeakMap<
    AutoscaleConfig,
    Map<string, { readonly madeFrom: unknown[]; readonly digest: string }>
  >();

  constructor(private readonly catalog: CloudCatalog) {}

  /** Undefined while something that it refers to is not declared. */
  of(config: AutoscaleConfig, vmProviderName: string, sources: Sources): string | undefined {
    const vmProvider = sources.vmProviderConfigs.get(vmProviderName);
    const zone = sources.zones.get(config.zone);
    const dnsProvider =
      config.dnsProvider === undefined ? undefined : sources.dnsProviderConfigs.get(config.dnsProvider);
    if (!vmProvider || !zone) return undefined;
    const account = sources.accountOf("vm", vmProviderName);
    const dnsAccount = dnsProvider && sources.accountOf("dns", dnsProvider.name);
    const madeFrom = [vmProvider, zone, dnsProvider, account?.accountId, dnsAccount?.accountId];
    const ofConfig = this.known.get(config) ?? new Map<string, { madeFrom: unknown[]; digest: string }>();
    const remembered = ofConfig.get(vmProviderName);
    if (remembered?.madeFrom.every((source, index) => source === madeFrom[index])) return remembered.digest;
    const vmFacts = factsOf(this.catalog.vm, vmProvider.kind);
    const dns = config.registerDns && dnsProvider;
    const digest = shortDigest(
      canonicalJson({
        kind: vmProvider.kind,
        settings: templateOf(vmProvider.settings, vmFacts.account),
        account: tellingId("vm", vmProvider, vmFacts.account, account?.accountId),
        upstreamAuthAddress: zone.upstreamAuthAddress,
        startupScript: config.startupScript,
        ...(dns
          ? {
              baseDomainName: config.baseDomainName,
              dnsKind: dns.kind,
              dnsSettings: templateOf(dns.settings, factsOf(this.catalog.dns, dns.kind).account),
              dnsAccount: tellingId("dns", dns, factsOf(this.catalog.dns, dns.kind).account, dnsAccount?.accountId),
            }
          : {}),
        ...recordOf(config),
        capacity: capacityOf(config),
        ...connectionOf(config),
      }),
    );
    this.known.set(config, ofConfig.set(vmProviderName, { madeFrom, digest }));
    return digest;
  }

  /** True when a new node of its config would be different, also because its config uses another VM provider config now. */
  isOutdated(node: Node, sources: Sources): boolean {
    const config = node.autoscaleConfig === undefined ? undefined : sources.autoscaleConfigs.get(node.autoscaleConfig);
    if (!config || node.vmProvider === undefined || node.specDigest === undefined) return false;
    const isUsed = node.vmProvider === config.vmProvider || config.fallbackVmProviders.includes(node.vmProvider);
    if (!isUsed) return true;
    const digest = this.of(config, node.vmProvider, sources);
    return digest !== undefined && digest !== node.specDigest;
  }
}

function recordOf(config: AutoscaleConfig): object {
  const place = recordPlaceOf(config);
  return place === undefined ? {} : { computerRecord: { ldapConfig: place.ldapConfig, computerOu: place.computerOu } };
}

function capacityOf(config: AutoscaleConfig): unknown[] {
  const overrides = [config.coresOverride, config.memoryOverride, config.gpusOverride];
  if (config.type !== "server") return overrides;
  const { connectionPort, requireCheckin, reusable, maxSimultaneousSessionsPerServer, maxSimultaneousUsers } = config;
  return [
    ...overrides,
    connectionPort,
    requireCheckin,
    reusable,
    maxSimultaneousSessionsPerServer,
    maxSimultaneousUsers,
  ];
}

/** Only what an older version could not say: the nodes that it made are not to be taken for outdated. */
function connectionOf(config: AutoscaleConfig): object {
  if (config.type !== "server") return {};
  const { credentialType, ssoDomain, useUserSshKey } = nodeConnectionOf(config);
  const isAsEver = credentialType === "static" && !useUserSshKey;
  return isAsEver ? {} : { connection: { credentialType, ssoDomain, useUserSshKey } };
}

/**
 * The account's id; undefined where it says no more than the definition does. Digests of older versions had no account, and
 * nodes that they made are not to be taken for outdated.
 */
function tellingId(
  service: AccountService,
  { name, kind, settings }: VmProviderConfig | DnsProviderConfig,
  rules: AccountRules,
  present: string | undefined,
): string | undefined {
  const plain = accountIdOf({ service, kind, definition: name, identity: rules.identity(templateOf(settings, rules)) });
  const accountId = present ?? accountIdOf(specOfSettings({ service, kind, definition: name, settings }, rules));
  return accountId === plain ? undefined : accountId;
}
