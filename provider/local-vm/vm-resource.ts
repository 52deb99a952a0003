/**
 * `headroom:local:Vm`: a VM that is a process tree on this machine.
 *
 * As in a cloud each create makes a VM of its own, with an id that nobody could know before; the node id is a tag. So a
 * second create for one node id makes a second VM, also when the answer to the first was lost: whoever asks has to look
 * first. The answer comes when the process exists; booting, check-in and heartbeats happen afterwards in the guest
 * (`guest.ts`).
 */
import { chmodSync, lchownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { CloudError } from "../../runtime/model/errors";
import type { KernelContext, Properties, ResourceKernel } from "../resource-kernel";
import { faultsSchema, loseAnswer, refuseWhenSet, takePlace } from "./faults";
import { chooseGuestAccount, requireReachable, type GuestAccount } from "./guest-account";
import { guestCommandScript } from "./guest-outbox";
import { requireAllowed } from "./local-rules";
import { checkWithUnknowns, diffInputs, unknownOutputs } from "./kernel-checks";
import { launchGuest, powerOff, powerOn } from "./vm-power";
import {
  claimAddress,
  findVm,
  newVmId,
  readGuestSettings,
  readVm,
  releaseClaims,
  vmFolder,
  writeGuestSettings,
  type VmName,
} from "./vm-folder";
import { endProcesses } from "./vm-processes";

export const nodeIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "use 1 to 63 lower-case letters, digits and dashes");
export const rootSchema = z.string().refine(isAbsolute, "use an absolute path");

const seconds = z.number().min(0).max(86_400);

export const localVmInputsSchema = z.strictObject({
  nodeId: nodeIdSchema,
  /** The tag `headroom-installation`: whose VM it is. */
  installation: z.string().max(100).optional(),
  /** Folder below which all local VMs live. */
  root: rootSchema,
  cores: z.number().min(0),
  memoryBytes: z.number().min(0),
  gpus: z.int().min(0),
  /** Rendered; empty = none. Holds tokens, so it is a secret. */
  startupScript: z.string().max(1_000_000),
  /** How long the cloud takes to answer a create; the VM starts to boot after it. */
  createSeconds: seconds,
  bootSeconds: seconds,
  heartbeatSeconds: z.number().min(0.05).max(3600),
  ports: z.array(z.int().min(1).max(65_535)).max(16),
  faults: faultsSchema,
  /** Absent = on. Off: no process of it runs, and its folder and address stay. */
  power: z.enum(["on", "off"]).optional(),
});
export type LocalVmInputs = z.infer<typeof localVmInputsSchema>;

const inputNames = Object.keys(localVmInputsSchema.shape);
/** Everything else but the power is frozen at birth: a change of it is recorded and touches nothing. */
const replacing = ["nodeId", "root"];
const outputNames = ["nodeId", "root", "address", "folder", "pid"];

export const localVmKernel: ResourceKernel = {
  type: "headroom:local:Vm",
  secretInputs: ["startupScript"],
  check: async (news) => checkWithUnknowns(localVmInputsSchema, news),
  diff: async (_id, olds, news) => {
    const diff = diffInputs(olds, news, inputNames, replacing);
    return { ...diff, changes: diff.changes || powerOf(olds) !== powerOf(news) };
  },
  create,
  read: async (id, olds) => {
    const root = rootSchema.parse(olds["root"]);
    const outputs = outputsOf(root, id);
    const known = { ...olds, ...outputs };
    const inputs = Object.fromEntries(inputNames.filter((name) => name in known).map((name) => [name, known[name]]));
    return outputs && { id, inputs, outputs };
  },
  update,
  delete: async (id, olds) => removeVm(rootSchema.parse(olds["root"]), id),
};

async function create(properties: Properties, context: KernelContext): Promise<{ id: string; outputs: Properties }> {
  if (context.isPreview) return { id: "", outputs: unknownOutputs(properties, outputNames) };
  const inputs = localVmInputsSchema.parse(properties);
  const { nodeId, root, faults } = inputs;
  const name = { vmId: newVmId(), nodeId };
  requireAllowed(root);
  prepareRoot(root);
  refuseWhenSet(root, name, faults);
  await makeVm(inputs, name);
  await delay(inputs.createSeconds * 1000, undefined, { signal: context.signal });
  await loseAnswer(root, name, faults);
  const outputs = outputsOf(root, name.vmId);
  if (!outputs) throw new CloudError("TRANSIENT", `LocalVmVanished: ${nodeId} was removed while it was being created`);
  return { id: name.vmId, outputs };
}

