/**
 * What holds for every DNS service of the registry: the record's type by its address, its zone, and that somebody else's record is
 * left alone. Addresses are given here, so that every kind of them is there; that a record goes before its VM is in
 * conformance.test.ts.
 */
import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { registry } from "../../provider/registry";
import type { VmProvider } from "../../provider/vm-provider";
import { classifyFailure } from "../../runtime/executor/failure-class";
import { settingsVersionNow, type DesiredNode } from "../../runtime/model/state";
import { enginesHere } from "../executor/bench";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { AccountBench } from "./account-bench";
import { cloudUnderTest, type RunningCloud } from "./cloud-under-test";
import { engineKinds } from "./each-cloud";
import type { EmulatedZones, ZoneRecord } from "./emulation";
import { NodeStack } from "./node-stack";
import { dnsProviderOf, emulatedKinds } from "./registered";

const dnsKinds = Object.keys(registry.dns);

/** Machines that are nothing but an address. */
function addressesOf(kind: string): VmProvider<unknown> {
  const addresses = {
    settings: z.looseObject({ address: z.string() }),
    pulumiProvider: dnsProviderOf(kind)!.pulumiProvider,
    declareNode: async ({ settings }: { readonly settings: { readonly address: string } }) => {
      const { output } = require("@pulumi/pulumi") as typeof pulumi;
      return { vm: [] as unknown as pulumi.CustomResource, address: output(settings.address) };
    },
  };
  return addresses as unknown as VmProvider<unknown>;
}

const foreignRecords: readonly Pick<ZoneRecord, "type" | "values">[] = [
  { type: "A", values: ["192.0.2.77"] },
  { type: "AAAA", values: ["2001:db8::77"] },
  { type: "CNAME", values: ["elsewhere.example.net"] },
];

