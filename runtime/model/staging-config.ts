/** Staged sessions: containers that run before anybody asks for them, so that the next user need not wait. */
import { z } from "zod";
import { count, definitionName, durationSchema, nameSchema } from "./fields";

/**
 * What a session's user may do. Fixed when the container starts, so a staged session fits only a request with the same
 * permissions. Audio, clipboard, downloads and uploads are allowed unless denied; the others are denied unless allowed.
 */
export const permissionsSchema = z.strictObject({
  audio: z.boolean().default(true).describe("The user hears the session."),
  clipboardDown: z.boolean().default(true).describe("Clipboard from the session to the user."),
  clipboardUp: z.boolean().default(true).describe("Clipboard from the user to the session."),
  downloads: z.boolean().default(true).describe("Files from the session to the user."),
  uploads: z.boolean().default(true).describe("Files from the user to the session."),
  microphone: z.boolean().default(false).describe("The session hears the user."),
  gamepad: z.boolean().default(false).describe("The user's gamepads work in the session."),
  printing: z.boolean().default(false).describe("The session prints on the user's printers."),
  webcam: z.boolean().default(false).describe("The session sees the user's cameras."),
  rdpClientFileTransferClipboard: z
    .boolean()
    .default(false)
    .describe("Files by the clipboard of the user's RDP client."),
});

/** Staged sessions that one config may want. */
const sessionsMax = 10_000;

/** Keeps `sessions` sessions of a workspace running in a zone that belong to nobody yet. */
export const stagingConfigSchema = z.strictObject({
  name: definitionName,
  zone: nameSchema.describe("Name of the zone in which the sessions run."),
  workspace: nameSchema.describe("Name of the workspace that they run; of kind `container`."),
  pool: nameSchema
    .optional()
    .describe(
      "Only in this pool; with `autoscaleConfig` the pool of that. Default: that of `autoscaleConfig`, else the workspace's " +
        "pools, in their order.",
    ),
  autoscaleConfig: nameSchema
    .optional()
    .describe("Only on nodes of this autoscale config. Default: any node of the pools."),
  sessions: count
    .max(sessionsMax)
    .describe(
      "Sessions kept running that belong to nobody yet; one that is given to a user is replaced. Each takes capacity as " +
        "a user's session does.",
    ),
  expiration: durationSchema
    .prefault("24h")
    .pipe(z.number().min(60, "at least 1m"))
    .describe('A session that nobody got for this long is ended and replaced; at least `"1m"`.'),
  permissions: permissionsSchema
    .prefault({})
    .describe("What the user of a session may do. Only requests with the same permissions get one of these sessions."),
});

export type Permissions = z.output<typeof permissionsSchema>;
export type StagingConfig = z.output<typeof stagingConfigSchema>;

export const defaultPermissions: Permissions = permissionsSchema.parse({});

/** Absent = the defaults. */
export function samePermissions(a: Permissions = defaultPermissions, b: Permissions = defaultPermissions): boolean {
  return a === b || (Object.keys(defaultPermissions) as (keyof Permissions)[]).every((name) => a[name] === b[name]);
}
