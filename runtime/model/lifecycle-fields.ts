/** Fields of an autoscale config that say how long its nodes may take and live, and what happens to them after that. */
import { z } from "zod";
import { durationSchema } from "./fields";

export const lifecycleFields = {
  /** A node that has not checked in after this is failed and destroyed. Default 10m, Windows 20m. */
  provisionTimeout: durationSchema.optional(),
  /**
   * No sign of life for this long: `missing`, not capacity, back with the next sign. Default 10m. A sign is a heartbeat,
   * or, for a server that sends none, an answered TCP probe of its connection port. A server that never answered one may
   * be out of the runtime's reach: it is judged only while another one of its config answers.
   */
  missingTimeout: durationSchema.prefault("10m"),
  /** No sign of life for this long: `dead`; its sessions have ended, it is destroyed and replaced. Default 1h. */
  deadTimeout: durationSchema.prefault("1h"),
  /**
   * 1 keeps the last node that failed after its VM was made, for diagnosis. It counts against the caps, and goes when a
   * newer one takes its place, an operator deletes it, or the config is emptied. Default 0.
   */
  quarantine: z.int().min(0).max(1).default(0),
  /**
   * Age at which a node is replaced, at least 1h; absent = never. It takes no new session from then on and goes when
   * empty; an idle one goes only when its replacement runs, or when the caps leave no room for one.
   */
  maxNodeAge: durationSchema.optional(),
  /** How long before `maxNodeAge` the replacement is started. Default 0s: at that age. */
  rotatePreWarm: durationSchema.prefault("0s"),
  /**
   * What happens to nodes that were made from an older definition. `keep`: nothing, only new nodes are different.
   * `rotate`: they are replaced one at a time, idle ones first, never above the caps. Default keep.
   */
  onSpecChange: z.enum(["keep", "rotate"]).default("keep"),
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
