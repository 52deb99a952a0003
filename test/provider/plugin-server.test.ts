import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import * as provider from "@pulumi/pulumi/proto/provider_pb";
import fc from "fast-check";
import { type KernelSet, PluginServer, type PluginServerOptions } from "../../provider/plugin-server";
import { fromWire, toWire } from "../../provider/kernel/property-values";
import {
  InitError,
  type KernelContext,
  type Properties,
  type ResourceKernel,
  unknownValue,
} from "../../provider/resource-kernel";
import { initFailureOf, ProviderClient, secret, unknownText, urnOf } from "./provider-client";

const type = "headroom:test:Thing";
const urn = urnOf(type, "one");

/** A kernel that notes its calls and gives back what it is given. */
class NotingKernel implements ResourceKernel {
  readonly type = type;
  readonly secretInputs = ["token", "settings.key"];
  readonly seen: { call: string; properties: Properties; context?: KernelContext }[] = [];
  /** Runs in create, after the call was noted. */
  onCreate: (context: KernelContext) => Promise<void> = async () => undefined;

  async check(news: Properties, _olds: Properties | undefined, context: KernelContext) {
    this.seen.push({ call: "check", properties: news, context });
    const problems = news["size"] === "huge" ? [{ path: "size", message: 'got "huge"; use small' }] : [];
    return { inputs: news, problems };
  }
  async diff(_id: string, olds: Properties, news: Properties) {
    const replaces = olds["name"] === news["name"] ? [] : ["name"];
    return { changes: JSON.stringify(olds) !== JSON.stringify(news), replaces, deleteBeforeReplace: true };
  }
  async create(inputs: Properties, context: KernelContext) {
    this.seen.push({ call: "create", properties: inputs, context });
    await this.onCreate(context);
    return { id: "thing-1", outputs: { ...inputs, address: context.isPreview ? unknownValue : "10.0.0.1" } };
  }
  async read(id: string, olds: Properties) {
    return id === "gone" ? undefined : { id, inputs: olds, outputs: olds };
  }
  async update(_id: string, _olds: Properties, news: Properties) {
    return { outputs: news };
  }
  async delete() {
    return undefined;
  }
}

