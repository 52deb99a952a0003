/** Whether a node is what a new one would be: a digest of all that nodes are made from, secrets and tokens left out. */
import { canonicalJson } from "../model/canonical-json";
import type { AutoscaleConfig, CloudCatalog } from "../model/config";
import type { Node } from "../model/state";
import type { Snapshot } from "../store/hot-state";

type Sources = Pick<Snapshot, "vmProviderConfigs" | "dnsProviderConfigs" | "zones" | "autoscaleConfigs">;

/** Remembers digests while the definitions are the same objects: a startup script may be long, and plans are many. */
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
    const madeFrom = [vmProvider, zone, dnsProvider];
    const ofConfig = this.known.get(config) ?? new Map<string, { madeFrom: unknown[]; digest: string }>();
    const remembered = ofConfig.get(vmProviderName);
    if (remembered?.madeFrom.every((source, index) => source === madeFrom[index])) return remembered.digest;
    const vmFacts = this.catalog.vm[vmProvider.kind];
    const dns = config.registerDns && dnsProvider;
    const digest = hash(
      canonicalJson({
        kind: vmProvider.kind,
        settings: withoutFields(vmProvider.settings, vmFacts.secretFields),
        upstreamAuthAddress: zone.upstreamAuthAddress,
        startupScript: config.startupScript,
        ...(dns
          ? {
              baseDomainName: config.baseDomainName,
              dnsKind: dns.kind,
              dnsSettings: withoutFields(dns.settings, this.catalog.dns[dns.kind].secretFields),
            }
          : {}),
        capacity: capacityOf(config),
      }),
    );
    this.known.set(config, ofConfig.set(vmProviderName, { madeFrom, digest }));
    return digest;
  }

  /** True when a new node of its config would be different; also when its VM provider config is not used any more. */
  isOutdated(node: Node, sources: Sources): boolean {
    const config = node.autoscaleConfig === undefined ? undefined : sources.autoscaleConfigs.get(node.autoscaleConfig);
    if (!config || node.vmProvider === undefined || node.specDigest === undefined) return false;
    const isUsed = node.vmProvider === config.vmProvider || config.fallbackVmProviders.includes(node.vmProvider);
    if (!isUsed) return true;
    const digest = this.of(config, node.vmProvider, sources);
    return digest !== undefined && digest !== node.specDigest;
  }
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

function withoutFields(
  settings: Readonly<Record<string, unknown>>,
  fields: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !fields.includes(name)));
}

/** 64 bits as hex: enough to see a change, which nobody has an interest in hiding. */
function hash(text: string): string {
  let [low, high] = [2_166_136_261, 40_389];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 16_777_619);
    high = Math.imul(high ^ code, 2_246_822_519) ^ (high >>> 13);
  }
  return [low, high].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
}
