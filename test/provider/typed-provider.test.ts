/** Provider configs by the types of single clouds: `headroom:index:LocalVmProvider` and the like. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type * as headroomPackage from "../../components";
import { kernelsByType } from "../../provider/kernel/definition-kernels";
import { fromDocument, toDocument } from "../../provider/kernel/provider-document";
import { fieldsOf } from "../../provider/kernel/setting-fields";
import { realClock } from "../../runtime/model/real-clock";
import { typedProviders } from "../../provider/kernel/typed-provider";
import { clouds } from "../../provider/registry";
import { type KernelContext, type Properties, type ResourceKernel, unknownValue } from "../../provider/resource-kernel";
import { RuntimeDouble } from "./runtime-double";
import { enginesPresent, Workbench } from "./workbench";

const headroom = require("pulumi-headroom") as typeof headroomPackage;

const vmType = "headroom:index:LocalVmProvider";
const awsType = "headroom:index:AwsVmProvider";
const awsFields = {
  maxInstances: 3,
  region: "eu-central-1",
  amiId: "ami-0abcdef1234567890",
  instanceType: "m7i.large",
  subnetId: "subnet-0123",
  securityGroupIds: ["sg-0123"],
  accessKeyId: "AKIA-open-text",
  secretAccessKey: "secret-open-text",
  metadataOptions: { httpPutResponseHopLimit: 2 },
};

/** As generated SDKs and YAML declare it. */
class Typed extends pulumi.CustomResource {
  constructor(name: string, fields: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    super(awsType, name, fields, options);
  }
}

