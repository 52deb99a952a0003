/** How EC2 and Route 53 reach an AWS account. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { loadSdk } from "./sdk";

/** All absent: the machine's own chain (environment, shared files, instance role). */
export const awsCredentialFields = {
  accessKeyId: z.string().min(1).optional(),
  secretAccessKey: z.string().min(1).optional(),
  /** For temporary credentials. */
  sessionToken: z.string().min(1).optional(),
  /** Name of a profile in the shared files of the machine that runs the updates. */
  profile: z.string().min(1).optional(),
  /** Role to take with those credentials. */
  assumeRoleArn: z
    .string()
    .regex(/^arn:[^:]+:iam::\d{12}:role\//, 'use "arn:aws:iam::<account>:role/<name>"')
    .optional(),
};
export const awsSecretFields = ["accessKeyId", "secretAccessKey", "sessionToken"] as const;

type AwsAccount = z.output<z.ZodObject<typeof awsCredentialFields>> & { readonly region: string };

export async function newAwsProvider(name: string, account: AwsAccount): Promise<pulumi.ProviderResource> {
  const { Provider } = loadSdk(
    "@pulumi/aws",
    () => require("@pulumi/aws/provider") as typeof import("@pulumi/aws/provider"),
  );
  return new Provider(name, {
    region: account.region,
    accessKey: account.accessKeyId,
    secretKey: account.secretAccessKey,
    token: account.sessionToken,
    profile: account.profile,
    assumeRoles: account.assumeRoleArn === undefined ? undefined : [{ roleArn: account.assumeRoleArn }],
  });
}
