/** How the secrets of the database are sealed, as the HTTP API shows it; never a key. */
import { z } from "zod";

const count = z.int().min(0);

export const secretsStateSchema = z.strictObject({
  /** Of the key that seals now. */
  keyId: z.string(),
  /** Of keys that still open rows; empty = no rotation is going on. */
  olderKeyIds: z.array(z.string()),
  /** Rows that may hold secrets. */
  rows: count,
  /** Of them those that are not sealed with the newest key yet. */
  toSeal: count,
});

export type SecretsStateView = z.output<typeof secretsStateSchema>;
