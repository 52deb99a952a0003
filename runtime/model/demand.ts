/** What was learned of the demand for one autoscale config; a row of its own, of bounded size. */
import type { EpochMs } from "./clock";

/** What sessions of one size take. */
export interface SessionSize {
  readonly millicores: number;
  readonly memoryBytes: number;
  readonly gpus: number;
}

/** Sessions of one size among those that were asked for last. */
export interface SizeShare extends SessionSize {
  /** Above 0: halved for all sizes after each 64 arrivals. */
  readonly weight: number;
}

export interface ConfigDemand {
  readonly autoscaleConfig: string;
  /** When it was last written. */
  readonly savedAtMs: EpochMs;
  /**
   * What the forecast has learned: plain data that nobody else looks into (`runtime/planner/forecast`). It grows older in
   * place while this process leads; the row is written when there is something new.
   */
  readonly forecast: object;
  /** Sizes of the sessions that were asked for last, the largest weight first; at most 8. */
  readonly sizes: readonly SizeShare[];
}
