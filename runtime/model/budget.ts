/** Budgets as users declare them: how much money the VMs of a part of the installation may cost in a day, week or month. */
import { z } from "zod";
import { currencySchema, definitionName, hostSchema, nameSchema, splitHost } from "./fields";
import { findNearPlace } from "./host-place";
import { timeZoneSchema } from "./schedule";

export const budgetPeriods = ["day", "week", "month"] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

/** What happens when all of it is spent; each does what those before it do. */
export const budgetActions = ["alert", "noStandby", "noNewNodes"] as const;
export type BudgetAction = (typeof budgetActions)[number];

const urlLengthMax = 2_000;

const webhookUrlSchema = z
  .string()
  .max(urlLengthMax)
  .superRefine((text, context) => {
    const problem = text.length > urlLengthMax ? undefined : webhookUrlProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem, input: text });
  });

/** Undefined = it may be called. What its name means is looked at again at each call: see `reconciler/webhook-call.ts`. */
export function webhookUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'use a URL such as "https://hooks.example.org/headroom"';
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return "leave out user and password; each call is signed";
  const host = splitHost(url.host).host;
  if (!hostSchema.safeParse(url.host).success) return "use a host name or an IP address";
  if (url.protocol === "http:") {
    return isLoopback(host)
      ? undefined
      : '"http://" is for this machine alone (127.0.0.1, ::1, localhost); use "https://"';
  }
  if (url.protocol !== "https:") return 'use "https://"';
  const place = isLoopback(host) ? undefined : findNearPlace(host);
  return place === undefined ? undefined : `its host ${place}; use the address of another machine`;
}

/** This machine by the names that mean nothing else. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[?::1\]?)$/i.test(host);
}

const webhookSchema = z.strictObject({
  url: webhookUrlSchema.describe(
    'Where each event is sent by POST: `"https://..."`; `"http://..."` only on the runtime\'s own machine. No redirection is followed.',
  ),
  secret: z
    .string()
    .min(16)
    .max(200)
    .describe("Signs each call, by HMAC-SHA256 over its time and body; a text that is hard to guess."),
});

const thresholdsMax = 10;
const percentMax = 1_000;

const thresholdsSchema = z
  .array(z.int().min(1).max(percentMax))
  .max(thresholdsMax)
  .superRefine((percents, context) => {
    const index = percents.findIndex((percent, at) => at > 0 && percent <= percents[at - 1]!);
    if (index < 0) return;
    const message = `got ${percents[index]} behind ${percents[index - 1]}; list them in rising order, each once`;
    context.addIssue({ code: "custom", path: [index], message, input: percents[index] });
  });

/** Without `zone`, `pool`, `autoscaleConfig` and `vmProvider` it is of the whole installation; with several, of what all name. */
export const budgetSchema = z.strictObject({
  name: definitionName,
  zone: nameSchema.optional().describe("Counts nodes in this zone alone. Default: in all zones."),
  pool: nameSchema.optional().describe("Counts nodes of this pool alone. Default: of all pools."),
  autoscaleConfig: nameSchema
    .optional()
    .describe("Counts nodes of this autoscale config alone. Default: of all of them."),
  vmProvider: nameSchema
    .optional()
    .describe(
      "Counts nodes on this VM provider config alone; others may still make nodes when it is spent. Default: on all of them.",
    ),
  amount: z
    .number()
    .gt(0, "more than 0")
    .max(1_000_000_000)
    .describe("What may be spent in one period, in `currency`, e.g. `1500`."),
  currency: currencySchema
    .optional()
    .describe(
      "Currency of the amount, e.g. `EUR`: only prices in it are counted. Default: none is named, and prices without one are counted.",
    ),
  per: z.enum(budgetPeriods).describe("How often it begins anew; weeks begin on Monday."),
  timezone: timeZoneSchema
    .default("UTC")
    .describe('IANA time zone of the days, weeks and months, e.g. `"Europe/Berlin"`.'),
  thresholds: thresholdsSchema
    .default([50, 80, 100])
    .describe("Percent of the amount at which it is told, once in a period each, in rising order."),
  onReached: z
    .enum(budgetActions)
    .default("alert")
    .describe(
      "When all is spent, until the period ends: `alert` tells it; `noStandby` also keeps no standby, makes no node for staged " +
        "sessions and lets idle nodes go down to `minNodes`; `noNewNodes` also makes no node at all. Nobody who has a session " +
        "loses it.",
    ),
  webhook: webhookSchema.optional().describe("Who is called when a threshold is passed. Default nobody."),
});

export type Budget = z.output<typeof budgetSchema>;

/** Names of fields that are secret. The URLs of many services carry a password. */
export const secretBudgetFields = ["webhook.url", "webhook.secret"] as const;

/** What a node was made from and where it is, as far as budgets look at it. */
export interface Budgeted {
  readonly zone: string;
  readonly pool: string;
  readonly autoscaleConfig: string;
  readonly vmProvider: string;
}

/** Whether a node's cost counts for the budget. */
export function isInScope(budget: Budget, of: Budgeted): boolean {
  return isConfigInScope(budget, of) && (budget.vmProvider ?? of.vmProvider) === of.vmProvider;
}

/** The same of nodes on any VM provider config. */
export function isConfigInScope(budget: Budget, of: Omit<Budgeted, "vmProvider">): boolean {
  const { zone = of.zone, pool = of.pool, autoscaleConfig = of.autoscaleConfig } = budget;
  return zone === of.zone && pool === of.pool && autoscaleConfig === of.autoscaleConfig;
}

/** `zone "eu", pool "labs"`; `the whole installation`. */
export function describeScope({ zone, pool, autoscaleConfig, vmProvider }: Budget): string {
  const parts = Object.entries({ zone, pool, "autoscale config": autoscaleConfig, "VM provider config": vmProvider });
  const named = parts.flatMap(([what, name]) => (name === undefined ? [] : [`${what} "${name}"`]));
  return named.length === 0 ? "the whole installation" : named.join(", ");
}
