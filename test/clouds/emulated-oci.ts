/** Instances and DNS records as far as nodes need them, with the refusals that OCI has for the same requests. */
import { domainsOf } from "../../provider/frame/dns-names";
import type { Properties } from "../../provider/resource-kernel";
import { EmulatedCloud, type EmulatedFunction, type EmulatedResource } from "./emulated-cloud";
import { domains, OciFacts } from "./emulated-oci-facts";
import { EmulatedOciKeys, type KeyAction } from "./emulated-oci-keys";
import type { EmulatedZones, Emulation, VmIdentity, VmInCloud, ZoneRecord } from "./emulation";
import { filled } from "./filled";
import { launchBodyOf, notAuthenticated, notFound, ociError } from "./oci-api";
import { SdkTypes } from "./sdk-types";

interface Instance {
  readonly id: string;
  /** The tenancy. */
  readonly owner: string;
  readonly compartment: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

interface DnsRecord {
  readonly owner: string;
  readonly zone: string;
  readonly name: string;
  readonly type: ZoneRecord["type"];
  readonly values: readonly string[];
  readonly ttlSeconds: number;
}

export class EmulatedOci implements Emulation {
  readonly instances = new Map<string, Instance>();
  /** Instances that were terminated: lists show them for a day. */
  readonly terminated = new Map<string, Instance>();
  readonly dnsRecords = new Map<string, DnsRecord>();
  /** Volumes that stayed when their instance went. */
  readonly volumes: string[] = [];
  readonly violations: string[] = [];
  readonly facts: OciFacts;
  readonly cloud: EmulatedCloud;
  readonly unknownVmId = "ocid1.instance.oc1.iad.dead";
  /** Instances that the tenancy may have. */
  instancesMax = 1000;
  /** Availability domains without any capacity. */
  readonly full = new Set<string>();
  /** Text with which the next calls of a function fail, by its name; "" = it tells nothing. */
  readonly failing = new Map<string, string>();
  private readonly sdk = new SdkTypes("@pulumi/oci");
  private number = 0;

  constructor(readonly access = new EmulatedOciKeys()) {
    this.facts = new OciFacts(access.home);
    this.cloud = new EmulatedCloud({
      packageName: "oci",
      version: "4.20.0",
      nodeIdOf: ({ freeformTags }) => (freeformTags as Record<string, string> | undefined)?.["headroom-node"],
      resources: new Map([
        ["oci:Core/instance:Instance", this.instanceResource()],
        ["oci:Dns/rrset:Rrset", this.recordResource()],
      ]),
      functions: new Map([...this.lookups(), ...this.lists()]),
    });
  }

  launch(identity: VmIdentity, { owner = this.access.home, place = {} }: LaunchPlace = {}): string {
    const compartmentId = place["compartmentOcid"] ?? this.facts.compartments[0]!.id;
    return this.newInstance({ compartmentId, freeformTags: tagsOf(identity) }, owner).id;
  }

  retag(vmId: string, identity: VmIdentity): void {
    const vm = this.instances.get(vmId);
    if (!vm) throw new Error(`there is no instance ${vmId}`);
    const freeformTags = tagsOf(identity);
    const [inputs, outputs] = [
      { ...vm.inputs, freeformTags },
      { ...vm.outputs, freeformTags },
    ];
    this.instances.set(vmId, { ...vm, tags: freeformTags, inputs, outputs });
  }

  remove(vmId: string): void {
    if (!this.instances.delete(vmId)) throw new Error(`there is no instance ${vmId}`);
  }

  endTrouble(): void {
    this.access.forgive();
    this.failing.clear();
    this.full.clear();
    this.cloud.trouble = {};
  }

  vms(): VmInCloud[] {
    return [...this.instances.values()].map(({ id, tags, inputs, outputs }) => ({
      nodeId: tags["headroom-node"] ?? "",
      id,
      script: scriptOf(inputs),
      address: String(outputs["privateIp"]),
    }));
  }

  records(): readonly { readonly name: string; readonly address: string }[] {
    return [...this.dnsRecords.values()].map(({ name, values: [address = ""] }) => ({ name, address }));
  }

  readonly zones: EmulatedZones = {
    records: () => [...this.dnsRecords.values()].map(({ owner: _owner, ...record }) => record),
    makeByHand: ({ name, type, values, ttlSeconds }) => {
      const zone = domainsOf(name)
        .map((domain) => this.facts.zones.find((one) => one.name === domain && one.viewId === undefined))
        .find((one) => one !== undefined);
      if (!zone) throw new Error(`no zone for ${name}`);
      const record = { owner: zone.owner, zone: zone.id, name, type, values, ttlSeconds };
      this.dnsRecords.set(recordKey(zone.id, name, type), record);
    },
  };

