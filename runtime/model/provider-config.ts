/** What users declare of a cloud account and of a DNS zone. */
import { z } from "zod";
import { count, nameSchema } from "./fields";

/** Name of a cloud or DNS service. Which ones there are is told by the catalog, which is made from `provider/registry.ts`. */
const kindSchema = z.string().min(1).max(40);

/**
 * Settings of one account and VM template. `settings` belongs to the cloud's own file (`provider/clouds/<kind>.ts`)
 * and is checked there; the runtime carries it without looking inside.
 */
export const vmProviderConfigSchema = z.strictObject({
  name: nameSchema,
  kind: kindSchema,
  /** Hard ceiling over all autoscale configs that use it, whatever is in flight. */
  maxInstances: count.min(1).max(10_000),
  /**
   * What becomes of a VM in its account that carries this installation's id and that no node and no stack has, once it is
   * told: it stays, or is deleted. Default `report`.
   */
  orphans: z.enum(["report", "delete"]).default("report"),
  settings: z.record(z.string(), z.unknown()).default({}),
});

export const dnsProviderConfigSchema = z.strictObject({
  name: nameSchema,
  kind: kindSchema,
  settings: z.record(z.string(), z.unknown()).default({}),
});
