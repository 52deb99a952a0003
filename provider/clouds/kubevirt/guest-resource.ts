/**
 * `headroom:kubevirt:Guest`: waits until a node's VM runs and the cluster tells its address, which the VirtualMachine itself
 * does not say, or until it is clear that it never will.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { CloudError } from "../../../runtime/model/errors";
import { checkWithUnknowns, unknownOutputs } from "../../local-vm/kernel-checks";
import type { KernelContext, Properties, ResourceKernel } from "../../resource-kernel";
import { accessSchema, clusterOf } from "./access";
import { KubernetesApi } from "./api";
import { ownCodeOf } from "./failures";
import { labelsForm, vmsPath } from "./find";
import { vmIdOf } from "./names";
import {
  refusedAtLast,
  standingOf,
  type EventObject,
  type Refused,
  type Standing,
  type VmiObject,
  type VmObject,
} from "./vm-status";

export const guestInputsSchema = z.strictObject({
  nodeId: z.string(),
  /** As it is when the node is made; holds the token, so it is a secret. */
  access: accessSchema,
  namespace: z.string(),
  /** Name of the interface whose address is the node's. */
  network: z.string(),
  /** How long its address is waited for. */
  waitSeconds: z.number(),
  /** How long the cluster may have no room for it. */
  capacitySeconds: z.number(),
});
export type GuestInputs = z.output<typeof guestInputsSchema>;

const pauseMsFirst = 100;
const pauseMsMax = 5_000;
const outputNames = ["nodeId", "address"];

export const guestKernel: ResourceKernel = {
  type: "headroom:kubevirt:Guest",
  secretInputs: ["access"],
  check: async (news) => checkWithUnknowns(guestInputsSchema, news),
  // A node's address is looked up at its birth.
  diff: async () => ({ changes: false, replaces: [] }),
  create,
  read: async (id, olds) => ({ id, inputs: olds, outputs: olds }),
  update: async (_id, olds) => ({ outputs: olds }),
  delete: async () => undefined,
};

async function create(properties: Properties, context: KernelContext): Promise<{ id: string; outputs: Properties }> {
  if (context.isPreview) return { id: "", outputs: unknownOutputs(properties, outputNames) };
  const inputs = guestInputsSchema.parse(properties);
  const { nodeId, access, namespace } = inputs;
  const api = new KubernetesApi(clusterOf(access), context.signal);
  context.log?.(`waiting for the address of VM ${vmIdOf(namespace, nodeId)}`);
  const address = await waitForAddress(api, inputs, context.signal);
  return { id: vmIdOf(namespace, nodeId), outputs: { nodeId, address } };
}

async function waitForAddress(api: KubernetesApi, inputs: GuestInputs, signal: AbortSignal): Promise<string> {
  const { nodeId, namespace, waitSeconds, capacitySeconds } = inputs;
  const vmId = vmIdOf(namespace, nodeId);
  const endMs = Date.now() + waitSeconds * 1000;
  let withoutRoomMs: number | undefined;
  for (let turn = 0; ; turn += 1) {
    const standing = await look(api, inputs);
    if (standing.is === "ready") return standing.address;
    if (standing.is === "failed") throw refusal(vmId, standing);
    const nowMs = Date.now();
    withoutRoomMs = standing.is === "without room" ? (withoutRoomMs ?? nowMs) : undefined;
    if (withoutRoomMs !== undefined && nowMs - withoutRoomMs >= capacitySeconds * 1000) throw refusal(vmId, standing);
    if (nowMs >= endMs) throw refusal(vmId, refusedAtLast(standing, await eventsOf(api, inputs)), waitSeconds);
    await delay(Math.min(pauseMsFirst * 2 ** turn, pauseMsMax), undefined, { signal });
  }
}

/** A VM of somebody else with the node's name never counts as the node's. */
async function look(api: KubernetesApi, { nodeId, namespace, network }: GuestInputs): Promise<Standing> {
  const vm = await api.find<VmObject>(`${vmsPath(namespace)}/${nodeId}`);
  if (vm === undefined) return { is: "failed", failureClass: "TRANSIENT", text: "it is not there any more" };
  if (labelsForm.read(vm.metadata.labels).nodeId !== nodeId) {
    return { is: "failed", failureClass: "CONFIG", text: `it is not that of node ${nodeId}: its labels do not say so` };
  }
  const vmi = await api.find<VmiObject>(
    `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachineinstances/${nodeId}`,
  );
  return standingOf(vm, vmi, network);
}

/** Of the VM, of what runs of it, and of its volume. */
async function eventsOf(api: KubernetesApi, { nodeId, namespace }: GuestInputs): Promise<EventObject[]> {
  const ask = async (name: string): Promise<EventObject[]> => {
    try {
      return await api.list<EventObject>(`/api/v1/namespaces/${namespace}/events`, {
        fieldSelector: `involvedObject.name=${name}`,
      });
    } catch {
      // They only add words to a failure that is one already; whoever may not read them gets it without.
      return [];
    }
  };
  return (await Promise.all([ask(nodeId), ask(`${nodeId}-disk`)])).flat();
}

function refusal(vmId: string, { failureClass, text }: Refused, waitedSeconds?: number): CloudError {
  const waited = waitedSeconds === undefined ? "" : ` after ${waitedSeconds} s`;
  return new CloudError(failureClass, `${ownCodeOf(failureClass)}: VM ${vmId}${waited}: ${text}`);
}
