/** What users declare of a workspace. */
import { z } from "zod";
import {
  cores,
  count,
  displayNameSchema,
  groupSchema,
  labelSchema,
  memorySchema,
  nameSchema,
  userIdSchema,
} from "./fields";

export const workspaceSchema = z.strictObject({
  name: nameSchema.describe(
    "Name that session requests use: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name.",
  ),
  displayName: displayNameSchema
    .optional()
    .describe(
      'What people call it, e.g. `"Ubuntu 22.04 Student Edition"`: shown in lists and messages, never used in requests. ' +
        "Default: its name.",
    ),
  pools: z.array(nameSchema).min(1).max(100).describe("Names of the pools that may run it, in order of preference."),
  zones: z
    .array(nameSchema)
    .max(100)
    .default([])
    .describe("Names of the zones that may run it; with none of them named every zone may."),
  kind: z
    .enum(["container", "desktop", "remoteApp"])
    .default("container")
    .describe(
      "`container` runs on docker agents; `desktop` and `remoteApp` run on servers, where a user has at most one desktop " +
        "per server and any number of RemoteApps beside it.",
    ),
  cores: cores.describe(
    "vCPUs that one session takes. A workspace that fits no node of its pools is refused at preview.",
  ),
  memory: memorySchema.describe('Memory that one session takes, with a unit, e.g. `"2GiB"`.'),
  gpus: count.default(0).describe("GPUs that one session takes."),
  includeLabels: z
    .array(labelSchema)
    .max(50)
    .default([])
    .describe("It runs only on nodes that have at least one of these labels; empty: labels are not asked for."),
  excludeLabels: z
    .array(labelSchema)
    .max(50)
    .default([])
    .describe("It runs on no node that has one of these labels, whatever it includes."),
  allowedUsers: z
    .array(userIdSchema)
    .max(1_000)
    .prefault([])
    .describe("Ids of the users who may have sessions of it. With `allowedGroups` empty too, every user may."),
  allowedGroups: z
    .array(groupSchema)
    .max(1_000)
    .prefault([])
    .describe(
      "Names of groups whose members may have sessions of it, beside `allowedUsers`; a request says its user's `groups`.",
    ),
  enabled: z.boolean().default(true).describe("False refuses new sessions."),
});
export type Workspace = z.output<typeof workspaceSchema>;
