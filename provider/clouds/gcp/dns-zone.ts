/** The managed zone of Cloud DNS that a record goes into. */
import type * as pulumi from "@pulumi/pulumi";
import { domainsOf } from "../../frame/dns-names";
import { zoneProblem, type StandingRecord } from "../../frame/dns-records";
import { RememberedAnswers } from "../../frame/lookups";
import { loadSdk } from "../../frame/sdk";
import { openDns, packageName } from "./account";
import type { GcpDnsSettings } from "./settings";

interface ManagedZone {
  readonly name?: string;
  /** With a dot at its end. */
  readonly dnsName: string;
  /** `public` or `private`. */
  readonly visibility: string;
}

/** All of a project. */
const zones = new RememberedAnswers<readonly ManagedZone[]>();

/** Its name: the one that is given, else that with the longest DNS name that the domain ends in. */
export async function managedZoneOf(
  domain: string,
  settings: GcpDnsSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<string> {
  const { project, managedZone, privateZone } = settings;
  const known = await zones.of(provider, project, () => zonesIn(project, provider));
  if (managedZone !== undefined) return requireZone(known, domain, settings, managedZone);
  const kind = privateZone ? "private" : "public";
  const ofKind = known.filter(({ visibility }) => visibility === kind);
  for (const name of domainsOf(domain)) {
    const found = ofKind.filter(({ dnsName }) => dnsName === `${name}.`).map((zone) => zone.name ?? "");
    // Each is seen by networks of its own, or by nobody: which is meant nobody here can know.
    if (found.length > 1) {
      const same = `several ${kind} zones with the DNS name "${name}." (${found.join(", ")})`;
      throw zoneProblem(domain, `project "${project}" has ${same}; say which by managedZone`);
    }
    if (found.length === 1) return found[0]!;
  }
  throw zoneProblem(domain, `project "${project}" has no ${kind} managed zone of which it is a part`);
}

function requireZone(
  known: readonly ManagedZone[],
  domain: string,
  { project, privateZone }: GcpDnsSettings,
  name: string,
): string {
  const zone = known.find((one) => one.name === name);
  if (zone === undefined) throw zoneProblem(domain, `project "${project}" has no managed zone "${name}"`);
  const { dnsName, visibility } = zone;
  if (!domainsOf(domain).some((candidate) => `${candidate}.` === dnsName)) {
    throw zoneProblem(domain, `managed zone "${name}" has the DNS name "${dnsName}", of which it is no part`);
  }
  if (privateZone && visibility !== "private") {
    throw zoneProblem(domain, `managed zone "${name}" is ${visibility}, and privateZone is true`);
  }
  return name;
}

async function zonesIn(
  project: string,
  provider: pulumi.ProviderResource | undefined,
): Promise<readonly ManagedZone[]> {
  const { getManagedZones } = loadSdk(
    packageName,
    () => require("@pulumi/gcp/dns/getManagedZones") as typeof import("@pulumi/gcp/dns/getManagedZones"),
  );
  return (await getManagedZones({ project }, { provider })).managedZones;
}

/** All that stand under a name; the plugin itself would replace one of the same type, whoever made it. */
export async function recordsNamed(
  name: string,
  managedZone: string,
  settings: Pick<GcpDnsSettings, "project" | "endpoints">,
  options: pulumi.InvokeOptions,
): Promise<readonly StandingRecord[]> {
  const api = await openDns(settings, options);
  const path = `projects/${settings.project}/managedZones/${managedZone}/rrsets`;
  const pages = await api.pages<RecordSetsPage>(path, { name: `${name}.` });
  // A set with a routing policy has its addresses there, and is none of ours.
  return pages.flatMap(({ rrsets = [] }) =>
    rrsets.map(({ type, rrdatas = [] }) => ({ type, values: rrdatas.map((value) => value.replace(/\.$/, "")) })),
  );
}

interface RecordSetsPage {
  readonly rrsets?: readonly { readonly type: string; readonly rrdatas?: readonly string[] }[];
}
