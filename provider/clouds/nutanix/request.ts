/** The request for one VM. */
import type { NodeOf } from "../../vm-provider";
import type { Found } from "./inventory";
import type { MachineArgs } from "./machine";
import type { NutanixSettings } from "./settings";

/** What a template names, by the UUIDs that Prism Central has for it. */
export interface NamedThings {
  readonly image: Found;
  readonly cluster: Found;
  readonly subnet: Found;
  readonly project: Found | undefined;
}

/** The request for one node, without overrides and identity. */
export function machineArgs(
  { settings }: NodeOf<NutanixSettings>,
  script: string,
  { image, cluster, subnet, project }: NamedThings,
): MachineArgs {
  const { cores, memory, diskSize, bootType } = settings;
  return {
    clusterUuid: cluster.uuid,
    numSockets: 1,
    numVcpusPerSocket: cores,
    memorySizeMib: memory / 2 ** 20,
    diskLists: [
      {
        dataSourceReference: { kind: "image", uuid: image.uuid },
        deviceProperties: { deviceType: "DISK", diskAddress: { device_index: "0", adapter_type: "SCSI" } },
        ...(diskSize === undefined ? {} : { diskSizeMib: diskSize / 2 ** 20 }),
      },
    ],
    nicLists: [{ subnetUuid: subnet.uuid }],
    ...(bootType === undefined ? {} : { bootType }),
    ...(project === undefined ? {} : { projectReference: { kind: "project", uuid: project.uuid } }),
    ...(script === "" ? {} : { guestCustomizationCloudInitUserData: script }),
    // Its address is a resource of its own: a VM that gets none must not hold up whoever reads it.
    powerState: "ON",
  };
}
