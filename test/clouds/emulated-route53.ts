/** Hosted zones and their records, with the refusals that Route 53 has for the same changes. */
import type { Properties } from "../../provider/resource-kernel";
import { typeOfAddress } from "../../provider/frame/dns-names";
import type { EmulatedFunction, EmulatedResource } from "./emulated-cloud";
import { homeAccount, type EmulatedIam } from "./emulated-iam";
import type { EmulatedZones, ZoneRecord } from "./emulation";
import type { SdkTypes } from "./sdk-types";

export interface HostedZone {
  readonly name: string;
  readonly zoneId: string;
  /** Present: a private zone, which this VPC asks. */
  readonly vpcId?: string;
}

interface RecordSet extends ZoneRecord {
  readonly id: string;
  readonly owner: string;
}

/** As the plugin prints a refused change. */
export function changeError(code: string, text: string): string {
  return `creating Route53 Record: operation error Route 53: ChangeResourceRecordSets, https response error StatusCode: 400, RequestID: 0, ${code}: [${text}]`;
}

export class EmulatedRoute53 implements EmulatedZones {
  readonly sets = new Map<string, RecordSet>();

  constructor(
    private readonly iam: EmulatedIam,
    private readonly sdk: SdkTypes,
    readonly hostedZones: HostedZone[],
    /** Told of each address that a record leads to. */
    private readonly onRecord: (name: string, address: string) => void,
  ) {}

  records(): ZoneRecord[] {
    return [...this.sets.values()];
  }

  makeByHand(record: Omit<ZoneRecord, "zone">): void {
    const [{ zoneId } = { zoneId: "" }] = this.hostedZones;
    const id = `${zoneId}_${record.name}_${record.type}`;
    this.sets.set(id, { ...record, id, zone: zoneId, owner: homeAccount });
  }

  recordResource(): EmulatedResource {
    return {
      inputs: this.sdk.read("route53/record", "RecordArgs"),
      outputs: this.sdk.read("route53/record", "Record"),
      replacing: ["name", "zoneId", "type"],
      create: (inputs, asker) => this.change(inputs, asker, inputs["allowOverwrite"] === true ? "UPSERT" : "CREATE"),
      read: (id, asker) => {
        const { owner } = this.iam.authorise("route53:ListResourceRecordSets", asker);
        return this.sets.get(id)?.owner === owner ? {} : undefined;
      },
      update: (_id, inputs, asker) => this.change(inputs, asker, "UPSERT").outputs,
      delete: (id, asker) => {
        const { owner } = this.iam.authorise("route53:ChangeResourceRecordSets", asker);
        if (this.sets.get(id)?.owner === owner) this.sets.delete(id);
      },
    };
  }

  functions(): [string, EmulatedFunction][] {
    return [
      [
        "aws:route53/getZone:getZone",
        { inputs: this.sdk.read("route53/getZone", "GetZoneArgs"), call: (args, asker) => this.getZone(args, asker) },
      ],
      [
        "aws:route53/getZones:getZones",
        {
          inputs: { kind: "object", fields: new Map() },
          call: (_args, asker) => {
            this.iam.authorise("route53:ListHostedZones", asker);
            return { id: "us-east-1", ids: this.hostedZones.map(({ zoneId }) => zoneId) };
          },
        },
      ],
      [
        "aws:route53/getRecords:getRecords",
        {
          inputs: this.sdk.read("route53/getRecords", "GetRecordsArgs"),
          call: (args, asker) => this.getRecords(args, asker),
        },
      ],
    ];
  }

  private getZone(args: Properties, asker: Properties): Properties {
    this.iam.authorise("route53:ListHostedZones", asker);
    const { zoneId, name, privateZone = false, vpcId } = args;
    const found = this.hostedZones.filter((zone) =>
      zoneId === undefined
        ? zone.name === name &&
          (zone.vpcId !== undefined) === privateZone &&
          [undefined, zone.vpcId].includes(vpcId as string)
        : zone.zoneId === zoneId,
    );
    if (found.length > 1) {
      throw new Error(
        "multiple Route 53 Hosted Zones matched; use additional constraints to reduce matches to a single Route 53 Hosted Zone",
      );
    }
    const [zone] = found;
    if (!zone) throw new Error("no matching Route 53 Hosted Zone found");
    const isPrivate = zone.vpcId !== undefined;
    return { name: zone.name, zoneId: zone.zoneId, id: zone.zoneId, privateZone: isPrivate, tags: {} };
  }

  private getRecords({ zoneId, nameRegex = "" }: Properties, asker: Properties): Properties {
    const { owner } = this.iam.authorise("route53:ListResourceRecordSets", asker);
    if (!this.hostedZones.some((zone) => zone.zoneId === zoneId)) {
      throw new Error("operation error Route 53: ListResourceRecordSets, NoSuchHostedZone: No hosted zone found");
    }
    const isMeant = new RegExp(String(nameRegex));
    const found = this.records().filter(
      (set) => set.zone === zoneId && (set as RecordSet).owner === owner && isMeant.test(`${set.name}.`),
    );
    const resourceRecordSets = found.map(({ name, type, ttlSeconds, values }) => ({
      ...{ name: `${name}.`, type, ttl: ttlSeconds },
      resourceRecords: values.map((value) => ({ value })),
    }));
    return { zoneId, nameRegex, resourceRecordSets };
  }

  private change(
    inputs: Properties,
    asker: Properties,
    action: "CREATE" | "UPSERT",
  ): { readonly id: string; readonly outputs: Properties } {
    const { owner } = this.iam.authorise("route53:ChangeResourceRecordSets", asker);
    const { name, type, records, ttl } = inputs as {
      name: string;
      type: ZoneRecord["type"];
      records: string[];
      ttl: number;
    };
    const zone = this.hostedZones.find(({ zoneId }) => zoneId === inputs["zoneId"]);
    if (!zone) throw new Error(changeError("NoSuchHostedZone", "No hosted zone found"));
    const wrong = records.find((value) => typeOfAddress(value) !== type);
    if (wrong !== undefined) {
      throw new Error(changeError("InvalidChangeBatch", `Value '${wrong}' is not a valid address of type '${type}'`));
    }
    const id = `${zone.zoneId}_${name}_${type}`;
    if (action === "CREATE" && this.sets.has(id)) {
      const text = `Tried to create resource record set [name='${name}.', type='${type}'] but it already exists`;
      throw new Error(changeError("InvalidChangeBatch", text));
    }
    if (this.sets.has(`${zone.zoneId}_${name}_CNAME`)) {
      const text = `RRSet of type ${type} with DNS name ${name}. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone ${zone.name}.`;
      throw new Error(changeError("InvalidChangeBatch", text));
    }
    for (const address of records) this.onRecord(name, address);
    this.sets.set(id, { id, owner, name, type, values: records, ttlSeconds: ttl, zone: zone.zoneId });
    return { id, outputs: { ...inputs, fqdn: name } };
  }
}
