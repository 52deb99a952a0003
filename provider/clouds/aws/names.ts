/**
 * How AWS writes regions, ids, names and tags: what it would refuse only when a VM is made is refused when it is declared.
 * Sources: botocore's `partitions.json`; the EC2 API reference (RunInstances, CreateKeyPair, CreateTags); "Tag your Amazon EC2
 * resources"; the IAM API reference (CreateInstanceProfile).
 */
import { z } from "zod";
import { identityKeys, identityKeysMax } from "../../frame/identity";

/** Partitions by the beginning of their regions' names; all others are in `aws`. */
const partitions: Readonly<Record<string, string>> = {
  cn: "aws-cn",
  "us-gov": "aws-us-gov",
  "us-iso": "aws-iso",
  "us-isob": "aws-iso-b",
  "eu-isoe": "aws-iso-e",
  "us-isof": "aws-iso-f",
  eusc: "aws-eusc",
};

/** As the second part of its ARNs. A region of a partition that is not known yet is taken for one of `aws`. */
export function partitionOf(region: unknown): string {
  const [first = "", second = ""] = String(region).split("-");
  return partitions[`${first}-${second}`] ?? partitions[first] ?? "aws";
}

export const regionName = z
  .string()
  .regex(/^[a-z]{2,5}(-[a-z]{2,12}){1,3}-\d{1,2}$/, 'use a region such as "eu-central-1"');

export const imageId = z.string().regex(/^ami-[0-9a-f]{8,17}$/, 'use an AMI id such as "ami-0abcdef1234567890"');
export const instanceTypeName = z
  .string()
  .regex(/^[a-z0-9-]{1,32}\.[a-z0-9-]{1,32}$/, 'use an instance type such as "m7i.large"');
export const securityGroupId = z
  .string()
  .regex(/^sg-[0-9a-z]{1,17}$/, 'use ids such as "sg-0123", not the names of groups');
export const subnetIdText = z.string().regex(/^subnet-[0-9a-z]{1,17}$/, 'use an id such as "subnet-0123"');

/** Up to 255 ASCII characters without a blank at either end. */
export const keyPairName = z
  .string()
  .regex(
    /^(?! )[\x20-\x7e]{1,255}(?<! )$/,
    "use the name of a key pair: 1 to 255 ASCII characters, no blank at its ends",
  );

const profile = String.raw`[\w+=,.@-]{1,128}`;
export const instanceProfile = z
  .string()
  .regex(
    new RegExp(`^(?:${profile}|arn:aws[a-z-]*:iam::\\d{12}:instance-profile/(?:[\\x21-\\x7e]{1,500}/)?${profile})$`),
    'use the name of an instance profile, or its ARN such as "arn:aws:iam::123456789012:instance-profile/agents"',
  );
export const roleArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\x21-\x7e]{1,576}$/, 'use "arn:aws:iam::<account>:role/<name>"');

/** Tags that a resource may have, with those that say whose it is and its name. */
const tagsMax = 50;
const ownTagsMax = tagsMax - identityKeysMax - 1;
const ownNames: readonly string[] = ["Name", ...Object.values(identityKeys)];

/** Characters of a key and of a value. */
const tagKeyMax = 128;
const tagValueMax = 256;

export const tooManyTags = `at most ${ownTagsMax} tags: AWS takes ${tagsMax}, and the others say whose the VM is`;

export function areTooManyTags(tags: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(tags).filter((key) => !ownNames.includes(key)).length > ownTagsMax;
}

export const tagKey = z
  .string()
  .min(1)
  .max(tagKeyMax)
  .regex(/^(?!aws:)/i, 'a key must not begin with "aws:", which AWS keeps for itself');
export const tagValue = z.string().max(tagValueMax);

/** Of instances and of disks, by the setting as well as by an override. */
export const tagsShape = z.record(tagKey, tagValue).refine((tags) => !areTooManyTags(tags), tooManyTags);
