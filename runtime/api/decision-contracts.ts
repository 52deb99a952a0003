/** The decision journal: which entries to tell, and how many there were in each step of time. */
import { z } from "zod";
import { nameSchema } from "../model/config";
import { decisionSchema, idSchema } from "./contracts";
import { stepSchema, timeSchema } from "./query-fields";

const filters = {
  subject: decisionSchema.shape.subject.optional().describe("Only about this kind of thing."),
  event: z.string().min(1).max(100).optional().describe("Only with this event, e.g. `placed`."),
  code: z.string().min(1).max(100).optional().describe("Only with this code of the reason, e.g. `maxInstances`."),
  config: nameSchema.optional().describe("Only about this autoscale config, its present nodes, or naming it."),
  node: idSchema.optional().describe("Only about this node, or naming it; likewise `session` and `lane`."),
  session: idSchema.optional(),
  lane: idSchema.optional(),
  text: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("Only with this in the sentence or in the id of what it is about, whatever the case."),
};

export const decisionsQuerySchema = z
  .strictObject({
    order: z.enum(["oldest", "newest"]).optional().describe("Default: `oldest`, with `before` `newest`."),
    after: idSchema.optional().describe("Only entries behind this one, the oldest of them first."),
    before: idSchema.optional().describe("Only entries before this one, the newest of them first."),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
    ...filters,
  })
  .superRefine(({ order, after, before }, context) => {
    const refuse = (path: string, message: string, input: unknown) =>
      context.addIssue({ code: "custom", path: [path], message, input });
    if (after !== undefined && before !== undefined) refuse("before", "leave out `after`, or this", before);
    else if (after !== undefined && order === "newest") refuse("after", "goes with `order=oldest`", after);
    else if (before !== undefined && order === "oldest") refuse("before", "goes with `order=newest`", before);
  });
export const decisionsSchema = z.strictObject({
  decisions: z.array(decisionSchema),
  /** Present when there may be more: the `before` or `after` of the next page. With filters a page may be short or empty. */
  next: z.string().optional(),
});

export const decisionCountsQuerySchema = z.strictObject({
  from: timeSchema.optional().describe("Default: an hour before `to`."),
  to: timeSchema.optional().describe("Not included. Default: now."),
  step: stepSchema,
  ...filters,
});
export const decisionCountsSchema = z.strictObject({
  fromMs: z.int(),
  toMs: z.int(),
  stepSeconds: z.int(),
  /** Start of each step. */
  timesMs: z.array(z.int()),
  total: z.array(z.int()),
  /** The same by event. */
  events: z.record(z.string(), z.array(z.int())),
  /** Earlier entries are not counted: the newest 200,000 are. Absent = all are counted. */
  countedFromMs: z.int().optional(),
});

export type DecisionsQuery = z.output<typeof decisionsQuerySchema>;
export type DecisionCountsView = z.output<typeof decisionCountsSchema>;
