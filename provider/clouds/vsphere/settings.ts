/** What a VM provider config of kind `vsphere` may say. */
import { z } from "zod";
import type { AccountIdentity, AccountRules } from "../../../runtime/model/accounts";
import { durationSchema, hostOf, hostSchema, memorySchema } from "../../../runtime/model/fields";
import { overrideSchema } from "../../frame/overrides";
import { machineOverrides } from "./overrides";

/** Of anything in the inventory. */
const nameMax = 80;
const itemName = z
  .string()
  .min(1)
  .max(nameMax)
  .regex(/^(?!\s)[^\p{Cc}]*(?<!\s)$/u, "a name neither begins nor ends with a blank");
const singleName = itemName.regex(/^[^/]*$/, "use the name alone, without a path");
const itemPath = z
  .string()
  .min(1)
  .max(1000)
  .refine(
    (path) => path.split("/").every((name) => itemName.safeParse(name).success),
    'use names with "/" between them, from the top, e.g. "labs/agents", without one at the beginning or end',
  );

const accessFields = {
  vcenterAddress: hostSchema
    .refine((address) => hostOf(address) === address, "use the name or address alone, and vcenterPort for its port")
    .describe(
      'Name or address of the vCenter server, without a scheme, e.g. "vcenter.example.org". Another one means another vCenter: nodes of the old one are still looked for there.',
    ),
  vcenterPort: z.int().min(1).max(65_535).default(443).describe("TCP port of the vCenter server."),
  username: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^\s\p{Cc}]+(?: [^\s\p{Cc}]+)*$/u, 'use a user with its domain such as "headroom@vsphere.local"')
    .describe('User of the vCenter server, with its domain, e.g. "headroom@vsphere.local".'),
  password: z.string().min(1).describe("Password of that user."),
  verifySsl: z
    .boolean()
    .default(true)
    .describe(
      "Whether the server's certificate must be one that the machines of the runtime trust. False takes any, so that others on the way can read the password.",
    ),
};

export const vsphereSecretFields = ["password", "guestPassword"] as const;

const minutes = (least: number, most: number) =>
  durationSchema.refine(
    (seconds) => seconds >= least * 60 && seconds <= most * 60,
    `at least ${least}m, at most ${most}m`,
  );

const placeFields = {
  datacenter: singleName.describe('Datacenter of the template and of the VMs, e.g. "DC1".'),
};

const templateFields = {
  ...placeFields,
  templateName: itemPath.describe(
    'Template, or powered-off VM, that VMs are cloned from: its name, or its path where several have the name, e.g. "ubuntu-agent" or "templates/ubuntu-agent".',
  ),
  cloneType: z
    .enum(["full", "linked"])
    .default("full")
    .describe(
      "Whether a VM gets a whole copy of the template's disks, or ones `linked` to them, which are made at once and stay on the template's datastore. A VM that is no template needs exactly one snapshot for linked clones.",
    ),
  snapshotName: itemName
    .optional()
    .describe("Name that the template's only snapshot must have, for linked clones. Default: any."),
  folder: itemPath
    .optional()
    .describe(
      'Folder of the VMs, from the top of the datacenter, e.g. "labs/agents"; it must be there. Default: the template\'s.',
    ),
  datastore: singleName.optional().describe("Datastore of the VMs' files and disks. Default: the template's."),
  datastoreCluster: singleName
    .optional()
    .describe(
      "Cluster of datastores, of which Storage DRS chooses one for each VM; in the place of `datastore`. Default: none.",
    ),
  cluster: singleName
    .optional()
    .describe(
      "Cluster that runs the VMs, or the name of a host that is in none. Default: that of `host`, else the template's.",
    ),
  host: singleName.optional().describe("Host that runs the VMs. Default: any of the cluster."),
  resourcePool: itemPath
    .optional()
    .describe(
      "Resource pool of the VMs: its name, or its path below the cluster. Default: that of the cluster itself.",
    ),
  network: singleName
    .optional()
    .describe(
      "Network, such as a port group, that the first network adapter is connected to. Default: the template's.",
    ),
  cpus: z.int().min(1).max(768).describe("vCPUs of a VM, whatever the template has."),
  memory: memorySchema
    .refine((bytes) => bytes >= 2 ** 22 && bytes % 2 ** 22 === 0, 'use a multiple of 4MiB, such as "8GiB"')
    .describe('Memory of a VM, whatever the template has, e.g. "8GiB"; a multiple of 4 MiB.'),
};

