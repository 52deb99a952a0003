/** What users declare instead of standby: how many sessions may wait, and how long a wait counts for none. */
import { z } from "zod";
import { durationSchema } from "./fields";
import { timeZoneSchema } from "./schedule";

const shareForms = 'a percentage from "0.1%" to "50%", or the share itself: 0.001 to 0.5';

/** A share as people write it; inside, a number: `"5%"` → 0.05. */
const shareSchema = z
  .union([z.string(), z.number()], { error: `use ${shareForms}` })
  .transform((value, context): number => {
    const [, percent] = typeof value === "string" ? (/^\s*(\d{1,3}(?:\.\d{1,6})?)\s?%\s*$/.exec(value) ?? []) : [];
    // Hundredths of a percent and finer are kept exact: 0.1 / 100 is not 0.001.
    const share = typeof value === "number" ? value : Math.round(Number(percent ?? NaN) * 1e6) / 1e8;
    if (share >= 0.001 && share <= 0.5) return share;
    context.addIssue({ code: "custom", message: `use ${shareForms}`, input: value });
    return 0;
  });

/** `shadow` only reckons; `floor` only raises the declared standby; `replace` takes its place. */
export const objectiveModes = ["shadow", "floor", "replace"] as const;
export type ObjectiveMode = (typeof objectiveModes)[number];

export const waitObjectiveSchema = z
  .strictObject({
    share: shareSchema.describe('Sessions that may wait, of all: `"5%"`, or 0.05. From 0.1 % to 50 %.'),
    within: durationSchema
      .prefault("0s")
      .describe('A session that waited at most this long did not wait; `"0s"`: any wait counts.'),
    mode: z
      .enum(objectiveModes)
      .default("shadow")
      .describe(
        "`shadow` changes nothing: it tells what would be kept free and what that would cost. `floor` raises the declared " +
          "standby where that is too little. `replace` keeps what it takes and ignores the config's own standby fields; " +
          "those of an open schedule stay.",
      ),
    timezone: timeZoneSchema
      .optional()
      .describe(
        "IANA time zone whose days and weeks the demand follows. Default: that of the config's first schedule by name, " +
          "else `UTC`.",
      ),
  })
  .describe(
    "How many sessions may wait. What has to be kept free for that is learned from the config's own arrivals, durations, " +
      "boots and waits; nothing else has to be said. It stays within `maxNodes` and the VM provider's `maxInstances`. " +
      "Default none.",
  );
export type WaitObjective = z.output<typeof waitObjectiveSchema>;

/** What `downscaleBackoff: "auto"` is while nothing is forecast, as the default of the field. Unit: seconds. */
export const usualBackoffSeconds = 900;

/** The declared `downscaleBackoff`; of `auto` what it is while nothing is forecast. Unit: seconds. */
export function declaredBackoffSeconds({ downscaleBackoff }: { readonly downscaleBackoff: number | "auto" }): number {
  return downscaleBackoff === "auto" ? usualBackoffSeconds : downscaleBackoff;
}

interface WithObjective {
  readonly waitObjective?: WaitObjective | undefined;
  readonly downscaleBackoff: number | "auto";
}

/** What is wrong between these fields, as field, message and value. */
export function objectiveProblems({ waitObjective, downscaleBackoff }: WithObjective): [string, string, unknown][] {
  if (waitObjective || downscaleBackoff !== "auto") return [];
  return [["downscaleBackoff", 'a duration; "auto" only with waitObjective', downscaleBackoff]];
}
