/** The Route 53 hosted zone that a record goes into, and what stands there. */
import type * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../../../runtime/model/errors";
import { domainsOf } from "../../frame/dns-names";
import { zoneProblem, type StandingRecord } from "../../frame/dns-records";
import { RememberedAnswers } from "../../frame/lookups";
import { loadSdk } from "../../frame/sdk";
import { packageName } from "./account";

type Provider = pulumi.ProviderResource | undefined;

/** Which of several zones of one name is meant. */
export interface ZoneChoice {
  readonly privateZone: boolean;
  /** Of the zones that this VPC asks; only with `privateZone`. */
  readonly vpcId?: string | undefined;
}

/** Route 53 allows five requests a second per account. */
const hostedZones = new RememberedAnswers<string>();

/** Id of the zone with the longest name that the domain ends in. */
export function hostedZoneOf(domain: string, { privateZone, vpcId }: ZoneChoice, provider: Provider): Promise<string> {
  const choice = { privateZone, ...(vpcId !== undefined && { vpcId }) };
  return hostedZones.of(provider, `${domain} ${privateZone} ${vpcId ?? ""}`, () =>
    findHostedZone(domain, choice, provider),
  );
}

async function findHostedZone(
  domain: string,
  choice: { readonly privateZone: boolean; readonly vpcId?: string },
  provider: Provider,
): Promise<string> {
  const { getZone } = zoneFunctions();
  for (const name of domainsOf(domain)) {
    try {
      return (await getZone({ name, ...choice }, { provider })).zoneId;
    } catch (error) {
      const text = messageOf(error);
      if (/multiple Route ?53 (?:Hosted )?Zones matched/i.test(text)) {
        throw await ambiguous(domain, name, choice.privateZone, provider);
      }
      if (!/no matching Route ?53 ?(Hosted )?Zone found/i.test(text)) throw error;
    }
  }
  const kind = choice.privateZone ? "private" : "public";
  const where = choice.vpcId === undefined ? "" : ` for ${choice.vpcId}`;
  throw zoneProblem(domain, `the AWS account has no ${kind} hosted zone${where} of which it is a part`);
}

/** Zones whose names are looked up to tell which are meant: each is a request. */
const toldMax = 50;

async function ambiguous(domain: string, name: string, isPrivate: boolean, provider: Provider): Promise<Error> {
  const { getZone, getZones } = zoneFunctions();
  const { ids } = await getZones({ provider });
  const zones = await Promise.all(ids.slice(0, toldMax).map((zoneId) => getZone({ zoneId }, { provider })));
  const same = zones.filter((zone) => zone.name.replace(/\.$/, "") === name && zone.privateZone === isPrivate);
  const told = same.map(({ zoneId }) => zoneId).sort();
  const which = isPrivate ? "hostedZoneId, or vpcId" : "hostedZoneId";
  const kind = isPrivate ? "private" : "public";
  const text = `the AWS account has several ${kind} hosted zones of the name "${name}" (${told.join(", ")}); say which by ${which}`;
  return zoneProblem(domain, text);
}

/** Each listing turns the pages of a whole zone. */
const zoneRecords = new RememberedAnswers<readonly (StandingRecord & { readonly name: string })[]>();

export async function recordsNamed(
  name: string,
  { zoneId, baseDomainName }: { readonly zoneId: string; readonly baseDomainName: string },
  provider: Provider,
): Promise<readonly StandingRecord[]> {
  const below = `\\.${baseDomainName.replace(/\./g, "\\.")}\\.?$`;
  const records = await zoneRecords.of(provider, `${zoneId} ${below}`, async () => {
    const { getRecords } = loadSdk(
      packageName,
      () => require("@pulumi/aws/route53/getRecords") as typeof import("@pulumi/aws/route53/getRecords"),
    );
    const { resourceRecordSets } = await getRecords({ zoneId, nameRegex: below }, { provider });
    return resourceRecordSets.map(({ name: full, type, resourceRecords, aliasTarget }) => ({
      name: full.replace(/\.$/, "").toLowerCase(),
      type,
      values: [...resourceRecords.map(({ value }) => value), ...(aliasTarget ? [aliasTarget.dnsName] : [])],
    }));
  });
  return records.filter((record) => record.name === name.toLowerCase());
}

function zoneFunctions() {
  return loadSdk(packageName, () => ({
    getZone: (require("@pulumi/aws/route53/getZone") as typeof import("@pulumi/aws/route53/getZone")).getZone,
    getZones: (opts: pulumi.InvokeOptions) =>
      (require("@pulumi/aws/route53/getZones") as typeof import("@pulumi/aws/route53/getZones")).getZones(opts),
  }));
}
