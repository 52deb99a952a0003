/** What VM and DNS provider configs of kind `gcp` may say. */
import { z } from "zod";
import { addressTypeField, wholeGib } from "../../frame/fields";
import { overrideSchema } from "../../frame/overrides";
import { accountFields } from "./account";
import { combinationProblems } from "./combinations";
import { metadataSchema } from "./metadata";
import {
  acceleratorText,
  diskTypeName,
  imageText,
  instanceAccount,
  kmsKeyText,
  labelMap,
  machineTypeName,
  networkTagList,
  networkText,
  regionName,
  resourceName,
  subnetworkText,
  zoneName,
} from "./names";
import { instanceInputs, requestFields } from "./overrides";
import { linuxScriptTypes, windowsScriptTypes } from "./scripts";
import { terminationAction } from "./shapes";

/** Zones of one region at a time. */
const zonesMax = 10;

export const gcpSettingsSchema = z
  .strictObject({
    ...accountFields,
    region: regionName.optional().describe('Region of the VMs, e.g. `"us-east4"`. Default: that of `zone`.'),
    zone: z
      .union([zoneName, z.array(zoneName).min(1).max(zonesMax)], {
        error: 'use a zone such as "us-east4-b", or a list of zones of one region',
      })
      .describe(
        'Zone of the VMs, e.g. `"us-east4-b"`, or a list of zones of one region. Of a list each node takes one by its own id, so that nodes are spread, and one that is made in the place of a refused one may come up elsewhere.',
      ),
    machineType: machineTypeName.describe(
      'Size of each VM, e.g. `"e2-standard-2"`, or `"n2-custom-4-8192"` with 4 vCPU and 8192 MiB; decides its cores, memory and built-in GPUs.',
    ),
    image: imageText.describe(
      'Image of the boot disk, e.g. `"projects/ubuntu-os-cloud/global/images/ubuntu-2404-noble-amd64-v20261101"`, or `"projects/<project>/global/images/family/<family>"` for the newest of a family. For new nodes only; running ones keep theirs.',
    ),
    bootVolumeSize: wholeGib
      .optional()
      .describe('Size of the boot disk in whole GiB, e.g. `"50GiB"`. Default: that of the image.'),
    diskType: diskTypeName
      .optional()
      .describe(
        'Type of the boot disk, e.g. `"pd-ssd"`. Default: `hyperdisk-balanced` for machine types of the fourth generation and later, which take no other (n4, c4, ...), else `pd-balanced`.',
      ),
    cmek: kmsKeyText
      .optional()
      .describe(
        "Customer-managed key of the boot disk, e.g. `\"projects/pensive-voice-547511/locations/global/keyRings/my-keyring/cryptoKeys/my-key\"`; the project's Compute Engine service agent needs `roles/cloudkms.cryptoKeyEncrypterDecrypter` on it. Default: a key of Google's.",
      ),
    network: networkText
      .optional()
      .describe(
        'Network of the VMs, e.g. `"projects/pensive-voice-547511/global/networks/default"`; enough alone where it makes its subnetworks itself. Default: that of `subnetwork`.',
      ),
    subnetwork: subnetworkText
      .optional()
      .describe(
        'Subnetwork of the VMs, e.g. `"projects/pensive-voice-547511/regions/us-east4/subnetworks/default"`; of another project for a shared VPC. Default: that of `network` in the region.',
      ),
    publicIp: z
      .boolean()
      .optional()
      .describe("Give each VM a public address. Default: true with `addressType` public, else false."),
    addressType: addressTypeField,
    networkTags: networkTagList
      .default([])
      .describe('Tags by which firewall rules and routes of the network apply, e.g. `["https-server"]`.'),
    customLabels: labelMap
      .default({})
      .describe('Labels on VMs and disks, beside those that say whose they are, e.g. `{ team: "labs" }`.'),
    metadata: metadataSchema
      .prefault({})
      .describe(
        'Metadata of the VMs, as a map or as a list of `{ key, value }`, e.g. `{ "ssh-keys": "ops:ssh-ed25519 AAAA... ops" }`. At most 256 KiB for one value, and 512 KiB for all together with the startup script. Default none.',
      ),
    serviceAccount: z
      .strictObject({
        email: instanceAccount.describe(
          'Its e-mail address, e.g. `"agents@pensive-voice-547511.iam.gserviceaccount.com"`.',
        ),
        scopes: z
          .array(
            z
              .string()
              .regex(
                /^(?:https:\/\/www\.googleapis\.com\/auth\/[\w.-]+|[a-z][a-z0-9-]*)$/,
                'use "https://www.googleapis.com/auth/<scope>"',
              ),
          )
          .min(1)
          .default(["https://www.googleapis.com/auth/cloud-platform"])
          .describe("What its tokens may be used for, at most what its roles allow."),
      })
      .optional()
      .describe(
        "Service account whose roles whoever is in a VM has. Default none: a VM may do nothing in Google Cloud.",
      ),
    guestAccelerators: z
      .array(
        z.strictObject({
          acceleratorType: acceleratorText.describe(
            'Type of the GPU, e.g. `"nvidia-tesla-t4"`, or its path in a zone.',
          ),
          acceleratorCount: z.int().min(1).max(16).describe("How many of it each VM has."),
        }),
      )
      .max(1)
      .default([])
      .describe(
        'GPUs that are attached to each VM, e.g. `[{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 1 }]`. Machine types such as g2 and a2 have theirs built in, and want none here.',
      ),
    linuxScriptType: z
      .enum(linuxScriptTypes)
      .default("startup-script")
      .describe(
        "How images of Linux take the startup script: `startup-script` runs it by Google's guest agent, `user-data` hands it to cloud-init, for images that have it (Ubuntu, Container-Optimized OS).",
      ),
    windowsScriptType: z
      .enum(windowsScriptTypes)
      .default("windows-startup-script-ps1")
      .describe(
        "How images of Windows take the startup script: PowerShell (`ps1`), `cmd` or `bat`; `sysprep-specialize-*` runs it once while Windows is set up. Of the others only PowerShell is kept from running again at later starts.",
      ),
    spot: z
      .strictObject({
        terminationAction: terminationAction
          .default("DELETE")
          .describe(
            "What becomes of a VM that Google takes back: `STOP` keeps it, and its disk costs, until its node is deleted.",
          ),
        maxRunHours: z
          .int()
          .min(1)
          .max(2880)
          .optional()
          .describe("Hours after which Google ends the VM in any case. Default: no end."),
      })
      .optional()
      .describe(
        "Present: spot VMs, which Google may take back with a notice of 30 seconds; `{}` is enough. Default: on demand.",
      ),
    configOverride: overrideSchema(requestFields)
      .prefault({})
      .describe(
        "Additions to the request of a VM in the words of Compute Engine's `instances.insert`, e.g. `{ shieldedInstanceConfig: { enableSecureBoot: true } }`. Name and labels can't be set, unknown fields are refused; entries of `disks` and `networkInterfaces` are merged with those of the settings by their place.",
      ),
    inputOverride: overrideSchema(instanceInputs)
      .prefault({})
      .describe("Inputs of the Pulumi resource `gcp.compute.Instance`; wins over `configOverride`."),
  })
  .superRefine((settings, context) => {
    for (const { path, message } of combinationProblems(settings)) {
      context.addIssue({ code: "custom", path: [...path], message });
    }
  });
export type GcpSettings = z.output<typeof gcpSettingsSchema>;

export const gcpDnsSettingsSchema = z.strictObject({
  ...accountFields,
  managedZone: resourceName
    .optional()
    .describe(
      'Name of the managed zone of the records, e.g. `"labs-example-org"`; not its DNS name. Default: the one with the longest DNS name that the base domain name ends in.',
    ),
  privateZone: z.boolean().default(false).describe("Look for a private zone, which only its networks see."),
});
export type GcpDnsSettings = z.output<typeof gcpDnsSettingsSchema>;
