/** Droplets and DNS records as far as nodes need them, with the refusals that DigitalOcean has for the same requests. */
import { typeOfAddress } from "../../provider/frame/dns-names";
import type { Properties } from "../../provider/resource-kernel";
import { apiError, createError, problemIn, requestOf, type DropletRequest } from "./digitalocean-api";
import { DigitalOceanFacts } from "./digitalocean-facts";
import { EmulatedCloud, type EmulatedFunction, type EmulatedResource } from "./emulated-cloud";
import { EmulatedTokens } from "./emulated-tokens";
import type { EmulatedZones, Emulation, VmIdentity, VmInCloud, ZoneRecord } from "./emulation";
import { filled } from "./filled";
import { SdkTypes, type SdkObject } from "./sdk-types";

interface Droplet {
  readonly id: string;
  /** Id of the team. */
  readonly owner: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly inputs: Properties;
  readonly outputs: Properties;
}

interface DnsRecord {
  readonly id: string;
  readonly owner: string;
  readonly domain: string;
  readonly type: string;
  readonly name: string;
  readonly address: string;
  readonly ttl: number;
}

/** Droplets with GPUs are listed by themselves. */
const hasGpus = ({ inputs }: Droplet): boolean => String(inputs["size"]).startsWith("gpu-");

export class EmulatedDigitalOcean implements Emulation {
  readonly droplets = new Map<string, Droplet>();
  readonly dnsRecords = new Map<string, DnsRecord>();
  readonly violations: string[] = [];
  readonly access = new EmulatedTokens();
  readonly facts = new DigitalOceanFacts(this.access.home);
  readonly cloud: EmulatedCloud;
  readonly unknownVmId = "999999999";
  readonly zones: EmulatedZones = {
    records: () =>
      [...this.dnsRecords.values()].map(({ domain, type, name, address, ttl }) => ({
        ...{ name: `${name}.${domain}`, type: type as ZoneRecord["type"] },
        ...{ values: [address], ttlSeconds: ttl, zone: domain },
      })),
    makeByHand: ({ name, type, values, ttlSeconds }) => {
      const { home: owner } = this.access;
      const domain = "labs.example.org";
      for (const address of values) {
        const id = String(28_448_000 + ++this.number);
        const relative = name.slice(0, -domain.length - 1);
        this.dnsRecords.set(id, { id, owner, domain, type, name: relative, address, ttl: ttlSeconds });
      }
    },
  };
  /** Droplets that the team may have. */
  dropletsMax = 1000;
  /** Of the person whose tokens they are. */
  account = { email: "sammy@example.org", status: "active", statusMessage: " " };
  /** Text with which the next calls of a function fail, by its name. */
  readonly failing = new Map<string, string>();
  private readonly sdk = new SdkTypes("@pulumi/digitalocean");
  private number = 0;

  constructor() {
    this.cloud = new EmulatedCloud({
      packageName: "digitalocean",
      version: "4.80.1",
      nodeIdOf: ({ name, size }) => (size === undefined || name === undefined ? undefined : String(name)),
      resources: new Map([
        ["digitalocean:index/droplet:Droplet", this.dropletResource()],
        ["digitalocean:index/dnsRecord:DnsRecord", this.recordResource()],
      ]),
      functions: new Map([...this.lookups(), ...this.lists()]),
    });
  }

  /** A Droplet without a node has a name that no node has, and without an installation at least the tag of a pool. */
  launch({ nodeId, installation }: VmIdentity, { owner = this.access.home }: { readonly owner?: string } = {}): string {
    const inputs = { region: "nyc1", image: "ubuntu-24-04-x64", size: "c-2", ...nameAndTags({ nodeId, installation }) };
    return this.newDroplet(inputs, owner).id;
  }

  retag(vmId: string, identity: VmIdentity): void {
    const droplet = this.droplets.get(vmId);
    if (!droplet) throw new Error(`there is no Droplet ${vmId}`);
    const { name, tags } = nameAndTags(identity);
    const outputs = { ...droplet.outputs, name, tags };
    this.droplets.set(vmId, { ...droplet, name, tags, inputs: { ...droplet.inputs, name, tags }, outputs });
  }