describe("plugin server", () => {
  const opened: { close(): void }[] = [];
  afterEach(() => {
    for (const item of opened.splice(0).reverse()) item.close();
  });

  async function serve(
    kernel: ResourceKernel,
    options: Partial<PluginServerOptions> = {},
  ): Promise<{ client: ProviderClient; port: number; server: PluginServer }> {
    const kernels = (): KernelSet => async (asked) => (asked === type ? kernel : undefined);
    const server = new PluginServer({ version: "1.2.3", kernels, schema: async () => "{}", defaults: {}, ...options });
    const port = await server.listen();
    const client = new ProviderClient(port);
    opened.push(server, client);
    return { client, port, server };
  }

  it("shows kernels plain values and marks again what was secret, at any depth", async () => {
    const kernel = new NotingKernel();
    const { client } = await serve(kernel);

    const { inputs } = await client.check(urn, {
      token: "t",
      settings: { key: "k", open: "o" },
      list: [{ password: secret("p") }, 1],
      size: "small",
    });
    const { outputs } = await client.create(urn, inputs);

    const expected = {
      token: secret("t"),
      settings: { key: secret("k"), open: "o" },
      list: [{ password: secret("p") }, 1],
      size: "small",
    };
    assert.deepEqual(inputs, expected);
    assert.deepEqual(outputs, { ...expected, address: "10.0.0.1" });
    assert.deepEqual(kernel.seen[1]!.properties["list"], [{ password: "p" }, 1]);
  });

  it("shows unknown values as unknown and writes them back", async () => {
    const kernel = new NotingKernel();
    const { client } = await serve(kernel);

    const { outputs } = await client.create(urn, { size: unknownText, token: secret(unknownText) }, true);

    assert.equal(kernel.seen[0]!.properties["size"], unknownValue);
    assert.equal(kernel.seen[0]!.context!.isPreview, true);
    assert.deepEqual(outputs, { size: unknownText, token: secret(unknownText), address: unknownText });
  });

  it("loses nothing between the engine's values and the kernel's, whatever they are", () => {
    const keys = fc.string({ maxLength: 8 }).filter((key) => key !== "__proto__");
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.boolean(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constant(unknownText),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(keys, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));

    fc.assert(
      fc.property(fc.dictionary(keys, tree, { maxKeys: 5, noNullPrototype: true }), (value) => {
        assert.deepEqual(toWire(fromWire(value)), value);
      }),
    );
  });

  it("answers problems as check failures with their path", async () => {
    const { client } = await serve(new NotingKernel());

    const { failures } = await client.check(urn, { size: "huge" });

    assert.deepEqual(failures, ['size: got "huge"; use small']);
  });

  it("tells which properties differ, and which of them replace", async () => {
    const { client } = await serve(new NotingKernel());
    const { ADD, DELETE, UPDATE, UPDATE_REPLACE } = provider.PropertyDiff.Kind;

    const diff = await client.diff(
      urn,
      "1",
      { name: "a", settings: { cores: 2, memory: "1GiB" }, tags: ["x"] },
      { name: "b", settings: { cores: 4 }, tags: ["x", "y"] },
    );

    assert.deepEqual(diff.replacesList, ["name"]);
    assert.equal(diff.deletebeforereplace, true);
    assert.deepEqual(
      diff.detaileddiffMap.map(([path, { kind }]) => [path, kind]),
      [
        ["name", UPDATE_REPLACE],
        ["settings.cores", UPDATE],
        ["settings.memory", DELETE],
        ["tags[1]", ADD],
      ],
    );
  });

  it("keeps endpoint and key of each connection apart, with the defaults below", async () => {
    const kernel = new NotingKernel();
    const { client, port } = await serve(kernel, { defaults: { endpoint: "http://default", apiKey: "k0" } });
    const other = new ProviderClient(port);
    opened.push(other);
    await client.configure({ endpoint: "http://a", apiKey: secret("k1") });
    await other.configure({ endpoint: "http://b" });

    await client.check(urn, {});
    await other.check(urn, {});

    const seen = kernel.seen.map(({ context }) => [context!.endpoint, context!.apiKey]);
    assert.deepEqual(seen, [
      ["http://a", "k1"],
      ["http://b", "k0"],
    ]);
  });

  it("checks the provider's own configuration and hides its key", async () => {
    const { client } = await serve(new NotingKernel());

    const good = await client.checkConfig({ endpoint: "http://127.0.0.1:8700", apiKey: "k" });
    const bad = await client.checkConfig({ endpoint: "127.0.0.1", region: "x" });

    assert.deepEqual(good, { inputs: { endpoint: "http://127.0.0.1:8700", apiKey: secret("k") }, failures: [] });
    assert.match(bad.failures.join("\n"), /region: unknown field[^]*endpoint: got "127\.0\.0\.1"; use the address/);
  });

  it("does not ask a runtime whose endpoint is not known yet", async () => {
    const kernel = new NotingKernel();
    const { client } = await serve(kernel);
    await client.configure({ endpoint: unknownText });

    const { inputs, failures } = await client.check(urn, { size: "huge" });

    assert.deepEqual([inputs, failures, kernel.seen.length], [{ size: "huge" }, [], 0]);
  });

  it("says what exists when a create failed half-way, with secrets hidden", async () => {
    const kernel = new NotingKernel();
    kernel.onCreate = async () => {
      throw new InitError("thing-7", { token: "t", size: "small" }, ["still booting"]);
    };
    const { client } = await serve(kernel);

    const error = await client.create(urn, { token: "t" }).catch((reason: unknown) => reason);

    assert.equal((error as grpc.ServiceError).details, "still booting");
    const outputs = { token: secret("t"), size: "small" };
    assert.deepEqual(initFailureOf(error), { id: "thing-7", outputs, reasons: ["still booting"] });
  });

  it("answers any other error with its sentence and nothing of the stack", async () => {
    const kernel = new NotingKernel();
    kernel.onCreate = async () => {
      throw new Error("no capacity for this size");
    };
    const { client } = await serve(kernel);

    const error = await client.create(urn, {}).catch((reason: unknown) => reason);

    assert.equal((error as grpc.ServiceError).details, "no capacity for this size");
    assert.equal(initFailureOf(error), undefined);
  });

  it("tells kernels of a cancelled update, only those of that connection", async () => {
    const kernel = new NotingKernel();
    const signals: AbortSignal[] = [];
    let release = (): void => undefined;
    kernel.onCreate = async ({ signal }) => {
      signals.push(signal);
      if (signals.length === 2) release();
      await new Promise<void>((resolve) => {
        release = resolve;
        signal.addEventListener("abort", () => resolve());
      });
    };
    const { client, port, server } = await serve(kernel);
    const other = new ProviderClient(port);
    opened.push(other);
    const first = client.create(urn, {});
    const both = Promise.all([first, other.create(urn, {})]);
    while (signals.length < 2) await new Promise(setImmediate);

    await client.cancel();
    assert.deepEqual(signals.map(({ aborted }) => aborted).sort(), [false, true]);
    release();
    await both;
    await server.idle();
  });

  it("names the resource it does not have, and refuses what it does not do", async () => {
    const { client } = await serve(new NotingKernel());

    await assert.rejects(
      client.check(urnOf("headroom:index:Nothing", "x"), {}),
      /has no resource "headroom:index:Nothing"/,
    );
    const construct = client.call((done) => client.raw.construct(new provider.ConstructRequest(), done));
    await assert.rejects(construct, /the headroom plugin has no components/);
    const invoke = client.call((done) => client.raw.invoke(new provider.InvokeRequest(), done));
    await assert.rejects(invoke, /the headroom plugin has no functions/);
  });

  it("answers a read of something that is gone without an id", async () => {
    const { client } = await serve(new NotingKernel());

    assert.equal((await client.read(urn, "gone", {})).id, "");
    assert.deepEqual((await client.read(urn, "here", { token: secret("t"), size: "s" })).inputs, {
      token: secret("t"),
      size: "s",
    });
  });
});
