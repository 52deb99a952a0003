/** Resources without an SDK: what the engine is told of them. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { invokeByToken, providerByToken, resourceByToken } from "../../provider/frame/by-token";

const moon = { name: "moon", version: "4.2.0" };
const token = "moon:index/crater:Crater";

/** As the engine is asked for it. */
interface Asked {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

describe("a resource by its type token", () => {
  const asked: Asked[] = [];
  before(async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ type, name, inputs }) => {
        asked.push({ type, name, inputs: inputs as Record<string, unknown> });
        return { id: `${name}-id`, state: { ...(inputs as object), depth: 7 } };
      },
      call: ({ token: called, inputs }) => ({ called, ...(inputs as object) }),
    });
  });
  beforeEach(() => void asked.splice(0));

  const valueOf = <T>(output: pulumi.Output<T>): Promise<T> =>
    new Promise((resolve) => void output.apply((value) => resolve(value)));

  it("is declared with its inputs, and its outputs can be read", async () => {
    const Crater = resourceByToken<{ readonly width: pulumi.Input<number> }, { depth: number }>(moon, token, ["depth"]);

    const crater = new Crater("tycho", { width: 85 }, {});

    assert.deepEqual([await valueOf(crater.id), await valueOf(crater.depth)], ["tycho-id", 7]);
    assert.deepEqual(asked, [{ type: token, name: "tycho", inputs: { width: 85 } }]);
  });

  it("names the version of its plugin, whatever the options say, and keeps them otherwise", () => {
    const seen: pulumi.CustomResourceOptions[] = [];
    const Crater = resourceByToken<object, object>(moon, token, []);

    new Crater(
      "one",
      {},
      { ignoreChanges: ["width"], transformations: [({ opts, props }) => (seen.push(opts), { opts, props })] },
    );

    assert.deepEqual(
      seen.map(({ version, ignoreChanges }) => ({ version, ignoreChanges })),
      [{ version: "4.2.0", ignoreChanges: ["width"] }],
    );
  });

  it("has a Pulumi provider whose configuration is text, without what is not said, and with its secrets marked", async () => {
    const configuration = {
      server: "moon.example.org",
      port: 8443,
      isOpen: false,
      password: "sea of rains",
      mode: undefined,
    };

    const provider = providerByToken(moon, "account", configuration, ["password"]);
    await valueOf(provider.id);

    assert.equal(asked[0]?.type, "pulumi:providers:moon");
    const { password, ...rest } = asked[0].inputs;
    assert.deepEqual(rest, { server: "moon.example.org", port: "8443", isOpen: "false" });
    assert.deepEqual(password, {
      [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
      value: "sea of rains",
    });
  });

  it("has functions, which answer an object", async () => {
    const answer = await invokeByToken<{ called: string; name: string }>(
      moon,
      "moon:index/getSea:getSea",
      { name: "rains" },
      {},
    );

    assert.deepEqual(answer, { called: "moon:index/getSea:getSea", name: "rains" });
  });
});
