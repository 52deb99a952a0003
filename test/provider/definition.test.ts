import assert from "node:assert/strict";
import type { Clock } from "../../runtime/model/clock";
import { definitionKinds, type DefinitionKind } from "../../runtime/model/config";
import { definitionKernels } from "../../provider/kernel/definition-kernels";
import { definitionTypes } from "../../provider/kernel/definition-types";
import { without } from "../../provider/kernel/property-values";
import { type KernelContext, type Properties, type ResourceKernel, unknownValue } from "../../provider/resource-kernel";
import { RuntimeDouble } from "./runtime-double";

/** Time stands still; every wait is over at once and moves the clock by what was waited for. */
class QuickClock implements Clock {
  private nowMs = 0;
  now(): number {
    return this.nowMs;
  }
  after(delayMs: number, run: () => void): () => void {
    const immediate = setImmediate(() => {
      this.nowMs += delayMs;
      run();
    });
    return () => clearImmediate(immediate);
  }
}

const docs: Readonly<Record<DefinitionKind, Properties>> = {
  zone: { upstreamAuthAddress: "localhost", local: true },
  pool: { type: "dockerAgent" },
  vmProviderConfig: { kind: "local", maxInstances: 3, settings: { cores: 2 } },
  dnsProviderConfig: { kind: "local" },
  ldapConfig: {
    ...{ urls: ["ldaps://dc1.example.org"], searchBase: "DC=example,DC=org" },
    ...{ serviceAccountDn: "headroom@example.org", serviceAccountPassword: "a password" },
  },
  budget: { amount: 100, per: "month", pool: "one" },
  autoscaleConfig: { type: "dockerAgent", pool: "one", zone: "one", vmProvider: "one" },
  workspace: { pools: ["one"], cores: 1, memory: "1GiB" },
  schedule: { autoscaleConfig: "one", days: ["mon"], start: "08:00", end: "18:00", timezone: "Europe/Berlin" },
  stagingConfig: { zone: "one", workspace: "one", autoscaleConfig: "one", sessions: 2 },
};
const inOrder: readonly DefinitionKind[] = [
  ...([
    "zone",
    "pool",
    "vmProviderConfig",
    "dnsProviderConfig",
    "autoscaleConfig",
    "workspace",
    "schedule",
    "stagingConfig",
    "ldapConfig",
    "budget",
  ] as const),
];

