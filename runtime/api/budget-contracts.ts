/** Budgets and what was spent of them, as the HTTP API shows them. */
import { z } from "zod";
import { budgetActions, budgetPeriods } from "../model/budget";

const epochMs = z.int().min(0);

export const budgetViewSchema = z.strictObject({
  budget: z.string(),
  /** What it counts; those that are absent don't narrow it. */
  zone: z.string().optional(),
  pool: z.string().optional(),
  autoscaleConfig: z.string().optional(),
  vmProvider: z.string().optional(),
  /** The same in words. */
  scope: z.string(),
  amount: z.number(),
  /** Of all amounts here; absent = that of prices that name none. */
  currency: z.string().optional(),
  per: z.enum(budgetPeriods),
  timezone: z.string(),
  onReached: z.enum(budgetActions),
  /** Percents. */
  thresholds: z.array(z.int()),
  /** Of them those that were told in this period; each stands for lower ones too. */
  told: z.array(z.int()),
  periodStartMs: epochMs,
  /** When it begins anew. */
  periodEndMs: epochMs,
  /** Since when spend is counted in this period; later than its start where counting began later; absent = it has not begun. */
  countedFromMs: epochMs.optional(),
  spent: z.number(),
  /** `spent` of `amount`, in percent. */
  percent: z.number(),
  isReached: z.boolean(),
  /** What it keeps from happening now; absent = nothing. */
  blocks: z.enum(["standby", "newNodes"]).optional(),
  forecast: z.strictObject({
    /** When the period ends. */
    spent: z.number(),
    /** `rate`: what VMs cost now; `lastWeeks`: what the same times of the last weeks have cost. */
    basis: z.enum(["rate", "lastWeeks"]),
    weeks: z.int(),
  }),
  ratePerHour: z.number(),
  /** VMs in its scope now. */
  nodes: z.int(),
  /** Of them those without a price in its currency: they are not counted. */
  uncountedNodes: z.int(),
  /** Hours of VMs without a price in this period. */
  unpricedVmHours: z.number(),
  /** Spent in other currencies in this period; no currency = that of prices that name none. */
  otherCurrencies: z.array(z.strictObject({ currency: z.string().optional(), spent: z.number() })),
  /** What it can't count, and why. */
  warnings: z.array(z.string()),
  /** Absent = it has no webhook. */
  webhook: z
    .strictObject({
      /** Calls that were not taken yet. */
      waiting: z.int(),
      /** Tries of the first of them that failed. */
      failures: z.int(),
    })
    .optional(),
});

export const budgetsSchema = z.strictObject({ nowMs: epochMs, budgets: z.array(budgetViewSchema) });

export type BudgetView = z.output<typeof budgetViewSchema>;
export type BudgetsView = z.output<typeof budgetsSchema>;
