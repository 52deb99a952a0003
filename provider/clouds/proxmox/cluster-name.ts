/**
 * Which cluster an address leads to. The same address may lead to another one by and by, where the ids of our VMs are those of
 * others: so the name of the cluster, once it is known, is asked for before anything else.
 */
import type { ProxmoxApi } from "./api";

interface StatusEntry {
  readonly type: "cluster" | "node";
  readonly name: string;
}

/** A node that is in no cluster is one of its own. Needs the privilege Sys.Audit on /. */
export async function clusterName(api: ProxmoxApi): Promise<string> {
  const entries = await api.get<StatusEntry[]>("/cluster/status");
  const found = entries.find(({ type }) => type === "cluster") ?? entries[0];
  if (found === undefined) throw new Error("the API does not say which cluster it is of");
  return found.name;
}

export async function requireCluster(api: ProxmoxApi, wanted: string, host: string): Promise<void> {
  const name = await clusterName(api);
  if (name !== wanted)
    throw new Error(`the address "${host}" is cluster "${name}", and not "${wanted}", where the VMs are`);
}
