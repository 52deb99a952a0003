/** Credentials are rotated, expire and are mistaken for another account's while nodes live, on every engine here. */
import assert from "node:assert/strict";
import { withRenamedProviders } from "../../runtime/executor/provider-renames";
import { accountIdOf } from "../../runtime/model/accounts";
import type { UpdateResult } from "../../runtime/executor/node-updater";
import { aws } from "../../provider/clouds/aws";
import { oldProviderName } from "../../provider/node-accounts";
import { enginesHere } from "../executor/bench";
import { AccountBench, accountOf, aNode, dns, keysOf, template } from "./account-bench";

const other = "999999999999";

for (const kind of ["embedded", "official"] as const) {
  describe(`accounts of living nodes, ${kind} engine`, () => {
    let bench: AccountBench;
    beforeEach(async function () {
      const engine = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (!engine) return this.skip();
      bench = await AccountBench.open(engine);
    });
    afterEach(() => bench?.close());

    for (const validates of [true, false]) {
      const when = validates ? "when the provider starts" : "at the first request";

      it(`a revoked key, noticed ${when}: nodes get neighbours, are recovered, and go one by one and all`, async () => {
        bench.aws.iam.validatesAtConfigure = validates;
        assertDone(await bench.update(aNode("n-a"), aNode("n-b")), "n-a", "n-b");
        const born = bench.vms();

        bench.aws.iam.revoke("K1");
        bench.useAccount(keysOf("K2"));

        assertDone(await bench.update(aNode("n-c"), aNode("n-a"), aNode("n-b")), "n-a", "n-b", "n-c");
        assert.deepEqual({ ...bench.vms(), ...born }, bench.vms(), "no VM was replaced");
        assertDone(await bench.recover(aNode("n-a"), aNode("n-b"), aNode("n-c"), aNode("n-x")), "n-a", "n-b", "n-c");
        assertDone(await bench.update(aNode("n-b"), aNode("n-c")), "n-b", "n-c");
        assert.deepEqual(Object.keys(bench.vms()).sort(), ["n-b", "n-c"]);
        assert.equal(bench.providers().length, 1);
        assertDone(await bench.update());
        assert.deepEqual(bench.aws.leftovers(), []);
      });

      it(`a key revoked while all nodes leave, noticed ${when}: they go`, async () => {
        bench.aws.iam.validatesAtConfigure = validates;
        assertDone(await bench.update(aNode("n-a", { dns })), "n-a");

        bench.aws.iam.revoke("K1");
        bench.useAccount(keysOf("K2"));
        bench.useAccount(keysOf("K2"), "dns");

        assertDone(await bench.update());
        assert.deepEqual(bench.aws.leftovers(), []);
      });
    }

    it("a create whose answer was lost, then the key: the VM is adopted with the new one", async () => {
      assertDone(await bench.update(aNode("n-a")), "n-a");
      bench.aws.cloud.trouble = {
        losesAnswer: (inputs) => {
          bench.aws.iam.revoke("K1");
          return (inputs["tags"] as Record<string, string>)["headroom-node"] === "n-lost";
        },
      };
      // Nobody may ask the cloud with the old key, so the update can't tell how it ended.
      await assert.rejects(bench.update(aNode("n-lost"), aNode("n-a")), /InvalidClientTokenId/);
      bench.aws.cloud.trouble = {};
      const vms = bench.vms();
      bench.useAccount(keysOf("K2"));

      assertDone(await bench.recover(aNode("n-lost"), aNode("n-a")), "n-a", "n-lost");

      assert.deepEqual(bench.vms(), vms);
      assertDone(await bench.update());
      assert.deepEqual(bench.aws.leftovers(), []);
    });

    it("an older state takes the place of a damaged one after the key was rotated: what is gone is told, the rest stays", async () => {
      assertDone(await bench.update(aNode("n-a"), aNode("n-b")), "n-a", "n-b");
      const { "n-a": gone = "", ...left } = bench.vms();
      bench.damageState();
      bench.aws.instances.delete(gone);
      bench.aws.iam.revoke("K1");
      bench.useAccount(keysOf("K2"));

      const recovered = await bench.recover(aNode("n-a"), aNode("n-b"));

      assert.deepEqual(recovered.absent, ["n-a"], recovered.message);
      assert.deepEqual(idsIn(recovered), ["n-b"]);
      assert.deepEqual(bench.vms(), left);
      assertDone(await bench.update());
      assert.deepEqual(bench.aws.leftovers(), []);
    });

    it("temporary credentials expire and are renewed under the same key", async () => {
      const temporary = (sessionToken: string) => ({ ...keysOf("ASIA1"), sessionToken });
      bench.aws.iam.renew("ASIA1", "first");
      bench.useAccount(temporary("first"));
      assertDone(await bench.update(aNode("n-a")), "n-a");

      bench.aws.iam.expire("ASIA1");
      const refused = await bench.update(aNode("n-b"), aNode("n-a"));
      assert.equal(refused.outcome, "failed");
      assert.match(refused.message ?? "", /ExpiredToken/);
      bench.aws.iam.renew("ASIA1", "second");
      bench.useAccount(temporary("second"));

      assertDone(await bench.update(aNode("n-b"), aNode("n-a")), "n-a", "n-b");
      assertDone(await bench.update());
      assert.deepEqual(bench.aws.leftovers(), []);
    });

    it("a profile is read anew each time", async () => {
      bench.aws.iam.profiles.set("labs", "K1");
      bench.useAccount({ profile: "labs" });
      assertDone(await bench.update(aNode("n-a")), "n-a");

      bench.aws.iam.revoke("K1");
      bench.aws.iam.profiles.set("labs", "K2");

      assertDone(await bench.update(aNode("n-b"), aNode("n-a")), "n-a", "n-b");
      assertDone(await bench.update());
    });

    it("the credentials of DNS alone", async () => {
      bench.useAccount(keysOf("D1"), "dns");
      assertDone(await bench.update(aNode("n-a", { dns }), aNode("n-b", { dns })), "n-a", "n-b");

      bench.aws.iam.revoke("D1");
      bench.useAccount(keysOf("D2"), "dns");

      const nodes = [aNode("n-c", { dns }), aNode("n-a", { dns }), aNode("n-b", { dns })];
      assertDone(await bench.update(...nodes), "n-a", "n-b", "n-c");
      assertDone(await bench.update(aNode("n-c", { dns })), "n-c");
      assert.deepEqual(
        [...bench.aws.records.values()].map(({ name }) => name),
        ["n-c.example.org"],
      );
      assertDone(await bench.update());
      assert.deepEqual(bench.aws.leftovers(), []);
      assert.deepEqual(bench.aws.violations, []);
    });

    it("another region for new nodes: the old ones stay in theirs and can go", async () => {
      const there = { settings: { ...template, region: "eu-central-1" } };
      assertDone(await bench.update(aNode("n-old")), "n-old");
      bench.aws.iam.revoke("K1");
      bench.useAccount(keysOf("K2"));

      assertDone(await bench.update(aNode("n-new", there), aNode("n-old")), "n-new", "n-old");
      assert.equal(bench.providers().length, 2);
      assertDone(await bench.update(aNode("n-new", there)), "n-new");
      assert.deepEqual(
        [...bench.aws.instances.values()].map(({ region }) => region),
        ["eu-central-1"],
      );
      assertDone(await bench.update());
      assert.deepEqual(bench.aws.leftovers(), []);
    });

    it("twenty edits of the template leave one Pulumi provider in the lane", async () => {
      const nodes = Array.from({ length: 20 }, (_, edit) =>
        aNode(`n-${edit}`, {
          settings: { ...template, tags: { edit: String(edit) }, ebsVolumeSize: `${20 + edit}GiB` },
        }),
      );
      assertDone(await bench.update(...nodes.slice(0, 10)), ...nodes.slice(0, 10).map(({ nodeId }) => nodeId));
      bench.aws.cloud.configurations.length = 0;

      assertDone(await bench.update(...nodes), ...nodes.map(({ nodeId }) => nodeId));

      assert.deepEqual(bench.providers(), [`${accountIdOf(accountOf({}))}-us-east-1`]);
      assert.equal(bench.aws.cloud.configurations.length, 1, "one plugin connection for the whole update");
    });

    for (const told of ["123456789012", undefined]) {
      it(`credentials of another account never make a VM seem to be gone, its owner ${told ?? "not told"}`, async () => {
        bench.useAccount(keysOf("K1"), "vm", told);
        assertDone(await bench.update(aNode("n-a"), aNode("n-b")), "n-a", "n-b");
        const vms = bench.vms();
        bench.aws.iam.owners.set("X1", other);
        bench.useAccount(keysOf("X1"), "vm", told);

        const oneGoes = await bench.update(aNode("n-b"));
        const allGo = await bench.update();
        const recovered = await bench.recover(aNode("n-a"), aNode("n-b"), aNode("n-x"));

        for (const result of [oneGoes, allGo, recovered]) {
          assert.equal(result.outcome, "failed");
          assert.match(result.message ?? "", /AWS account ID not allowed: 999999999999/);
          if (result.present) assert.deepEqual(idsIn(result), ["n-a", "n-b"], "both are still in the stack");
        }
        assert.deepEqual(bench.vms(), vms);
        bench.useAccount(keysOf("K3"), "vm", told);
        assertDone(await bench.update());
        assert.deepEqual(bench.aws.leftovers(), []);
      });
    }

    it("stacks of older versions: VMs move to the account's provider in place, whatever their old one was", async () => {
      const old = (nodeId: string, key: string) => ({
        ...aNode(nodeId),
        account: undefined,
        settings: { ...template, ...keysOf(key) },
      });
      const nodes = [old("n-a", "K1"), old("n-b", "K0"), old("n-c", "K1")].map((node) => ({
        ...node,
        dns: { ...dns, account: undefined, settings: keysOf("K1") },
      })) as unknown as ReturnType<typeof aNode>[];
      assertDone(await bench.update(...nodes), "n-a", "n-b", "n-c");
      const vms = bench.vms();
      assert.equal(bench.providers().length, 2);
      renameAsOlderVersions(bench, nodes);
      assert.equal(bench.providers().length, 3, "one for each set of settings, as it was");
      for (const key of ["K0", "K1"]) bench.aws.iam.revoke(key);
      bench.useAccount(keysOf("K2"));
      bench.useAccount(keysOf("K2"), "dns");

      assertDone(await bench.update(aNode("n-new"), ...nodes), "n-a", "n-b", "n-c", "n-new");

      assert.deepEqual({ ...bench.vms(), ...vms }, bench.vms(), "no VM was replaced");
      assert.equal(bench.providers().length, 2);
      assertDone(await bench.update(nodes[1]!), "n-b");
      assertDone(await bench.update());
      assert.deepEqual(bench.aws.leftovers(), []);
    });
  });
}

