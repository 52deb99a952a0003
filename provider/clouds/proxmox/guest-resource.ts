/**
 * `headroom:proxmox:Guest`: what happens inside a node's VM when it has started. Its guest agent is waited for, it tells its
 * address, and the startup script runs, once in the life of the VM: also when the answer was lost and when the VM was found
 * again after a crash. Deleting it does nothing, as the VM goes anyway.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { CloudError } from "../../../runtime/model/errors";
import { checkWithUnknowns, unknownOutputs } from "../../local-vm/kernel-checks";
import type { KernelContext, Properties, ResourceKernel } from "../../resource-kernel";
import { ProxmoxApi } from "./api";
import { requireVmOf } from "./cluster-vms";
import { GuestAgent } from "./guest-agent";
import { proxmoxAccessSchema } from "./settings";

export const guestInputsSchema = z.strictObject({
  nodeId: z.string(),
  /** As it is when the node is made; holds the token, so it is a secret. */
  access: proxmoxAccessSchema,
  vmId: z.int(),
  osType: z.enum(["linux", "windows"]),
  /** Folder in the VM; absent = that of the system for temporary files. */
  path: z.string().optional(),
  /** Empty = none. Holds tokens, so it is a secret. */
  script: z.string(),
  /** How long the agent is waited for, and then an address. */
  waitSeconds: z.number(),
});
export type GuestInputs = z.output<typeof guestInputsSchema>;

const pauseMsMax = 2_000;
const outputNames = ["nodeId", "vmId", "address"];

export const guestKernel: ResourceKernel = {
  type: "headroom:proxmox:Guest",
  secretInputs: ["access", "script"],
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
  const { nodeId, access, vmId, osType, path, script, waitSeconds } = guestInputsSchema.parse(properties);
  const api = new ProxmoxApi(access, context.signal);
  // A script never runs in a VM of somebody else that has got the id.
  const node = await requireVmOf(api, { nodeId, vmId: String(vmId) });
  if (node === undefined) {
    throw new CloudError("TRANSIENT", `ProxmoxVmGone: VM ${vmId} of node ${nodeId} is not there any more`);
  }
  const limits = { pauseMsMax, waitMs: waitSeconds * 1000, signal: context.signal };
  const agent = new GuestAgent(api, { node, vmid: vmId }, limits);
  context.log?.(`waiting for the guest agent of VM ${vmId}`);
  const address = await agent.address();
  if (script !== "") {
    const attempt = randomBytes(4).toString("hex");
    const outcome = await agent.runOnce(script, { nodeId, osType, path, attempt });
    context.log?.(`the startup script in VM ${vmId}: ${sayings[outcome]}`);
  }
  return { id: String(vmId), outputs: { nodeId, vmId, address } };
}

const sayings = {
  ended: "has ended well",
  running: "is running",
  begun: "had been begun before; it was not run again",
} as const;
