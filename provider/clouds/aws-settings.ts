/** What a VM provider config of kind `aws` may say. */
import { z } from "zod";
import { memorySchema } from "../../runtime/model/config";
import { overrideSchema } from "../config-override";
import { awsCredentialFields } from "./aws-account";
import { instanceInputs, runInstancesFields } from "./aws-overrides";

const wholeGib = memorySchema
  .refine((bytes) => bytes >= 2 ** 30 && bytes % 2 ** 30 === 0, 'use whole GiB such as "50GiB"')
  .transform((bytes) => bytes / 2 ** 30);

export const awsSettingsSchema = z
  .strictObject({
    ...awsCredentialFields,
    /** e.g. `eu-central-1`. */
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'use a region such as "eu-central-1"'),
    /** Image with the agent or the desktop in it; new nodes only, running ones keep theirs. */
    amiId: z.string().regex(/^ami-[0-9a-f]{8,17}$/, 'use an AMI id such as "ami-0abcdef1234567890"'),
    /** e.g. `m7i.2xlarge`; decides cores, memory and GPUs. */
    instanceType: z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'use an instance type such as "m7i.large"'),
    /** At least one: the VPC's default group is never used silently. */
    securityGroupIds: z.array(z.string().regex(/^sg-/, 'use ids such as "sg-0123"')).min(1).max(16),
    subnetId: z.string().regex(/^subnet-/, 'use an id such as "subnet-0123"'),
    /** Absent: as the subnet is set. */
    associatePublicIpAddress: z.boolean().optional(),
    /** Which address the runtime and the users' proxy use. Default private. */
    addressType: z.enum(["private", "public"]).default("private"),
    /** Root disk, in whole GiB. Absent: as the AMI has it. */
    ebsVolumeSize: wholeGib.optional(),
    /** Default gp3. */
    ebsVolumeType: z.enum(["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"]).default("gp3"),
    ebsIops: z.int().min(100).max(256_000).optional(),
    /** MiB/s, for gp3. */
    ebsThroughput: z.int().min(125).max(2000).optional(),
    /** Default true, with the account's own key unless `ebsKmsKeyId` is given. */
    ebsEncrypted: z.boolean().default(true),
    ebsKmsKeyId: z.string().optional(),
    /** Name or ARN of an instance profile. */
    iamInstanceProfile: z.string().min(1).optional(),
    /** Tags on VM and disks, beside those that name the node. */
    tags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
    /** Name of an existing key pair. */
    keyName: z.string().min(1).optional(),
    /** Read the Windows administrator's password; the create then waits minutes for it. Needs `keyName`. Default false. */
    retrieveWindowsPassword: z.boolean().default(false),
    /** Instance metadata service. Default: tokens required (IMDSv2), so that a fooled web server in the VM leaks nothing. */
    metadataOptions: z
      .strictObject({
        httpTokens: z.enum(["required", "optional"]).default("required"),
        httpEndpoint: z.enum(["enabled", "disabled"]).default("enabled"),
        /** 2 lets containers reach it. Default 1. */
        httpPutResponseHopLimit: z.int().min(1).max(64).default(1),
      })
      .prefault({}),
    /** Detailed monitoring. Default false. */
    monitoring: z.boolean().default(false),
    /** Present: a spot instance, terminated when interrupted. */
    spot: z
      .strictObject({
        /** Dollars per hour as text, e.g. `"0.05"`. Absent: up to the on-demand price. */
        maxPrice: z
          .string()
          .regex(/^\d+(\.\d+)?$/, 'use dollars per hour such as "0.05"')
          .optional(),
      })
      .optional(),
    /** `{ instance_config: ... }` with fields of EC2's RunInstances request. */
    configOverride: z.strictObject({ instance_config: overrideSchema(runInstancesFields).prefault({}) }).prefault({}),
    /** The same with input names of the Pulumi resource `aws.ec2.Instance`; wins over `configOverride`. */
    inputOverride: overrideSchema(instanceInputs).prefault({}),
  })
  .superRefine((settings, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    if (settings.retrieveWindowsPassword && !settings.keyName)
      issue(["keyName"], "required with retrieveWindowsPassword");
    if (settings.addressType === "public" && settings.associatePublicIpAddress === false) {
      issue(["associatePublicIpAddress"], "not false with addressType public");
    }
    if (settings.ebsKmsKeyId && !settings.ebsEncrypted) issue(["ebsEncrypted"], "true with ebsKmsKeyId");
  });
export type AwsSettings = z.output<typeof awsSettingsSchema>;
