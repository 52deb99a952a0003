/** How EC2 and Route 53 reach an AWS account. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { AccountRules } from "../../../runtime/model/accounts";
import { loadSdk } from "../../frame/sdk";
import type { Access, CloudAccess } from "../../vm-provider";
import { partitionOf, roleArn } from "./names";

export const awsCredentialFields = {
  accessKeyId: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Access key. Default: the chain of the machine that runs the updates (environment, shared files, instance role).",
    ),
  secretAccessKey: z.string().min(1).optional().describe("Secret of the access key. Default: as `accessKeyId`."),
  sessionToken: z.string().min(1).optional().describe("Token of temporary credentials. Default none."),
  profile: z
    .string()
    .min(1)
    .optional()
    .describe("Name of a profile in the shared files of the machine that runs the updates. Default none."),
  assumeRoleArn: roleArn
    .optional()
    .describe('Role to take with those credentials, e.g. `"arn:aws:iam::123456789012:role/vms"`. Default none.'),
};

/** What the Pulumi provider takes of settings for EC2 and for Route 53. */
const awsAccessSchema = z.object({
  ...awsCredentialFields,
  /** Route 53 is global, its client still wants one. */
  region: z.string().default("us-east-1"),
});

export const awsAccountRules: AccountRules = {
  fields: Object.keys(awsCredentialFields),
  place: ["region"],
  /** A key or a profile does not say whose it is. */
  identity: ({ region, assumeRoleArn }) => {
    const [, partition = partitionOf(region), , , owner] =
      typeof assumeRoleArn === "string" ? assumeRoleArn.split(":") : [];
    return { partition, ...(owner === undefined ? {} : { owner }) };
  },
};

export const packageName = "@pulumi/aws";

export const awsAccess: CloudAccess = {
  sdk: packageName,
  secretFields: ["accessKeyId", "secretAccessKey", "sessionToken"],
  account: awsAccountRules,
  pulumiProvider: newAwsProvider,
};

async function newAwsProvider(name: string, { settings, owner }: Access): Promise<pulumi.ProviderResource> {
  const { Provider } = loadSdk(
    packageName,
    () => require("@pulumi/aws/provider") as typeof import("@pulumi/aws/provider"),
  );
  const account = awsAccessSchema.parse(settings);
  return new Provider(name, {
    region: account.region,
    accessKey: account.accessKeyId,
    secretKey: account.secretAccessKey,
    token: account.sessionToken,
    profile: account.profile,
    assumeRoles: account.assumeRoleArn === undefined ? undefined : [{ roleArn: account.assumeRoleArn }],
    // To keys of another account every VM would seem to be gone.
    allowedAccountIds: owner === undefined ? undefined : [owner],
  });
}
