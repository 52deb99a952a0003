/** What VM and DNS provider configs of kind `aws` may say. */
import { z } from "zod";
import { privateKeyLengthMax } from "../../../runtime/model/private-key";
import { addressTypeField, wholeGib } from "../../frame/fields";
import { overrideSchema } from "../../frame/overrides";
import { awsCredentialFields } from "./account";
import { diskProblems, optionProblems } from "./combinations";
import {
  imageId,
  instanceProfile,
  instanceTypeName,
  keyPairName,
  regionName,
  securityGroupId,
  subnetIdText,
  tagsShape,
} from "./names";
import { instanceInputs, runInstancesFields } from "./overrides";
import { volumeTypes } from "./volumes";

export const awsSettingsSchema = z
  .strictObject({
    ...awsCredentialFields,
    region: regionName.describe('Region of the VMs, e.g. `"eu-central-1"`.'),
    amiId: imageId.describe(
      'Image with the agent or the desktop in it, e.g. `"ami-0abcdef1234567890"`. Running nodes keep theirs.',
    ),
    instanceType: instanceTypeName.describe(
      'Size of each VM, e.g. `"m7i.2xlarge"`; decides its cores, memory and GPUs.',
    ),
    securityGroupIds: z
      .array(securityGroupId)
      .min(1)
      .max(16)
      .describe(
        'Ids of security groups, e.g. `["sg-0123"]`. The open default group of the VPC is never used silently.',
      ),
    subnetId: subnetIdText.describe('Subnet of the VMs, e.g. `"subnet-0123"`; decides VPC and availability zone.'),
    associatePublicIpAddress: z
      .boolean()
      .optional()
      .describe("Give each VM a public address. Default: true with `addressType` public, else as the subnet is set."),
    addressType: addressTypeField,
    ebsVolumeSize: wholeGib
      .optional()
      .describe('Size of the root disk in whole GiB, e.g. `"50GiB"`. Default: as the image has it.'),
    ebsVolumeType: z.enum(volumeTypes).default("gp3").describe("Type of the root disk."),
    ebsIops: z
      .int()
      .min(100)
      .max(256_000)
      .optional()
      .describe("I/O operations per second of the root disk. Default: the volume type's own."),
    ebsThroughput: z
      .int()
      .min(125)
      .max(2000)
      .optional()
      .describe("MiB per second of the root disk, for gp3. Default: the volume type's own."),
    ebsEncrypted: z
      .boolean()
      .default(true)
      .describe("Encrypt the root disk, with the account's own key unless `ebsKmsKeyId` is given."),
    ebsKmsKeyId: z
      .string()
      .optional()
      .describe("Id or ARN of the KMS key of the root disk. Default: the account's own key for disks."),
    iamInstanceProfile: instanceProfile
      .optional()
      .describe("Name or ARN of the instance profile whose role the VMs have. Default none."),
    tags: tagsShape.default({}).describe("Tags on VMs and disks, beside those that name the node."),
    keyName: keyPairName
      .optional()
      .describe("Name of an existing key pair. Default none: nobody can log in by SSH key."),
    retrieveWindowsPassword: z
      .boolean()
      .default(false)
      .describe(
        "Windows with RDP and without `connectionPassword`: the administrator's password is fetched once EC2 has it, minutes " +
          "after the launch, and told to a session's user. Needs `keyName` and `keyPairPrivateKey`.",
      ),
    keyPairPrivateKey: z
      .string()
      .min(1)
      .max(privateKeyLengthMax)
      .optional()
      .describe(
        "Private key of `keyName`, in PEM (`-----BEGIN RSA PRIVATE KEY-----`), which opens that password. Default none.",
      ),
    metadataOptions: z
      .strictObject({
        httpTokens: z
          .enum(["required", "optional"])
          .default("required")
          .describe("Whether a session token is needed (IMDSv2), so that a fooled web server in the VM leaks nothing."),
        httpEndpoint: z
          .enum(["enabled", "disabled"])
          .default("enabled")
          .describe("Whether the service answers at all."),
        httpPutResponseHopLimit: z
          .int()
          .min(1)
          .max(64)
          .default(1)
          .describe("Network hops that its answers may take; 2 lets containers reach it."),
      })
      .prefault({})
      .describe("The instance metadata service inside a VM."),
    monitoring: z.boolean().default(false).describe("Detailed monitoring, which costs."),
    spot: z
      .strictObject({
        maxPrice: z
          .string()
          .regex(/^\d+(\.\d+)?$/, 'use dollars per hour such as "0.05"')
          .optional()
          .describe('Highest price in dollars per hour as text, e.g. `"0.05"`. Default: the on-demand price.'),
      })
      .optional()
      .describe("Present: spot instances, terminated when interrupted; `{}` is enough. Default: on demand."),
    configOverride: z
      .strictObject({
        instance_config: overrideSchema(runInstancesFields)
          .prefault({})
          .describe("Fields of EC2's RunInstances request. Unknown and protected fields are refused."),
      })
      .prefault({})
      .describe("Additions field by field in EC2's own words."),
    inputOverride: overrideSchema(instanceInputs)
      .prefault({})
      .describe("Inputs of the Pulumi resource `aws.ec2.Instance`; wins over `configOverride`."),
  })
  .superRefine((settings, context) => {
    const issue = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
    if (settings.retrieveWindowsPassword && !settings.keyName)
      issue(["keyName"], "required with retrieveWindowsPassword");
    if (settings.addressType === "public" && settings.associatePublicIpAddress === false) {
      issue(["associatePublicIpAddress"], "not false with addressType public");
    }
    if (settings.ebsKmsKeyId && !settings.ebsEncrypted) issue(["ebsEncrypted"], "true with ebsKmsKeyId");
    for (const { path, message } of diskProblems(settings)) issue(path, message);
    for (const { path, message } of optionProblems(settings)) issue(path, message);
  });
export type AwsSettings = z.output<typeof awsSettingsSchema>;

export const awsDnsSettingsSchema = z
  .strictObject({
    ...awsCredentialFields,
    region: regionName.default("us-east-1").describe("Route 53 is global, its client still wants a region."),
    hostedZoneId: z
      .string()
      .regex(/^Z[A-Z0-9]+$/, 'use an id such as "Z0123456789ABC"')
      .optional()
      .describe(
        'Hosted zone of the records, e.g. `"Z0123456789ABC"`. ' +
          "Default: the one with the longest name that the base domain name ends in.",
      ),
    privateZone: z.boolean().default(false).describe("Look for a private hosted zone, that only VPCs ask."),
    vpcId: z
      .string()
      .regex(/^vpc-[0-9a-z]{1,17}$/, 'use an id such as "vpc-0123"')
      .optional()
      .describe(
        'With `privateZone`: look among the zones of this VPC, e.g. `"vpc-0123"`, where several have one name. Default: all.',
      ),
  })
  .superRefine(({ privateZone, vpcId, hostedZoneId }, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (vpcId !== undefined && !privateZone) issue("vpcId", "only with privateZone: public zones belong to no VPC");
    if (vpcId !== undefined && hostedZoneId !== undefined) issue("vpcId", "not with hostedZoneId, which says the zone");
  });
export type AwsDnsSettings = z.output<typeof awsDnsSettingsSchema>;
