/** What holds for every VM provider of the registry, each through real updates on every engine of this machine. */
import assert from "node:assert/strict";
import { problemsOf } from "../../runtime/model/config";
import type { DesiredNode } from "../../runtime/model/state";
import { cloudUnderTest, type RunningCloud } from "./cloud-under-test";
import { engineKinds } from "./each-cloud";
import { enginesHere } from "../executor/bench";
import { NodeStack, type Cloud, type Step } from "./node-stack";
import { dnsProviderOf, vmKinds, vmProviderOf } from "./registered";
import { removeFolder } from "../support/remove-folder";
import { newOpenFolder } from "../support/open-folder";

const script = "echo token-in-the-script";
const key = "key-of-the-account";

for (const kind of vmKinds) {
  describe(`VM provider ${kind}`, () => {
    const provider = vmProviderOf(kind);
    const dnsProvider = dnsProviderOf(kind);
    const cloud: Cloud = { vm: provider, dns: dnsProvider };
    it("is described, with its DNS service where it has one", () => {
      assert.equal(cloudUnderTest(kind).dns !== undefined, dnsProvider !== undefined);
    });

    let folder: string;
    let running: RunningCloud;
    beforeEach(async () => {
      folder = newOpenFolder(`headroom-${kind}-`);
      running = await cloudUnderTest(kind).start(folder);
    });
    afterEach(async () => {
      await running?.close();
      removeFolder(folder);
    });

    const settings = () => ({ ...cloudUnderTest(kind).template(folder), ...cloudUnderTest(kind).credentials(key) });
    const aNode = (nodeId: string, over: Partial<DesiredNode> = {}): DesiredNode => ({
      nodeId,
      zone: "home",
      pool: "agents",
      autoscaleConfig: "agents-main",
      vmProvider: "main",
      kind,
      settings: settings(),
      osType: "linux",
      startupScript: `${script} ${nodeId}`,
      ...over,
    });
    /** With a record, where the cloud has a DNS service. */
    const withRecord = (nodeId: string): DesiredNode => {
      const { dns } = cloudUnderTest(kind);
      if (dns === undefined) return aNode(nodeId);
      const dnsSettings = { ...dns.settings(folder), ...cloudUnderTest(kind).credentials(key) };
      const { baseDomainName } = dns;
      return aNode(nodeId, { dns: { kind, settings: dnsSettings, baseDomainName, ttlSeconds: 60 } });
    };

    it("takes good settings and refuses unknown and wrong fields, all at once, with their paths", () => {
      assert.ok(provider.settings.safeParse(settings()).success);

      const bad = { ...settings(), colour: "red", shape: 3 };
      const parsed = provider.settings.safeParse(bad);

      assert.equal(parsed.success, false);
      const paths = problemsOf(parsed.error, bad).map(({ path }) => path);
      assert.deepEqual(paths.sort(), ["colour", "shape"]);
    });

    it("names only fields of its settings as secret, and a plausible size limit", () => {
      const shape = Object.keys((provider.settings as unknown as { shape?: object }).shape ?? {});
      for (const field of provider.secretFields) assert.ok(shape.includes(field), field);
      assert.ok(provider.startupScriptBytesMax >= 4096);
    });

    it("refuses a startup script over its limit with both sizes", async () => {
      const node = aNode("n1", { startupScript: "#".repeat(provider.startupScriptBytesMax + 1) });
      const declared = provider.declareNode({ ...node, settings: provider.settings.parse(node.settings) }, {});

      await assert.rejects(declared, new RegExp(`${provider.startupScriptBytesMax}`));
    });

    it("knows nothing of a message that is not its own", () => {
      assert.equal(provider.classify("the moon is full"), undefined);
    });

    describe("through updates", () => {
      for (const wish of engineKinds) {
        it(`declares one VM and record per node, keeps them frozen, removes exactly one [${wish}]`, async function () {
          const engine = (await enginesHere()).find((candidate) => candidate.kind === wish);
          if (!engine) return this.skip();
          const stack = await NodeStack.open({ engine, folder, cloud, environment: running.environment });
          const known = cloudUnderTest(kind);
          const windows = known.sentScript.windows ? [aNode("n-win", { osType: "windows" })] : [];
          const nodes = [withRecord("n-a"), withRecord("n-b"), aNode("n-c"), ...windows];

          const first = await stack.update(nodes, [...nodes.map(({ nodeId }) => nodeId), "n-unknown"]);

          assert.deepEqual([...first.errors], []);
          assert.ok(first.succeeded);
          const vms = new Map(running.vms().map((vm) => [vm.nodeId, vm]));
          assert.deepEqual([...vms.keys()].sort(), nodes.map(({ nodeId }) => nodeId).sort());
          const made = first.steps.filter(({ op, type }) => op === "create" && type === provider.vmType);
          assert.deepEqual(made.map(({ name }) => name).sort(), nodes.map(({ nodeId }) => nodeId).sort());
          for (const { nodeId, osType, startupScript } of nodes) {
            const sent = known.sentScript[osType] as (text: string) => string;
            assert.equal(vms.get(nodeId)?.script, sent(startupScript));
          }
          assertRecords(["n-a", "n-b"]);
          if (dnsProvider)
            assert.ok(isBefore(first.steps, ["create", "n-a"], ["create", "n-a-dns"]), "record after its VM");
          assertSecret(stack);

          const again = await stack.update(nodes, ["n-a", "n-unknown"]);
          assert.deepEqual(again.steps, [], "a second update changes nothing");
          assert.deepEqual(again.found, [{ nodeId: "n-a", id: vms.get("n-a")?.id }], "found by node id in the cloud");

          const edited = nodes.map((node) => ({
            ...node,
            settings: known.edit({ ...node.settings }, 1),
            startupScript: "echo something else",
          }));
          const frozen = await stack.update(edited);
          assert.deepEqual([...frozen.errors], []);
          assert.deepEqual(idsIn(running), idsOf(vms), "a template edit replaces no VM");
          assert.deepEqual(
            running
              .vms()
              .map((vm) => vm.script)
              .sort(),
            [...vms.values()].map((vm) => vm.script).sort(),
          );

          const removed = await stack.update(nodes.filter(({ nodeId }) => nodeId !== "n-a"));
          const deleted = removed.steps.filter(({ op }) => op === "delete").map(({ name }) => name);
          const ofNodes = deleted.filter((name) => name.startsWith("n-"));
          assert.ok(
            ofNodes.every((name) => name === "n-a" || name.startsWith("n-a-")),
            `only what is n-a's: ${ofNodes.join(", ")}`,
          );
          assert.ok(ofNodes.includes("n-a"));
          assert.equal(ofNodes.includes("n-a-dns"), dnsProvider !== undefined);
          if (dnsProvider)
            assert.ok(isBefore(removed.steps, ["delete", "n-a-dns"], ["delete", "n-a"]), "record, then VM");
          vms.delete("n-a");
          assert.deepEqual(idsIn(running), idsOf(vms), "no other VM is touched");
          assertRecords(["n-b"]);

          await stack.destroy();
          assert.deepEqual(running.leftovers(), []);
          assert.deepEqual(running.violations(), []);
          assertSecret(stack);
        });

        it(`types failures, keeps siblings, and finds a VM whose answer was lost [${wish}]`, async function () {
          const engine = (await enginesHere()).find((candidate) => candidate.kind === wish);
          if (!engine) return this.skip();
          const stack = await NodeStack.open({ engine, folder, cloud, environment: running.environment });
          const classes = ["CAPACITY", "QUOTA", "CONFIG", "TRANSIENT"] as const;
          const failing = classes.map((failureClass) => ({ failureClass, nodeId: `n-${failureClass.toLowerCase()}` }));
          const nodes = [
            aNode("n-good"),
            running.loseAnswer(aNode("n-lost")),
            ...failing.map(({ failureClass, nodeId }) => running.refuse(failureClass, aNode(nodeId))),
          ];

          const report = await stack.update(nodes);

          assert.equal(report.succeeded, false);
          for (const { failureClass, nodeId } of failing) {
            assert.equal(provider.classify(report.errors.get(nodeId) ?? ""), failureClass, report.errors.get(nodeId));
          }
          assert.equal(provider.classify(report.errors.get("n-lost") ?? ""), "TRANSIENT");
          assert.deepEqual(
            running
              .vms()
              .map(({ nodeId }) => nodeId)
              .sort(),
            ["n-good", "n-lost"],
          );
          const later = await stack.update([aNode("n-good")], ["n-lost", "n-good"]);
          assert.deepEqual(later.found.map(({ nodeId }) => nodeId).sort(), ["n-good", "n-lost"]);
          await stack.destroy();
          const left = running.vms().map(({ nodeId }) => nodeId);
          assert.deepEqual(left, ["n-lost"], "only the lost one is left, for the runtime to adopt or remove");
        });
      }
    });

    function assertRecords(nodeIds: readonly string[]): void {
      const domain = cloudUnderTest(kind).dns?.baseDomainName;
      const addresses = new Map(running.vms().map((vm) => [vm.nodeId, vm.address]));
      const records = running.records().map(({ name, address }) => ({ name, address }));
      const withDns = domain === undefined ? [] : nodeIds;
      const expected = withDns.map((nodeId) => ({ name: `${nodeId}.${domain}`, address: addresses.get(nodeId) }));
      assert.deepEqual(
        records.sort((a, b) => (a.name < b.name ? -1 : 1)),
        expected,
      );
    }

    /** No secret in any file that the engine wrote, not even in backups and history. */
    function assertSecret(stack: NodeStack): void {
      const text = stack.stateText();
      assert.ok(text.includes("n-b"), "this is the state");
      const given: Record<string, unknown> = settings();
      const credentials = provider.secretFields.flatMap((field) =>
        given[field] === undefined ? [] : String(given[field]),
      );
      for (const secret of [script, "token-in-the-script", ...credentials]) {
        assert.ok(!text.includes(secret), `"${secret}" stands in the state as plain text`);
      }
    }
  });
}

const idsOf = (vms: ReadonlyMap<string, { id: string }>) => [...vms.values()].map(({ id }) => id).sort();
const idsIn = (running: RunningCloud) =>
  running
    .vms()
    .map(({ id }) => id)
    .sort();

function isBefore(
  steps: readonly Step[],
  first: readonly [string, string],
  second: readonly [string, string],
): boolean {
  const at = ([op, name]: readonly [string, string]) => steps.findIndex((step) => step.op === op && step.name === name);
  return at(first) >= 0 && at(first) < at(second);
}
