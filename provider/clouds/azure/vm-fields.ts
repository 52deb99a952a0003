/** Every setting of a VM provider config of kind `azure`; what must fit together is in `settings.ts`. */
import { z } from "zod";
import { addressTypeField, wholeGib } from "../../frame/fields";
import { subscriptionFields } from "./account";
import { imageReference } from "./image";
import { loginName, loginPassword, sshPublicKeyText } from "./logins";
import {
  dataDiskTypes,
  networkSecurityGroupId,
  osDiskTypes,
  regionName,
  resourceGroupName,
  subnetId,
  tagsShape,
  userAssignedIdentityId,
  vmSizeName,
  zoneName,
} from "./names";
import { configOverride } from "./overrides";

/** GiB that an OS disk may have. */
const osDiskMax = 4095;
const dataDiskMax = 65_536;

const planPart = z.string().min(1).max(128);

export const vmFields = z.strictObject({
  ...subscriptionFields,
  resourceGroup: resourceGroupName.describe(
    'Resource group that the VMs are made in, with their disks, network interfaces and addresses, e.g. `"dev"`. It must be there.',
  ),
  region: regionName.describe('Region of the VMs, e.g. `"eastus"`.'),
  zone: zoneName
    .optional()
    .describe('Availability zone of the VMs, e.g. `"1"`. Default: Azure chooses, and promises nothing.'),
  vmSize: vmSizeName.describe('Size of each VM, e.g. `"Standard_D4s_v5"`; decides its cores, memory and GPUs.'),
  osDiskType: z
    .enum(osDiskTypes)
    .default("Premium_LRS")
    .describe("Type of the OS disk. The premium ones need a size that takes them, with an `s` in its name."),
  osDiskSize: wholeGib
    .refine((gib) => gib <= osDiskMax, { error: `an OS disk has at most ${osDiskMax} GiB` })
    .optional()
    .describe(
      'Size of the OS disk in whole GiB, e.g. `"64GiB"`; never smaller than the image. Default: as the image has it.',
    ),
  imageReference: imageReference.describe(
    'Image of the VMs: `{ publisher, offer, sku, version }` of the Marketplace (version default `"latest"`), `{ id }` of an image or a gallery image of your own, or either as text: `"Canonical:ubuntu-24_04-lts:server:latest"`. For new nodes only; running ones keep theirs.',
  ),
  plan: z
    .strictObject({
      name: planPart.describe("Name of the plan, mostly the image's `sku`."),
      product: planPart.describe("Product of the plan, mostly the image's `offer`."),
      publisher: planPart.describe("Publisher of the plan, mostly the image's."),
      promotionCode: planPart.optional().describe("Promotion code of the plan. Default none."),
    })
    .optional()
    .describe(
      "Plan of a Marketplace image that has one, and of images made from it; its terms must have been accepted once in the subscription. Default none.",
    ),
  networkSecurityGroup: networkSecurityGroupId
    .optional()
    .describe(
      "Id of the network security group of the VMs' network interfaces, in the same region. Default: that of the subnet.",
    ),
  subnet: subnetId.describe("Id of the subnet of the VMs; its virtual network is in the same region and subscription."),
  assignPublicIp: z
    .boolean()
    .default(false)
    .describe(
      "Give each VM a public address, of the standard SKU; its subnet must have no NAT gateway then. Without one the subnet needs a NAT gateway, a route or a load balancer to reach the internet.",
    ),
  addressType: addressTypeField,
  acceleratedNetworking: z
    .boolean()
    .optional()
    .describe(
      "Whether the network interface goes around the host's switch; the size must take it. Default: as Azure has it for the size.",
    ),
  tags: tagsShape
    .default({})
    .describe('Tags on the VMs, beside those that say whose they are, e.g. `{ team: "labs" }`.'),
  osUsername: loginName.describe(
    'Name of the login that Azure makes in the VM, e.g. `"testuser"`; the usual names are refused.',
  ),
  osPassword: loginPassword
    .optional()
    .describe(
      "Password of that login: three of lower-case, upper-case, digits and others; 6 to 72 characters for Linux, 8 to 123 for Windows. Required for Windows. Default none.",
    ),
  sshPublicKey: sshPublicKeyText
    .optional()
    .describe(
      'Public key that may log in as `osUsername` by SSH, e.g. `"ssh-ed25519 AAAA... me"`; password login by SSH is switched off with it. Default none.',
    ),
  securityType: z
    .enum(["Standard", "TrustedLaunch", "ConfidentialVM"])
    .default("Standard")
    .describe(
      "How a VM is guarded against its host and from its first instruction on; the image and the size must take it.",
    ),
  secureBoot: z
    .boolean()
    .optional()
    .describe("Start only what is signed. Default: true with `TrustedLaunch` and `ConfidentialVM`."),
  vTpm: z.boolean().optional().describe("A virtual TPM. Default: true with `TrustedLaunch` and `ConfidentialVM`."),
  encryptionAtHost: z
    .boolean()
    .optional()
    .describe(
      "Encrypt caches and temporary disks on the host too; the subscription must have the feature. Default: as Azure has it.",
    ),
  spot: z
    .strictObject({
      maxPrice: z
        .number()
        .optional()
        .describe(
          "Highest price in dollars per hour, e.g. `0.05`. Default: the on-demand price, so that only a lack of capacity evicts.",
        ),
    })
    .optional()
    .describe("Present: spot VMs, deleted when they are evicted; `{}` is enough. Default: on demand."),
  managedIdentity: z
    .strictObject({
      systemAssigned: z.boolean().default(false).describe("An identity of its own for each VM."),
      userAssigned: z
        .array(userAssignedIdentityId)
        .max(10)
        .default([])
        .describe("Ids of identities that all VMs have."),
    })
    .refine(({ systemAssigned, userAssigned }) => systemAssigned || userAssigned.length > 0, {
      error: "set systemAssigned, or name identities in userAssigned",
    })
    .optional()
    .describe("Identities by which programs in a VM get into Azure. Default none."),
  dataDisks: z
    .array(
      z.strictObject({
        size: wholeGib
          .refine((gib) => gib <= dataDiskMax, { error: `a data disk has at most ${dataDiskMax} GiB` })
          .describe('Size in whole GiB, e.g. `"100GiB"`.'),
        type: z.enum(dataDiskTypes).default("Premium_LRS").describe("Type of the disk."),
        caching: z
          .enum(["None", "ReadOnly", "ReadWrite"])
          .optional()
          .describe("Caching by the host. Default: as Azure has it for the type."),
      }),
    )
    .max(64)
    .prefault([])
    .describe("Empty disks beside the OS disk, deleted with the VM; the first has LUN 0."),
  bootDiagnostics: z
    .boolean()
    .default(false)
    .describe("Keep the console's output and a screenshot, in storage that Azure manages."),
  windowsScript: z
    .enum(["runCommand", "image"])
    .default("runCommand")
    .describe(
      "What runs the startup script in Windows, where Azure itself only puts it into `C:\\AzureData\\CustomData.bin`: `runCommand` has the VM's agent do it, `image` leaves it to a task in your image.",
    ),
  configOverride: configOverride
    .prefault({})
    .describe(
      'Changes of the request for a VM by path, e.g. `{ "hardware_profile.vm_size": "Standard_D4s_v5", "os_profile.linux_configuration.ssh.public_keys.0.path": "/home/ubuntu/.ssh/authorized_keys" }`; names as in Azure\'s JSON are taken too. Unknown and protected fields are refused.',
    ),
});
export type AzureSettings = z.output<typeof vmFields>;
