/** Fields of an autoscale config that say how long its nodes may take and live, and what happens to them after that. */
import { z } from "zod";
import { durationSchema } from "./fields";

export const lifecycleFields = {
  provisionTimeout: durationSchema
    .optional()
    .describe(
      'A node that has not checked in after this is failed and destroyed. Default `"10m"`, with Windows `"20m"`.',
    ),
  missingTimeout: durationSchema
    .prefault("10m")
    .describe(
      "No sign of life for this long: the node is missing and not counted as capacity, until the next sign. A sign is a " +
        "heartbeat, or, for a server that sends none, an answered probe of its connection port. A server that never " +
        "answered one may be out of the runtime's reach: it is judged only while another one of its config answers.",
    ),
  deadTimeout: durationSchema
    .prefault("1h")
    .describe("No sign of life for this long: the node is dead, destroyed and replaced; its sessions are lost."),
  quarantine: z
    .int()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      "1 keeps the last node that failed after its VM was made, for diagnosis. It counts against the caps, and goes when " +
        "a newer one takes its place, an operator deletes it, or the config is emptied.",
    ),
  maxNodeAge: durationSchema
    .optional()
    .describe(
      'Age at which a node is replaced, e.g. `"14d"`, at least `"1h"`. It takes no new session from then on and goes when ' +
        "empty; an idle one goes only when its replacement runs, or when the caps leave no room for one. Default: never.",
    ),
  rotatePreWarm: durationSchema.prefault("0s").describe("How long before `maxNodeAge` the replacement is started."),
  onSpecChange: z
    .enum(["keep", "rotate"])
    .default("keep")
    .describe(
      "What happens to nodes that were made from an older definition: `keep` leaves them, `rotate` replaces them one at a " +
        "time, idle ones first, never above the caps.",
    ),
};

interface Lifecycle {
  readonly missingTimeout: number;
  readonly deadTimeout: number;
  readonly maxNodeAge?: number | undefined;
  readonly rotatePreWarm: number;
}

const nodeAgeMin = 3600;

/** What is wrong between these fields, as field and message. */
export function lifecycleProblems({
  missingTimeout,
  deadTimeout,
  maxNodeAge,
  rotatePreWarm,
}: Lifecycle): [string, string][] {
  const problems: [string, string][] = [];
  if (deadTimeout < missingTimeout) problems.push(["deadTimeout", "not shorter than missingTimeout"]);
  if (maxNodeAge === undefined) {
    if (rotatePreWarm > 0) problems.push(["rotatePreWarm", "only with maxNodeAge"]);
    return problems;
  }
  if (maxNodeAge < nodeAgeMin) problems.push(["maxNodeAge", "at least 1h"]);
  if (rotatePreWarm >= maxNodeAge) problems.push(["rotatePreWarm", "shorter than maxNodeAge"]);
  return problems;
}
