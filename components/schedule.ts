import * as pulumi from "@pulumi/pulumi";
import type { Weekday } from "./choices";
import { declareDefinition } from "./declaration";

export interface ScheduleArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Name of the autoscale config it switches on and off. */
  readonly autoscaleConfig: pulumi.Input<string>;
  /** Days on which the window starts; at least one. */
  readonly days: pulumi.Input<pulumi.Input<Weekday>[]>;
  /** Wall-clock start, included: `"HH:MM"` from 00:00 to 23:59. */
  readonly start: pulumi.Input<string>;
  /** Wall-clock end, not included, up to `"24:00"`; before `start` = on the next day, equal to it = 24 hours. */
  readonly end: pulumi.Input<string>;
  /** IANA time zone of the wall clock, e.g. `"Europe/Berlin"`. */
  readonly timezone: pulumi.Input<string>;
  /** While the window is active: nodes kept whatever the demand. Default: the autoscale config's own value. */
  readonly minNodes?: pulumi.Input<number>;
  /** While the window is active: vCPUs kept free. Default: the autoscale config's own value. */
  readonly standbyCores?: pulumi.Input<number>;
  /** While the window is active: GPUs kept free. Default: the autoscale config's own value. */
  readonly standbyGpus?: pulumi.Input<number>;
  /** While the window is active: memory kept free, e.g. `"8GiB"`. Default: the autoscale config's own value. */
  readonly standbyMemory?: pulumi.Input<string>;
  /** While the window is active: sessions that must be placeable. Default: the autoscale config's own value. */
  readonly minimumAvailableSessions?: pulumi.Input<number>;
}

/**
 * A weekly window in which an autoscale config is active. Without any schedule a config is always active; with several
 * it is active in each of them. Outside nobody is cut off: nodes leave when their sessions have ended.
 *
 * @example
 * new headroom.Schedule("office-hours", {
 *   autoscaleConfig: agents.name, days: ["mon", "tue", "wed", "thu", "fri"],
 *   start: "07:30", end: "19:00", timezone: "Europe/Berlin",
 * });
 */
export class Schedule extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: ScheduleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:Schedule", name, {}, opts);
    this.name = declareDefinition(this, { kind: "schedule", resourceName: name, doc: { ...args }, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
