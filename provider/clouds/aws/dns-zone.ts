/** The Route 53 hosted zone that a record goes into. */
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../../runtime/model/errors";
import { domainsOf } from "../../frame/dns-names";
import { RememberedAnswers } from "../../frame/lookups";
import { loadSdk } from "../../frame/sdk";
import { packageName } from "./account";

/** Route 53 allows five requests a second per account. */
const hostedZones = new RememberedAnswers<string>();

/** Id of the zone with the longest name that the domain ends in. */
export function hostedZoneOf(
  domain: string,
  { privateZone }: { readonly privateZone: boolean },
  provider: pulumi.ProviderResource | undefined,
): Promise<string> {
  return hostedZones.of(provider, `${domain} ${privateZone}`, () => findHostedZone(domain, privateZone, provider));
}

async function findHostedZone(
  domain: string,
  privateZone: boolean,
  provider: pulumi.ProviderResource | undefined,
): Promise<string> {
  const { getZone } = loadSdk(
    packageName,
    () => require("@pulumi/aws/route53/getZone") as typeof import("@pulumi/aws/route53/getZone"),
  );
  for (const name of domainsOf(domain)) {
    try {
      return (await getZone({ name, privateZone }, { provider })).zoneId;
    } catch (error) {
      if (!/no matching Route ?53 ?(Hosted )?Zone found/i.test(String(error))) throw error;
    }
  }
  const kind = privateZone ? "private" : "public";
  const message = `got "${domain}"; the AWS account has no ${kind} hosted zone of which it is a part`;
  throw ConfigError.of([{ path: "baseDomainName", message }]);
}
