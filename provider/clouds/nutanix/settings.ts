/** What a VM provider config of kind `nutanix` may say. */
import { z } from "zod";
import type { AccountIdentity, AccountRules } from "../../../runtime/model/accounts";
import { durationSchema, hostSchema, memorySchema } from "../../../runtime/model/fields";
import { overrideSchema } from "../../frame/overrides";
import { machineInputs } from "./overrides";

const named = z.string().trim().min(1).max(80);

const accessFields = {
  host: hostSchema
    .refine((host) => !/:\d+$/.test(host), "put the port into `port`")
    .describe(
      'Name or address of Prism Central, without scheme and port, e.g. "prism.example.org". Another one means another Prism Central: nodes of the old one are still looked for there. Prism Element has no such interface.',
    ),
  port: z.int().min(1).max(65_535).default(9440).describe("Port of Prism Central."),
  username: z
    .string()
    .regex(/^[^\s:]+$/, 'use a user name without spaces and colons, such as "headroom@example.org"')
    .describe('User of Prism Central, e.g. "headroom@example.org".'),
  password: z.string().min(1).max(1000).describe("Its password."),
  verifySsl: z
    .boolean()
    .default(true)
    .describe(
      "Whether the certificate of Prism Central must be one that the machines of the runtime trust. False takes any, so that others on the way can read the password.",
    ),
};

export const nutanixSecretFields = ["password"] as const;

export const nutanixSettingsSchema = z.strictObject({
  ...accessFields,
  vmCandidate: named.describe(
    'Image that the disk of a VM is copied from, by its name or UUID, e.g. "ubuntu-agent". A VM to copy is not taken: make an image of its disk.',
  ),
  cluster: named
    .optional()
    .describe("Cluster that VMs run on, by its name or UUID. Default: the only one of Prism Central."),
  subnet: named.describe('Subnet of the network adapter, by its name or UUID, e.g. "desktops".'),
  project: named.optional().describe("Project that VMs belong to, by its name or UUID, for its quotas. Default: none."),
  cores: z.int().min(1).max(240).describe("vCPUs of a VM, all on one socket: desktop Windows uses no more than two."),
  memory: memorySchema
    .refine((bytes) => bytes >= 2 ** 28 && bytes % 2 ** 20 === 0, 'use whole MiB, at least 256MiB, such as "8GiB"')
    .describe('Memory of a VM, in whole MiB, e.g. "8GiB".'),
  diskSize: memorySchema
    .refine((bytes) => bytes >= 2 ** 30 && bytes % 2 ** 20 === 0, 'use whole MiB, at least 1GiB, such as "60GiB"')
    .optional()
    .describe('Size of the disk, in whole MiB, at least that of the image, e.g. "60GiB". Default: that of the image.'),
  bootType: z
    .enum(["LEGACY", "UEFI", "SECURE_BOOT"])
    .optional()
    .describe("Firmware that the image was made for. Default: that of Prism Central, which is LEGACY."),
  addressTimeout: durationSchema
    .refine((seconds) => seconds >= 10 && seconds <= 3600, "at least 10s, at most 60m")
    .prefault("10m")
    .describe(
      "How long a VM may take until Prism Central knows an IPv4 address of it. Then the node counts as failed. Subnets with IPAM know it at once.",
    ),
  inputOverride: overrideSchema(machineInputs)
    .prefault({})
    .describe(
      'Further inputs of the Pulumi resource `nutanix.VirtualMachine` in its own words, merged over the computed ones; e.g. `{ gpuLists: [{ mode: "PASSTHROUGH_GRAPHICS", vendor: "NVIDIA", deviceId: 7864 }] }`.',
    ),
});
export type NutanixSettings = z.output<typeof nutanixSettingsSchema>;

/** What a request to Prism Central needs of settings that may be an account's alone. */
export const prismAccessSchema = z.object(accessFields);
export type PrismAccess = z.output<typeof prismAccessSchema>;

export const nutanixAccountRules: AccountRules = {
  fields: Object.keys(accessFields),
  place: [],
  /** A password says nothing of where it leads to, so the address does. */
  identity: ({ host, port = 9440 }): AccountIdentity =>
    typeof host === "string" ? { host: `${host.toLowerCase()}:${String(port)}` } : {},
};
