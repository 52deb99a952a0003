/** Record sets in public and private zones of Azure: as the plugin makes and looks them up, as others make them by hand. */
import { domainsOf } from "../../provider/frame/dns-names";
import type { Properties } from "../../provider/resource-kernel";
import { notFound, pluginError } from "./azure-errors";
import { idIn, type AzureFacts } from "./emulated-azure-facts";
import type { EmulatedFunction, EmulatedResource } from "./emulated-cloud";
import type { EmulatedZones, ZoneRecord } from "./emulation";
import type { SdkTypes } from "./sdk-types";

interface RecordSet extends ZoneRecord {
  readonly zone: string;
  readonly isPrivate: boolean;
}

interface AzureDnsOptions {
  readonly facts: AzureFacts;
  readonly sdk: SdkTypes;
  /** Throws the refusal of who may not change or see records, as the plugin prints it. */
  authorise(asker: Properties, request: string): void;
  /** Whether something has this address. */
  isThere(address: string): boolean;
  /** Told of a record that points nowhere. */
  noteViolation(text: string): void;
}

export class EmulatedAzureDns implements EmulatedZones {
  /** By their ids. */
  readonly sets = new Map<string, RecordSet>();

  constructor(private readonly options: AzureDnsOptions) {}

  records(): ZoneRecord[] {
    return [...this.sets.values()].map(({ isPrivate: _isPrivate, ...record }) => record);
  }

  makeByHand(record: Omit<ZoneRecord, "zone">): void {
    const { zones } = this.options.facts;
    const zone = domainsOf(record.name)
      .map((domain) => zones.find((one) => one.name === domain && !one.isPrivate))
      .find((one) => one !== undefined);
    if (!zone) throw new Error(`no zone for ${record.name}`);
    const relative = record.name.slice(0, -zone.name.length - 1);
    this.sets.set(idOf("dev", zone.name, record.type, relative, false), {
      ...record,
      zone: zone.name,
      isPrivate: false,
    });
  }

  recordResource(module: string, name: string, isPrivate: boolean): EmulatedResource {
    const { sdk, authorise } = this.options;
    return {
      inputs: sdk.read(module, `${name}Args`),
      outputs: sdk.read(module, name),
      replacing: ["relativeRecordSetName", "recordType", "zoneName", "privateZoneName", "resourceGroupName"],
      create: (inputs, asker) => {
        const { resourceGroupName, recordType, relativeRecordSetName } = inputs as Record<string, string>;
        const id = idOf(resourceGroupName!, zoneIn(inputs, isPrivate), recordType!, relativeRecordSetName!, isPrivate);
        if (this.sets.has(id)) throw new Error(`cannot create already existing resource '${id}'`);
        return { id, outputs: this.set(id, inputs, asker, isPrivate) };
      },
      read: (id, asker) => {
        authorise(asker, `GET ${id}`);
        return this.sets.has(id) ? {} : undefined;
      },
      update: (id, inputs, asker) => this.set(id, inputs, asker, isPrivate),
      delete: (id, asker) => {
        authorise(asker, `DELETE ${id}`);
        this.sets.delete(id);
      },
    };
  }

  functions(): [module: string, name: string, call: EmulatedFunction["call"]][] {
    return [
      ["dns", "getZone", ({ zoneName }, asker) => this.zone(zoneName, asker, false)],
      ["privatedns", "getPrivateZone", ({ privateZoneName }, asker) => this.zone(privateZoneName, asker, true)],
      ["dns", "getRecordSet", (args, asker) => this.recordSet(args, asker, false)],
      ["privatedns", "getPrivateRecordSet", (args, asker) => this.recordSet(args, asker, true)],
    ];
  }

  private zone(name: unknown, asker: Properties, isPrivate: boolean): Properties {
    const path = `GET https://management.azure.com/zones/${String(name)}`;
    this.options.authorise(asker, path);
    const found = this.options.facts.zones.find((one) => one.name === name && one.isPrivate === isPrivate);
    if (!found) throw new Error(pluginError(path, notFound(String(name))));
    return { name: found.name };
  }

  private recordSet(args: Properties, asker: Properties, isPrivate: boolean): Properties {
    const { resourceGroupName, recordType, relativeRecordSetName } = args as Record<string, string>;
    const zone = zoneIn(args, isPrivate);
    const id = idOf(resourceGroupName!, zone, recordType!, relativeRecordSetName!, isPrivate);
    const path = `GET https://management.azure.com${id}`;
    this.zone(zone, asker, isPrivate);
    const found = this.sets.get(id);
    if (!found) throw new Error(pluginError(path, notFound(`${recordType} ${relativeRecordSetName}`)));
    const { type, values, ttlSeconds: ttl } = found;
    const lists: Partial<Record<ZoneRecord["type"], Properties>> = {
      A: { aRecords: values.map((ipv4Address) => ({ ipv4Address })) },
      AAAA: { aaaaRecords: values.map((ipv6Address) => ({ ipv6Address })) },
      CNAME: { cnameRecord: { cname: values[0] } },
    };
    return { id, name: relativeRecordSetName, ttl, ...lists[type] };
  }

  private set(id: string, inputs: Properties, asker: Properties, isPrivate: boolean): Properties {
    const { facts, authorise, isThere, noteViolation } = this.options;
    authorise(asker, `PUT ${id}`);
    const zone = zoneIn(inputs, isPrivate);
    const known = facts.zones.some((one) => one.name === zone && one.isPrivate === isPrivate);
    if (!known) throw new Error(pluginError(`PUT ${id}`, notFound(zone)));
    const { ttl, metadata, relativeRecordSetName } = inputs;
    const type = inputs["recordType"] as ZoneRecord["type"];
    const [first] = (inputs[type === "A" ? "aRecords" : "aaaaRecords"] ?? []) as Properties[];
    const address = String(first?.["ipv4Address"] ?? first?.["ipv6Address"]);
    if (type === "A" && !/^\d+(\.\d+){3}$/.test(address)) {
      const message = `The record '${address}' is no IPv4 address.`;
      throw new Error(pluginError(`PUT ${id}`, { status: 400, code: "BadRequest", message }));
    }
    if (!isThere(address)) noteViolation(`a record points to ${address}, where nothing is`);
    const name = `${String(relativeRecordSetName)}.${zone}`;
    this.sets.set(id, { name, type, values: [address], ttlSeconds: Number(ttl), zone, isPrivate });
    return { name: relativeRecordSetName, fqdn: `${name}.`, ttl, metadata };
  }
}

function zoneIn(inputs: Properties, isPrivate: boolean): string {
  return String(inputs[isPrivate ? "privateZoneName" : "zoneName"]);
}

function idOf(group: string, zone: string, type: string, relative: string, isPrivate: boolean): string {
  return idIn(group, `Microsoft.Network/${isPrivate ? "privateDnsZones" : "dnsZones"}`, `${zone}/${type}/${relative}`);
}
