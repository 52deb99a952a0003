/** What the planner answers: changes of the set of nodes, each with its reason and the numbers behind it. */
import type { EpochMs } from "./clock";
import type { Reason } from "./reason";
import type { ConfigState, Reservation } from "./state";

export type NodeChange =
  /** One node more for this config; its id is given when the plan is applied. */
  | {
      readonly kind: "create";
      readonly autoscaleConfig: string;
      /** The config's own VM provider config, or the fallback whose turn it is. */
      readonly vmProvider: string;
      readonly reason: Reason;
    }
  /** running → draining. */
  | { readonly kind: "drain"; readonly nodeId: string; readonly reason: Reason }
  /** draining → running: needed again. */
  | { readonly kind: "undrain"; readonly nodeId: string; readonly reason: Reason }
  /** Leaves the desired set. Only for nodes without sessions that are draining, dead, failed, or never ran. */
  | { readonly kind: "destroy"; readonly nodeId: string; readonly reason: Reason };

/** One config's position at the time of the plan, for the journal and `headroom plan`. */
export interface ConfigDecision {
  readonly autoscaleConfig: string;
  readonly isActive: boolean;
  /** What limits or drives it now, first the most important. */
  readonly reasons: readonly Reason[];
  /** What its wait objective wants kept free and why; absent without one, and while the config is not open. */
  readonly objective?: Reason;
  /** Written when it differs from the present one. */
  readonly nextState: ConfigState;
}

/** What one queued session waits for. */
export interface WaitingSession {
  readonly sessionId: string;
  /** The node in flight whose capacity it was promised; undefined = none yet. */
  readonly nodeId?: string;
  /** Nodes whose room is kept for it; undefined = none. */
  readonly reservation?: Reservation;
  readonly reason: Reason;
}

/** How many sessions one staging config has, and why not as many as it wants. */
export interface StagingPosition {
  readonly stagingConfig: string;
  readonly desired: number;
  /** Sessions that could be given to a user now. */
  readonly current: number;
  readonly reason: Reason;
}

export interface Plan {
  readonly atMs: EpochMs;
  readonly changes: readonly NodeChange[];
  /** By name. */
  readonly configs: readonly ConfigDecision[];
  /** In the order of the queue. */
  readonly waiting: readonly WaitingSession[];
  /** By name. */
  readonly staging: readonly StagingPosition[];
}
