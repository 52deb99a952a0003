/** Schedules as users declare them. */
import { z } from "zod";
import { cores, count, memorySchema, nameSchema } from "./fields";
import { durationForms, parseDuration } from "./units";
import { isTimeZone } from "./wall-clock";

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

/** `HH:MM` or `HH:MM:SS`; as an end also `24:00`. Seconds of the day inside. */
const timeOfDay = (isEnd: boolean) =>
  z.string().transform((text, context) => {
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
const timeZoneSchema = z.string().refine(isTimeZone, 'use an IANA time zone such as "Europe/Berlin"');

const daysSchema = z
  .array(z.enum(weekdays))
  .max(7)
  .refine((days) => new Set(days).size === days.length, "each day once");

const datesSchema = z
  .array(z.iso.date('use dates such as "2026-12-24"'))
  .max(1000)
  .refine((dates) => new Set(dates).size === dates.length, "each date once");

const leadSecondsMax = 24 * 3600;

const leadTimeSchema = z.string().transform((text, context): number | "auto" => {
  if (text === "auto") return text;
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds <= leadSecondsMax) return seconds;
  context.addIssue({ code: "custom", message: `use "auto" or ${durationForms}, at most 24h`, input: text });
  return 0;
});

/** A window in which its autoscale config is active. No schedule = always active; several = any of them. */
export const scheduleSchema = z
  .strictObject({
    name: nameSchema,
    autoscaleConfig: nameSchema,
    /** Days of the week on which the window starts. May be empty only with `dates`. Default none. */
    days: daysSchema.default([]),
    /** Dates on which the window starts too, e.g. `"2026-12-24"`. Default none. */
    dates: datesSchema.default([]),
    /** Dates on which it does not start, e.g. holidays. A window that started the day before goes on. Default none. */
    exceptDates: datesSchema.default([]),
    /** Wall-clock start, included. */
    start: timeOfDay(false),
    /** Wall-clock end, not included; before `start` = next day; equal = 24 h; 23:59 and 24:00 = end of day. */
    end: timeOfDay(true),
    timezone: timeZoneSchema,
    /**
     * The window opens so much earlier, that its nodes are up when it starts; at most 24h. `auto`: by the time in which
     * nine of ten of the config's last 20 nodes booted, at most 1h; before the first boot 5m, 10m for Windows. Default 0s.
     */
    leadTime: leadTimeSchema.prefault("0s"),
    /** While this window is active these replace the config's own values. */
    minNodes: count.optional(),
    standbyCores: cores.optional(),
    standbyGpus: count.optional(),
    standbyMemory: memorySchema.optional(),
    /** The count only; the workspace stays that of the config's own `standbySlots`. */
    standbySlots: count.optional(),
    minimumAvailableSessions: count.optional(),
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
