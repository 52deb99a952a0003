/**
 * `headroom:nutanix:Address`: the address of a node's VM. The Pulumi provider waits a minute for it and then goes on without
 * one. Deleting it does nothing, as the VM goes anyway.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { CloudError } from "../../../runtime/model/errors";
import { isRecord } from "../../frame/inputs";
import { checkWithUnknowns, unknownOutputs } from "../../local-vm/kernel-checks";
import type { KernelContext, Properties, ResourceKernel } from "../../resource-kernel";
import { PrismApi, type Entity } from "./api";
import { identityIn } from "./inventory";
import { prismAccessSchema } from "./settings";

const addressInputsSchema = z.strictObject({
  nodeId: z.string(),
  /** As it is when the node is made; holds the password, so it is a secret. */
  access: prismAccessSchema,
  /** UUID of the VM. */
  vmId: z.string(),
  waitSeconds: z.number(),
});
export type AddressInputs = z.output<typeof addressInputsSchema>;

const pauseMs = 2_000;
const outputNames = ["nodeId", "vmId", "address"];

export const addressKernel: ResourceKernel = {
  type: "headroom:nutanix:Address",
  secretInputs: ["access"],
  check: async (news) => checkWithUnknowns(addressInputsSchema, news),
  // How to get in changes; the address stays.
  diff: async () => ({ changes: false, replaces: [] }),
  create,
  read: async (id, olds) => ({ id, inputs: olds, outputs: olds }),
  update: async (_id, olds) => ({ outputs: olds }),
  delete: async () => undefined,
};

async function create(properties: Properties, context: KernelContext): Promise<{ id: string; outputs: Properties }> {
  if (context.isPreview) return { id: "", outputs: unknownOutputs(properties, outputNames) };
  const { nodeId, access, vmId, waitSeconds } = addressInputsSchema.parse(properties);
  const api = new PrismApi(access, context.signal);
  const deadlineMs = performance.now() + waitSeconds * 1000;
  for (;;) {
    const vm = await requireVm(api, nodeId, vmId);
    const address = addressIn(vm);
    if (address !== undefined) return { id: vmId, outputs: { nodeId, vmId, address } };
    if (performance.now() >= deadlineMs) {
      const text = `NutanixNoAddress: Prism Central knows no IPv4 address of the VM of node ${nodeId} after ${waitSeconds} s (addressTimeout)`;
      throw new CloudError("TRANSIENT", text);
    }
    await delay(pauseMs, undefined, context.signal ? { signal: context.signal } : {});
  }
}

async function requireVm(api: PrismApi, nodeId: string, vmId: string): Promise<Entity> {
  const vm = await api.one("vm", vmId);
  if (vm === undefined)
    throw new CloudError("TRANSIENT", `NutanixVmGone: the VM of node ${nodeId} (${vmId}) is not there any more`);
  if ((identityIn(vm).nodeId ?? nodeId) === nodeId) return vm;
  throw new CloudError("CONFIG", `NutanixVmForeign: the VM ${vmId} says that it is not that of node ${nodeId}`);
}

/** Those that a system gives itself when nobody gave it one. */
const useless = /^(0\.|127\.|169\.254\.)/;

/** The first IPv4 address, in the order of the network adapters. */
export function addressIn({ status }: Entity): string | undefined {
  const resources = isRecord(status["resources"]) ? status["resources"] : {};
  const nics = Array.isArray(resources["nic_list"]) ? resources["nic_list"].filter(isRecord) : [];
  return nics
    .flatMap(({ ip_endpoint_list: endpoints }) => (Array.isArray(endpoints) ? endpoints.filter(isRecord) : []))
    .map(({ ip }) => String(ip ?? ""))
    .find((ip) => /^\d{1,3}(\.\d{1,3}){3}$/.test(ip) && !useless.test(ip));
}
