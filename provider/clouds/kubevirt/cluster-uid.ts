/**
 * Which cluster an address leads to. The same address may lead to another one by and by, where the VMs of our nodes would seem
 * to be gone: so the id of the cluster, once it is known, is asked for before anything else. It is that of the namespace
 * `kube-system`, which every cluster has from its beginning to its end.
 */
import type { KubernetesApi, KubernetesObject } from "./api";

/** Needs to get the namespace `kube-system`. */
export async function clusterUid(api: KubernetesApi): Promise<string> {
  const { metadata } = await api.get<KubernetesObject>("/api/v1/namespaces/kube-system");
  if (metadata.uid === undefined) throw new Error("the cluster does not tell the id of its namespace kube-system");
  return metadata.uid;
}

export async function requireCluster(api: KubernetesApi, wanted: string, server: string): Promise<void> {
  const uid = await clusterUid(api);
  if (uid !== wanted) throw new Error(`"${server}" leads to cluster ${uid}, and not to ${wanted}, where the VMs are`);
}
