/** What becomes of a cloud's description: the request that is sent, with the user's additions and the node's identity. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { z } from "zod";
import { defineDns, defineVm, type DnsDefinition, type VmDefinition } from "../../provider/cloud";
import { asTags, identityOf, inFields } from "../../provider/frame/identity";
import type { Inputs } from "../../provider/frame/inputs";
import { asItIs } from "../../provider/frame/script";
import type { NodeOf } from "../../provider/vm-provider";
import { noAccountRules } from "../../runtime/model/accounts";

interface Settings {
  readonly override: Inputs;
}

/** What was declared, in its order. */
interface Declared {
  readonly name: string;
  readonly inputs: Inputs;
  readonly options: pulumi.CustomResourceOptions;
}

function resourceClass(declared: Declared[]) {
  return class {
    readonly id = pulumi.output("id");
    readonly address = pulumi.output("10.0.0.1");
    constructor(name: string, inputs: Inputs, options: pulumi.CustomResourceOptions) {
      declared.push({ name, inputs, options });
    }
  } as unknown as new (
    name: string,
    inputs: Inputs,
    options: pulumi.CustomResourceOptions,
  ) => pulumi.CustomResource & { readonly address: pulumi.Output<string> };
}

const settingsSchema = z.strictObject({ override: z.record(z.string(), z.unknown()) });
const access = {
  description: "What there is on the moon.",
  secretFields: [],
  account: noAccountRules,
  pulumiProvider: () => Promise.reject(new Error("not asked for here")),
};

type Vm = pulumi.CustomResource & { readonly address: pulumi.Output<string> };
type Definition = VmDefinition<Settings, Inputs, Vm, string | undefined>;

function vmOf(declared: Declared[], over: Partial<Definition> = {}) {
  return defineVm<Settings, Inputs, Vm, string | undefined>({
    ...access,
    settings: settingsSchema,
    vmType: "moon:index:Vm",
    script: { wrap: { linux: asItIs }, encoding: "base64", bytesMax: 100 },
    load: () => resourceClass(declared),
    inputs: (_node, script, prepared) => ({ size: "small", boot: { script, template: prepared }, tags: { a: "1" } }),
    overrides: ({ override }) => [override],
    placeIdentity: inFields(asTags(), "tags"),
    secretInputs: ["boot.script"],
    secretOutputs: ["password"],
    ignoreChanges: ["boot"],
    timeouts: () => ({ create: "1m" }),
    address: ({ address }) => address,
    shape: () => undefined,
    findVms: () => Promise.resolve([]),
    listVms: () => Promise.resolve([]),
    check: () => Promise.resolve({ findings: [] }),
    failures: { place: /code (\w+)/, codes: { CAPACITY: ["Full"], QUOTA: [], CONFIG: [], TRANSIENT: [] } },
    ...over,
  });
}

function aNode(override: Inputs = {}, startupScript = "run"): NodeOf<Settings> {
  const names = { zone: "z", pool: "p", autoscaleConfig: "c", vmProvider: "v", kind: "moon", installation: "i1" };
  return { nodeId: "n1", ...names, settings: { override }, osType: "linux", startupScript };
}

