/** DigitalOcean: one Droplet per node, and records in the team's domains. */
import type { DnsRecordArgs } from "@pulumi/digitalocean/dnsRecord";
import type { Droplet, DropletArgs } from "@pulumi/digitalocean/droplet";
import type * as pulumi from "@pulumi/pulumi";
import { defineDns, defineVm, type Cloud } from "../cloud";
import { domainsOf } from "../frame/dns-names";
import { zoneProblem, type StandingRecord } from "../frame/dns-records";
import { chooseAddress } from "../frame/fields";
import { RememberedAnswers } from "../frame/lookups";
import { forCloudInit } from "../frame/script";
import { encodedFormName, formOf, tidyScript } from "../../runtime/model/script-form";
import { loadSdk } from "../frame/sdk";
import type { NodeOf, OwnPlugin } from "../vm-provider";
import { packageName, teamAccess } from "./digitalocean/account";
import { checkTeam } from "./digitalocean/check";
import { firewallTag } from "./digitalocean/firewall-tag-resource";
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

/** What must be there before a Droplet. */
interface Prepared {
  /** Of SSH keys. */
  readonly fingerprints: readonly string[];
  /** The firewall that is named applies to it. Undefined: none is. */
  readonly firewall: pulumi.Output<string> | undefined;
}

const vm = defineVm<DropletSettings, DropletArgs, Droplet, Prepared>({
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
  prepare: async (node, options, ownPlugin) => ({
    fingerprints: await Promise.all(node.settings.sshKeyName.map((name) => fingerprintOf(name, options.provider))),
    firewall: await applyFirewall(node, options, ownPlugin),
  }),
  inputs: ({ settings }, script, { fingerprints, firewall }) => ({
    // A Droplet is protected from its first second: it is asked for when the firewall has its tag.
    region: firewall?.apply(() => settings.region) ?? settings.region,
    image: settings.image,
    size: settings.size,
    tags: [...settings.tags, ...(settings.firewallName === undefined ? [] : [firewallTag(settings.firewallName)])],
    ...(fingerprints.length > 0 && { sshKeys: [...fingerprints] }),
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
  scriptWarning: encodedWarning,
});

/** DigitalOcean hands user data over as it is, and cloud-init does not know it when it is encoded. */
function encodedWarning(script: string): string | undefined {
  if (formOf(tidyScript(script, "linux"), "linux")?.name !== encodedFormName) return undefined;
  return "is encoded in base64, which a Droplet's image does not open; give it as plain text";
}

async function applyFirewall(
  { nodeId, settings: { firewallName, token } }: NodeOf<DropletSettings>,
  options: pulumi.CustomResourceOptions,
  ownPlugin: OwnPlugin,
): Promise<pulumi.Output<string> | undefined> {
  if (firewallName === undefined) return undefined;
  const { FirewallTag } = require("./digitalocean/resources") as typeof import("./digitalocean/resources");
  const args = { nodeId, token, firewallName };
  return new FirewallTag(`${nodeId}-firewall`, args, { ...options, provider: await ownPlugin() }).tag;
}

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
  // DigitalOcean takes a second record of a name beside the first, and answers lookups with both.
  standing: async (name, _record, domain, { provider }) =>
    (await recordsIn(domain, provider)).filter((record) => record.name === nameIn(domain, name)),
  inputs: ({ dns: { ttlSeconds }, address, type }, name, domain) => ({
    domain,
    type,
    name: nameIn(domain, name),
    value: address,
    ttl: Math.max(ttlSeconds, ttlSecondsMin),
  }),
  // A record has its name, which is the node's id, and no place for more.
  placeIdentity: "nowhere",
});

/** @example nameIn("example.org", "n1.labs.example.org") // "n1.labs" */
function nameIn(domain: string, name: string): string {
  return name.slice(0, -domain.length - 1);
}

/** The domain that a record's name is relative to. */
async function domainOf(
  baseDomainName: string,
  { domain }: RecordSettings,
  provider: pulumi.ProviderResource | undefined,
): Promise<string> {
  const candidates = domainsOf(baseDomainName);
  if (domain !== undefined) {
    if (candidates.includes(domain)) return domain;
    throw zoneProblem(baseDomainName, `it does not end in the domain that is given, "${domain}"`);
  }
  const known = await domains.of(provider, "all", () => domainsIn(provider));
  const found = candidates.find((candidate) => known.includes(candidate));
  if (found !== undefined) return found;
  throw zoneProblem(baseDomainName, "the DigitalOcean team has no domain of which it is a part");
}

async function domainsIn(provider: pulumi.ProviderResource | undefined): Promise<readonly string[]> {
  const { getDomains } = loadSdk(
    packageName,
    () => require("@pulumi/digitalocean/getDomains") as typeof import("@pulumi/digitalocean/getDomains"),
  );
  return (await getDomains({}, { provider })).domains.map(({ name }) => name);
}

/** Records by the name of their domain; each look-up turns the pages of all. */
const records = new RememberedAnswers<readonly (StandingRecord & { readonly name: string })[]>();

function recordsIn(domain: string, provider: pulumi.ProviderResource | undefined) {
  const { getRecords } = loadSdk(
    packageName,
    () => require("@pulumi/digitalocean/getRecords") as typeof import("@pulumi/digitalocean/getRecords"),
  );
  return records.of(provider, domain, async () => {
    const { records: all } = await getRecords({ domain }, { provider });
    return all.map(({ name, type, value }) => ({ name, type, values: [value] }));
  });
}

export const digitalocean = { kind: "digitalocean", typeName: "DigitalOcean", vm, dns } satisfies Cloud;
