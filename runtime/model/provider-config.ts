/** What users declare of a cloud account and of a DNS zone. */
import { z } from "zod";
import { count, currencySchema, definitionName, durationSchema } from "./fields";
import { billingGranularities } from "./node-cost";

/** Name of a cloud or DNS service. Which ones there are is told by the catalog, which is made from `provider/registry.ts`. */
const kindSchema = z.string().min(1).max(40);

const hourlyPrice = z.number().min(0, "0 or more").max(100_000, "at most 100000").optional();

/**
 * Settings of one account and VM template. `settings` belongs to the cloud's own file (`provider/clouds/<kind>.ts`)
 * and is checked there; the runtime carries it without looking inside.
 */
export const vmProviderConfigSchema = z.strictObject({
  name: definitionName,
  kind: kindSchema.describe("Name of the cloud."),
  maxInstances: count
    .min(1)
    .max(10_000)
    .describe("Hard ceiling over all autoscale configs that use it, whatever is in flight."),
  orphans: z
    .enum(["report", "delete"])
    .default("report")
    .describe(
      "What becomes of a VM of this installation in the account that no node and no stack has, once it stands in " +
        "`headroom orphans`: `report` leaves it, `delete` deletes it.",
    ),
  hourlyCost: hourlyPrice.describe(
    "What one VM of it costs in an hour while it runs, e.g. `0.096`. Spend and budgets are counted with it. " +
      "Default: not known, and then that is said wherever costs are told.",
  ),
  stoppedHourlyCost: hourlyPrice.describe(
    "What one VM of it costs in an hour while it is stopped, suspended or hibernated: its disks, mostly. Default: not known.",
  ),
  currency: currencySchema
    .optional()
    .describe(
      "Currency of these prices, e.g. `EUR`. Amounts of different currencies are never added up. " +
        "Default: none is named, which is a currency of its own: that of all prices without one.",
    ),
  billingGranularity: z
    .enum(billingGranularities)
    .default("second")
    .describe("How the cloud bills a VM that runs: a begun second, minute or hour is paid whole."),
  billingMinimum: durationSchema
    .refine((seconds) => seconds <= 86_400, 'at most "24h"')
    .prefault("0s")
    .describe("For how long each start of a VM is paid at least, e.g. `60s`."),
  settings: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("What each VM is and how its account is reached, in the words of the cloud."),
});

export const dnsProviderConfigSchema = z.strictObject({
  name: definitionName,
  kind: kindSchema.describe("Name of the DNS service."),
  settings: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("Where the records go and how the account is reached, in the words of the service."),
});