  remove(vmId: string): void {
    if (!this.droplets.delete(vmId)) throw new Error(`there is no Droplet ${vmId}`);
  }

  endTrouble(): void {
    this.access.forgive();
    this.failing.clear();
    this.cloud.trouble = {};
    this.account = { email: "sammy@example.org", status: "active", statusMessage: " " };
  }

  vms(): VmInCloud[] {
    return [...this.droplets.values()].map(({ id, name, inputs, outputs }) => ({
      nodeId: name,
      id,
      script: String(inputs["userData"] ?? ""),
      address: String(outputs["ipv4AddressPrivate"]),
    }));
  }

  records(): readonly { readonly name: string; readonly address: string }[] {
    return [...this.dnsRecords.values()].map(({ name, domain, address }) => ({ name: `${name}.${domain}`, address }));
  }

  leftovers(): string[] {
    return [...this.droplets.keys(), ...this.dnsRecords.keys()];
  }

  private dropletResource(): EmulatedResource {
    return {
      inputs: this.sdk.read("droplet", "DropletArgs"),
      outputs: this.sdk.read("droplet", "Droplet"),
      replacing: ["image", "region", "sshKeys", "userData", "vpcUuid", "publicNetworking", "gpuPartitionMode"],
      create: (inputs, asker) => {
        const answer = this.access.answerTo("create a VM", asker);
        if (typeof answer !== "string") throw new Error(createError(answer.status, answer.message));
        const request = requestOf(inputs);
        const problem = problemIn(request) ?? this.facts.refusalOf(request as DropletRequest);
        if (problem !== undefined) throw new Error(createError(422, problem));
        if (this.droplets.size >= this.dropletsMax) {
          throw new Error(createError(422, "creating this/these droplet(s) will exceed your droplet limit"));
        }
        return this.newDroplet(inputs, answer);
      },
      read: (id, asker) => this.seen(id, this.authorise("list VMs", asker, "GET", `droplets/${id}`))?.outputs,
      update: (id, inputs, asker) => {
        const droplet = this.seen(id, this.authorise("create a VM", asker, "POST", `droplets/${id}/actions`));
        if (!droplet) throw new Error(apiError("POST", `droplets/${id}/actions`, 404, notFound));
        const outputs = { ...droplet.outputs, ...inputs };
        this.droplets.set(id, { ...droplet, inputs, outputs });
        return outputs;
      },
      delete: (id, asker) => {
        const droplet = this.seen(id, this.authorise("delete a VM", asker, "DELETE", `droplets/${id}`));
        // As the plugin does: what is not found is gone, also when it is another team's.
        if (!droplet) return;
        const addresses = [droplet.outputs["ipv4Address"], droplet.outputs["ipv4AddressPrivate"]];
        const record = [...this.dnsRecords.values()].find(({ address }) => addresses.includes(address));
        if (record) this.violations.push(`${id} was destroyed before its record ${record.name}`);
        this.droplets.delete(id);
      },
    };
  }

  private newDroplet(inputs: Properties, owner: string): Droplet {
    const number = ++this.number;
    const id = String(412_000_000 + number);
    const { name, tags = [], region, size } = inputs as { name: string; tags?: string[]; region: string; size: string };
    const facts = this.facts.sizes.find(({ slug }) => slug === size);
    const outputs = {
      ...inputs,
      dropletUrn: `do:droplet:${id}`,
      ipv4Address: inputs["publicNetworking"] === false ? "" : `198.51.${number >> 8}.${number & 255}`,
      ipv4AddressPrivate: `10.116.${number >> 8}.${number & 255}`,
      vpcUuid: inputs["vpcUuid"] ?? this.facts.vpcs.find((vpc) => vpc.region === region)?.id ?? "",
      status: "active",
      locked: false,
      disk: facts?.disk ?? 0,
      memory: facts?.memory ?? 0,
      vcpus: facts?.vcpus ?? 0,
    };
    const droplet = { id, owner, name, tags, inputs, outputs };
    this.droplets.set(id, droplet);
    return droplet;
  }

