/** Which Pulumi provider a node and its record are declared with, in a user's own stack. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { declareNode, type NodeDeclaration } from "../../components/node";
import type { DnsProvider, VmProvider } from "../../provider/vm-provider";
import { noAccountRules } from "../../runtime/model/accounts";

interface Settings {
  readonly key: string;
}

/** By the name of what was declared: the Pulumi provider that it got. */
type Declared = Map<string, unknown>;

function cloudOf(kind: string, declared: Declared) {
  const access = {
    secretFields: ["key"],
    account: noAccountRules,
    settings: z.strictObject({ key: z.string() }),
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
  } as unknown as VmProvider<Settings>;
  const dns: DnsProvider<Settings> = {
    ...access,
    recordType: `${kind}:index:Record`,
    declareRecord: async ({ identity: { nodeId }, dns: { kind: service } }, options) => {
      assert.equal(service, kind);
      note(`${nodeId}-dns`, options);
      return { dnsName: pulumi.output("n1.example.org") };
    },
  };
  return { kind, vm, dns };
}

interface Case {
  readonly what: string;
  readonly dnsKind: string;
  readonly given?: Readonly<Record<string, string>>;
  readonly ownProvider?: string;
  readonly dnsOwnProvider?: string;
  readonly expected: readonly [vm: string | undefined, record: string | undefined];
}

const cases: readonly Case[] = [
  {
    what: "of one cloud share the one that is made of its settings",
    dnsKind: "moon",
    ownProvider: "a",
    expected: ["moon a vm-key", "moon a vm-key"],
  },
  {
    what: "of one cloud share the one that is given",
    dnsKind: "moon",
    ownProvider: "a",
    given: { "moon:index:Vm": "given" },
    expected: ["given", "given"],
  },
  {
    what: "of two have one each, made of their own settings",
    dnsKind: "mars",
    ownProvider: "a",
    dnsOwnProvider: "b",
    expected: ["moon a vm-key", "mars b dns-key"],
  },
  {
    what: "of two have one each that is given",
    dnsKind: "mars",
    ownProvider: "a",
    dnsOwnProvider: "b",
    given: { "moon:index:Vm": "one", "mars:index:Record": "other" },
    expected: ["one", "other"],
  },
  {
    what: "of two never share one that is given for the VM",
    dnsKind: "mars",
    given: { "moon:index:Vm": "one" },
    dnsOwnProvider: "b",
    expected: ["one", "mars b dns-key"],
  },
  {
    what: "of two are left to the default ones where none is asked for",
    dnsKind: "mars",
    expected: [undefined, undefined],
  },
];

describe("a node and its record in a user's own stack", () => {
  for (const { what, dnsKind, given = {}, ownProvider, dnsOwnProvider, expected } of cases) {
    it(what, async () => {
      const declared: Declared = new Map();
      const component = { getProvider: (type: string) => given[type] } as unknown as pulumi.ComponentResource;
      const declaration: NodeDeclaration<Settings, Settings> = {
        nodeName: "n1",
        cloud: cloudOf("moon", declared),
        settings: { key: "vm-key" },
        startupScript: "",
        osType: "linux",
        ...(ownProvider === undefined ? {} : { ownProvider }),
        dns: {
          service: cloudOf(dnsKind, declared),
          settings: { key: "dns-key" },
          baseDomainName: "example.org",
          ...(dnsOwnProvider === undefined ? {} : { ownProvider: dnsOwnProvider }),
        },
      };
      const { dnsName } = declareNode(component, declaration);
      const name = await new Promise((resolve) => dnsName.apply(resolve));

      assert.equal(name, "n1.example.org");
      assert.deepEqual([declared.get("n1"), declared.get("n1-dns")], expected);
    });
  }
});
