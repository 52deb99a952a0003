/** Which VMs of ours a namespace has, by their labels. */
import type { ListedVm } from "../../../runtime/model/account-questions";
import { findAmong, soughtAmong, type VmInList } from "../../frame/find";
import { asLabels, asVmName, identityKeys, inFields, type PlaceIdentity } from "../../frame/identity";
import { mergeInputs } from "../../frame/inputs";
import type { FoundVm, SoughtVms } from "../../vm-provider";
import type { KubernetesApi, KubernetesObject } from "./api";
import { vmIdOf } from "./names";

export const labelsForm = asLabels();
const nameForm = asVmName(63);
const placeLabels = inFields(labelsForm, "metadata.labels", "spec.template.metadata.labels");

/** The VM's name is the node's id; labels are on the VM, on what runs of it, and on its volumes. */
export const placeIdentity: PlaceIdentity = (inputs, identity) =>
  mergeInputs(placeLabels(inputs, identity), { metadata: { name: nameForm.write(identity) } });

export const vmsPath = (namespace: string): string => `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines`;

export async function findVmsIn(api: KubernetesApi, nodeIds: readonly string[], namespace: string): Promise<FoundVm[]> {
  return findAmong(nodeIds, await vmsOf(api, namespace, identityKeys.nodeId));
}

/** Those that are known by their ids may have lost their labels, so all are asked for. */
export async function listVmsIn(api: KubernetesApi, sought: SoughtVms, namespace: string): Promise<ListedVm[]> {
  return soughtAmong(sought, await vmsOf(api, namespace));
}

/** One that is about to go is in the list as long as it holds anything. */
async function vmsOf(api: KubernetesApi, namespace: string, labelSelector?: string): Promise<VmInList[]> {
  const vms = await api.list<KubernetesObject>(
    vmsPath(namespace),
    labelSelector === undefined ? {} : { labelSelector },
  );
  return vms.map(({ metadata }) => ({ vmId: vmIdOf(namespace, metadata.name), ...labelsForm.read(metadata.labels) }));
}