  private recordResource(): EmulatedResource {
    const set = (id: string, inputs: Properties, asker: Properties): Properties => {
      const [domain, name, address] = [inputs["domain"], inputs["name"], inputs["value"]].map(String) as [
        string,
        string,
        string,
      ];
      const path = `domains/${domain}/records`;
      const owner = this.authorise("look up a domain", asker, "POST", path);
      const isThere = this.facts.domains.some((known) => known.owner === owner && known.name === domain);
      if (!isThere) throw new Error(`Failed to create record: ${apiError("POST", path, 404, notFound)}`);
      if (Number(inputs["ttl"]) < 30) {
        throw new Error(`Failed to create record: ${apiError("POST", path, 422, "TTL must be at least 30")}`);
      }
      const known = [...this.droplets.values()].some(({ outputs }) =>
        [outputs["ipv4Address"], outputs["ipv4AddressPrivate"]].includes(address),
      );
      if (!known) this.violations.push(`record ${name} points to ${address}, where no Droplet is`);
      const [type, ttl] = [String(inputs["type"]), Number(inputs["ttl"])];
      if (type !== typeOfAddress(address)) {
        throw new Error(
          `Failed to create record: ${apiError("POST", path, 422, "Data needs to be a valid IP address.")}`,
        );
      }
      this.dnsRecords.set(id, { id, owner, domain, type, name, address, ttl });
      return { ...inputs, fqdn: `${name}.${domain}` };
    };
    const seen = (id: string, asker: Properties, method: string): DnsRecord | undefined => {
      const owner = this.authorise("look up a domain", asker, method, `domains/records/${id}`);
      const record = this.dnsRecords.get(id);
      return record?.owner === owner ? record : undefined;
    };
    return {
      inputs: this.sdk.read("dnsRecord", "DnsRecordArgs"),
      outputs: this.sdk.read("dnsRecord", "DnsRecord"),
      replacing: ["domain", "type"],
      create: (inputs, asker) => {
        const id = String(28_448_000 + ++this.number);
        return { id, outputs: set(id, inputs, asker) };
      },
      read: (id, asker) => (seen(id, asker, "GET") ? {} : undefined),
      update: (id, inputs, asker) => set(id, inputs, asker),
      delete: (id, asker) => {
        if (seen(id, asker, "DELETE")) this.dnsRecords.delete(id);
      },
    };
  }

  /** To another team nothing of this one is there. */
  private seen(id: string, owner: string): Droplet | undefined {
    const droplet = this.droplets.get(id);
    return droplet?.owner === owner ? droplet : undefined;
  }

  /** The team that asks, or the API's refusal. */
  private authorise(
    action: Parameters<EmulatedTokens["answerTo"]>[0],
    asker: Properties,
    method: string,
    path: string,
  ): string {
    const answer = this.access.answerTo(action, asker);
    if (typeof answer === "string") return answer;
    throw new Error(apiError(method, path, answer.status, answer.message));
  }

  private lookups(): [string, EmulatedFunction][] {
    const { facts } = this;
    const find = <T>(all: readonly T[], isIt: (one: T) => boolean, path: string): T => {
      const found = all.find(isIt);
      if (!found) throw new Error(apiError("GET", path, 404, notFound));
      return found;
    };
    return [
      this.entry("getAccount", "account", () => ({
        ...this.account,
        dropletLimit: this.dropletsMax,
        uuid: "b6fd89db",
      })),
      this.entry("getProject", "projects/default", (_args, owner) => ({ ownerUuid: owner, isDefault: true })),
      this.entry("getRegion", "regions", ({ slug }) => {
        const region = facts.regions.get(String(slug));
        if (!region) throw new Error(`Region does not exist: ${String(slug)}`);
        return { slug, ...region };
      }),
      this.entry("getImage", "images", ({ id, slug }, owner) => {
        const image = find(
          facts.images.filter((one) => one.owner === undefined || one.owner === owner),
          (one) => one.id === id || (slug !== undefined && one.slug === slug),
          `images/${String(id ?? slug)}`,
        );
        return {
          id: image.id,
          slug: image.slug,
          regions: image.regions,
          minDiskSize: image.minDiskSize,
          status: image.status,
        };
      }),
      this.entry("getSshKey", "account/keys", ({ name }, owner) => {
        const keys = facts.sshKeys.filter((key) => key.owner === owner && key.name === name);
        if (keys.length === 0) throw new Error(`no ssh key found with name ${String(name)}`);
        if (keys.length > 1) {
          throw new Error(`too many ssh keys found with name ${String(name)} (found ${keys.length}, expected 1)`);
        }
        const [{ id, fingerprint }] = keys as [(typeof keys)[0]];
        return { id, name, fingerprint };
      }),
      this.entry("getVpc", "vpcs", ({ id }, owner) => {
        const vpc = find(facts.vpcs, (one) => one.owner === owner && one.id === id, `vpcs/${String(id)}`);
        return { id: vpc.id, region: vpc.region };
      }),
      this.entry("getFirewall", "firewalls", ({ firewallId }, owner) => {
        const found = facts.firewalls.find((one) => one.owner === owner && one.id === firewallId);
        // As the plugin does: nothing at all is the answer when there is none.
        return found && { firewallId: found.id, name: found.name, tags: found.tags };
      }),
    ];
  }