for (const kind of dnsKinds) {
  describe(`DNS service ${kind}`, () => {
    const zoneCases = cloudUnderTest(kind).dns?.zones;
    if (zoneCases === undefined) {
      it.skip("says in its description which zones there are");
      return;
    }
    const described = () => cloudUnderTest(kind).dns ?? assert.fail(`${kind} has a DNS service that is not described`);
    let folder: string;
    let running: RunningCloud;
    beforeEach(async () => {
      folder = newOpenFolder(`headroom-dns-${kind}-`);
      running = await cloudUnderTest(kind).start(folder);
    });
    afterEach(async () => {
      await running?.close();
      removeFolder(folder);
    });
    const zones = (): EmulatedZones => running.zones ?? assert.fail(`${kind} does not tell its records`);
    const nodeAt = (
      nodeId: string,
      address: string,
      over: object = {},
      baseDomainName = described().baseDomainName,
    ) => {
      const settings = { ...described().settings(folder), ...cloudUnderTest(kind).credentials("K1"), ...over };
      return {
        ...{ nodeId, zone: "home", pool: "agents", autoscaleConfig: "agents-main", vmProvider: "main", kind },
        ...{ osType: "linux", startupScript: "", settingsVersion: settingsVersionNow },
        settings: { ...cloudUnderTest(kind).template(folder), ...cloudUnderTest(kind).credentials("K1"), address },
        dns: { kind, settings, baseDomainName, ttlSeconds: 300 },
      } as DesiredNode;
    };
    const nameOf = (nodeId: string) => `${nodeId}.${described().baseDomainName}`;
    const recordOf = (nodeId: string) =>
      zones()
        .records()
        .filter(({ name }) => name === nameOf(nodeId));

    for (const wish of engineKinds) {
      const open = async (): Promise<NodeStack | undefined> => {
        const engine = (await enginesHere()).find((candidate) => candidate.kind === wish);
        const cloud = { vm: addressesOf(kind), dns: dnsProviderOf(kind) };
        return engine && NodeStack.open({ engine, folder, cloud, environment: running.environment });
      };

      it(`makes A or AAAA by the address, with its TTL, changes it with the address, and leaves others' alone [${wish}]`, async function () {
        const stack = (await open()) ?? this.skip();
        const [four, six] = [nodeAt("n-four", "192.0.2.4"), nodeAt("n-six", "2001:db8::6")];
        // Beside a node's record others may be.
        const text = { name: nameOf("n-four"), type: "TXT", values: ["of somebody"], ttlSeconds: 60 } as const;
        if (kind !== "local") zones().makeByHand(text);

        const made = await stack.update([four, six]);

        assert.deepEqual([...made.errors], []);
        const brief = (nodeId: string) =>
          recordOf(nodeId)
            .filter(({ type }) => type !== "TXT")
            .map(({ type, values, ttlSeconds }) => [type, ...values, ttlSeconds]);
        assert.deepEqual(brief("n-four"), [["A", "192.0.2.4", 300]]);
        assert.deepEqual(brief("n-six"), [["AAAA", "2001:db8::6", 300]]);
        const again = await stack.update([four, six]);
        assert.deepEqual(again.steps, [], "a second update changes nothing");
        const moved = await stack.update([nodeAt("n-four", "2001:db8::4"), nodeAt("n-six", "2001:db8::66")]);
        assert.deepEqual([...moved.errors], []);
        assert.deepEqual(brief("n-four"), [["AAAA", "2001:db8::4", 300]]);
        assert.deepEqual(brief("n-six"), [["AAAA", "2001:db8::66", 300]]);
        await stack.destroy();
        assert.deepEqual(
          zones()
            .records()
            .map(({ type }) => type),
          kind === "local" ? [] : ["TXT"],
        );
      });

      // One that has no zones has nothing to choose.
      if (zoneCases.length === 0) continue;

      it(`puts records into the zone that is meant, and says when there is none [${wish}]`, async function () {
        const stack = (await open()) ?? this.skip();
        const cases = zoneCases.map((each, index) => {
          const nodeId = `n-${index}`;
          return { ...each, nodeId, node: nodeAt(nodeId, "192.0.2.4", each.settings, each.baseDomainName) };
        });
        const good = cases.filter(({ leadsTo }) => !(leadsTo instanceof RegExp));
        assert.ok(good.length > 0 && good.length < cases.length, "some are found, and some are not");

        const { errors } = await stack.update(good.map(({ node }) => node));

        assert.deepEqual([...errors], []);
        const leadTo = good.map(({ what, nodeId, baseDomainName }) => {
          const found = zones()
            .records()
            .filter(({ name }) => name === `${nodeId}.${baseDomainName}`);
          return [what, ...found.map(({ zone }) => zone)];
        });
        assert.deepEqual(
          leadTo,
          good.map(({ what, leadsTo }) => [what, leadsTo]),
        );
        for (const { what, node, leadsTo } of cases) {
          if (!(leadsTo instanceof RegExp)) continue;
          const told = await stack.update([node]).then(
            (report) => [...report.errors.values()].join("\n"),
            (error: Error) => error.message,
          );
          assert.match(told, leadsTo, what);
          assert.equal(classifyFailure(told), "CONFIG", what);
        }
      });

      if (!emulatedKinds.includes(kind)) continue;

      it(`makes no VM for a name that is somebody else's, and all others [${wish}]`, async function () {
        const engine = (await enginesHere()).find((candidate) => candidate.kind === wish) ?? this.skip();
        const bench = await AccountBench.open(kind, engine);
        try {
          const theirs = bench.cloud.zones ?? assert.fail(`${kind} does not tell its records`);
          const nodes = foreignRecords.map(({ type }) => bench.nodeWithRecord(`n-${type.toLowerCase()}`));
          for (const [index, { type, values }] of foreignRecords.entries()) {
            theirs.makeByHand({ name: nameOf(nodes[index]!.nodeId), type, values, ttlSeconds: 60 });
          }
          const before = theirs.records();

          const result = await bench.update(...nodes, bench.nodeWithRecord("n-free"));

          assert.equal(result.outcome, "failed");
          assert.equal(classifyFailure(result.message ?? ""), "CONFIG", result.message);
          for (const [index, { type, values }] of foreignRecords.entries()) {
            const told = `DnsRecordInTheWay: "${nameOf(nodes[index]!.nodeId)}" has a record that is not this node's and stays as it is: ${type} ${values[0]}`;
            assert.ok(result.message?.includes(told), `${result.message} lacks ${told}`);
          }
          assert.deepEqual(Object.keys(bench.vms()), ["n-free"], "no VM was made and thrown away");
          const made = bench.cloud.cloud.journal.filter(({ what }) => what === "create");
          assert.ok(made.every(({ inputs }) => !JSON.stringify(inputs).includes("n-cname")));
          const free = theirs.records().filter(({ name }) => name === nameOf("n-free"));
          assert.deepEqual(
            free.map(({ type }) => type),
            ["A"],
          );
          const isTheirs = ({ name }: ZoneRecord) => name !== nameOf("n-free");
          assert.deepEqual(theirs.records().filter(isTheirs), before);

          assert.equal((await bench.update(bench.nodeWithRecord("n-free"))).outcome, "succeeded");
          const gone = await bench.update();
          assert.equal(gone.outcome, "succeeded", gone.message);
          assert.deepEqual(theirs.records(), before, "what is somebody else's is not deleted either");
        } finally {
          await bench.close();
        }
      });
    }
  });
}
