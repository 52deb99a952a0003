/** Staged sessions: containers that run before anybody asks for them, so that the next user need not wait. */
import { z } from "zod";
import { count, durationSchema, nameSchema } from "./fields";

/**
 * What a session's user may do. Fixed when the container starts, so a staged session fits only a request with the same
 * permissions. Audio, clipboard, downloads and uploads are allowed unless denied; the others are denied unless allowed.
 */
export const permissionsSchema = z.strictObject({
  audio: z.boolean().default(true),
  clipboardDown: z.boolean().default(true),
  clipboardUp: z.boolean().default(true),
  downloads: z.boolean().default(true),
  uploads: z.boolean().default(true),
  microphone: z.boolean().default(false),
  gamepad: z.boolean().default(false),
  printing: z.boolean().default(false),
  webcam: z.boolean().default(false),
  rdpClientFileTransferClipboard: z.boolean().default(false),
});

/** Staged sessions that one config may want. */
const sessionsMax = 10_000;

/** Keeps `sessions` sessions of a workspace running in a zone that belong to nobody yet. */
export const stagingConfigSchema = z
  .strictObject({
    name: nameSchema,
    zone: nameSchema,
    /** Of kind `container`. */
    workspace: nameSchema,
    /** Only in this pool; absent = in the workspace's pools, in their order. Not together with `autoscaleConfig`. */
    pool: nameSchema.optional(),
    /** Only on nodes of this autoscale config. */
    autoscaleConfig: nameSchema.optional(),
    /** Unassigned sessions kept running; one that is given to a user is replaced. 0 = none. */
    sessions: count.max(sessionsMax),
    /** A session that nobody got for this long is ended and replaced. Default 24h; at least 1m. */
    expiration: durationSchema.prefault("24h").pipe(z.number().min(60, "at least 1m")),
    permissions: permissionsSchema.prefault({}),
  })
  .superRefine((config, context) => {
    if (config.pool === undefined || config.autoscaleConfig === undefined) return;
    const message = `not together with autoscaleConfig: "${config.autoscaleConfig}" has a pool of its own`;
    context.addIssue({ code: "custom", path: ["pool"], message, input: config.pool });
  });

export type Permissions = z.output<typeof permissionsSchema>;
export type StagingConfig = z.output<typeof stagingConfigSchema>;

export const defaultPermissions: Permissions = permissionsSchema.parse({});

/** Absent = the defaults. */
export function samePermissions(a: Permissions = defaultPermissions, b: Permissions = defaultPermissions): boolean {
  return a === b || (Object.keys(defaultPermissions) as (keyof Permissions)[]).every((name) => a[name] === b[name]);
}
