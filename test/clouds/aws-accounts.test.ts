/** What only AWS has: session tokens, profiles, and the states that versions before accounts left, on every engine here. */
import assert from "node:assert/strict";
import { withRenamedProviders } from "../../runtime/executor/provider-renames";
import type { DesiredNode } from "../../runtime/model/state";
import { aws } from "../../provider/clouds/aws";
import { oldProviderName } from "../../provider/node-accounts";
import { enginesHere } from "../executor/bench";
import { AccountBench } from "./account-bench";
import { assertDone } from "./assert-done";
import { engineKinds } from "./each-cloud";
import type { EmulatedAws } from "./emulated-aws";

for (const engineKind of engineKinds) {
  describe(`AWS accounts of living nodes, ${engineKind} engine`, () => {
    let bench: AccountBench<EmulatedAws>;
    beforeEach(async function () {
      const engine = (await enginesHere()).find((candidate) => candidate.kind === engineKind) ?? this.skip();
      bench = await AccountBench.open<EmulatedAws>("aws", engine);
    });
    afterEach(() => bench?.close());
    const keysOf = (key: string) => bench.known.credentials(key);

    it("temporary credentials expire and are renewed under the same key", async () => {
      const temporary = (sessionToken: string) => ({ ...keysOf("ASIA1"), sessionToken });
      bench.cloud.iam.renew("ASIA1", "first");
      bench.useAccount(temporary("first"));
      assertDone(await bench.update(bench.node("n-a")), "n-a");

      bench.cloud.iam.expire("ASIA1");
      const refused = await bench.update(bench.node("n-b"), bench.node("n-a"));
      assert.equal(refused.outcome, "failed");
      assert.match(refused.message ?? "", /ExpiredToken/);
      bench.cloud.iam.renew("ASIA1", "second");
      bench.useAccount(temporary("second"));

      assertDone(await bench.update(bench.node("n-b"), bench.node("n-a")), "n-a", "n-b");
      assertDone(await bench.update());
      assert.deepEqual(bench.cloud.leftovers(), []);
    });

    it("a profile is read anew each time", async () => {
      bench.cloud.iam.profiles.set("labs", "K1");
      bench.useAccount({ profile: "labs" });
      assertDone(await bench.update(bench.node("n-a")), "n-a");

      bench.cloud.iam.revoke("K1");
      bench.cloud.iam.profiles.set("labs", "K2");

      assertDone(await bench.update(bench.node("n-b"), bench.node("n-a")), "n-a", "n-b");
      assertDone(await bench.update());
    });

    it("stacks of older versions: VMs move to the account's provider in place, whatever their old one was", async () => {
      const old = (nodeId: string, key: string) => ({
        ...bench.node(nodeId),
        account: undefined,
        settings: { ...bench.template, ...keysOf(key) },
      });
      const nodes = [old("n-a", "K1"), old("n-b", "K0"), old("n-c", "K1")].map((node) => ({
        ...node,
        dns: { ...bench.dns!, account: undefined, settings: keysOf("K1") },
      })) as unknown as DesiredNode[];
      assertDone(await bench.update(...nodes), "n-a", "n-b", "n-c");
      const vms = bench.vms();
      assert.equal(bench.providers().length, 2);
      renameAsOlderVersions(bench, nodes);
      assert.equal(bench.providers().length, 3, "one for each set of settings, as it was");
      for (const key of ["K0", "K1"]) bench.cloud.iam.revoke(key);
      for (const service of ["vm", "dns"] as const) bench.useKey("K2", service);

      assertDone(await bench.update(bench.node("n-new"), ...nodes), "n-a", "n-b", "n-c", "n-new");

      assert.deepEqual({ ...bench.vms(), ...vms }, bench.vms(), "no VM was replaced");
      assert.equal(bench.providers().length, 2);
      assertDone(await bench.update(nodes[1]!), "n-b");
      assertDone(await bench.update());
      assert.deepEqual(bench.cloud.leftovers(), []);
    });
  });
}

/** Gives the state of a lane the names that providers had before accounts. */
function renameAsOlderVersions(bench: AccountBench<EmulatedAws>, nodes: readonly DesiredNode[]): void {
  const state = bench.readState();
  const [vmName, dnsName] = bench.providers().sort().reverse() as [string, string];
  const provider = (state.resources ?? []).find(({ urn }) => urn.endsWith(`::${vmName}`))!;
  const [first, second] = nodes as [DesiredNode, DesiredNode];
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
