/** The request for one server, of settings and overrides. */
import type { Inputs } from "../../frame/inputs";
import { diskArgs } from "./disks";
import type { InstanceArgs } from "./instance";
import type { OpenStackSettings } from "./settings";

/** Without overrides and identity. */
export function instanceArgs({ settings }: { readonly settings: OpenStackSettings }, script: string): InstanceArgs {
  const { flavor, flavorId, networkId, networkName, securityGroups, keyName, availabilityZone, metadata } = settings;
  return {
    ...(flavorId === undefined ? { flavorName: flavor! } : { flavorId }),
    ...diskArgs(settings),
    ...(networkId !== undefined && { networks: [{ uuid: networkId }] }),
    ...(networkName !== undefined && { networks: [{ name: networkName }] }),
    ...(securityGroups !== undefined && { securityGroups }),
    ...(keyName !== undefined && { keyPair: keyName }),
    ...(availabilityZone !== undefined && { availabilityZone }),
    ...(script !== "" && { userData: script }),
    configDrive: settings.configDrive,
    metadata,
    // Where a cloud keeps deleted servers for a while, they would count against the project's quota.
    forceDelete: true,
  };
}

/** Disks are in the request already: a list that is merged over another one takes its place. */
export function overridesOf({ configOverride, inputOverride }: OpenStackSettings): Inputs[] {
  return [configOverride, inputOverride].map(({ blockDevices: _, ...rest }) => rest);
}
