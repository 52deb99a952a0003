/** The DNS zone of a resource group that records go into, and what stands there under a name. */
import type * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../../../runtime/model/errors";
import { domainsOf } from "../../frame/dns-names";
import { zoneProblem, type StandingRecord } from "../../frame/dns-records";
import { RememberedAnswers } from "../../frame/lookups";
import { azureWords } from "./refusals";
import { loadRecordSetFunctions, loadZoneFunctions, type RecordSetAnswer } from "./sdk";
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
    throw zoneProblem(baseDomainName, `it does not end in the zone that is given, "${dnsZone}"`);
  }
  for (const zone of candidates) {
    const key = [privateZone, resourceGroup, zone].join(" ");
    if (await zones.of(provider, key, () => hasZone(zone, settings, provider))) return zone;
  }
  const kind = privateZone ? "private DNS zone" : "public DNS zone";
  throw zoneProblem(baseDomainName, `resource group "${resourceGroup}" has no ${kind} of which it is a part`);
}

async function hasZone(
  zone: string,
  { resourceGroup, privateZone }: AzureRecordSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<boolean> {
  const { getZone, getPrivateZone } = loadZoneFunctions();
  const where = { resourceGroupName: resourceGroup };
  const found = await orUndefined(
    privateZone
      ? getPrivateZone({ ...where, privateZoneName: zone }, { provider })
      : getZone({ ...where, zoneName: zone }, { provider }),
  );
  return found !== undefined;
}

/** Azure tells of one set at a time: those are asked for that would be in a record's way. */
export async function recordsNamed(
  name: string,
  zone: string,
  { resourceGroup, privateZone }: AzureRecordSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<readonly StandingRecord[]> {
  const { getRecordSet, getPrivateRecordSet } = loadRecordSetFunctions();
  const set = { resourceGroupName: resourceGroup, relativeRecordSetName: name.slice(0, -zone.length - 1) };
  const asked = ["A", "AAAA", "CNAME"].map(async (recordType) => {
    const found = await orUndefined(
      privateZone
        ? getPrivateRecordSet({ ...set, recordType, privateZoneName: zone }, { provider })
        : getRecordSet({ ...set, recordType, zoneName: zone }, { provider }),
    );
    return found === undefined ? [] : [{ type: recordType, values: valuesIn(found) }];
  });
  return (await Promise.all(asked)).flat();
}

/** An alias leads to another resource of Azure and has no values of its own. */
function valuesIn({ aRecords = [], aaaaRecords = [], cnameRecord }: RecordSetAnswer): string[] {
  const values = [
    ...aRecords.map(({ ipv4Address }) => ipv4Address),
    ...aaaaRecords.map(({ ipv6Address }) => ipv6Address),
    cnameRecord?.cname?.replace(/\.$/, ""),
  ];
  return values.filter((value) => value !== undefined);
}

/** Only a plain "not found" is a no. */
async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const message = messageOf(error);
    if (/\b(?:ResourceNotFound|NotFound)\b/.test(message) && azureWords.kindOf(message) !== "unchecked")
      return undefined;
    throw error;
  }
}