  leftovers(): string[] {
    return [...this.instances.keys(), ...this.dnsRecords.keys(), ...this.volumes];
  }

  private instanceResource(): EmulatedResource {
    return {
      inputs: this.sdk.read("core/instance", "InstanceArgs"),
      outputs: this.sdk.read("core/instance", "Instance"),
      replacing: ["availabilityDomain", "image", "subnetId", "metadata", "platformConfig", "preemptibleInstanceConfig"],
      create: (inputs, asker) => {
        const owner = this.ask("create a VM", asker, "LaunchInstance");
        const refusal = this.facts.refusalOf(inputs, owner);
        if (refusal) throw new Error(ociError(...refusal));
        if (this.full.has(String(inputs["availabilityDomain"]))) {
          throw new Error(ociError("500-InternalError", "Out of host capacity."));
        }
        if (this.instances.size >= this.instancesMax) {
          const said =
            "The following service limits were exceeded: standard-e4-core-count. Request a service limit increase";
          throw new Error(ociError("400-LimitExceeded", said));
        }
        return this.newInstance(inputs, owner);
      },
      // As the plugin does: what is not found is gone, also when it may only not be seen.
      read: (id, asker) => this.seen(id, asker, "list VMs", "GetInstance")?.outputs,
      update: (id, inputs, asker) => {
        const instance = this.seen(id, asker, "create a VM", "UpdateInstance");
        if (!instance)
          throw new Error(ociError("404-NotAuthorizedOrNotFound", notFound, { operation: "UpdateInstance" }));
        const outputs = { ...instance.outputs, ...inputs };
        this.instances.set(id, { ...instance, inputs, outputs });
        return outputs;
      },
      delete: (id, asker) => {
        const instance = this.seen(id, asker, "delete a VM", "TerminateInstance");
        if (instance) this.terminate(instance);
      },
    };
  }

  private terminate({ id, inputs, ...instance }: Instance): void {
    const keepsVolumes = inputs["preserveDataVolumesCreatedAtLaunch"];
    const attachments = (inputs["launchVolumeAttachments"] ?? []) as readonly unknown[];
    if (attachments.length > 0 && keepsVolumes === undefined) {
      const said = "You must specify a value for preserveDataVolumesCreatedAtLaunch to terminate the instance.";
      throw new Error(ociError("400-InvalidParameter", said, { operation: "TerminateInstance" }));
    }
    const addresses = [instance.outputs["privateIp"], instance.outputs["publicIp"]];
    const record = [...this.dnsRecords.values()].find(({ values }) =>
      values.some((value) => addresses.includes(value)),
    );
    if (record) this.violations.push(`${id} was terminated before its record ${record.name}`);
    // The default of the API is to keep them.
    if (inputs["preserveBootVolume"] === true) this.volumes.push(`boot volume of ${id}`);
    if (keepsVolumes !== false) this.volumes.push(...attachments.map((_volume, index) => `volume ${index} of ${id}`));
    this.instances.delete(id);
    this.terminated.set(id, { id, inputs, ...instance });
  }

  private newInstance(inputs: Properties, owner: string): Instance {
    const number = ++this.number;
    const id = `ocid1.instance.oc1.iad.i${String(number).padStart(6, "0")}`;
    const { createVnicDetails: vnic } = launchBodyOf(inputs) as { createVnicDetails?: { assignPublicIp?: boolean } };
    const outputs = {
      ...inputs,
      state: "RUNNING",
      region: "iad",
      bootVolumeId: `ocid1.bootvolume.oc1.iad.b${number}`,
      privateIp: `10.0.${number >> 8}.${number & 255}`,
      publicIp: vnic?.assignPublicIp === false ? "" : `198.51.${number >> 8}.${number & 255}`,
      // A tenancy's own defaults.
      definedTags: { ...(inputs["definedTags"] as object), "Oracle-Tags.CreatedBy": "headroom" },
    };
    const tags = (inputs["freeformTags"] ?? {}) as Readonly<Record<string, string>>;
    const instance = { id, owner, compartment: String(inputs["compartmentId"]), tags, inputs, outputs };
    this.instances.set(id, instance);
    return instance;
  }

