/** When the windows of schedules start and end, worked out by the server: no browser has to know the rules of a time zone. */
import { z } from "zod";
import { nameSchema } from "../model/config";
import { timeSchema } from "./query-fields";

const epochMs = z.int().min(0);

/** Days that one question may ask about. */
export const occurrenceDaysMax = 62;

const span = {
  from: timeSchema.optional().describe("Windows that end after this are told. Default: now."),
  to: timeSchema
    .optional()
    .describe(`Windows that open before this are told. Default: 7 days after \`from\`; at most ${occurrenceDaysMax}.`),
};
export const occurrencesQuerySchema = z.strictObject(span);
export const allOccurrencesQuerySchema = z.strictObject({
  config: nameSchema.optional().describe("Only schedules of this autoscale config."),
  ...span,
});
export const scheduleParamsSchema = z.strictObject({ name: nameSchema });

/** ISO 8601 with the offset that the schedule's clock has then. */
const local = z.string();

const occurrenceSchema = z.strictObject({
  /** The day on which the window starts, by the schedule's clock. */
  date: z.string(),
  /** `excepted`: one of `exceptDates`; nothing opens. */
  state: z.enum(["planned", "excepted"]),
  /** With the lead time; `startsAtMs` without it. */
  opensAtMs: epochMs,
  startsAtMs: epochMs,
  endsAtMs: epochMs,
  leadSeconds: z.number(),
  opens: local,
  starts: local,
  ends: local,
});

export const scheduleOccurrencesSchema = z.strictObject({
  schedule: z.string(),
  autoscaleConfig: z.string(),
  timezone: z.string(),
  /** Of the autoscale config, by all its schedules; disabled and drained configs are told as if they were not. */
  isOpen: z.boolean(),
  /** When the autoscale config opens or closes next; absent = not in sight. */
  nextChange: z.strictObject({ atMs: epochMs, local, opens: z.boolean() }).optional(),
  /** What the window replaces while it is open. */
  overrides: z.record(z.string(), z.number()),
  occurrences: z.array(occurrenceSchema),
});
export const occurrencesSchema = z.strictObject({
  nowMs: epochMs,
  fromMs: epochMs,
  toMs: epochMs,
  schedules: z.array(scheduleOccurrencesSchema),
});

export type OccurrencesView = z.output<typeof occurrencesSchema>;
