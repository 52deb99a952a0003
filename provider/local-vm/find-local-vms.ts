/** Everything that local VMs leave on this machine, read from the machine itself. */
import { join } from "node:path";
import { listNames, readGuestSettings, readVm, vmFolder } from "./vm-folder";
import { findProcessesBelow, isProcessOf } from "./vm-processes";

export interface LocalVm {
  readonly nodeId: string;
  readonly folder: string;
  readonly isRunning: boolean;
  readonly address?: string;
  readonly pid?: number;
}

/** All VMs below the root, stopped and half-made ones too. Throws when the root can't be read. */
export function findLocalVms(root: string): LocalVm[] {
  return listNames(join(root, "vms")).map((nodeId) => {
    const folder = vmFolder(root, nodeId);
    const pid = readVm(folder)?.pid;
    const isRunning = pid !== undefined && isProcessOf(folder, pid);
    return { nodeId, folder, isRunning, address: readGuestSettings(folder)?.address, pid };
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
