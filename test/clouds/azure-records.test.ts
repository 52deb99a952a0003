/** What Azure is asked for a record, without an engine: by the address, in public and private zones. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { registry } from "../../provider/registry";
import type { NamedRecord } from "../../provider/vm-provider";
import { azureRecordSettingsSchema } from "../../provider/clouds/azure/settings";

interface Asked {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const minimal = {
  ...{ subscriptionId: "00000000-aaaa-4aaa-8aaa-000000000000", tenantId: "11111111-aaaa-4aaa-8aaa-111111111111" },
  ...{ clientId: "33333333-cccc-4ccc-8ccc-333333333333", clientSecret: "s", resourceGroup: "dns" },
};

async function recordOf(address: string, over: object): Promise<Asked> {
  const settings = azureRecordSettingsSchema.parse({ ...minimal, dnsZone: "labs.example.org", ...over });
  const record = {
    identity: { nodeId: "n1", installation: "i1" },
    dns: { kind: "azure", settings, baseDomainName: "pool.labs.example.org", ttlSeconds: 60 },
  } as unknown as NamedRecord<unknown>;
  const asked: Asked[] = [];
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      asked.push({ type, inputs: inputs as Asked["inputs"] });
      return { id: `${name}-id`, state: inputs as object };
    },
    call: () => ({}),
  });
  const declare = await registry.dns["azure"]!.prepareRecord(record, {});
  const { dnsName } = declare(address, {});
  assert.equal(await new Promise((resolve) => dnsName.apply(resolve)), "n1.pool.labs.example.org");
  assert.equal(asked.length, 1);
  return asked[0]!;
}

describe("a record of Azure DNS", () => {
  for (const { address, recordType, list } of [
    { address: "10.0.0.4", recordType: "A", list: { aRecords: [{ ipv4Address: "10.0.0.4" }] } },
    { address: "2001:db8::4", recordType: "AAAA", list: { aaaaRecords: [{ ipv6Address: "2001:db8::4" }] } },
  ]) {
    for (const [privateZone, type, zone] of [
      [false, "azure-native:dns:RecordSet", { zoneName: "labs.example.org" }],
      [true, "azure-native:privatedns:PrivateRecordSet", { privateZoneName: "labs.example.org" }],
    ] as const) {
      it(`leads to ${address} as ${recordType}, in a ${privateZone ? "private" : "public"} zone`, async () => {
        const asked = await recordOf(address, { privateZone });

        assert.equal(asked.type, type);
        const { metadata, ...inputs } = asked.inputs;
        assert.match(JSON.stringify(metadata), /n1/);
        const said = {
          resourceGroupName: "dns",
          relativeRecordSetName: "n1.pool",
          recordType,
          ttl: 60,
          ...list,
          ...zone,
        };
        assert.deepEqual(inputs, said);
      });
    }
  }
});
