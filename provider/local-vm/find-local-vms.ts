/** Everything that local VMs leave on this machine, read from the machine itself. */
import { join } from "node:path";
import { listNames, listVms, readGuestSettings, readVm, vmFolder } from "./vm-folder";
import { findProcessesBelow, isProcessOf } from "./vm-processes";

export interface LocalVm {
  /** Given by the "cloud": says nothing about the node. */
  readonly vmId: string;
  /** The tag under which it was asked for; several VMs may carry the same. */
  readonly nodeId: string;
  readonly folder: string;
  readonly isRunning: boolean;
  /** Whose it is: the tag `headroom-installation`. */
  readonly installation?: string;
  readonly address?: string;
  readonly pid?: number;
}

/** All VMs below the root, stopped and half-made ones too. Throws when the root can't be read. */
export function findLocalVms(root: string): LocalVm[] {
  return listVms(root).map(({ vmId, nodeId }) => {
    const folder = vmFolder(root, { vmId, nodeId });
    const pid = readVm(folder)?.pid;
    const isRunning = pid !== undefined && isProcessOf(folder, pid);
    const { address, installation } = readGuestSettings(folder) ?? {};
    return { vmId, nodeId, folder, isRunning, address, pid, ...(installation === undefined ? {} : { installation }) };
  });
}

/** Each thing below the root that should be gone when no VM is wanted: empty = nothing left over. */
export function findLocalLeftovers(root: string): string[] {
  const vms = findLocalVms(root);
  return [
    ...vms.map((vm) => `folder ${vm.folder}`),
    ...findProcessesBelow(join(root, "vms")).map((pid) => `process ${pid}`),
    ...["addresses", "places", "dns"].flatMap((what) => listNames(join(root, what)).map((name) => `${what}/${name}`)),
  ];
}
