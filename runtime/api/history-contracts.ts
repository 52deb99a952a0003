/** The last days, minute by minute: what was needed, what there was and what it cost; see {@link sampleValueNames}. */
import { z } from "zod";
import { nameSchema } from "../model/config";
import { sampleValueNames } from "../model/sample";
import { listOf, stepSchema, timeSchema, timezoneSchema } from "./query-fields";

const filters = {
  config: nameSchema.optional().describe("Only this autoscale config."),
  pool: nameSchema.optional().describe("Only autoscale configs and static members of this pool."),
  zone: nameSchema.optional().describe("Only autoscale configs and static members of this zone."),
};

export const historyQuerySchema = z.strictObject({
  ...filters,
  from: timeSchema.optional().describe("Default: 24 hours before `to`."),
  to: timeSchema.optional().describe("Not included. Default: now."),
  step: stepSchema,
  by: z.enum(["total", "config"]).default("total").describe("`total`: the sum of all that the filters leave."),
  of: z.enum(["mean", "max"]).default("mean").describe("What is told of the minutes of one step."),
  values: listOf(sampleValueNames).optional().describe("Only these, with commas. Default: all."),
});

const seriesSchema = z.strictObject({
  /** Absent with `by=total`; otherwise absent = static members, without a pool: sessions that wait for no config. */
  autoscaleConfig: z.string().optional(),
  pool: z.string().optional(),
  zone: z.string().optional(),
  /** By name of the value, one number for each step; null = not known, or there is no such number. */
  values: z.record(z.string(), z.array(z.number().nullable())),
});

export const historySchema = z.strictObject({
  nowMs: z.int(),
  fromMs: z.int(),
  toMs: z.int(),
  stepSeconds: z.int(),
  /** When the oldest sample that is kept was taken; absent = there is none. */
  recordedFromMs: z.int().optional(),
  /** Start of each step. */
  timesMs: z.array(z.int()),
  /** Samples in each step; 0 = a gap: nobody led, or nothing could be written. */
  minutes: z.array(z.int()),
  series: z.array(seriesSchema),
});

export const costQuerySchema = z.strictObject({
  ...filters,
  from: timeSchema.optional().describe("The day of this time is the first. Default: 6 days before `to`."),
  to: timeSchema.optional().describe("The day of this time is the last. Default: now."),
  timezone: timezoneSchema.default("UTC").describe("Where days begin and end."),
});

const daySchema = z.strictObject({
  date: z.string(),
  fromMs: z.int(),
  toMs: z.int(),
  /** Minutes of the day that are known. */
  minutes: z.int(),
  /** Hours of VMs by their use: with a session, kept ready, more than needed, booting, leaving. */
  vmHours: z.strictObject({
    inUse: z.number(),
    standby: z.number(),
    excess: z.number(),
    booting: z.number(),
    leaving: z.number(),
  }),
  /** Of VMs that have a price; absent = none had, or prices are in different currencies. */
  cost: z.number().optional(),
  /** Hours of VMs that had no price: `cost` lacks them. */
  unpricedVmHours: z.number(),
});

export const costSchema = z.strictObject({
  nowMs: z.int(),
  timezone: z.string(),
  days: z.array(daySchema),
  /** What the VMs that exist now cost in an hour; absent = none has a price, or prices are in different currencies. */
  ratePerHour: z.number().optional(),
  /** Of all amounts; absent = prices name none, or different ones. */
  currency: z.string().optional(),
  /** As VM provider configs declare them (`hourlyCost`). */
  prices: z.array(z.strictObject({ vmProvider: z.string(), hourlyCost: z.number(), currency: z.string().optional() })),
  /** VM provider configs without a price: their VMs count in hours alone. */
  unpriced: z.array(z.string()),
});

export const waitsQuerySchema = z.strictObject({
  config: filters.config,
  from: timeSchema.optional().describe("Default: an hour before `to`."),
  to: timeSchema.optional().describe("Not included. Default: now."),
});

export const waitsSchema = z.strictObject({
  nowMs: z.int(),
  fromMs: z.int(),
  toMs: z.int(),
  /** Earlier placements are not counted: the newest 200,000 entries of the journal are looked at. Absent = all are. */
  countedFromMs: z.int().optional(),
  /** That got their node in that time. */
  sessions: z.int(),
  /** Of them, for which the journal does not say how long they waited; an older version wrote it. They count nowhere else. */
  unknown: z.int(),
  /** That waited a second or more. */
  waited: z.int(),
  /** From the request until the node, over all of `sessions` that are known; absent = there is none. Unit: milliseconds. */
  p50Ms: z.number().optional(),
  p95Ms: z.number().optional(),
  longestMs: z.number().optional(),
  /** Whose that was; absent = nobody waited. */
  longestSession: z.string().optional(),
  /** Now, without `config` only: what no config makes a node for belongs to none. */
  waitingNow: z.strictObject({ sessions: z.int(), longestMs: z.number().optional() }).optional(),
});

export type WaitsQuery = z.output<typeof waitsQuerySchema>;
export type WaitsView = z.output<typeof waitsSchema>;
export type HistoryQuery = z.output<typeof historyQuerySchema>;
export type HistoryView = z.output<typeof historySchema>;
export type CostQuery = z.output<typeof costQuerySchema>;
export type CostView = z.output<typeof costSchema>;
