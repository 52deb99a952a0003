/** The DNS zone of a resource group that records go into. */
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError, messageOf } from "../../../runtime/model/errors";
import { domainsOf } from "../../frame/dns-names";
import { RememberedAnswers } from "../../frame/lookups";
import { azureWords } from "./refusals";
import { loadZoneFunctions } from "./sdk";
import type { AzureRecordSettings } from "./settings";

const zones = new RememberedAnswers<boolean>();

/** The named one, or that with the longest name that the base domain name ends in. */
export async function zoneOf(
  baseDomainName: string,
  settings: AzureRecordSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<string> {
  const { dnsZone, resourceGroup, privateZone } = settings;
  const candidates = domainsOf(baseDomainName);
  if (dnsZone !== undefined) {
    if (candidates.includes(dnsZone)) return dnsZone;
    const message = `got "${dnsZone}"; the base domain name "${baseDomainName}" does not end in it`;
    throw ConfigError.of([{ path: "dnsZone", message }]);
  }
  for (const zone of candidates) {
    const key = [privateZone, resourceGroup, zone].join(" ");
    if (await zones.of(provider, key, () => hasZone(zone, settings, provider))) return zone;
  }
  const kind = privateZone ? "private DNS zone" : "public DNS zone";
  const message = `got "${baseDomainName}"; resource group "${resourceGroup}" has no ${kind} of which it is a part`;
  throw ConfigError.of([{ path: "baseDomainName", message }]);
}

/** Azure answers about one zone at a time; only a plain "not found" is a no. */
async function hasZone(
  zone: string,
  { resourceGroup, privateZone }: AzureRecordSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<boolean> {
  const { getZone, getPrivateZone } = loadZoneFunctions();
  const where = { resourceGroupName: resourceGroup };
  try {
    if (privateZone) await getPrivateZone({ ...where, privateZoneName: zone }, { provider });
    else await getZone({ ...where, zoneName: zone }, { provider });
    return true;
  } catch (error) {
    const message = messageOf(error);
    if (/\b(?:ResourceNotFound|NotFound)\b/.test(message) && azureWords.kindOf(message) !== "unchecked") return false;
    throw error;
  }
}