describe("typed provider kernels", () => {
  let runtime: RuntimeDouble;
  let kernels: ReadonlyMap<string, ResourceKernel>;
  beforeEach(async () => {
    runtime = await RuntimeDouble.start();
    kernels = kernelsByType(realClock);
  });
  afterEach(() => runtime.stop());

  const contextOf = (type: string): KernelContext => ({
    endpoint: runtime.endpoint,
    apiKey: runtime.apiKey,
    owner: `urn:pulumi:dev::lab::${type}::one`,
    isPreview: false,
    signal: new AbortController().signal,
  });

  async function declare(type: string, fields: Properties): Promise<Properties> {
    const { inputs, problems } = await kernels.get(type)!.check(fields, undefined, contextOf(type));
    assert.deepEqual(problems, []);
    return (await kernels.get(type)!.create(inputs, contextOf(type))).outputs;
  }

  it("write the document that the component writes, and give the fields back as they came", async () => {
    const outputs = await declare(awsType, { ...awsFields, orphans: "delete" });
    const found = await kernels.get(awsType)!.read("one", outputs, contextOf(awsType));

    const { maxInstances, ...settings } = awsFields;
    const doc = { name: "one", kind: "aws", maxInstances, orphans: "delete", settings };
    assert.deepEqual(runtime.stored.get("vmProviderConfig/one")!.doc, doc);
    const inputs = Object.fromEntries(Object.entries(outputs).filter(([name]) => name !== "__digest"));
    assert.deepEqual(found, { id: "one", inputs, outputs });
    const fields = Object.entries(outputs).filter(([name]) => !name.startsWith("__"));
    assert.deepEqual(Object.fromEntries(fields), { ...awsFields, orphans: "delete", name: "one" });
  });

  it("change and delete what they made, and see what another name or a drift means", async () => {
    const outputs = await declare(vmType, { maxInstances: 2, cores: 4 });
    const kernel = kernels.get(vmType)!;
    const news = (await kernel.check({ maxInstances: 2, cores: 8 }, outputs, contextOf(vmType))).inputs;

    await kernel.update("one", outputs, news, contextOf(vmType));

    assert.deepEqual(runtime.stored.get("vmProviderConfig/one")!.doc["settings"], { cores: 8 });
    assert.deepEqual((await kernel.diff("one", outputs, news)).replaces, []);
    assert.deepEqual((await kernel.diff("one", outputs, { ...news, name: "two" })).replaces, ["name"]);
    assert.equal((await kernel.diff("one", news, news)).changes, false);
    await kernel.delete("one", news, contextOf(vmType));
    assert.equal(runtime.stored.size, 0);
  });

  it("tell problems at the field that the user wrote, secrets without their values", async () => {
    const problemsOf = async (type: string, fields: Properties): Promise<string[]> => {
      const { problems } = await kernels.get(type)!.check(fields, undefined, contextOf(type));
      return problems.map(({ path, message }) => `${path}: ${message}`).sort();
    };

    const wrong = { ...awsFields, regoin: "x", amiId: "ami-x", metadataOptions: { httpTokens: "no" }, kind: "local" };
    const told = await problemsOf(awsType, { ...wrong, secretAccessKey: "" });

    assert.equal(told.length, 5);
    assert.match(told[0]!, /^amiId: got "ami-x"/);
    assert.equal(told[1], "kind: unknown field");
    assert.match(told[2]!, /^metadataOptions\.httpTokens: got "no"/);
    assert.equal(told[3], "regoin: unknown field; did you mean region?");
    assert.match(told[4]!, /^secretAccessKey: got a secret/);
    assert.deepEqual(await problemsOf(vmType, { name: "two", maxInstances: unknownValue, cores: unknownValue }), []);
    assert.match((await problemsOf(vmType, { name: "three" })).join(), /^maxInstances: is missing/);
  });

  it("take nothing for theirs that is of another cloud", async () => {
    await declare(vmType, { maxInstances: 2 });
    const owner = runtime.stored.get("vmProviderConfig/one")!.owner;

    assert.equal(await kernels.get(awsType)!.read("one", { __owner: owner }, contextOf(awsType)), undefined);
    assert.notEqual(await kernels.get(vmType)!.read("one", {}, contextOf(vmType)), undefined);
  });

  for (const { type, kind, definition, service } of typedProviders(clouds)) {
    it(`have fields for each setting of ${type}, none of them twice, and its secrets`, () => {
      const settings = fieldsOf(type, service.settings, service.secretFields);
      const flat = Object.fromEntries(settings.map(({ name }) => [name, name]));

      const doc = toDocument(definition, kind, { name: "n", ...flat });

      // A setting with the name of one of the definition's own fields would be lost among them.
      assert.deepEqual(doc, { name: "n", kind, settings: flat });
      assert.deepEqual(fromDocument(doc), { name: "n", ...flat });
      assert.deepEqual(kernels.get(type)!.secretInputs, service.secretFields);
      const secret = settings.filter(({ isSecret }) => isSecret).map(({ name }) => name);
      assert.deepEqual(secret.sort(), [...service.secretFields].sort());
    });
  }
});

for (const engine of enginesPresent()) {
  describe(`typed providers, ${engine.name} engine`, () => {
    it("declare, keep secrets out of the state's open text, and leave nothing", async () => {
      const runtime = await RuntimeDouble.start();
      const bench = new Workbench(engine, { HEADROOM_ENDPOINT: runtime.endpoint, HEADROOM_API_KEY: runtime.apiKey });
      try {
        const program = async () => {
          const provider = new headroom.Provider("runtime");
          new Typed("large", awsFields, { provider });
        };
        const wrong = async () => {
          const provider = new headroom.Provider("runtime");
          new Typed("large", { ...awsFields, subnetId: "x" }, { provider });
        };

        assert.match(await bench.previewErrors(wrong), /'?subnetId'?[^]*got "x"; use an id such as "subnet-0123"/);
        assert.equal(runtime.stored.size, 0);
        await bench.up(program);

        assert.equal(runtime.stored.get("vmProviderConfig/large")!.doc["kind"], "aws");
        const state = readFileSync(join(bench.folder, "state/.pulumi/stacks/lab/dev.json"), "utf8");
        assert.ok(state.includes("subnet-0123"));
        for (const text of ["AKIA-open-text", "secret-open-text"]) assert.ok(!state.includes(text), text);
        await (await bench.stack(program)).destroy();
        assert.equal(runtime.stored.size, 0);
      } finally {
        bench.remove();
        await runtime.stop();
      }
    });
  });
}
