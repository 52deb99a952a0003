/** VMs and computer records that nobody knows, as the HTTP API shows them; see {@link Orphan} for what the fields mean. */
import { z } from "zod";

const epochMs = z.int().min(0);

export const orphanSchema = z.strictObject({
  orphanId: z.string(),
  accountId: z.string(),
  vmProvider: z.string(),
  /** A computer record in a directory, of the LDAP config that `vmProvider` names; absent = a VM. */
  isComputerRecord: z.literal(true).optional(),
  place: z.record(z.string(), z.unknown()),
  vmId: z.string(),
  nodeId: z.string().optional(),
  firstSeenMs: epochMs,
  lastSeenMs: epochMs,
  reportedAtMs: epochMs,
});
/** One place of an account that is compared with the rows from time to time. */
const sweepSchema = z.strictObject({
  /** Of the VM provider config, or of the LDAP config. */
  definition: z.string(),
  place: z.record(z.string(), z.unknown()),
  /** When the last list came; absent = none has since this runtime leads. */
  sweptAtMs: epochMs.optional(),
  /** Why the last list told nothing. */
  complaint: z.string().optional(),
});
export const orphansSchema = z.strictObject({
  orphans: z.array(orphanSchema),
  sweeps: z.array(sweepSchema).optional(),
});

export const forgetBodySchema = z.strictObject({
  /** Also a node that runs, or is about to. Default false. */
  force: z.boolean().default(false),
});
/** A node that was given up, and the sessions that ended with it. */
export const forgottenSchema = z.strictObject({ nodeId: z.string(), sessions: z.array(z.string()) });

export type SweepStateView = z.output<typeof sweepSchema>;
export type OrphanView = z.output<typeof orphanSchema>;
export type ForgottenView = z.output<typeof forgottenSchema>;
