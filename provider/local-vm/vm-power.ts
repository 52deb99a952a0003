/** The processes of a local VM: how its guest is started, ended with all that its script has begun, and started again. */
import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CloudError } from "../../runtime/model/errors";
import { accountVariable, chooseGuestAccount } from "./guest-account";
import { readGuestSettings, readVm, recordVm, vmLogFile, writeGuestSettings, type VmName } from "./vm-folder";
import { endProcesses, isProcessOf, vmMark, waitForMark } from "./vm-processes";

type VmPlace = VmName & { readonly folder: string };

/** Starts the guest, which boots and runs the startup script. */
export async function launchGuest(folder: string, nodeId: string): Promise<void> {
  const account = chooseGuestAccount();
  const log = openSync(vmLogFile(folder), "a", 0o600);
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    HEADROOM_NODE_ID: nodeId,
    [vmMark]: folder,
    ...(account ? { [accountVariable]: `${account.uid}:${account.gid}` } : {}),
  };
  const guest = spawn(process.execPath, [join(__dirname, "guest.js"), folder], {
    cwd: folder,
    env,
    // A session of its own and no pipe to us: it lives on when the plugin, the engine or the runtime dies.
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  // Without a pid it could not be started; the event brings the reason, which must not end the plugin.
  guest.on("error", () => undefined);
  if (guest.pid === undefined)
    throw new CloudError("TRANSIENT", `LocalVmNotStarted: ${nodeId}: no process could be made`);
  guest.unref();
  await waitForMark(folder, guest.pid);
  recordVm(folder, { nodeId, pid: guest.pid });
}

/** Ends everything that runs of it. Its folder, address and place stay. May be done twice. */
export async function powerOff({ vmId, folder }: VmPlace): Promise<void> {
  if (!(await endProcesses(folder))) {
    throw new CloudError("TRANSIENT", `LocalVmStillRunning: ${vmId}: processes in ${folder} do not end`);
  }
  rmSync(join(folder, "vm.json"), { force: true });
}

/**
 * Boots it again at the same address; its startup script runs again. Nothing happens to one that runs; what a broken start
 * has left is ended first.
 */
export async function powerOn(vm: VmPlace, bootSeconds: number): Promise<void> {
  const { vmId, nodeId, folder } = vm;
  const running = readVm(folder)?.pid;
  if (running !== undefined && isProcessOf(folder, running)) return;
  await powerOff(vm);
  const settings = readGuestSettings(folder);
  if (settings === undefined) {
    throw new CloudError("TRANSIENT", `LocalVmNotStarted: ${vmId}: it was never made whole, so it can't be started`);
  }
  // What it asked for before it was stopped must not be done once more.
  rmSync(join(folder, "outbox"), { force: true });
  writeGuestSettings(folder, { ...settings, bootSeconds });
  await launchGuest(folder, nodeId);
}
