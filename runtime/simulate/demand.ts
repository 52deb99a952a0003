/** Who comes when, for how long: what a simulation plays. */
import type { EpochMs } from "../model/clock";

export interface Demand {
  /** Where it comes from, in words. */
  readonly text: string;
  readonly fromMs: EpochMs;
  /** The run ends here, whoever is still there. */
  readonly toMs: EpochMs;
  /** In the order of their arrival, within the span. */
  readonly sessions: readonly DemandSession[];
}

export interface DemandSession {
  readonly atMs: EpochMs;
  /** How long the session is used once it has a node. */
  readonly holdMs: number;
  readonly workspace: string;
  readonly userId: string;
  readonly groups?: readonly string[];
  readonly zone?: string;
}
