/** What the account must be allowed to do with a VM, from its clone to its end, and where. */
import type { Placement } from "./placement";
import { scriptMethodOf, type VSphereSettings } from "./settings";
import type { Reference } from "./soap";

export interface NeededPrivileges {
  /** Of the object, in words. */
  readonly on: string;
  readonly entity: Reference;
  readonly privileges: readonly string[];
}

/** On the folder of the VMs, or the datacenter, with what is in it. */
export const vmPrivileges = [
  ...["VirtualMachine.Inventory.CreateFromExisting", "VirtualMachine.Inventory.Delete"],
  ...["VirtualMachine.Config.AddNewDisk", "VirtualMachine.Config.AdvancedConfig", "VirtualMachine.Config.Annotation"],
  ...["VirtualMachine.Config.CPUCount", "VirtualMachine.Config.DiskExtend", "VirtualMachine.Config.EditDevice"],
  ...["VirtualMachine.Config.Memory", "VirtualMachine.Config.Rename", "VirtualMachine.Config.Resource"],
  ...["VirtualMachine.Config.Settings", "VirtualMachine.Interact.PowerOff", "VirtualMachine.Interact.PowerOn"],
] as const;
export const toolsPrivileges = [
  "VirtualMachine.GuestOperations.Execute",
  "VirtualMachine.GuestOperations.Query",
] as const;

export function neededPrivileges(
  { template, datastoreId, datastoreClusterId, resourcePoolId, networkId }: Placement,
  datacenterId: string,
  settings: VSphereSettings,
): NeededPrivileges[] {
  const method = scriptMethodOf(settings);
  const clone = template.isTemplate
    ? "VirtualMachine.Provisioning.DeployTemplate"
    : "VirtualMachine.Provisioning.Clone";
  const on = (what: string, type: string, value: string | undefined, ...privileges: string[]): NeededPrivileges[] =>
    value === undefined ? [] : [{ on: what, entity: { type, value }, privileges }];
  return [
    ...on(
      `datacenter "${settings.datacenter}"`,
      "Datacenter",
      datacenterId,
      ...vmPrivileges,
      ...(method === "tools" ? toolsPrivileges : []),
      ...(method === "sysprep" ? ["VirtualMachine.Provisioning.Customize"] : []),
    ),
    ...on(`template "${settings.templateName}"`, "VirtualMachine", template.id, clone),
    ...on("the datastore", "Datastore", datastoreId, "Datastore.AllocateSpace"),
    ...on("the datastore cluster", "StoragePod", datastoreClusterId, "Datastore.AllocateSpace"),
    ...on("the resource pool", "ResourcePool", resourcePoolId, "Resource.AssignVMToPool"),
    ...on(
      "the network",
      networkId?.startsWith("dvportgroup-") ? "DistributedVirtualPortgroup" : "Network",
      networkId,
      "Network.Assign",
    ),
  ];
}
