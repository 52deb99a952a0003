/** Fields of settings that many clouds have. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { memorySchema } from "../../runtime/model/config";

/** A disk or memory that the cloud counts in whole GiB; written `"50GiB"`, inside a number of GiB. */
export const wholeGib = memorySchema
  .refine((bytes) => bytes >= 2 ** 30 && bytes % 2 ** 30 === 0, 'use whole GiB such as "50GiB"')
  .transform((bytes) => bytes / 2 ** 30);

export const addressTypeField = z
  .enum(["private", "public"])
  .default("private")
  .describe("Which address the runtime and the users' proxy use.");
export type AddressType = z.output<typeof addressTypeField>;

export function chooseAddress(
  type: AddressType,
  addresses: Readonly<Record<AddressType, pulumi.Output<string>>>,
): pulumi.Output<string> {
  return addresses[type];
}