  private recordResource(): EmulatedResource {
    const service = { service: "Dns Rrset", operation: "PatchRRSet" };
    const set = (inputs: Properties, asker: Properties, isNew: boolean): Properties => {
      const owner = this.ask("look up a domain", asker, "PatchRRSet", "Dns Rrset");
      const { zoneNameOrId, domain, rtype, items, viewId } = inputs as Record<string, string> & { items: RecordItem[] };
      const zone = this.facts.zones.find(
        ({ id, name, viewId: view }) => id === zoneNameOrId || (name === zoneNameOrId && view === viewId),
      );
      if (zone?.owner !== owner) throw new Error(ociError("404-NotAuthorizedOrNotFound", notFound, service));
      if (!`.${domain}`.endsWith(`.${zone.name}`)) throw new Error(ociError("400-InvalidParameter", "domain", service));
      const key = recordKey(zone.id, domain, rtype);
      const isTaken = this.dnsRecords.has(key);
      if (isNew && isTaken) throw new Error("1 error occurred:\n\t* 409-Conflict, a prohibited record exists\n\n");
      const [{ rdata: address, ttl } = { rdata: "", ttl: 0 }] = items;
      const known = [...this.instances.values()].some(({ outputs }) =>
        [outputs["privateIp"], outputs["publicIp"]].includes(address),
      );
      if (!known) this.violations.push(`record ${domain} points to ${address}, where no instance is`);
      const type = rtype as ZoneRecord["type"];
      this.dnsRecords.set(key, { owner, zone: zone.id, name: domain!, type, values: [address], ttlSeconds: ttl });
      return { ...inputs };
    };
    const seen = (id: string, asker: Properties): string | undefined => {
      const owner = this.ask("look up a domain", asker, "GetRRSet", "Dns Rrset");
      const [, zoneNameOrId, domain, rtype] = /^zoneNameOrId\/(.*)\/domain\/(.*)\/rtype\/(.*)$/.exec(id) ?? [];
      const zone = this.facts.zones.find((one) => one.id === zoneNameOrId || one.name === zoneNameOrId);
      const key = recordKey(zone?.id, domain, rtype);
      return this.dnsRecords.get(key)?.owner === owner ? key : undefined;
    };
    return {
      inputs: this.sdk.read("dns/rrset", "RrsetArgs"),
      outputs: this.sdk.read("dns/rrset", "Rrset"),
      replacing: ["domain", "rtype", "zoneNameOrId", "viewId"],
      create: (inputs, asker) => {
        const outputs = set(inputs, asker, true);
        const { zoneNameOrId, domain, rtype } = inputs as Record<string, string>;
        return { id: `zoneNameOrId/${zoneNameOrId}/domain/${domain}/rtype/${rtype}`, outputs };
      },
      read: (id, asker) => (seen(id, asker) === undefined ? undefined : {}),
      update: (_id, inputs, asker) => set(inputs, asker, false),
      delete: (id, asker) => {
        const key = seen(id, asker);
        if (key !== undefined) this.dnsRecords.delete(key);
      },
    };
  }

  /** The tenancy that asks, or the API's refusal. */
  private ask(action: KeyAction, asker: Properties, operation: string, service?: string): string {
    const owner = this.access.ownerOf(asker);
    const about = { operation, ...(service === undefined ? {} : { service }) };
    if (owner === undefined) throw new Error(ociError("401-NotAuthenticated", notAuthenticated, about));
    if (this.access.may(action, asker)) return owner;
    throw new Error(ociError("404-NotAuthorizedOrNotFound", notFound, about));
  }

  /** To another tenancy, and to whoever may not, nothing of this one is there. */
  private seen(id: string, asker: Properties, action: KeyAction, operation: string): Instance | undefined {
    const owner = this.ask("know itself", asker, operation);
    const instance = this.instances.get(id);
    return instance?.owner === owner && this.access.may(action, asker) ? instance : undefined;
  }

  private lookups(): [string, EmulatedFunction][] {
    const { facts } = this;
    return [
      this.entry("identity", "getUser", ({ userId }) => ({ id: userId, userId, name: "headroom@example.org" })),
      this.entry("identity", "getCompartment", ({ id }, owner) => {
        const found = facts.seen(facts.compartments, owner, id);
        return found && { id: found.id, name: "team", compartmentId: found.above, state: found.state };
      }),
      this.entry("identity", "getAvailabilityDomains", ({ compartmentId }) => ({
        id: `IdentityAvailabilityDomainsDataSource-${String(compartmentId)}`,
        availabilityDomains: domains.map((name) => ({ name })),
      })),
      this.entry("core", "getImage", ({ imageId }, owner) => {
        const found = facts.seen(facts.images, owner, imageId);
        return found && { id: found.id, state: found.state };
      }),
      this.entry("core", "getSubnet", ({ subnetId }, owner) => {
        const found = facts.seen(facts.subnets, owner, subnetId);
        const { id, vcnId, availabilityDomain, isPrivate: prohibitPublicIpOnVnic = false } = found ?? {};
        return found && { id, vcnId, availabilityDomain, prohibitPublicIpOnVnic };
      }),
      this.entry("core", "getNetworkSecurityGroup", ({ networkSecurityGroupId }, owner) => {
        const found = facts.seen(facts.groups, owner, networkSecurityGroupId);
        return found && { id: found.id, vcnId: found.vcnId };
      }),
      this.entry("core", "getInstance", ({ instanceId }, owner, asker) => {
        const found = this.instances.get(String(instanceId));
        const isSeen = found?.owner === owner && this.access.may("delete a VM", asker);
        return isSeen ? { id: found.id, state: "RUNNING", freeformTags: found.tags } : undefined;
      }),
    ];
  }

