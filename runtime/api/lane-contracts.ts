/** Lanes as the HTTP API shows them; see {@link Lane} for what the fields mean. */
import { z } from "zod";

const epochMs = z.int().min(0);

const troubleSchema = z.strictObject({ failures: z.int(), sinceMs: epochMs, message: z.string() });

export const laneSchema = z.strictObject({
  laneId: z.string(),
  autoscaleConfig: z.string(),
  stack: z.string(),
  desiredRevision: z.int(),
  appliedRevision: z.int(),
  openRevision: z.int().optional(),
  openSinceMs: epochMs.optional(),
  enginePid: z.int().optional(),
  trouble: troubleSchema.optional(),
  takesNodes: z.boolean().optional(),
  keptClosedUntilMs: epochMs.optional(),
  strangers: z.array(z.string()).optional(),
  forgotten: z.array(z.string()).optional(),
  nodes: z.int(),
});
export const laneAnswerSchema = z.strictObject({ lane: laneSchema });
export const lanesSchema = z.strictObject({ lanes: z.array(laneSchema) });

export type LaneView = z.output<typeof laneSchema>;