  private lists(): [string, EmulatedFunction][] {
    const { facts } = this;
    return [
      this.entry("getDroplets", "droplets", ({ gpus = false, filters }, owner) => ({
        droplets: [...this.droplets.values()]
          .filter((droplet) => droplet.owner === owner && hasGpus(droplet) === gpus)
          .map(({ id, name, tags }) => ({ id: Number(id), name, tags }))
          .filter((droplet) => passes(droplet, filters)),
      })),
      this.entry("getSizes", "sizes", ({ filters }) => ({
        sizes: facts.sizes
          .map(({ gpus, ...size }) => ({
            ...size,
            gpuInfos: gpus === 0 ? [] : [{ count: gpus, model: "nvidia_h100" }],
          }))
          .filter((size) => passes(size, filters)),
      })),
      this.entry("getRecords", "domains/records", ({ domain }, owner) => ({
        records: [...this.dnsRecords.values()]
          .filter((record) => record.owner === owner && record.domain === domain)
          .map(({ id, name, type, address, ttl }) => ({ id: Number(id), name, type, value: address, ttl, domain })),
      })),
      this.entry("getDomains", "domains", (_args, owner) => ({
        domains: facts.domains.filter((domain) => domain.owner === owner).map(({ name }) => ({ name })),
      })),
    ];
  }

  private entry(
    name: string,
    path: string,
    describe: (args: Properties, owner: string) => Properties | undefined,
  ): [string, EmulatedFunction] {
    const token = `digitalocean:index/${name}:${name}`;
    const typeName = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    const outputs = this.sdk.read(name, `${typeName}Result`);
    const action =
      name === "getDomains" || name === "getRecords"
        ? "look up a domain"
        : name === "getDroplets"
          ? "list VMs"
          : "know itself";
    const call = (args: Properties, asker: Properties): Properties => {
      const failure = this.failing.get(name);
      if (failure !== undefined) throw new Error(failure);
      const answer = describe(args, this.authorise(action, asker, "GET", path));
      return answer === undefined ? {} : filled(outputs, { ...args, ...answer });
    };
    const inputs = name === "getAccount" ? noArguments : this.sdk.read(name, `${typeName}Args`);
    return [token, { inputs, call }];
  }
}

const notFound = "The resource you requested could not be found.";
const noArguments: SdkObject = { kind: "object", fields: new Map() };

function nameAndTags({ nodeId, installation }: VmIdentity): { name: string; tags: string[] } {
  const ours = installation === undefined ? [] : [`headroom-installation:${installation}`];
  const tags = nodeId === undefined && installation === undefined ? [] : ["headroom-pool:agents", ...ours];
  return { name: nodeId ?? "Made.By.Hand", tags };
}

/** The filters of the plugin's lists; of those with several values one must match. */
function passes(one: Readonly<Record<string, unknown>>, filters: unknown): boolean {
  const all = (filters ?? []) as { readonly key: string; readonly values: readonly string[] }[];
  return all.every(({ key, values }) => [one[key]].flat().some((value) => values.includes(String(value))));
}