/** All but the power is frozen at birth. */
async function update(
  id: string,
  olds: Properties,
  news: Properties,
  context: KernelContext,
): Promise<{ outputs: Properties }> {
  const root = rootSchema.parse(news["root"]);
  const name = findVm(root, id);
  if (!context.isPreview && "power" in news) {
    if (name === undefined) throw new CloudError("TRANSIENT", `LocalVmVanished: ${id} is not there any more`);
    const vm = { ...name, folder: vmFolder(root, name) };
    if (powerOf(news) === "off") await powerOff(vm);
    else await powerOn(vm, localVmInputsSchema.shape.bootSeconds.parse(news["bootSeconds"]));
  }
  return { outputs: { ...olds, ...outputsOf(root, id) } };
}

function powerOf({ power = "on" }: Properties): unknown {
  return power;
}

/** Others may pass through to the VMs of a root service, which run as another account, and see nothing on the way. */
function prepareRoot(root: string): void {
  const account = chooseGuestAccount();
  const vms = join(root, "vms");
  mkdirSync(vms, { recursive: true, mode: account ? 0o711 : 0o700 });
  if (account) chmodSync(vms, 0o711);
}

async function makeVm(inputs: LocalVmInputs, name: VmName): Promise<void> {
  const folder = vmFolder(inputs.root, name);
  mkdirSync(folder, { mode: 0o700 });
  try {
    takePlace(inputs.root, name, inputs.faults);
    await startGuest(inputs, { vmId: name.vmId, folder });
  } catch (error) {
    await removeVm(inputs.root, name.vmId);
    throw error;
  }
}

async function startGuest(
  inputs: LocalVmInputs,
  { vmId, folder }: { readonly vmId: string; readonly folder: string },
): Promise<void> {
  const { root, nodeId, startupScript, createSeconds } = inputs;
  writeGuestSettings(folder, {
    nodeId,
    ...(inputs.installation === undefined ? {} : { installation: inputs.installation }),
    address: claimAddress(root, vmId),
    cores: inputs.cores,
    memoryBytes: inputs.memoryBytes,
    gpus: inputs.gpus,
    bootSeconds: createSeconds + inputs.bootSeconds,
    heartbeatSeconds: inputs.heartbeatSeconds,
    ports: inputs.ports,
  });
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "headroom-guest"), guestCommandScript, { mode: 0o700 });
  if (startupScript) {
    writeFileSync(join(folder, "startup.sh"), startupScript, { mode: 0o700 });
    chmodSync(join(folder, "startup.sh"), 0o700);
  }
  const account = chooseGuestAccount();
  if (account) giveTo(account, folder);
  await launchGuest(folder, nodeId);
}

function giveTo(account: GuestAccount, folder: string): void {
  requireReachable(folder, account);
  for (const name of [".", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
    lchownSync(join(folder, name), account.uid, account.gid);
  }
}

/**
 * Undefined = there is no such VM. One whose process ended is still there, stopped, until it is deleted; so is one whose
 * creator was killed before it started, without an address.
 */
function outputsOf(root: string, vmId: string): Properties | undefined {
  const name = findVm(root, vmId);
  if (name === undefined) return undefined;
  const folder = vmFolder(root, name);
  return { nodeId: name.nodeId, root, folder, address: readGuestSettings(folder)?.address, pid: readVm(folder)?.pid };
}

/** Its processes, its address and place, and last its folder, so that a delete that was cut short is found again. */
export async function removeVm(root: string, vmId: string): Promise<void> {
  const name = findVm(root, vmId);
  if (name === undefined) return;
  const folder = vmFolder(root, name);
  if (!(await endProcesses(folder))) {
    throw new CloudError("TRANSIENT", `LocalVmStillRunning: ${vmId}: processes in ${folder} do not end`);
  }
  releaseClaims(root, vmId);
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