const guestFields = {
  startupScriptMethod: z
    .enum(["guestinfo", "tools", "sysprep"])
    .optional()
    .describe(
      "How the startup script gets in. `guestinfo`: cloud-init, or Cloudbase-Init on Windows, reads it. `tools`: VMware Tools run it as `guestUsername`. `sysprep`: for Windows; vSphere gives it a new identity, and `Administrator` runs the script at the first logon. Default: `tools` where `guestUsername` is given, else `guestinfo`.",
    ),
  guestUsername: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe("User of the guest who may do everything that the startup script does, for `tools`. Default: none."),
  guestPassword: z
    .string()
    .min(1)
    .optional()
    .describe("Password of `guestUsername`; for `sysprep` that which `Administrator` gets. Default: none."),
  sshPublicKey: z
    .string()
    .regex(
      /^(?:ssh-|ecdsa-|sk-)[\w@.-]+ [A-Za-z0-9+/=]+(?: [^\n\r]*)?$/,
      'use one line such as "ssh-ed25519 AAAA... ops"',
    )
    .optional()
    .describe(
      "Public SSH key for the default user of the guest, by cloud-init, and the value of `{ssh_key}`. Default: none.",
    ),
  cloneTimeout: minutes(10, 1440).prefault("30m").describe("How long vCenter may take to clone the template."),
  toolsTimeout: durationSchema
    .refine((seconds) => seconds >= 10 && seconds <= 3600, "at least 10s, at most 60m")
    .prefault("10m")
    .describe(
      "How long a started VM may take until its VMware Tools answer and tell an IPv4 address. Then the node counts as failed.",
    ),
};

export type ScriptMethod = "guestinfo" | "tools" | "sysprep";

interface GuestAccount {
  readonly startupScriptMethod?: ScriptMethod | undefined;
  readonly guestUsername?: string | undefined;
  readonly guestPassword?: string | undefined;
}

/** How the startup script gets in. */
export function scriptMethodOf({ startupScriptMethod, guestUsername }: GuestAccount): ScriptMethod {
  return startupScriptMethod ?? (guestUsername === undefined ? "guestinfo" : "tools");
}

/** A problem that a combination of fields has. */
type Issue = (path: readonly PropertyKey[], message: string, input?: unknown) => void;

export const vsphereSettingsSchema = z
  .strictObject({
    ...accessFields,
    ...templateFields,
    ...guestFields,
    inputOverride: overrideSchema(machineOverrides)
      .prefault({})
      .describe(
        "Further inputs of the Pulumi resource `vsphere.VirtualMachine` in its own words, merged over the computed ones; entries of `disks` and `networkInterfaces` over those of the template in their order. E.g. `{ disks: [{ size: 100 }] }`.",
      ),
  })
  .superRefine((settings, context) => {
    const issue: Issue = (path, message, input) =>
      context.addIssue({ code: "custom", path: [...path], message, input });
    checkPlace(settings, issue);
    checkGuest(settings, issue);
    checkOverride(settings, issue);
  });
export type VSphereSettings = z.output<typeof vsphereSettingsSchema>;

type Fields = Readonly<Record<string, unknown>>;

