/** Managed zones and record sets of Cloud DNS: as the plugin changes them, as the API lists them, as others make them by hand. */
import { domainsOf } from "../../provider/frame/dns-names";
import type { Properties } from "../../provider/resource-kernel";
import type { EmulatedResource } from "./emulated-cloud";
import type { EmulatedKeys } from "./emulated-gcp-keys";
import { GcpRefusal, told } from "./gcp-api";
import type { GcpFacts, ManagedZone } from "./gcp-facts";
import type { SdkTypes } from "./sdk-types";

export interface RecordSet {
  /** Number of the project. */
  readonly owner: string;
  readonly managedZone: string;
  /** With the dot at its end. */
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly rrdatas: readonly string[];
}

interface ZoneRecord {
  readonly name: string;
  readonly type: "A" | "AAAA" | "CNAME" | "TXT";
  readonly values: readonly string[];
  readonly ttlSeconds: number;
}

export class EmulatedCloudDns {
  /** By the plugin's ids. */
  readonly sets = new Map<string, RecordSet>();

  /** @param noteRecord Told of each record that the plugin makes or changes. */
  constructor(
    private readonly keys: EmulatedKeys,
    private readonly facts: GcpFacts,
    private readonly sdk: SdkTypes,
    private readonly noteRecord: (name: string, address: string) => void,
  ) {}

  records(): (ZoneRecord & { readonly zone: string })[] {
    return [...this.sets.values()].map(({ name, type, rrdatas, ttl, managedZone }) => ({
      name: name.replace(/\.$/, ""),
      type: type as ZoneRecord["type"],
      values: rrdatas,
      ttlSeconds: ttl,
      zone: managedZone,
    }));
  }

  makeByHand({ name, type, values, ttlSeconds: ttl }: ZoneRecord): void {
    const zone = domainsOf(name)
      .map((domain) =>
        this.facts.managedZones.find((one) => one.dnsName === `${domain}.` && one.visibility === "public"),
      )
      .find((one) => one !== undefined);
    if (!zone) throw new Error(`no zone for ${name}`);
    const rrdatas = type === "CNAME" ? values.map((value) => `${value}.`) : values;
    this.put({ owner: zone.owner, managedZone: zone.name, name: `${name}.`, type, ttl, rrdatas });
  }

  /** `resourceRecordSets.list` of one name. */
  list(owner: string, managedZone: string, name: string): { readonly rrsets: readonly object[] } {
    this.zoneOf(owner, managedZone);
    const found = [...this.sets.values()].filter(
      (set) => set.owner === owner && set.managedZone === managedZone && set.name === name,
    );
    return {
      rrsets: found.map(({ name: full, type, ttl, rrdatas }) => ({
        kind: "dns#resourceRecordSet",
        name: full,
        type,
        ttl,
        rrdatas,
      })),
    };
  }

  /** As the plugin tells the zones of whoever asks. */
  zones(asker: Properties): Properties {
    const owner = this.authorise(asker, "Error when reading or editing ManagedZones: ");
    const managedZones = this.facts.managedZones
      .filter((zone) => zone.owner === owner)
      .map(({ name, dnsName, visibility }) => ({
        name,
        dnsName,
        visibility,
        description: "",
        managedZoneId: "1",
        nameServers: [],
      }));
    return { id: "zones", managedZones };
  }

  recordResource(): EmulatedResource {
    const seen = (id: string, asker: Properties): RecordSet | undefined => {
      const owner = this.authorise(asker, "");
      const set = this.sets.get(id);
      return set?.owner === owner ? set : undefined;
    };
    return {
      inputs: this.sdk.read("dns/recordSet", "RecordSetArgs"),
      outputs: this.sdk.read("dns/recordSet", "RecordSet"),
      replacing: ["managedZone", "name", "project", "type"],
      create: (inputs, asker) => told("Error creating DNS RecordSet: ", () => this.set(inputs, asker)),
      read: (id, asker) => (seen(id, asker) ? {} : undefined),
      update: (_id, inputs, asker) => told("Error changing DNS RecordSet: ", () => this.set(inputs, asker)).outputs,
      delete: (id, asker) => {
        if (seen(id, asker)) this.sets.delete(id);
      },
    };
  }

  /** As the plugin does: a set of the same name and type that exists is replaced, whoever made it. */
  private set(inputs: Properties, asker: Properties): { id: string; outputs: Properties } {
    const { managedZone, name, type, ttl, rrdatas } = inputs as unknown as Omit<RecordSet, "owner">;
    const owner = this.authorise(asker, "");
    const { dnsName } = this.zoneOf(owner, managedZone);
    const isName = name.endsWith(`.${dnsName}`) && name.split(".").every((label) => /^[a-z0-9-]{0,63}$/.test(label));
    if (!isName) throw new GcpRefusal(400, `Invalid value for 'entity.change.additions[0].name': '${name}'`, "invalid");
    const others = [...this.sets.values()].filter((set) => set.managedZone === managedZone && set.name === name);
    if (others.some((set) => set.type === "CNAME")) {
      const sentence = `The resource record set 'entity.change.additions[0]' is invalid because the DNS name '${name}' may have either one CNAME resource record set or resource record sets of other types, but not both.`;
      throw new GcpRefusal(400, sentence, "cnameResourceRecordSetConflict");
    }
    for (const address of rrdatas) this.noteRecord(name, address);
    return { id: this.put({ owner, managedZone, name, type, ttl, rrdatas }), outputs: inputs };
  }

  private put(set: RecordSet): string {
    const { managedZone, name, type } = set;
    const id = `projects/pensive-voice-547511/managedZones/${managedZone}/rrsets/${name}/${type}`;
    this.sets.set(id, set);
    return id;
  }

  private zoneOf(owner: string, name: string): ManagedZone {
    const zone = this.facts.managedZones.find((known) => known.owner === owner && known.name === name);
    if (zone) return zone;
    throw new GcpRefusal(404, `The 'parameters.managedZone' resource named '${name}' does not exist.`, "notFound");
  }

  private authorise(asker: Properties, before: string): string {
    const owner = this.keys.ownerOf(this.keys.tokenOf(asker), "look up a domain");
    if (owner !== undefined) return owner;
    return told(before, () => {
      throw new GcpRefusal(403, "Forbidden", "forbidden");
    });
  }
}
