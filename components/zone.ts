import * as pulumi from "@pulumi/pulumi";
import type { ZoneArgs } from "./arguments";
import { declareDefinition } from "./declaration";

/**
 * A deployment zone: where new VMs reach the runtime, and how sessions are placed.
 *
 * @example
 * const office = new headroom.Zone("office", { upstreamAuthAddress: "headroom.example.org" });
 */
export class Zone extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: ZoneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:Zone", name, {}, opts);
    this.name = declareDefinition(this, { kind: "zone", resourceName: name, doc: { ...args }, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
