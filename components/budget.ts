import * as pulumi from "@pulumi/pulumi";
import type { BudgetArgs } from "./arguments";
import { declareDefinition, secretInput } from "./declaration";

/**
 * How much the VMs of a zone, a pool, an autoscale config, a VM provider config or the whole installation may cost in a day,
 * week or month, and what happens then. `docs/budgets.md` tells how spend is counted.
 *
 * @example
 * new headroom.Budget("labs", {
 *   pool: labs.name, amount: 1500, currency: "EUR", per: "month", timezone: "Europe/Berlin",
 *   onReached: headroom.BudgetAction.NoStandby,
 * });
 */
export class Budget extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: BudgetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:Budget", name, {}, opts);
    const doc = { ...args, webhook: secretInput(args.webhook) };
    this.name = declareDefinition(this, { kind: "budget", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
