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

export type AccountView = z.output<typeof accountSchema>;
