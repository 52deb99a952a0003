/** DigitalOcean: one Droplet per node, and records in the team's domains. */
import type { DnsRecordArgs } from "@pulumi/digitalocean/dnsRecord";
import type { Droplet, DropletArgs } from "@pulumi/digitalocean/droplet";
import type * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../runtime/model/errors";
import { defineDns, defineVm, type Cloud } from "../cloud";
import { domainsOf } from "../frame/dns-names";
import { chooseAddress } from "../frame/fields";
import { RememberedAnswers } from "../frame/lookups";
import { forCloudInit } from "../frame/script";
import { loadSdk } from "../frame/sdk";
import { packageName, teamAccess } from "./digitalocean/account";
import { checkTeam } from "./digitalocean/check";
import { findDroplets, listDroplets, placeIdentity } from "./digitalocean/find";
import { accountRefusal, failures } from "./digitalocean/refusals";
import {
  dropletSettingsSchema,
  recordSettingsSchema,
  type DropletSettings,
  type RecordSettings,
} from "./digitalocean/settings";

/** Fingerprints of SSH keys by name; each look-up turns the pages of all keys. */
const fingerprints = new RememberedAnswers<string>();

const vm = defineVm<DropletSettings, DropletArgs, Droplet, string | undefined>({
  ...teamAccess,
  description: "VMs on DigitalOcean: Droplets.",
  example: `const small = new headroom.DigitalOceanVmProvider("small", {
  maxInstances: 20, token, region: "nyc1", image: "docker-20-04", size: "c-4", tags: ["team:labs"],
});`,
  settings: dropletSettingsSchema,
  vmType: "digitalocean:index/droplet:Droplet",
  load: () =>
    loadSdk(packageName, () => require("@pulumi/digitalocean/droplet") as typeof import("@pulumi/digitalocean/droplet"))
      .Droplet,
  script: { wrap: { linux: forCloudInit }, encoding: "plain", bytesMax: 64 * 1024 },
  prepare: async ({ settings: { sshKeyName } }, { provider }) =>
    sshKeyName === undefined ? undefined : fingerprintOf(sshKeyName, provider),
  inputs: ({ settings }, script, fingerprint) => ({
    region: settings.region,
    image: settings.image,
    size: settings.size,
    tags: settings.tags,
    ...(fingerprint !== undefined && { sshKeys: [fingerprint] }),
    ...(settings.vpcUuid !== undefined && { vpcUuid: settings.vpcUuid }),
    ...(script !== "" && { userData: script }),
  }),
  overrides: ({ inputOverride }) => [inputOverride],
  placeIdentity,
  secretInputs: ["userData"],
  secretOutputs: ["userData"],
  ignoreChanges: ["region", "image", "size", "tags", "sshKeys", "vpcUuid", "userData"],
  // The plugin itself gives a delete one minute, in which an action that still runs may not end.
  timeouts: () => ({ create: "8m", update: "5m", delete: "5m" }),
  address: ({ ipv4Address, ipv4AddressPrivate }, { addressType }) =>
    chooseAddress(addressType, { public: ipv4Address, private: ipv4AddressPrivate }),
  shape: () => undefined,
  sizeOf: ({ size }) => size,
  findVms: findDroplets,
  listVms: listDroplets,
  check: checkTeam,
  accountRefusal,
  failures,
});

function fingerprintOf(name: string, provider: pulumi.ProviderResource | undefined): Promise<string> {
  const { getSshKey } = loadSdk(
    packageName,
    () => require("@pulumi/digitalocean/getSshKey") as typeof import("@pulumi/digitalocean/getSshKey"),
  );
  return fingerprints.of(provider, name, async () => (await getSshKey({ name }, { provider })).fingerprint);
}

/** Names of the team's domains. */
const domains = new RememberedAnswers<readonly string[]>();

/** The API takes no less. */
const ttlSecondsMin = 30;

const dns = defineDns<RecordSettings, DnsRecordArgs, string>({
  ...teamAccess,
  description: "Records in the domains of a DigitalOcean team.",
  settings: recordSettingsSchema,
  recordType: "digitalocean:index/dnsRecord:DnsRecord",
  load: () =>
    loadSdk(
      packageName,
      () => require("@pulumi/digitalocean/dnsRecord") as typeof import("@pulumi/digitalocean/dnsRecord"),
    ).DnsRecord,
  prepare: async ({ dns: { settings, baseDomainName } }, { provider }) => domainOf(baseDomainName, settings, provider),
  inputs: ({ dns: { ttlSeconds }, address }, name, domain) => ({
    domain,
    type: "A",
    name: name.slice(0, -domain.length - 1),
    value: address,
    ttl: Math.max(ttlSeconds, ttlSecondsMin),
  }),
  // An A record has its name, which is the node's id, and no place for more.
  placeIdentity: "nowhere",
});

/** The domain that a record's name is relative to. */
async function domainOf(
  baseDomainName: string,
  { domain }: RecordSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<string> {
  const candidates = domainsOf(baseDomainName);
  if (domain !== undefined) {
    if (candidates.includes(domain)) return domain;
    const message = `got "${domain}"; the base domain name "${baseDomainName}" does not end in it`;
    throw ConfigError.of([{ path: "domain", message }]);
  }
  const known = await domains.of(provider, "all", () => domainsIn(provider));
  const found = candidates.find((candidate) => known.includes(candidate));
  if (found !== undefined) return found;
  const message = `got "${baseDomainName}"; the DigitalOcean team has no domain of which it is a part`;
  throw ConfigError.of([{ path: "baseDomainName", message }]);
}

async function domainsIn(provider: pulumi.ProviderResource | undefined): Promise<readonly string[]> {
  const { getDomains } = loadSdk(
    packageName,
    () => require("@pulumi/digitalocean/getDomains") as typeof import("@pulumi/digitalocean/getDomains"),
  );
  return (await getDomains({}, { provider })).domains.map(({ name }) => name);
}

export const digitalocean = { kind: "digitalocean", typeName: "DigitalOcean", vm, dns } satisfies Cloud;
