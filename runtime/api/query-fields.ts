/** Fields that queries share: times, spans of time, lists with commas, cursors. */
import { z } from "zod";
import { isTimeZone } from "../model/wall-clock";

/** The start of the year 9999: what is written with four digits of a year, and some days around it. */
const timeMsMax = 253_370_764_800_000;

export const timeSchema = z.coerce
  .number({ error: "use milliseconds since 1970-01-01T00:00:00Z" })
  .int()
  .min(0)
  .max(timeMsMax);

/** Seconds of one step of an answer that is told in steps, see `time-steps.ts`. */
export const stepSchema = z.coerce
  .number()
  .int()
  .min(60)
  .max(86_400)
  .multipleOf(60)
  .optional()
  .describe("Seconds of one step. Default: the shortest with 500 steps at most.");

export const timezoneSchema = z.string().max(100).refine(isTimeZone, 'use an IANA time zone such as "Europe/Berlin"');

/** Where the next page begins, as an answer gave it. */
export const cursorSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,600}$/, "use `next` of the page before, as the API returned it");

/** Some of these names, with commas between them. */
export function listOf<Name extends string>(names: readonly Name[]) {
  return z
    .string()
    .max(1000)
    .transform((text, context): readonly Name[] => {
      const parts = text.split(",");
      for (const part of parts) {
        if (names.includes(part as Name)) continue;
        const message = `"${part.slice(0, 40)}" is none of ${names.join(", ")}`;
        context.addIssue({ code: "custom", message, input: text });
      }
      return parts as Name[];
    });
}
