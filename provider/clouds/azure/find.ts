/** Whose a VM is, and which VMs a resource group has. */
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../../runtime/model/accounts";
import { findAmong, soughtAmong, type VmInList } from "../../frame/find";
import { asTags, type PlaceIdentity } from "../../frame/identity";
import type { VmProvider } from "../../vm-provider";
import { ArmApi, part } from "./arm";
import { readAccess } from "./account";

const identityTags = asTags();

/** The name and the tags of the VM; what is made with it is found by it. */
export const placeIdentity: PlaceIdentity = (inputs, identity) => ({
  ...inputs,
  vmName: identity.nodeId,
  tags: identityTags.write(identity, inputs["tags"]),
});

/** An account's fields and its place. */
interface Place {
  readonly resourceGroup: string;
}

export const findAzureVms: VmProvider<Place>["findVms"] = async (nodeIds, settings, options) =>
  findAmong(nodeIds, await allVms(settings, options));

export const listAzureVms: VmProvider<Place>["listVms"] = async (sought, settings, options) => {
  const { resourceGroup } = settings as Settings & Place;
  return soughtAmong(sought, await allVms({ ...settings, resourceGroup }, options, sought.knownIds));
};

const vmsVersion = "2024-11-01";

/**
 * All of them, whether they run or not, also those whose create failed. Ids are made of names: Azure's list has them with a
 * resource group in capitals.
 *
 * @param knownIds Ids of which one is answered as it is written there.
 */
async function allVms(
  settings: Place,
  options: pulumi.InvokeOptions,
  knownIds: readonly string[] = [],
): Promise<VmInList[]> {
  const { subscriptionId } = readAccess(settings);
  const group = `/subscriptions/${subscriptionId}/resourceGroups/${settings.resourceGroup}`;
  const known = new Map(knownIds.map((id) => [id.toLowerCase(), id]));
  const vms = await new ArmApi(settings, options).list<{
    readonly name: string;
    readonly tags?: Readonly<Record<string, string>>;
  }>(`/resourceGroups/${part(settings.resourceGroup)}/providers/Microsoft.Compute/virtualMachines`, vmsVersion);
  return vms.map(({ name, tags }) => {
    const id = `${group}/providers/Microsoft.Compute/virtualMachines/${name}`;
    return { vmId: known.get(id.toLowerCase()) ?? id, ...identityTags.read(tags) };
  });
}
