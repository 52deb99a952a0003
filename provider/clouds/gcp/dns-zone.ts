/** The managed zone of Cloud DNS that a record goes into. */
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../../runtime/model/errors";
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
      const message = `is missing; project "${project}" has several ${kind} zones with the DNS name "${name}.": ${found.join(", ")}; name one of them`;
      throw ConfigError.of([{ path: "managedZone", message }]);
    }
    if (found.length === 1) return found[0]!;
  }
  throw zoneProblem(domain, `project "${project}" has no ${kind} managed zone of which it is a part`);
}

/** All records under a name, whoever made them. */
export async function recordsNamed(
  name: string,
  { managedZone, ...settings }: GcpDnsSettings & { readonly managedZone: string },
  provider: pulumi.ProviderResource | undefined,
): Promise<readonly StandingRecord[]> {
  const api = await openDns(settings, { provider });
  const path = `projects/${settings.project}/managedZones/${managedZone}/rrsets`;
  const pages = await api.pages<RecordSets>(path, { name: `${name}.` });
  return pages.flatMap(({ rrsets = [] }) => rrsets.map(({ type, rrdatas = [] }) => ({ type, values: rrdatas })));
}

interface RecordSets {
  readonly rrsets?: readonly { readonly type: string; readonly rrdatas?: readonly string[] }[];
}

function requireZone(
  known: readonly ManagedZone[],
  domain: string,
  { project, privateZone }: GcpDnsSettings,
  name: string,
): string {
  const zone = known.find((one) => one.name === name);
  const refuse = (path: string, message: string): never => {
    throw ConfigError.of([{ path, message }]);
  };
  if (zone === undefined)
    return refuse("managedZone", `got "${name}"; project "${project}" has no managed zone of this name`);
  const { dnsName, visibility } = zone;
  if (!domainsOf(domain).some((candidate) => `${candidate}.` === dnsName)) {
    return refuse(
      "managedZone",
      `got "${name}"; its DNS name is "${dnsName}", and the base domain name "${domain}" does not end in it`,
    );
  }
  if (privateZone && visibility !== "private")
    return refuse("privateZone", `got true; managed zone "${name}" is ${visibility}`);
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
