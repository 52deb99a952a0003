/** What users declare of a cloud account and of a DNS zone. */
import { z } from "zod";
import { count, definitionName } from "./fields";

/** Name of a cloud or DNS service. Which ones there are is told by the catalog, which is made from `provider/registry.ts`. */
const kindSchema = z.string().min(1).max(40);

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
  hourlyCost: z
    .number()
    .min(0, "0 or more")
    .max(100_000, "at most 100000")
    .optional()
    .describe(
      "What one VM of it costs in an hour, e.g. `0.096`, in the same currency everywhere; the runtime names none. Only for " +
        "people to see, nothing is decided by it. Default: not known, and then nothing is said of costs.",
    ),
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
