/** What clouds said of the accounts of VM provider configs, as the HTTP API shows it; see {@link AccountCheckRow}. */
import { z } from "zod";

const epochMs = z.int().min(0);

export const accountSchema = z.strictObject({
  vmProvider: z.string(),
  kind: z.string(),
  /** `unknown`: no cloud has answered since it was declared or edited last. */
  state: z.enum(["unknown", "fine", "trouble"]),
  checkedAtMs: epochMs.optional(),
  /** The cloud's own number or name of the account, and who we are there. */
  owner: z.string().optional(),
  principal: z.string().optional(),
  /** What its VMs have, by the cloud's word. */
  size: z.strictObject({ name: z.string(), cores: z.number(), memoryBytes: z.number(), gpus: z.number() }).optional(),
  /** One sentence for each thing that has to be put right. */
  troubles: z.array(z.string()),
  /** One sentence for each thing that the credentials may not look at; no fault. */
  unchecked: z.array(z.string()),
});

/** An LDAP config, likewise. */
export const directorySchema = accountSchema
  .pick({ state: true, checkedAtMs: true, troubles: true, unchecked: true })
  .extend({ ldapConfig: z.string() });
export type DirectoryView = z.output<typeof directorySchema>;

const circuitSchema = z.strictObject({
  autoscaleConfig: z.string(),
  circuit: z.enum(["closed", "open", "halfOpen"]),
  consecutiveFailures: z.int(),
  retryAtMs: epochMs,
  last: z.strictObject({ class: z.string(), message: z.string(), atMs: epochMs }),
});

/** A VM provider config with all that tells whether it can make another VM. */
export const accountDetailSchema = accountSchema.extend({
  /** Nodes that count against `maxInstances`. */
  instances: z.int(),
  maxInstances: z.int(),
  /** What one VM costs in an hour, as declared; absent = not declared. */
  hourlyCost: z.number().optional(),
  /** When the newest of its nodes that run became ready; absent = none runs. */
  lastReadyAtMs: epochMs.optional(),
  /** Autoscale configs that may make nodes with it. */
  configs: z.array(z.string()),
  /** Of those whose last nodes failed on it. */
  circuits: z.array(circuitSchema),
  /** When all its places were last compared with the rows, the oldest of them; absent = not all of them in this term. */
  sweptAtMs: epochMs.optional(),
  /** VMs of this installation in its account that nothing has. */
  orphans: z.int(),
});
export const accountsSchema = z.strictObject({
  nowMs: epochMs,
  accounts: z.array(accountDetailSchema),
  directories: z.array(directorySchema),
});

export type AccountsView = z.output<typeof accountsSchema>;
export type AccountView = z.output<typeof accountSchema>;
