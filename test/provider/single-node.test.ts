/** Which Pulumi provider a node and its record are declared with, in a user's own stack, and by which settings. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { declareNode, type NodeDeclaration } from "../../provider/single-node";
import type { Cloud } from "../../provider/cloud";
import type { DnsProvider, VmProvider } from "../../provider/vm-provider";
import { noAccountRules } from "../../runtime/model/accounts";

interface Settings {
  readonly key: string;
}

/** By the name of what was declared: the Pulumi provider that it got. */
type Declared = Map<string, unknown>;

function cloudOf(kind: string, declared: Declared, sdk: string | undefined): Cloud {
  const access = {
    ...(sdk === undefined ? { usesOwnPlugin: true } : { sdk }),
    description: `What there is on the ${kind}.`,
    secretFields: ["key"],
    account: noAccountRules,
    settings: z.strictObject({ key: z.string().min(4).describe("To get in.") }),
    pulumiProvider: async (name: string, { settings }: { readonly settings: object }) =>
      `${kind} ${name} ${(settings as Settings).key}` as unknown as pulumi.ProviderResource,
  };
  const note = (name: string, { provider }: pulumi.CustomResourceOptions) => void declared.set(name, provider);
  const vm = {
    ...access,
    vmType: `${kind}:index:Vm`,
    declareNode: async ({ nodeId }: { readonly nodeId: string }, options: pulumi.CustomResourceOptions) => {
      note(nodeId, options);
      return { vm: {}, address: pulumi.output("10.0.0.1") };
    },
  } as unknown as VmProvider<unknown>;
  const dns: DnsProvider<Settings> = {
    ...access,
    recordType: `${kind}:index:Record`,
    prepareRecord:
      async ({ identity: { nodeId }, dns: { kind: service } }, { provider }) =>
      (_address, options) => {
        assert.equal(service, kind);
        assert.equal(options.provider, provider);
        note(`${nodeId}-dns`, options);
        return { dnsName: pulumi.output("n1.example.org") };
      },
  };
  return { kind, vm, ...(kind === "sun" ? {} : { dns: dns as DnsProvider<unknown> }) };
}

interface Case {
  readonly what: string;
  /** Kind of the record's own service; absent: that of the VM's cloud. */
  readonly dnsKind?: string;
  readonly given?: Readonly<Record<string, string>>;
  /** The clouds need no Pulumi provider of their own. */
  readonly hasNoSdk?: boolean;
  readonly expected: readonly [vm: string | undefined, record: string | undefined];
}

const cases: readonly Case[] = [
  {
    what: "of one cloud share the one that is made of its settings",
    expected: ["moon n1-account vm-key", "moon n1-account vm-key"],
  },
  {
    what: "of one cloud share the one that is given",
    given: { "moon:index:Vm": "given" },
    expected: ["given", "given"],
  },
  {
    what: "of one cloud have one each when the record has settings of its own",
    dnsKind: "moon",
    expected: ["moon n1-account vm-key", "moon n1-dns-account dns-key"],
  },
  {
    what: "of two have one each, made of their own settings",
    dnsKind: "mars",
    expected: ["moon n1-account vm-key", "mars n1-dns-account dns-key"],
  },
  {
    what: "of two have one each that is given",
    dnsKind: "mars",
    given: { "moon:index:Vm": "one", "mars:index:Record": "other" },
    expected: ["one", "other"],
  },
  {
    what: "of two never share one that is given for the VM",
    dnsKind: "mars",
    given: { "moon:index:Vm": "one" },
    expected: ["one", "mars n1-dns-account dns-key"],
  },
  {
    what: "of clouds that need none are left to the default ones",
    dnsKind: "mars",
    hasNoSdk: true,
    expected: [undefined, undefined],
  },
];

describe("a node and its record in a user's own stack", () => {
  const declared: Declared = new Map();
  beforeEach(() => declared.clear());

  function declare(more: Partial<NodeDeclaration>, { given = {}, hasNoSdk = false }: Partial<Case> = {}) {
    const component = { getProvider: (type: string) => given[type] } as unknown as pulumi.ComponentResource;
    const clouds = ["moon", "mars", "sun"].map((kind) => cloudOf(kind, declared, hasNoSdk ? undefined : "@sky/sdk"));
    return declareNode(component, { kind: "moon", resourceName: "n1", settings: { key: "vm-key" }, ...more }, clouds);
  }

  for (const { what, dnsKind: kind, expected, ...rest } of cases) {
    it(what, async () => {
      const settings = { key: "dns-key" };
      const dns = { baseDomainName: "example.org", ...(kind === undefined ? {} : { kind, settings }) };
      const { dnsName } = declare({ dns }, rest);
      const name = await new Promise((resolve) => dnsName.apply(resolve));

      assert.equal(name, "n1.example.org");
      assert.deepEqual([declared.get("n1"), declared.get("n1-dns")], expected);
    });
  }

  const baseDomainName = "example.org";
  const wrong: Readonly<Record<string, [Partial<NodeDeclaration>, RegExp]>> = {
    "a name that no VM may have": [{ resourceName: "N_1" }, /nodeName: got "N_1"/],
    "settings, and tells no secret": [{ settings: { key: "abc" } }, /settings\.key: got a secret/],
    "an unknown setting": [{ settings: { key: "vm-key", kye: 1 } }, /settings\.kye: unknown field/],
    "an unknown DNS service": [
      { dns: { kind: "venus", baseDomainName } },
      /dns\.kind: got "venus"; there are moon, mars/,
    ],
    "a cloud without a DNS service": [
      { dns: { kind: "sun", baseDomainName } },
      /dns\.kind: got "sun", which has no DNS/,
    ],
    "settings of the record": [{ dns: { kind: "mars", baseDomainName } }, /dns\.settings\.key: is missing/],
    "a field of the record": [
      { dns: { baseDomainName, zone: 1 } as NodeDeclaration["dns"] & object },
      /dns\.zone: unknown/,
    ],
  };
  for (const [what, [more, message]] of Object.entries(wrong)) {
    it(`are refused for ${what}, and nothing is declared`, () => {
      assert.throws(() => declare(more), message);
      assert.equal(declared.size, 0);
    });
  }
});
