/** What `GET /livez` and `GET /readyz` answer. */
import { z } from "zod";

export const livenessSchema = z.strictObject({ status: z.literal("alive"), version: z.string() });

export const readinessSchema = z.strictObject({
  /** `leader` and `standby` are ready: a standby has requests answered by the leader. */
  status: z.enum(["leader", "standby", "unready"]),
  version: z.string(),
  /** Where the leader answers; only from a standby. */
  leader: z.string().optional(),
  /** Only of one that is not ready: what is wrong, and what to do. */
  message: z.string().optional(),
});

export type ReadinessView = z.output<typeof readinessSchema>;
