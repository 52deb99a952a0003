import * as pulumi from "@pulumi/pulumi";
import type { Weekday } from "./choices";
import { declareDefinition } from "./declaration";

export interface ScheduleArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Name of the autoscale config it switches on and off. */
  readonly autoscaleConfig: pulumi.Input<string>;
  /** Days of the week on which the window starts. At least one, unless `dates` has some. */
  readonly days?: pulumi.Input<pulumi.Input<Weekday>[]>;
  /** Dates on which the window starts too, e.g. `["2026-12-24"]`; at most 1,000. Default none. */
  readonly dates?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Dates on which it does not start, e.g. holidays; at most 1,000, none of them also in `dates`. A window that started
   * the evening before goes on to its end. Default none.
   */
  readonly exceptDates?: pulumi.Input<pulumi.Input<string>[]>;
  /** Wall-clock start, included: `"HH:MM"` from 00:00 to 23:59. */
  readonly start: pulumi.Input<string>;
  /** Wall-clock end, not included, up to `"24:00"`; before `start` = on the next day, equal to it = 24 hours. */
  readonly end: pulumi.Input<string>;
  /** IANA time zone of the wall clock, e.g. `"Europe/Berlin"`. */
  readonly timezone: pulumi.Input<string>;
  /**
   * How much earlier the window opens, so that its nodes are up when it starts: a duration such as `"10m"`, at most
   * `"24h"`, or `"auto"`: the time in which nine of ten of the config's last 20 nodes booted, at most 1 hour; before the
   * first boot was measured 5 minutes, 10 for Windows. It opens in every respect: floor and standby count, sessions are
   * placed on nodes that are ready. Default `"0s"`.
   */
  readonly leadTime?: pulumi.Input<string>;
  /** While the window is active: nodes kept whatever the demand. Default: the autoscale config's own value. */
  readonly minNodes?: pulumi.Input<number>;
  /** While the window is active: vCPUs kept free. Default: the autoscale config's own value. */
  readonly standbyCores?: pulumi.Input<number>;
  /** While the window is active: GPUs kept free. Default: the autoscale config's own value. */
  readonly standbyGpus?: pulumi.Input<number>;
  /** While the window is active: memory kept free, e.g. `"8GiB"`. Default: the autoscale config's own value. */
  readonly standbyMemory?: pulumi.Input<string>;
  /** While the window is active: the count of the autoscale config's `standbySlots`. Default: its own count. */
  readonly standbySlots?: pulumi.Input<number>;
  /** While the window is active: sessions that must be placeable. Default: the autoscale config's own value. */
  readonly minimumAvailableSessions?: pulumi.Input<number>;
}

/**
 * A window in which an autoscale config is active, on days of the week or single dates, by the wall clock of its time
 * zone. Without any schedule a config is always active; with several it is active in each of them. Outside it makes no
 * nodes and takes no new sessions, and nobody is cut off: nodes leave when their sessions have ended.
 *
 * @example
 * new headroom.Schedule("office-hours", {
 *   autoscaleConfig: agents.name, days: ["mon", "tue", "wed", "thu", "fri"], exceptDates: ["2026-12-25"],
 *   start: "07:30", end: "19:00", timezone: "Europe/Berlin", leadTime: "auto", minNodes: 5,
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