function checkPlace({ cloneType, snapshotName, datastore, datastoreCluster }: Fields, issue: Issue): void {
  if (datastore !== undefined && datastoreCluster !== undefined) {
    issue(["datastoreCluster"], "not with datastore: the VMs are put into one of the two", datastoreCluster);
  }
  if (cloneType === "linked" && datastoreCluster !== undefined) {
    issue(
      ["datastoreCluster"],
      "not with cloneType linked: Storage DRS does not place linked clones",
      datastoreCluster,
    );
  }
  if (cloneType !== "linked" && snapshotName !== undefined) {
    issue(["snapshotName"], "only with cloneType linked: a full clone is made of the template as it is", snapshotName);
  }
}

function checkGuest(settings: GuestAccount, issue: Issue): void {
  const { guestUsername, guestPassword } = settings;
  const method = scriptMethodOf(settings);
  if (method === "tools" && guestUsername === undefined)
    issue(["guestUsername"], "needed for startupScriptMethod tools");
  if (method !== "guestinfo" && guestPassword === undefined) {
    issue(["guestPassword"], `needed for startupScriptMethod ${method}`);
  }
  if (method !== "tools" && guestUsername !== undefined) {
    const who = method === "sysprep" ? "the script is run by Administrator" : "cloud-init runs the script";
    issue(["guestUsername"], `only with startupScriptMethod tools: ${who}`, guestUsername);
  }
  if (method === "guestinfo" && guestPassword !== undefined) {
    issue(["guestPassword"], "only with startupScriptMethod tools or sysprep");
  }
}

interface OverrideFields {
  readonly clone?: unknown;
  readonly numCoresPerSocket?: number;
  readonly pciDeviceIds?: readonly string[];
  readonly disks?: readonly Readonly<Record<string, unknown>>[];
  readonly efiSecureBootEnabled?: boolean;
  readonly firmware?: string;
  readonly vtpm?: unknown;
}

function checkOverride(settings: Fields & GuestAccount & { readonly inputOverride: Fields }, issue: Issue): void {
  const { cpus, host } = settings;
  const override = settings.inputOverride as OverrideFields;
  const at = (name: string, ...rest: PropertyKey[]) => ["inputOverride", name, ...rest];
  if (override.clone !== undefined && scriptMethodOf(settings) !== "sysprep") {
    issue(at("clone", "customize"), "only with startupScriptMethod sysprep: else vSphere customizes nothing");
  }
  const { numCoresPerSocket: perSocket, pciDeviceIds = [], disks = [] } = override;
  if (perSocket !== undefined && Number(cpus) % perSocket !== 0) {
    issue(at("numCoresPerSocket"), `cpus (${String(cpus)}) must be a multiple of it`, perSocket);
  }
  if (pciDeviceIds.length > 0 && host === undefined) {
    issue(at("pciDeviceIds"), "only with host: a device is in one host");
  }
  if (override.firmware === "bios" && (override.efiSecureBootEnabled === true || override.vtpm !== undefined)) {
    issue(at("firmware"), 'not "bios" with efiSecureBootEnabled or vtpm: both need "efi"', override.firmware);
  }
  for (const [index, { thinProvisioned, eagerlyScrub }] of disks.entries()) {
    if (thinProvisioned === true && eagerlyScrub === true) {
      issue(at("disks", index, "eagerlyScrub"), "not true with thinProvisioned", eagerlyScrub);
    }
  }
}

/** What a session needs of settings that may be an account's alone. */
export const vcenterAccessSchema = z.object(accessFields);
/** The place of the account's VMs. */
export const vspherePlaceSchema = z.object(placeFields);

export const vsphereAccountRules: AccountRules = {
  fields: Object.keys(accessFields),
  // VMs are looked for in it.
  place: ["datacenter"],
  /** Until vCenter has told its own id, the address says which one it is. */
  identity: ({ vcenterAddress }): AccountIdentity =>
    typeof vcenterAddress === "string" ? { host: vcenterAddress.toLowerCase() } : {},
};
