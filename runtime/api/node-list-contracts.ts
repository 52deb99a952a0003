/** Nodes as long lists need them: few fields, in columns of equal length, so that 10,000 of them stay far below 1 MB. */
import { z } from "zod";
import { nameSchema } from "../model/config";
import { nodeStatuses, type NodeStatus } from "../model/state";
import { listMax } from "./contracts";
import { cursorSchema, listOf } from "./query-fields";

const columnOf = <T extends z.ZodType>(value: T) => z.array(value);

export const nodeOrders = ["state", "newest", "oldest", "load", "id"] as const;

export const nodeListQuerySchema = z.strictObject({
  config: nameSchema.optional().describe("Only nodes of this autoscale config."),
  pool: nameSchema.optional().describe("Only nodes of this pool."),
  zone: nameSchema.optional().describe("Only nodes of this zone."),
  vmProvider: nameSchema.optional().describe("Only nodes that this VM provider config made."),
  lane: z.string().max(200).optional().describe("Only nodes of this lane, by its id."),
  status: listOf<NodeStatus>(nodeStatuses).optional().describe("Only nodes in one of these statuses, with commas."),
  text: z
    .string()
    .max(200)
    .optional()
    .describe("Only nodes whose id, address, VM id, reason or failure has this in it, whatever the case."),
  sort: z
    .enum(nodeOrders)
    .default("state")
    .describe(
      "`state`: those that need somebody first, then those on their way, each oldest first; `load`: the fullest first.",
    ),
  page: cursorSchema.optional().describe("`next` of the page before, asked for with the same `sort`."),
  limit: z.coerce.number().int().min(1).max(listMax).default(500).describe("Nodes of one page."),
});

export const nodeListSchema = z.strictObject({
  nowMs: z.int(),
  /** Nodes that the filters leave, on all pages. */
  total: z.int(),
  /** By status, as if `status` were not asked for. */
  counts: z.record(z.string(), z.int()),
  /** Without `autoscaleConfig`: static members. */
  places: z.array(z.strictObject({ autoscaleConfig: z.string().optional(), pool: z.string(), zone: z.string() })),
  statuses: z.array(z.enum(nodeStatuses)),
  nodes: z.strictObject({
    nodeId: columnOf(z.string()),
    /** Index in `places`. */
    place: columnOf(z.int()),
    /** Index in `statuses`. */
    status: columnOf(z.int()),
    ageSeconds: columnOf(z.int()),
    /** For how long it has been in its status. */
    statusSeconds: columnOf(z.int()),
    /** On it, that have not ended. */
    sessions: columnOf(z.int()),
    /** What sessions take of its scarcest dimension, 0 to 100; null = its shape is not known. */
    loadPercent: columnOf(z.int().nullable()),
  }),
  /** Present when there are more: `page` of the next one. */
  next: z.string().optional(),
});

export type NodeListQuery = z.output<typeof nodeListQuerySchema>;
export type NodeListView = z.output<typeof nodeListSchema>;
