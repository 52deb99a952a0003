import assert from "node:assert/strict";
import { type DynamicDoor, openDynamicDoor } from "../../provider/kernel/dynamic";
import type { Properties } from "../../provider/resource-kernel";
import { unknownText } from "./provider-client";
import { RuntimeDouble } from "./runtime-double";

const owner = "dynamic:urn:pulumi:dev::lab::headroom:components:Zone::office";
const zone: Properties = {
  __provider: "text",
  __kind: "zone",
  __owner: owner,
  name: "office",
  upstreamAuthAddress: "a.example.org",
};

describe("dynamic door", () => {
  let runtime: RuntimeDouble;
  let door: DynamicDoor;
  beforeEach(async () => {
    runtime = await RuntimeDouble.start();
    const config = new Map([
      ["headroom:endpoint", runtime.endpoint],
      ["headroom:apiKey", runtime.apiKey],
    ]);
    door = openDynamicDoor(config);
  });
  afterEach(() => runtime.stop());

  it("takes endpoint and key from the stack's configuration, and writes only the document", async () => {
    const { inputs, failures } = await door.check({}, zone);
    const { id, outs } = await door.create(inputs);

    assert.deepEqual(failures, []);
    assert.equal(id, "office");
    assert.deepEqual(outs, { __kind: "zone", __owner: owner, name: "office", upstreamAuthAddress: "a.example.org" });
    const stored = runtime.stored.get("zone/office")!;
    assert.deepEqual([stored.doc, stored.owner], [{ name: "office", upstreamAuthAddress: "a.example.org" }, owner]);
  });

  it("lets pass what a preview can't know, and answers problems with their path", async () => {
    const unknown = await door.check({}, { ...zone, upstreamAuthAddress: unknownText });
    const wrong = await door.check({}, { ...zone, loadStrategy: "random" });

    assert.deepEqual(unknown.failures, []);
    assert.equal(unknown.inputs["upstreamAuthAddress"], unknownText);
    assert.deepEqual(
      wrong.failures.map(({ property }) => property),
      ["loadStrategy"],
    );
  });

  it("reads what is there, and nothing when it is gone", async () => {
    const { outs } = await door.create((await door.check({}, zone)).inputs);

    assert.deepEqual(await door.read("office", { ...outs, __provider: "text" }), {
      id: "office",
      props: outs,
      inputs: outs,
    });
    await door.delete("office", outs);
    assert.deepEqual(await door.read("office", outs), {});
  });

  it("keeps the limit of a delete beside the document, and notices when it changes", async () => {
    const { inputs } = await door.check({}, { ...zone, __deleteSeconds: 300 });
    const { outs } = await door.create(inputs);

    const same = await door.diff("office", outs, inputs);
    const other = await door.diff("office", outs, { ...inputs, __deleteSeconds: 600 });

    assert.equal(outs["__deleteSeconds"], 300);
    assert.ok(!("__deleteSeconds" in runtime.stored.get("zone/office")!.doc));
    assert.deepEqual([same.changes, other.changes, other.replaces], [false, true, []]);
  });

  it("gives the dynamic provider no stack to print", async () => {
    const nowhere = openDynamicDoor(new Map([["headroom:endpoint", "http://127.0.0.1:9"]]));

    const error = await nowhere.check({}, zone).catch((reason: unknown) => reason);

    assert.match((error as Error).message, /http:\/\/127\.0\.0\.1:9 can't be reached/);
    assert.equal((error as Error).stack, "");
  });
});
