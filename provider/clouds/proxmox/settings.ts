/** What a VM provider config of kind `proxmox` may say. */
import { z } from "zod";
import { durationSchema, hostSchema, memorySchema } from "../../../runtime/model/fields";
import type { AccountIdentity, AccountRules } from "../../../runtime/model/accounts";
import { overrideSchema } from "../../frame/overrides";
import { clusterName, poolId, storageId, vmName } from "./names";
import { vmInputs } from "./overrides";

/** Those of the Pulumi provider. */
export const defaultVmIds = { lower: 10_000, upper: 99_999 } as const;
/** What Proxmox VE takes as an id. */
const vmId = z.int().min(100).max(999_999_999);

const accessFields = {
  host: hostSchema.describe(
    'Name or address of any node of the cluster, with its port where that is not 8006, and without a scheme, e.g. "pve.example.org". Another one means another cluster: nodes of the old one are still looked for there.',
  ),
  username: z
    .string()
    .regex(/^[^\s!@:/]+@[A-Za-z][A-Za-z0-9._-]*$/, 'use a user with its realm such as "headroom@pve"')
    .describe('User that the API token belongs to, with its realm, e.g. "headroom@pve".'),
  tokenName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9._-]*$/, 'use only the part behind the "!" of the token\'s id, such as "runtime"')
    .describe('Name of the API token, which is its id without the user and the "!", e.g. "runtime".'),
  tokenValue: z.string().min(1).describe("The API token's secret, as Proxmox VE shows it once."),
  verifySsl: z
    .boolean()
    .default(true)
    .describe(
      "Whether the cluster's certificate must be one that the machines of the runtime trust. False takes any, so that others on the way can read the token.",
    ),
};

export const proxmoxSecretFields = ["tokenValue"] as const;

export const proxmoxSettingsSchema = z
  .strictObject({
    ...accessFields,
    vmIdRangeLower: vmId
      .default(defaultVmIds.lower)
      .describe("Lowest id that a VM gets. Nothing else should take ids of the range: VMs are looked for in it."),
    vmIdRangeUpper: vmId.default(defaultVmIds.upper).describe("Highest id that a VM gets."),
    templateName: vmName.describe(
      'Name of the template that VMs are cloned from; exactly one on `clusterNode` has it, e.g. "ubuntu-agent".',
    ),
    clusterNode: clusterName.describe('Node of the cluster that has the template, e.g. "pve1".'),
    targetNode: clusterName
      .optional()
      .describe(
        "Node of the cluster that VMs run on. With a linked clone another one than `clusterNode` needs the template on shared storage. Default: `clusterNode`.",
      ),
    fullClone: z
      .boolean()
      .default(false)
      .describe("Whether a VM gets a whole copy of the template's disks, instead of one linked to them."),
    storagePool: storageId
      .optional()
      .describe("Storage of the VM's disks; needs `fullClone`. Default: the template's."),
    resourcePool: poolId.optional().describe("Resource pool that VMs are put into. Default: none."),
    cores: z.int().min(1).max(1024).describe("vCPUs of a VM."),
    memory: memorySchema
      .refine((bytes) => bytes >= 2 ** 24 && bytes % 2 ** 20 === 0, 'use whole MiB, at least 16MiB, such as "8GiB"')
      .describe('Memory of a VM, in whole MiB, e.g. "8GiB".'),
    startupScriptPath: z
      .string()
      .regex(/^(\/[^\0']*|[A-Za-z]:\\[^\0'"]*)$/, 'use an absolute folder such as "/tmp" or "C:\\Windows\\Temp"')
      .optional()
      .describe(
        'Folder in the VM where the startup script is put while it runs; it must be there. Default: "/tmp", on Windows "C:\\Windows\\Temp".',
      ),
    agentTimeout: durationSchema
      .refine((seconds) => seconds >= 10 && seconds <= 3600, "at least 10s, at most 60m")
      .prefault("10m")
      .describe(
        "How long a started VM may take until its guest agent answers and tells an IPv4 address. Then the node counts as failed.",
      ),
    inputOverride: overrideSchema(vmInputs)
      .prefault({})
      .describe(
        'Further inputs of the Pulumi resource `proxmoxve.VmLegacy` in its own words, merged over the computed ones; e.g. `{ hostpcis: [{ device: "hostpci0", mapping: "gpu" }] }`.',
      ),
  })
  .superRefine((settings, context) => {
    const issue = (path: string, message: string, input?: unknown) =>
      context.addIssue({ code: "custom", path: [path], message, input });
    if (settings.vmIdRangeUpper < settings.vmIdRangeLower) {
      issue("vmIdRangeUpper", `at least vmIdRangeLower (${settings.vmIdRangeLower})`, settings.vmIdRangeUpper);
    }
    if (settings.storagePool !== undefined && !settings.fullClone) {
      issue("storagePool", "needs fullClone: a linked clone stays on the template's storage", settings.storagePool);
    }
  });
export type ProxmoxSettings = z.output<typeof proxmoxSettingsSchema>;

/** What a REST request needs of settings that may be an account's alone. */
export const proxmoxAccessSchema = z.object(accessFields);

export const proxmoxAccountRules: AccountRules = {
  fields: Object.keys(accessFields),
  // VMs are looked for by their ids.
  place: ["vmIdRangeLower", "vmIdRangeUpper"],
  /** No token says which cluster it is of, so the address does. */
  identity: ({ host }): AccountIdentity => (typeof host === "string" ? { host: host.toLowerCase() } : {}),
};

/** Ids of VMs of a place, whose fields may be absent. */
export const vmIdRangeSchema = z
  .object({
    vmIdRangeLower: vmId.default(defaultVmIds.lower),
    vmIdRangeUpper: vmId.default(defaultVmIds.upper),
  })
  .transform(({ vmIdRangeLower, vmIdRangeUpper }) => ({ lower: vmIdRangeLower, upper: vmIdRangeUpper }));
export type VmIdRange = z.output<typeof vmIdRangeSchema>;
