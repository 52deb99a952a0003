/** What each field of a VM provider config of kind `oci` may say. */
import { z } from "zod";
import { addressTypeField, wholeGib } from "../../frame/fields";
import { overrideSchema } from "../../frame/overrides";
import { accountFields } from "./account";
import { instanceInputs } from "./instance-inputs";
import { launchFields } from "./launch-override";
import {
  availabilityDomainName,
  definedTagsShape,
  faultDomainName,
  freeformTagsShape,
  ocidOf,
  regionName,
  shapeName,
  sshPublicKeys,
} from "./names";
import { bootVolumeGib, bootVolumeVpus } from "./override-shapes";
import { baselines } from "./shapes";

const uniqueList = <T extends z.ZodType<string>>(item: T, least: number, most: number) =>
  z
    .array(item)
    .min(least)
    .max(most)
    .refine((list) => new Set(list).size === list.length, "names one of them twice");

/** Each field by itself; `settings.ts` judges them together. */
export const vmFields = z.strictObject({
  ...accountFields,
  region: regionName.describe('Region of the VMs, e.g. `"us-ashburn-1"`.'),
  compartmentOcid: ocidOf("compartment", "tenancy").describe(
    'Compartment that the VMs are in, e.g. `"ocid1.compartment.oc1..xyz"`.',
  ),
  availabilityDomains: uniqueList(availabilityDomainName, 1, 3).describe(
    'Availability domains of the VMs by their whole names, in the order in which they are tried, e.g. `["BEol:US-ASHBURN-AD-1", "BEol:US-ASHBURN-AD-2"]`: new nodes go where the last one came up, and after a refusal to the next.',
  ),
  faultDomain: faultDomainName
    .optional()
    .describe('Fault domain of the VMs, e.g. `"FAULT-DOMAIN-1"`. Default: OCI chooses one.'),
  imageOcid: ocidOf("image").describe(
    'Image of the VMs, of the same region, e.g. `"ocid1.image.oc1.iad.xyz"`. Running nodes keep theirs.',
  ),
  shape: shapeName.describe('Shape of the VMs, e.g. `"VM.Standard.E4.Flex"`; decides processor and GPUs.'),
  ocpus: z
    .int()
    .min(1)
    .max(512)
    .optional()
    .describe(
      "OCPUs of a flexible shape, e.g. `2`; one counts as two cores, with `VM.Standard.A1.Flex` as one. Default none: required with a shape that ends in `.Flex`, refused with others.",
    ),
  memory: wholeGib
    .optional()
    .describe(
      'Memory of a flexible shape in whole GiB, e.g. `"16GiB"`: 1 to 64 for each OCPU. Default none: as `ocpus`.',
    ),
  baselineOcpuUtilization: z
    .enum(baselines)
    .default("BASELINE_1_1")
    .describe(
      "Part of each OCPU that a burstable VM may use all the time: `BASELINE_1_8` (12.5 %), `BASELINE_1_2` (50 %) or `BASELINE_1_1` (100 %, not burstable). Its cores still count in full.",
    ),
  bootVolumeSize: wholeGib
    .refine((gib) => gib >= bootVolumeGib.least && gib <= bootVolumeGib.most, "use 50GiB to 32768GiB")
    .optional()
    .describe('Size of the boot volume in whole GiB, 50 to 32,768, e.g. `"100GiB"`. Default: as the image has it.'),
  bootVolumeVpusPerGb: z
    .int()
    .min(bootVolumeVpus.least)
    .max(bootVolumeVpus.most)
    .multipleOf(bootVolumeVpus.step)
    .default(bootVolumeVpus.least)
    .describe(
      "Volume performance units for each GB of the boot volume, in steps of 10: 10 is balanced, 20 higher performance, 30 and more ultra high performance; more costs more.",
    ),
  kmsKeyOcid: ocidOf("key")
    .optional()
    .describe(
      'Key of a vault that encrypts the boot volume, e.g. `"ocid1.key.oc1.iad.xyz"`. Default: a key that Oracle manages.',
    ),
  subnetOcid: ocidOf("subnet").describe('Subnet of the VMs, e.g. `"ocid1.subnet.oc1.iad.xyz"`.'),
  nsgOcids: uniqueList(ocidOf("networksecuritygroup"), 0, 5)
    .default([])
    .describe(
      'Network security groups of the VMs, of the VCN of their subnet, e.g. `["ocid1.networksecuritygroup.oc1.iad.xxx"]`; at most 5.',
    ),
  assignPublicIp: z
    .boolean()
    .optional()
    .describe(
      "Give each VM a public address. Default: true with `addressType` public, else false; OCI's own default, which a private subnet refuses, is never used.",
    ),
  addressType: addressTypeField,
  sshPublicKey: sshPublicKeys
    .optional()
    .describe(
      'Public SSH key for the image\'s own user, or several with one in each line, e.g. `"ssh-ed25519 AAAA... ops"`. Default none.',
    ),
  freeformTags: freeformTagsShape
    .default({})
    .describe('Freeform tags on the VMs, beside those that name the node; at most 5, e.g. `{ team: "labs" }`.'),
  definedTags: definedTagsShape
    .default({})
    .describe(
      'Defined tags on the VMs, by namespace and key, e.g. `{ "Operations.CostCenter": "42" }`. Both must exist in the tenancy.',
    ),
  preemptible: z
    .boolean()
    .default(false)
    .describe("Preemptible VMs, at half the price: OCI ends one when it needs its capacity."),
  legacyMetadataEndpoints: z
    .boolean()
    .default(false)
    .describe(
      "Answer the metadata service's old endpoint (`/opc/v1`) in the VMs, which a fooled web server can be made to ask. Only for old images whose cloud-init needs it; some tenancies refuse it.",
    ),
  configOverride: overrideSchema(launchFields)
    .prefault({})
    .describe(
      'Additions in the words of OCI\'s Python SDK, as fields of `LaunchInstanceDetails`, with or without `OCI_MODEL_NAME`, e.g. `{ agent_config: { plugins_config: [{ name: "Vulnerability Scanning", desired_state: "ENABLED" }] } }`. Unknown and protected fields are refused.',
    ),
  inputOverride: overrideSchema(instanceInputs)
    .prefault({})
    .describe("Inputs of the Pulumi resource `oci.Core.Instance`; wins over `configOverride`."),
});
export type Template = z.output<typeof vmFields>;
