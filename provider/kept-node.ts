/** Declares a node as its stack knows it already: every resource of it again, by type and name, and none with a change. */
import * as pulumi from "@pulumi/pulumi";
import type { KeptNode } from "../runtime/executor/node-program-port";
import type { DnsProvider, RecordOptions } from "./vm-provider";

class KeptCustom extends pulumi.CustomResource {}
class KeptComponent extends pulumi.ComponentResource {}

/** @param providerOf The Pulumi provider of this name, or the one under which the node's VM is declared. */
export async function declareKept(
  kept: KeptNode,
  component: pulumi.Resource,
  providerOf: (name: string) => Promise<pulumi.ProviderResource>,
): Promise<Readonly<Record<string, pulumi.Output<string>>>> {
  const declared = new Map<string, pulumi.Resource>();
  // The state lists parents before their children.
  for (const { urn, type, name, isCustom, parent, providerName } of kept.resources) {
    const options = { parent: (parent === undefined ? undefined : declared.get(parent)) ?? component };
    if (!isCustom) declared.set(urn, new KeptComponent(type, name, {}, options));
    else {
      const provider = await providerOf(providerName ?? "");
      declared.set(urn, new KeptCustom(type, name, {}, { ...options, provider, ignoreChanges: ["*"] }));
    }
  }
  return Object.fromEntries(Object.entries(kept.outputs).map(([name, value]) => [name, pulumi.output(String(value))]));
}

/** What the stack has of a node whose record is about to be declared; undefined = the record too. */
export function whatStackHas(
  kept: KeptNode | undefined,
  { recordType }: DnsProvider<unknown>,
): RecordOptions["stackHas"] {
  if (kept === undefined) return "nothing";
  return kept.resources.some(({ type }) => type === recordType) ? undefined : "vm";
}
