/** The clouds of the registry, as the suites here go through them. */
import { needsPlugin } from "../../provider/pulumi-providers";
import { registry } from "../../provider/registry";
import type { DnsProvider, VmProvider } from "../../provider/vm-provider";

/** Every cloud that has VMs. */
export const vmKinds: readonly string[] = Object.keys(registry.vm);

/** Those behind somebody else's plugin, which is emulated here. */
export const emulatedKinds: readonly string[] = vmKinds.filter((kind) => needsPlugin(vmProviderOf(kind)));

export function vmProviderOf(kind: string): VmProvider<unknown> {
  const found = registry.vm[kind];
  if (found === undefined) throw new Error(`the registry has no VMs of kind "${kind}"`);
  return found;
}

/** Undefined: the cloud has no DNS service. */
export function dnsProviderOf(kind: string): DnsProvider<unknown> | undefined {
  return registry.dns[kind];
}