  private lists(): [string, EmulatedFunction][] {
    const { facts } = this;
    return [
      this.entry("core", "getShapes", ({ availabilityDomain, imageId, shape: name, compartmentId }, owner) => {
        const image = facts.seen(facts.images, owner, imageId);
        const listed = facts.shapes
          .filter((shape) => name === undefined || shape.name === name)
          .filter((shape) => availabilityDomain === undefined || shape.domains.includes(String(availabilityDomain)))
          .filter((shape) => imageId === undefined || image?.arm === shape.arm)
          .map(({ domains: _domains, arm: _arm, ...told }) => told);
        return { id: `CoreShapesDataSource-${String(compartmentId)}`, shapes: listed };
      }),
      this.entry("core", "getInstances", ({ compartmentId }, owner) => ({
        id: `CoreInstancesDataSource-${String(compartmentId)}`,
        instances: [
          ...[...this.instances.values()].map((instance) => ({ ...instance, state: "RUNNING" })),
          ...[...this.terminated.values()].map((instance) => ({ ...instance, state: "TERMINATED" })),
        ]
          .filter((instance) => instance.owner === owner && instance.compartment === compartmentId)
          .map(({ id, tags, state }) => ({ id, state, freeformTags: tags })),
      })),
      this.entry("dns", "getZones", ({ compartmentId, viewId }, owner) => ({
        id: `DnsZonesDataSource-${String(compartmentId)}`,
        zones: facts.zones
          .filter((zone) => zone.owner === owner && zone.compartment === compartmentId && zone.viewId === viewId)
          .map(({ id, name }) => ({ id, name })),
      })),
      this.entry("dns", "getRrsets", ({ zoneNameOrId, viewId, domain }, owner) => {
        const zone = facts.zones.find(
          (one) => one.id === zoneNameOrId || (one.name === zoneNameOrId && one.viewId === viewId),
        );
        const sets = [...this.dnsRecords.values()].filter((set) => set.zone === zone?.id && set.name === domain);
        if (zone?.owner !== owner) return undefined;
        const rrsets = sets.map(({ name, type, values, ttlSeconds: ttl }) => ({
          domain: name,
          rtype: type,
          // A name comes back with the dot at its end.
          items: values.map((value) => ({
            domain: name,
            rtype: type,
            ttl,
            rdata: type === "CNAME" ? `${value}.` : value,
          })),
        }));
        return { id: `DnsRrsetsDataSource-${zone.id}`, rrsets };
      }),
    ];
  }

  /** As the plugin does: nothing at all is the answer to what is not there, and to what may not be seen. */
  private entry(
    service: string,
    name: string,
    describe: (args: Properties, owner: string, asker: Properties) => Properties | undefined,
  ): [string, EmulatedFunction] {
    const token = `oci:${service[0]!.toUpperCase()}${service.slice(1)}/${name}:${name}`;
    const typeName = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    const outputs = this.sdk.read(`${service}/${name}`, `${typeName}Result`);
    const action: KeyAction =
      service === "dns" ? "look up a domain" : name === "getInstances" ? "list VMs" : "know itself";
    const call = (args: Properties, asker: Properties): Properties => {
      const failure = this.failing.get(name);
      if (failure !== undefined && failure !== "") throw new Error(failure);
      const owner = this.ask("know itself", asker, name);
      const isHidden = failure === "" || !this.access.may(action, asker);
      const answer = isHidden ? undefined : describe(args, owner, asker);
      return answer === undefined ? {} : filled(outputs, { ...args, ...answer });
    };
    return [token, { inputs: this.sdk.read(`${service}/${name}`, `${typeName}Args`), call }];
  }
}

type LaunchPlace = NonNullable<Parameters<Emulation["launch"]>[1]>;

interface RecordItem {
  readonly rdata: string;
  readonly ttl: number;
}

function recordKey(zone: string | undefined, domain: string | undefined, rtype: string | undefined): string {
  return [zone, domain, rtype].join(" ");
}

function tagsOf({ nodeId, installation }: VmIdentity): Record<string, string> {
  return {
    ...(installation === undefined ? {} : { "headroom-installation": installation }),
    ...(nodeId === undefined ? {} : { "headroom-node": nodeId }),
  };
}

export function scriptOf({ metadata }: Properties): string {
  const { user_data: script = "" } = (metadata ?? {}) as Readonly<Record<string, string>>;
  return Buffer.from(script, "base64").toString("utf8");
}
