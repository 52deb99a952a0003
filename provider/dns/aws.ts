/** Amazon Route 53: one A record per node. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { ConfigError } from "../../runtime/model/errors";
import { awsAccountRules, awsCredentialFields, awsSecretFields, newAwsProvider } from "../clouds/aws-account";
import { loadSdk } from "../clouds/sdk";
import type { DnsProvider } from "../vm-provider";

export const awsDnsSettingsSchema = z.strictObject({
  ...awsCredentialFields,
  region: z.string().default("us-east-1").describe("Route 53 is global, its client still wants a region."),
  hostedZoneId: z
    .string()
    .regex(/^Z[A-Z0-9]+$/, 'use an id such as "Z0123456789ABC"')
    .optional()
    .describe(
      'Hosted zone of the records, e.g. `"Z0123456789ABC"`. ' +
        "Default: the one with the longest name that the base domain name ends in.",
    ),
  privateZone: z.boolean().default(false).describe("Look for a private hosted zone."),
});
export type AwsDnsSettings = z.output<typeof awsDnsSettingsSchema>;

const packageName = "@pulumi/aws";

/**
 * Hosted zones already asked for, kept as long as the Pulumi provider of one program run: Route 53 allows five requests
 * a second per account, and each run declares the records of all its nodes.
 */
const hostedZones = new WeakMap<pulumi.ProviderResource, Map<string, Promise<string>>>();

export const awsDnsProvider: DnsProvider<AwsDnsSettings> = {
  kind: "aws",
  settings: awsDnsSettingsSchema,
  secretFields: awsSecretFields,
  account: awsAccountRules,
  sdk: packageName,
  pulumiProvider: newAwsProvider,

  async declareRecord({ nodeId, dns, address }, options) {
    const { Record } = loadSdk(
      packageName,
      () => require("@pulumi/aws/route53/record") as typeof import("@pulumi/aws/route53/record"),
    );
    const record = new Record(
      `${nodeId}-dns`,
      {
        zoneId: dns.settings.hostedZoneId ?? (await hostedZoneOf(dns.baseDomainName, dns.settings, options.provider)),
        name: `${nodeId}.${dns.baseDomainName}`,
        type: "A",
        ttl: dns.ttlSeconds,
        records: [address],
        // A record that a failed delete of an earlier node left behind must not stop this one.
        allowOverwrite: true,
      },
      { ...options, customTimeouts: { create: "5m", delete: "5m" } },
    );
    return { dnsName: record.name };
  },
};

function hostedZoneOf(
  domain: string,
  settings: AwsDnsSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<string> {
  if (provider === undefined) return findHostedZone(domain, settings, provider);
  const known = hostedZones.get(provider) ?? new Map<string, Promise<string>>();
  hostedZones.set(provider, known);
  const answer = known.get(domain) ?? findHostedZone(domain, settings, provider);
  known.set(domain, answer);
  return answer;
}

/** Asks for `a.b.example.org`, then `b.example.org`, then `example.org`. */
async function findHostedZone(
  domain: string,
  { privateZone }: AwsDnsSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<string> {
  const { getZone } = loadSdk(
    packageName,
    () => require("@pulumi/aws/route53/getZone") as typeof import("@pulumi/aws/route53/getZone"),
  );
  const labels = domain.replace(/\.$/, "").split(".");
  for (let skipped = 0; skipped < labels.length - 1; skipped++) {
    const name = labels.slice(skipped).join(".");
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
