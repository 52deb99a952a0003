/** The OCI DNS zone that a record goes into, and what stands there under its name. */
import type * as pulumi from "@pulumi/pulumi";
import { domainsOf } from "../../frame/dns-names";
import { zoneProblem, type StandingRecord } from "../../frame/dns-records";
import { RememberedAnswers } from "../../frame/lookups";
import { loadSdk } from "../../frame/sdk";
import { packageName } from "./account";
import { told } from "./find";
import type { OciDnsSettings } from "./settings";

interface Zone {
  readonly id: string;
  readonly name: string;
}

/** Zones of a compartment; each look-up turns the pages of all. */
const zones = new RememberedAnswers<readonly Zone[]>();

/** Id of the zone, or the name that the settings give it. */
export async function zoneOf(
  baseDomainName: string,
  { zone, compartmentOcid = "", privateViewOcid }: OciDnsSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<string> {
  const candidates = domainsOf(baseDomainName);
  if (zone !== undefined) {
    if (zone.startsWith("ocid1.") || candidates.includes(zone)) return zone;
    throw zoneProblem(baseDomainName, `it does not end in the zone that is given, "${zone}"`);
  }
  const known = await zones.of(provider, `${compartmentOcid} ${privateViewOcid ?? ""}`, () =>
    zonesIn(compartmentOcid, privateViewOcid, provider),
  );
  const name = candidates.find((candidate) => known.some((one) => one.name === candidate));
  const found = known.find((one) => one.name === name);
  if (found !== undefined) return found.id;
  const where = privateViewOcid === undefined ? "no public zone" : `no zone in private view ${privateViewOcid}`;
  throw zoneProblem(baseDomainName, `the compartment has ${where} of which it is a part`);
}

async function zonesIn(
  compartmentId: string,
  viewId: string | undefined,
  provider: pulumi.ProviderResource | undefined,
): Promise<readonly Zone[]> {
  const { getZones } = loadSdk(
    packageName,
    () => require("@pulumi/oci/dns/getZones") as typeof import("@pulumi/oci/dns/getZones"),
  );
  // Copies of zones that are kept elsewhere take no records.
  const where = viewId === undefined ? { scope: "GLOBAL" } : { scope: "PRIVATE", viewId };
  const list = getZones({ compartmentId, zoneType: "PRIMARY", ...where }, { provider });
  return (await told("dns.getZones", list)).zones.map(({ id, name }) => ({ id, name: name.replace(/\.$/, "") }));
}

/** All sets under a name. Whose they are nothing tells: OCI keeps no tags for records. */
export async function recordsNamed(
  domain: string,
  zoneNameOrId: string,
  { privateViewOcid }: Pick<OciDnsSettings, "privateViewOcid">,
  provider: pulumi.ProviderResource | undefined,
): Promise<readonly StandingRecord[]> {
  const { getRrsets } = loadSdk(
    packageName,
    () => require("@pulumi/oci/dns/getRrsets") as typeof import("@pulumi/oci/dns/getRrsets"),
  );
  const where = zoneNameOrId.startsWith("ocid1.") || privateViewOcid === undefined ? {} : { viewId: privateViewOcid };
  const { rrsets } = await told("dns.getRrsets", getRrsets({ zoneNameOrId, domain, ...where }, { provider }));
  return rrsets.map(({ rtype: type, items }) => ({ type, values: items.map(({ rdata }) => rdata.replace(/\.$/, "")) }));
}