describe("a cloud's description", () => {
  it("becomes one VM, named by its node, with the script as a secret and what must stay left alone", async () => {
    const declared: Declared[] = [];
    const { address } = await vmOf(declared).declareNode(aNode(), { ignoreChanges: ["given"] });

    const [{ name, inputs, options } = assert.fail(), ...others] = declared;
    assert.deepEqual(others, []);
    assert.equal(name, "n1");
    const script = (inputs["boot"] as Inputs)["script"] as pulumi.Output<string>;
    assert.ok(await pulumi.isSecret(script));
    await new Promise<void>((resolve) =>
      script.apply((text) => resolve(assert.equal(text, Buffer.from("run").toString("base64")))),
    );
    assert.deepEqual(options.ignoreChanges, ["given", "boot"]);
    assert.deepEqual(options.additionalSecretOutputs, ["password"]);
    assert.deepEqual(options.customTimeouts, { create: "1m" });
    assert.ok(pulumi.Output.isInstance(address));
  });

  it("keeps the node's identity whatever an override says, and takes everything else of it (property)", async () => {
    const tags = fc.dictionary(fc.constantFrom("headroom-node", "headroom-installation", "a", "b"), fc.string());
    const override = fc.record(
      { tags, size: fc.string(), disk: fc.record({ tags, gib: fc.nat() }) },
      { requiredKeys: [], noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(override, async (given) => {
        const declared: Declared[] = [];
        await vmOf(declared).declareNode(aNode(given), {});
        const [{ inputs } = assert.fail()] = declared;
        const disk = inputs["disk"] as typeof given.disk;
        for (const placed of [inputs["tags"], ...(disk ? [disk.tags] : [])]) {
          assert.deepEqual(asTags().read(placed as Record<string, string>), { nodeId: "n1", installation: "i1" });
        }
        assert.equal(inputs["size"], given.size ?? "small");
        assert.equal(disk?.gib, given.disk?.gib);
        const a = (inputs["tags"] as Record<string, string>)["a"];
        assert.equal(a, given.tags?.["a"] ?? "1");
      }),
    );
  });

  it("gets what was prepared before the VM, and its address from the guest, in which the script runs", async () => {
    const [plugin, told] = [{} as pulumi.ProviderResource, pulumi.output("10.0.0.7")];
    for (const script of ["run", ""]) {
      const [declared, order]: [Declared[], string[]] = [[], []];
      const vm = vmOf(declared, {
        prepare: async ({ nodeId }) => {
          order.push(`prepared with ${declared.length} VMs`);
          return `template of ${nodeId}`;
        },
        guest: async (_vm, { nodeId }, sent, { dependsOn }, ownPlugin) => {
          assert.equal((dependsOn as unknown[]).length, 1);
          assert.equal(await ownPlugin(), plugin);
          order.push(`runs "${Buffer.from(sent, "base64").toString()}" on ${nodeId} with ${declared.length} VM`);
          return told;
        },
      });
      const { address } = await vm.declareNode(aNode({}, script), { ownPlugin: async () => plugin });
      assert.equal(address, told);
      assert.equal((declared[0]!.inputs["boot"] as Inputs)["template"], "template of n1");
      assert.deepEqual(order, ["prepared with 0 VMs", `runs "${script}" on n1 with 1 VM`]);
    }
  });

  it("tells the runtime what it takes: systems, the size of a script, the classes of its failures", () => {
    const vm = vmOf([], {
      script: { wrap: { windows: asItIs }, encoding: "base64", bytesMax: 100, counted: "encoded" },
    });
    assert.deepEqual(vm.osTypes, ["windows"]);
    assert.equal(vm.startupScriptBytesMax, 75);
    assert.equal(vm.classify("moon: code Full"), "CAPACITY");
    assert.equal(vm.classify("Full moon"), undefined);
  });

  for (const hasPlace of [true, false]) {
    it(`becomes one record per node, ${hasPlace ? "with its identity" : "whose service has no place for an identity"}`, async () => {
      const declared: Declared[] = [];
      const definition: DnsDefinition<Settings, Inputs, string> = {
        ...access,
        settings: settingsSchema,
        recordType: "moon:index:Record",
        load: () => resourceClass(declared),
        prepare: ({ dns: { baseDomainName } }) => Promise.resolve(`zone of ${baseDomainName}`),
        standing: async () => [],
        inputs: ({ dns: { ttlSeconds } }, name, zone) => ({ name, zone, ttlSeconds }),
        placeIdentity: hasPlace ? inFields(asTags(), "metadata") : "nowhere",
      };
      const spec = { kind: "moon", settings: { override: {} }, baseDomainName: "a.example.org", ttlSeconds: 60 };
      const declareRecord = await defineDns(definition).prepareRecord({ identity: identityOf(aNode()), dns: spec }, {});
      assert.equal(declared.length, 0, "nothing is declared before the address is there");
      declareRecord("10.0.0.1", {});

      const [{ name, inputs } = assert.fail()] = declared;
      const { metadata, ...rest } = inputs;
      assert.equal(name, "n1-dns");
      assert.deepEqual(rest, { name: "n1.a.example.org", zone: "zone of a.example.org", ttlSeconds: 60 });
      const read = asTags().read(metadata as Record<string, string> | undefined);
      assert.deepEqual(read, hasPlace ? { nodeId: "n1", installation: "i1" } : {});
    });
  }
});
