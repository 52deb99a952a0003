/**
 * `headroom:vsphere:Guest`: what happens inside a node's VM when it has started. Its VMware Tools tell its address, and where
 * they are to run the startup script it runs, once in the life of the VM: also when the answer was lost and when the VM was found again
 * after a crash. Deleting it does nothing, as the VM goes anyway.
 */
import { z } from "zod";
import { CloudError } from "../../../runtime/model/errors";
import { checkWithUnknowns, unknownOutputs } from "../../local-vm/kernel-checks";
import type { KernelContext, Properties, ResourceKernel } from "../../resource-kernel";
import { GuestTools } from "./guest-tools";
import { vcenterAccessSchema } from "./settings";
import { VCenter } from "./vcenter";

export const guestInputsSchema = z.strictObject({
  nodeId: z.string(),
  /** As it is when the node is made; holds the password, so it is a secret. */
  access: vcenterAccessSchema,
  /** BIOS UUID of the VM. */
  vmId: z.string(),
  osType: z.enum(["linux", "windows"]),
  /** What VMware Tools run; absent = the guest reads its script itself, or has none. A secret. */
  program: z.strictObject({ script: z.string(), username: z.string(), password: z.string() }).optional(),
  /** How long the tools are waited for, and then an address. */
  waitSeconds: z.number(),
});
export type GuestInputs = z.output<typeof guestInputsSchema>;

const pauseMsMax = 2_000;
const outputNames = ["nodeId", "vmId", "address"];

export const guestKernel: ResourceKernel = {
  type: "headroom:vsphere:Guest",
  secretInputs: ["access", "program"],
  check: async (news) => checkWithUnknowns(guestInputsSchema, news),
  // A node's script is that of its birth.
  diff: async () => ({ changes: false, replaces: [] }),
  create,
  read: async (id, olds) => ({ id, inputs: olds, outputs: olds }),
  update: async (_id, olds) => ({ outputs: olds }),
  delete: async () => undefined,
};

async function create(properties: Properties, context: KernelContext): Promise<{ id: string; outputs: Properties }> {
  if (context.isPreview) return { id: "", outputs: unknownOutputs(properties, outputNames) };
  const { nodeId, access, vmId, osType, program, waitSeconds } = guestInputsSchema.parse(properties);
  const address = await VCenter.with(
    access,
    async (vcenter) => {
      const reference = await requireVm(vcenter, { nodeId, vmId });
      const limits = { pauseMsMax, waitMs: waitSeconds * 1000, signal: context.signal };
      const tools = new GuestTools(vcenter, { reference, nodeId }, limits);
      context.log?.(`waiting for the VMware Tools of node ${nodeId}`);
      const found = await tools.address();
      if (program !== undefined) {
        const outcome = await tools.runOnce(program.script, osType, program);
        context.log?.(`the startup script of node ${nodeId}: ${sayings[outcome]}`);
      }
      return found;
    },
    context.signal,
  );
  return { id: vmId, outputs: { nodeId, vmId, address } };
}

/** A script never runs in a VM of somebody else. */
async function requireVm(vcenter: VCenter, { nodeId, vmId }: { readonly nodeId: string; readonly vmId: string }) {
  const reference = await vcenter.vmByUuid(vmId);
  if (reference === undefined) {
    throw new CloudError("TRANSIENT", `VsphereVmGone: the VM of node ${nodeId} (${vmId}) is not there any more`);
  }
  const [vm] = await vcenter.read([reference], ["name"]);
  const name = vm?.properties.get("name")?.text ?? "";
  if (name === nodeId) return reference;
  throw new CloudError(
    "CONFIG",
    `VsphereVmForeign: the VM with the UUID ${vmId} is called "${name}", and not ${nodeId}`,
  );
}

const sayings = {
  ended: "has ended well",
  running: "is running",
  begun: "had been begun before; it was not run again",
} as const;
