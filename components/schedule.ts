import * as pulumi from "@pulumi/pulumi";
import type { ScheduleArgs } from "./arguments";
import { declareDefinition } from "./declaration";

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
