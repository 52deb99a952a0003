import * as pulumi from "@pulumi/pulumi";
import type { LoadStrategy } from "./choices";
import { declareDefinition } from "./declaration";

export interface ZoneArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /**
   * Address at which new VMs reach the runtime's API: a host name or IP, with an optional port.
   * `localhost` and the like mean nothing on another machine and are refused unless `local`.
   */
  readonly upstreamAuthAddress: pulumi.Input<string>;
  /** True for a zone whose nodes all run on the runtime's machine (the local VM provider). Default false. */
  readonly local?: pulumi.Input<boolean>;
  /** Which docker agent gets a new session. Default `mostSessions`: pack, so that other nodes can empty and go. */
  readonly loadStrategy?: pulumi.Input<LoadStrategy>;
  /** Try other zones when no node of the requested one is free. Default true. */
  readonly searchAlternateZones?: pulumi.Input<boolean>;
  /** Place on static members before autoscaled nodes. Default true. */
  readonly prioritizeStaticAgents?: pulumi.Input<boolean>;
}

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