describe("definition kernel", () => {
  let runtime: RuntimeDouble;
  let kernels: Readonly<Record<DefinitionKind, ResourceKernel>>;
  const logged: string[] = [];
  beforeEach(async () => {
    runtime = await RuntimeDouble.start();
    kernels = definitionKernels(new QuickClock());
    logged.length = 0;
  });
  afterEach(() => runtime.stop());

  function contextOf(kind: DefinitionKind, name = "one", more: Partial<KernelContext> = {}): KernelContext {
    return {
      endpoint: runtime.endpoint,
      apiKey: runtime.apiKey,
      owner: `urn:pulumi:dev::lab::${definitionTypes[kind]}::${name}`,
      isPreview: false,
      signal: new AbortController().signal,
      log: (message) => logged.push(message),
      ...more,
    };
  }

  async function problemsOf(kind: DefinitionKind, doc: Properties, name = "one"): Promise<string[]> {
    const { problems } = await kernels[kind].check(doc, undefined, contextOf(kind, name));
    return problems.map(({ path, message }) => `${path}: ${message}`);
  }

  async function declare(kind: DefinitionKind, doc: Properties = docs[kind], name = "one"): Promise<Properties> {
    const { inputs, problems } = await kernels[kind].check(doc, undefined, contextOf(kind, name));
    assert.deepEqual(problems, []);
    return (await kernels[kind].create(inputs, contextOf(kind, name))).outputs;
  }

  for (const kind of definitionKinds) {
    it(`creates, reads, changes and deletes: ${kind}`, async () => {
      for (const other of inOrder.slice(0, inOrder.indexOf(kind))) await declare(other);
      const kernel = kernels[kind];

      const outputs = await declare(kind);
      const found = await kernel.read("one", outputs, contextOf(kind));
      const news = (await kernel.check(docs[kind], outputs, contextOf(kind))).inputs;
      await kernel.update("one", outputs, news, contextOf(kind));
      await kernel.delete("one", outputs, contextOf(kind));

      assert.equal(outputs["name"], "one");
      assert.deepEqual(found, { id: "one", inputs: outputs, outputs });
      assert.deepEqual(await kernel.diff("one", outputs, news), {
        changes: false,
        replaces: [],
        deleteBeforeReplace: false,
      });
      assert.equal(await kernel.read("one", outputs, contextOf(kind)), undefined);
      await kernel.delete("one", outputs, contextOf(kind));
    });
  }

  it("refuses what is wrong, with the path", async () => {
    for (const kind of inOrder.slice(0, 5)) await declare(kind);

    assert.deepEqual(await problemsOf("zone", { ...docs.zone, colour: "red" }, "two"), ["colour: unknown field"]);
    assert.match(
      (await problemsOf("schedule", { ...docs.schedule, end: "25:00" }))[0]!,
      /^end: got "25:00".*use HH:MM/,
    );
    assert.match(
      (await problemsOf("workspace", { ...docs.workspace, memory: "2GX" }))[0]!,
      /^memory: got "2GX"; use a number/,
    );
    assert.match(
      (await problemsOf("workspace", { ...docs.workspace, pools: ["nowhere"] }))[0]!,
      /^pools\[0\]: .*"nowhere"/,
    );
    assert.match(
      (await problemsOf("vmProviderConfig", { ...docs.vmProviderConfig, settings: { cores: -1 } }, "two"))[0]!,
      /^settings\.cores: /,
    );
    assert.match((await problemsOf("pool", docs.pool, "Not A Name"))[0]!, /^name: got "Not A Name"; use 1 to 40/);
  });

  it("refuses a name that the same update uses twice", async () => {
    assert.deepEqual(await problemsOf("zone", { ...docs.zone, name: "office" }, "first"), []);

    const problems = await problemsOf("zone", { ...docs.zone, name: "office" }, "second");

    assert.match(problems.join(), /^name: zone "office" is declared twice, also by urn:.*::first$/);
  });

  it("refuses a name that another program owns, before and in the update", async () => {
    await declare("zone");
    const other = contextOf("zone", "one", { owner: "urn:pulumi:dev::other::headroom:index:Zone::one" });
    const { inputs, problems } = await definitionKernels(new QuickClock()).zone.check(docs.zone, undefined, other);

    assert.match(problems[0]!.message, /belongs to urn:pulumi:dev::lab/);
    await assert.rejects(kernels.zone.create(inputs, other), /zone "one": .*belongs to urn:pulumi:dev::lab/);
  });

  it("accepts references to what the same update declares, also with values that are not known yet", async () => {
    assert.deepEqual(await problemsOf("zone", docs.zone), []);
    assert.deepEqual(await problemsOf("pool", docs.pool), []);
    const aws = { kind: "aws", maxInstances: 1, settings: { region: "eu-west-1", subnetId: unknownValue } };
    const found = await problemsOf("vmProviderConfig", aws);
    assert.deepEqual(
      found.filter((problem) => problem.includes("subnetId")),
      [],
    );
    assert.match(found.join("\n"), /settings\.amiId: is missing/);

    assert.deepEqual(await problemsOf("autoscaleConfig", docs.autoscaleConfig), []);
    assert.deepEqual(await problemsOf("schedule", { ...docs.schedule, autoscaleConfig: unknownValue }), []);
    assert.equal(runtime.stored.size, 0);
  });

  it("waits for a referenced definition that the same update still writes", async () => {
    for (const kind of ["zone", "vmProviderConfig"] as const) await declare(kind);
    const pool = await kernels.pool.check(docs.pool, undefined, contextOf("pool"));
    const config = await kernels.autoscaleConfig.check(docs.autoscaleConfig, undefined, contextOf("autoscaleConfig"));

    const writing = kernels.autoscaleConfig.create(config.inputs, contextOf("autoscaleConfig"));
    await kernels.pool.create(pool.inputs, contextOf("pool"));
    await writing;

    assert.ok(runtime.stored.has("autoscaleConfig/one"));
  });

  it("replaces when the name changes, and makes room first when the kind of thing changes", async () => {
    const olds = { name: "one", kind: "local", maxInstances: 1 };

    const renamed = await kernels.vmProviderConfig.diff("one", olds, { ...olds, name: "two" });
    const moved = await kernels.vmProviderConfig.diff("one", olds, { ...olds, kind: "aws" });
    const grown = await kernels.vmProviderConfig.diff("one", olds, { ...olds, maxInstances: 2 });

    assert.deepEqual(renamed, { changes: true, replaces: ["name"], deleteBeforeReplace: false });
    assert.deepEqual(moved, { changes: true, replaces: ["kind"], deleteBeforeReplace: true });
    assert.deepEqual(grown, { changes: true, replaces: [], deleteBeforeReplace: false });
  });

  it("stays the owner when an alias gives the resource another URN", async () => {
    const outputs = await declare("zone");
    const moved = contextOf("zone", "one", { owner: "urn:pulumi:dev::lab::parent$headroom:index:Zone::one" });

    const { inputs, problems } = await kernels.zone.check(docs.zone, outputs, moved);
    await kernels.zone.update("one", outputs, inputs, moved);
    await kernels.zone.delete("one", inputs, moved);

    assert.deepEqual(problems, []);
    assert.equal(runtime.stored.size, 0);
  });

  it("sees changes made elsewhere, and what another program took over as gone", async () => {
    const outputs = await declare("zone");
    const stored = runtime.stored.get("zone/one")!;

    stored.doc = { ...stored.doc, loadStrategy: "leastLoad" };
    const changed = await kernels.zone.read("one", outputs, contextOf("zone"));
    runtime.stored.set("zone/one", { ...stored, owner: "someone else" });

    assert.equal(changed!.inputs["loadStrategy"], "leastLoad");
    assert.equal(await kernels.zone.read("one", outputs, contextOf("zone")), undefined);
  });

  it("keeps the known secret when the digest says that it is still the same, else shows a change", async () => {
    const settings = {
      region: "eu-central-1",
      amiId: "ami-0abcdef1234567890",
      instanceType: "m7i.large",
      securityGroupIds: ["sg-1"],
      subnetId: "subnet-1",
      accessKeyId: "AKIA",
      secretAccessKey: "hush",
    };
    const outputs = await declare("vmProviderConfig", { kind: "aws", maxInstances: 1, settings });
    const read = async () =>
      (await kernels.vmProviderConfig.read("one", outputs, contextOf("vmProviderConfig")))!.inputs;

    const same = await read();
    const stored = runtime.stored.get("vmProviderConfig/one")!;
    stored.doc = { ...stored.doc, settings: { ...settings, secretAccessKey: "other" } };
    const changed = await read();

    assert.deepEqual(same, without(outputs, ["__digest"]));
    assert.equal((changed["settings"] as Properties)["secretAccessKey"], "[secret]");
    assert.ok(kernels.vmProviderConfig.secretInputs.includes("settings.secretAccessKey"));
  });

  it("waits until a deleted autoscale config has drained, and says what it waits for", async () => {
    for (const kind of inOrder.slice(0, 5)) await declare(kind);
    runtime.drainsLeft = 2;

    await kernels.autoscaleConfig.delete("one", {}, contextOf("autoscaleConfig"));

    assert.ok(!runtime.stored.has("autoscaleConfig/one"));
    assert.deepEqual(logged, [
      'autoscaleConfig "one" is draining: 2 nodes and 1 session left',
      'autoscaleConfig "one" is draining: 1 node and 1 session left',
    ]);
  });

  it("gives up a drain at the limit of the delete, or when cancelled, and says that it goes on", async () => {
    for (const kind of inOrder.slice(0, 5)) await declare(kind);
    runtime.drainsLeft = 1_000_000;
    const kernel = kernels.autoscaleConfig;

    const late = kernel.delete("one", {}, contextOf("autoscaleConfig", "one", { timeoutSeconds: 5 }));
    await assert.rejects(late, /still drains after 5s, the limit .*customTimeouts.*it goes on and ends by itself/);

    const controller = new AbortController();
    const log = () => controller.abort();
    const cancelled = kernel.delete("one", {}, contextOf("autoscaleConfig", "one", { signal: controller.signal, log }));
    await assert.rejects(cancelled, /was draining .*it goes on and ends by itself/);
  });

  it("passes on why a definition can't go", async () => {
    for (const kind of inOrder) await declare(kind);

    await assert.rejects(
      kernels.pool.delete("one", {}, contextOf("pool")),
      /still referenced by autoscaleConfig "one"/,
    );
  });

  it("names the endpoint when the runtime can't be reached, and the key when it is refused", async () => {
    const nowhere = contextOf("zone", "one", { endpoint: "http://127.0.0.1:9" });
    const badKey = contextOf("zone", "one", { apiKey: "wrong" });

    await assert.rejects(kernels.zone.check(docs.zone, undefined, nowhere), /http:\/\/127\.0\.0\.1:9 can't be reached/);
    await assert.rejects(kernels.zone.check(docs.zone, undefined, badKey), /no such API key/);
    const unnamed = { ...contextOf("zone"), endpoint: undefined } as unknown as KernelContext;
    await assert.rejects(
      kernels.zone.check(docs.zone, undefined, unnamed),
      /set the stack configuration headroom:endpoint/,
    );
    assert.equal(runtime.stored.size, 0);
  });
});
