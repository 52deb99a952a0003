/** Schedules as users declare them. */
import { z } from "zod";
import { cores, count, definitionName, memorySchema, nameSchema } from "./fields";
import { durationForms, parseDuration } from "./units";
import { isTimeZone } from "./wall-clock";

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

/** `HH:MM` or `HH:MM:SS`; as an end also `24:00`. Seconds of the day inside. */
const timeOfDay = (isEnd: boolean) =>
  z.string({ error: `use HH:MM from 00:00 to ${isEnd ? "24:00" : "23:59"}` }).transform((text, context) => {
    const match = /^(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text);
    const [hours, minutes, seconds] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3] ?? 0)];
    const ofDay = hours * 3600 + minutes * 60 + seconds;
    const isTime = match !== null && minutes < 60 && seconds < 60 && (hours < 24 || (isEnd && ofDay === 86400));
    if (!isTime) {
      const message = `"${text.slice(0, 20)}" is not a time; use HH:MM from 00:00 to ${isEnd ? "24:00" : "23:59"}`;
      context.addIssue({ code: "custom", message, input: text });
    }
    return isTime ? ofDay : 0;
  });

/** IANA names that this machine's time zone data knows. */
export const timeZoneSchema = z.string().refine(isTimeZone, 'use an IANA time zone such as "Europe/Berlin"');

const daysSchema = z
  .array(z.enum(weekdays))
  .max(7)
  .refine((days) => new Set(days).size === days.length, "each day once");

const datesSchema = z
  .array(z.iso.date('use dates such as "2026-12-24"'))
  .max(1000)
  .refine((dates) => new Set(dates).size === dates.length, "each date once");

const leadSecondsMax = 24 * 3600;

const leadTimeSchema = z
  .string({ error: `use "auto" or ${durationForms}, at most 24h` })
  .transform((text, context): number | "auto" => {
    if (text === "auto") return text;
    const seconds = parseDuration(text);
    if (seconds !== undefined && seconds <= leadSecondsMax) return seconds;
    context.addIssue({ code: "custom", message: `use "auto" or ${durationForms}, at most 24h`, input: text });
    return 0;
  });

/** A window in which its autoscale config is active. No schedule = always active; several = any of them. */
export const scheduleSchema = z
  .strictObject({
    name: definitionName,
    autoscaleConfig: nameSchema.describe("Name of the autoscale config it switches on and off."),
    days: daysSchema
      .default([])
      .describe("Days of the week on which the window starts. At least one, unless `dates` has some."),
    dates: datesSchema.default([]).describe('Dates on which the window starts too, e.g. `["2026-12-24"]`.'),
    exceptDates: datesSchema
      .default([])
      .describe(
        "Dates on which it does not start, e.g. holidays; none of them also in `dates`. A window that started the evening " +
          "before goes on to its end.",
      ),
    start: timeOfDay(false).describe('Wall-clock start, included: `"HH:MM"` from 00:00 to 23:59.'),
    end: timeOfDay(true).describe(
      'Wall-clock end, not included, up to `"24:00"`; before `start` = on the next day, equal to it = 24 hours.',
    ),
    timezone: timeZoneSchema.describe('IANA time zone of the wall clock, e.g. `"Europe/Berlin"`.'),
    leadTime: leadTimeSchema
      .prefault("0s")
      .describe(
        'How much earlier the window opens, so that its nodes are up when it starts: a duration such as `"10m"`, at most ' +
          '`"24h"`, or `"auto"`: the time in which nine of ten of the config\'s last 20 nodes booted, at most 1 hour; ' +
          "before the first boot was measured 5 minutes, 10 for Windows. It opens in every respect: floor and standby " +
          "count, sessions are placed on nodes that are ready.",
      ),
    minNodes: count
      .optional()
      .describe(
        "While the window is active: nodes kept whatever the demand. Default: the autoscale config's own value.",
      ),
    standbyCores: cores
      .optional()
      .describe("While the window is active: vCPUs kept free. Default: the autoscale config's own value."),
    standbyGpus: count
      .optional()
      .describe("While the window is active: GPUs kept free. Default: the autoscale config's own value."),
    standbyMemory: memorySchema
      .optional()
      .describe(
        'While the window is active: memory kept free, e.g. `"8GiB"`. Default: the autoscale config\'s own value.',
      ),
    standbySlots: count
      .optional()
      .describe(
        "While the window is active: the count of the autoscale config's `standbySlots`; the workspace stays. " +
          "Default: its own count.",
      ),
    minimumAvailableSessions: count
      .optional()
      .describe(
        "While the window is active: sessions that must be placeable. Default: the autoscale config's own value.",
      ),
  })
  .superRefine(({ days, dates, exceptDates }, context) => {
    if (days.length === 0 && dates.length === 0) {
      context.addIssue({ code: "custom", path: ["days"], message: "name at least one day, or dates", input: days });
    }
    for (const [index, date] of exceptDates.entries()) {
      if (!dates.includes(date)) continue;
      const message = "is one of dates too; leave it out of one of them";
      context.addIssue({ code: "custom", path: ["exceptDates", index], message, input: date });
    }
  });
export type Schedule = z.output<typeof scheduleSchema>;