/** Gives the state of a lane the names that providers had before accounts. */
function renameAsOlderVersions(bench: AccountBench, nodes: readonly ReturnType<typeof aNode>[]): void {
  const state = bench.readState();
  const [vmName, dnsName] = bench.providers().sort().reverse() as [string, string];
  const provider = (state.resources ?? []).find(({ urn }) => urn.endsWith(`::${vmName}`))!;
  const [first, second] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  const secondName = oldProviderName("aws", aws.vm, second.settings)!;
  const twin = {
    ...provider,
    urn: provider.urn.replace(vmName, secondName),
    id: "11111111-2222-4333-8444-555555555555",
  };
  const renamed = withRenamedProviders(
    state,
    new Map([
      [vmName, oldProviderName("aws", aws.vm, first.settings)!],
      [dnsName, oldProviderName("dns-aws", aws.dns, first.dns!.settings)!],
    ]),
  );
  const resources = (renamed.resources ?? []).map((resource) =>
    resource.type === "aws:ec2/instance:Instance" && resource.urn.endsWith(`::${second.nodeId}`)
      ? { ...resource, provider: `${twin.urn}::${twin.id}` }
      : resource,
  );
  const [stack, ...rest] = resources;
  bench.writeState({ ...renamed, resources: [stack!, twin, ...rest] });
}

const idsIn = ({ present = [] }: UpdateResult) => present.map(({ nodeId }) => nodeId).sort();

function assertDone(result: UpdateResult, ...present: string[]): void {
  assert.equal(result.message, undefined);
  assert.equal(result.outcome, "succeeded");
  assert.deepEqual(idsIn(result), present.sort());
}
