/** A plan as the HTTP API shows it; see {@link Plan} for what the fields mean. */
import { z } from "zod";
import { reasonSchema, stagingPositionSchema } from "./contracts";

const epochMs = z.int().min(0);

const changeSchema = z.union([
  z.strictObject({
    kind: z.literal("create"),
    autoscaleConfig: z.string(),
    vmProvider: z.string(),
    reason: reasonSchema,
  }),
  z.strictObject({ kind: z.enum(["drain", "undrain", "destroy"]), nodeId: z.string(), reason: reasonSchema }),
]);
export const planSchema = z.strictObject({
  atMs: epochMs,
  changes: z.array(changeSchema),
  configs: z.array(
    z.strictObject({
      autoscaleConfig: z.string(),
      isActive: z.boolean(),
      reasons: z.array(reasonSchema),
      objective: reasonSchema.optional(),
      nextState: z.looseObject({ autoscaleConfig: z.string() }),
    }),
  ),
  waiting: z.array(
    z.strictObject({
      sessionId: z.string(),
      nodeId: z.string().optional(),
      reservation: z.strictObject({ sinceMs: epochMs, nodeIds: z.array(z.string()) }).optional(),
      reason: reasonSchema,
    }),
  ),
  staging: z.array(stagingPositionSchema),
});

export type PlanView = z.output<typeof planSchema>;
