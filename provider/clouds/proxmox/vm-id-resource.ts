/**
 * `headroom:proxmox:VmId`: what must be looked up before a node's VM can be cloned, once and for ever: the template,
 * by its name, and the id that the VM gets. Kept in the stack, so that nothing of it is asked for again when the template has long been
 * replaced by another one.
 */
import { z } from "zod";
import { checkWithUnknowns, unknownOutputs } from "../../local-vm/kernel-checks";
import type { KernelContext, Properties, ResourceKernel } from "../../resource-kernel";
import { ProxmoxApi } from "./api";
import { proxmoxAccessSchema } from "./settings";
import { findTemplate } from "./template";
import { chooseVmId, VmIdClaims } from "./vm-id";

export const vmIdInputsSchema = z.strictObject({
  nodeId: z.string(),
  /** As it is when the node is made; holds the token, so it is a secret. */
  access: proxmoxAccessSchema,
  clusterNode: z.string(),
  templateName: z.string(),
  lower: z.int(),
  upper: z.int(),
});
export type VmIdInputs = z.output<typeof vmIdInputsSchema>;

const outputNames = ["nodeId", "host", "vmId", "templateId", "cpu"];

export const vmIdKernel: ResourceKernel = {
  type: "headroom:proxmox:VmId",
  secretInputs: ["access"],
  check: async (news) => checkWithUnknowns(vmIdInputsSchema, news),
  // The choice stands, whatever the template of the config says by now.
  diff: async () => ({ changes: false, replaces: [] }),
  create,
  read: async (id, olds) => ({ id, inputs: olds, outputs: olds }),
  update: async (_id, olds) => ({ outputs: olds }),
  delete: async (id, { host, nodeId }) => {
    if (typeof host === "string") new VmIdClaims(host).release(Number(id), String(nodeId));
  },
};

async function create(properties: Properties, context: KernelContext): Promise<{ id: string; outputs: Properties }> {
  if (context.isPreview) return { id: "", outputs: unknownOutputs(properties, outputNames) };
  const { nodeId, access, lower, upper, ...template } = vmIdInputsSchema.parse(properties);
  const api = new ProxmoxApi(access, context.signal);
  const { templateId, cpu } = await findTemplate(api, template);
  const claims = new VmIdClaims(access.host);
  const vmId = await chooseVmId(api, { nodeId, range: { lower, upper }, claims });
  return { id: String(vmId), outputs: { nodeId, host: access.host, vmId, templateId, cpu } };
}
