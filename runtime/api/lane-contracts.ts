/** Lanes as the HTTP API shows them; see {@link Lane} for what the fields mean. */
import { z } from "zod";

const epochMs = z.int().min(0);

/** Of the engine's output in one answer. */
const outputBytesMax = 64 * 1024;

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
  worker: z.string().optional(),
  trouble: troubleSchema.optional(),
  lastUpdate: z
    .strictObject({
      kind: z.enum(["update", "recover"]),
      revision: z.int(),
      startedAtMs: epochMs.optional(),
      endedAtMs: epochMs,
      outcome: z.enum(["succeeded", "failed"]),
      failure: z.strictObject({ class: z.string(), message: z.string() }).optional(),
      creates: z.int(),
      deletes: z.int(),
    })
    .optional(),
  /** It is left alone until then, after what failed. */
  retryAtMs: epochMs.optional(),
  /** While it waits for a slot: its place, from 1. */
  slot: z
    .strictObject({
      position: z.int(),
      waiting: z.int(),
      inUse: z.int(),
      slots: z.int(),
      inUseByAccount: z.int().optional(),
    })
    .optional(),
  takesNodes: z.boolean().optional(),
  keptClosedUntilMs: epochMs.optional(),
  strangers: z.array(z.string()).optional(),
  forgotten: z.array(z.string()).optional(),
  nodes: z.int(),
});
export const laneAnswerSchema = z.strictObject({ lane: laneSchema });
/** How many updates may run at the same time, how many do, and how many lanes wait; `inUse` may pass `slots` by a reserve. */
const slotUseSchema = z.strictObject({ slots: z.int(), inUse: z.int(), waiting: z.int() });
export const lanesSchema = z.strictObject({ lanes: z.array(laneSchema), slots: slotUseSchema.optional() });

/** Who waits behind a lane; the first thousand of each. */
export const laneDetailSchema = z.strictObject({
  lane: laneSchema,
  /** Nodes of the lane that it has yet to make or to delete. */
  waitingNodes: z.array(z.string()),
  /** Sessions that one of them was promised to. */
  waitingSessions: z.array(z.string()),
});

export const laneOutputQuerySchema = z.strictObject({
  file: z
    .string()
    .regex(/^\d{8}-[a-z0-9-]{1,100}\.log$/, "use a name from `files`")
    .optional()
    .describe("One of `files`. Default: the newest."),
  bytes: z.coerce.number().int().min(1).max(outputBytesMax).default(outputBytesMax).describe("The last so many."),
});
export const laneOutputSchema = z.strictObject({
  laneId: z.string(),
  /** What the lane's engines have printed and is still kept on this machine, the newest last; empty = nothing is. */
  files: z.array(z.strictObject({ name: z.string(), bytes: z.int(), modifiedAtMs: epochMs })),
  file: z.string().optional(),
  /** Its end; what is secret reads `[secret]`. Absent = there is no such file. */
  text: z.string().optional(),
  /** What stands before is left out. */
  isCut: z.boolean().optional(),
});

export type LaneOutputView = z.output<typeof laneOutputSchema>;
export type LaneView = z.output<typeof laneSchema>;
