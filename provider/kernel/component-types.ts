/** Components that programs of every language have: one node of each cloud that has VMs, in the user's own stack. */
import type { Cloud } from "../cloud";
import { typeNameOf } from "./typed-provider";
import type { DnsProvider, VmProvider } from "../vm-provider";

export interface NodeComponentType {
  /** e.g. `headroom:index:AwsNode`. */
  readonly type: string;
  /** Of the cloud. */
  readonly kind: string;
  /** The cloud in names of types, e.g. `Aws`. */
  readonly name: string;
  readonly vm: VmProvider<unknown>;
  /** The DNS service of the same cloud. */
  readonly dns: DnsProvider<unknown> | undefined;
}

export function nodeComponentTypes(clouds: readonly Cloud[]): NodeComponentType[] {
  return clouds.flatMap((cloud) => {
    const { kind, vm, dns } = cloud;
    const name = typeNameOf(cloud);
    return vm === undefined ? [] : [{ type: `headroom:index:${name}Node`, kind, name, vm, dns }];
  });
}

/** What users read of such a component, in every language. */
export function textOfNode({ sdk, nodeDefaults, description }: VmProvider<unknown>): string {
  const differs = nodeDefaults === undefined ? "" : `, but \`${JSON.stringify(nodeDefaults)}\``;
  const needs =
    sdk === undefined
      ? "Needs the plugin `pulumi-resource-headroom`."
      : `Needs the npm package \`${sdk}\` where it runs: pass a provider of it in the options to share it among nodes; ` +
        "without one each node makes its own from `settings`.";
  return (
    `${description} This is one of them without a runtime, in your own stack: it lives as long as the resource, and its ` +
    `settings have the same defaults as those of the runtime's nodes${differs}. ${needs}`
  );
}
