/** What the gauges of the leader are read from. */
import type { Clock, EpochMs } from "../model/clock";
import type { CloudCatalog } from "../model/config";
import type { StagingPosition } from "../model/plan";
import type { Snapshot } from "../model/snapshot";
import type { WindowCache } from "../planner/config/windows";
import type { Sample } from "./instruments";
import type { FleetMetrics } from "./table";

/** Updates that may run at the same time, a few in reserve not counted, that run, and lanes that wait for one. */
export interface SlotUse {
  readonly slots: number;
  readonly inUse: number;
  readonly waiting: number;
}

/** One place of one account whose VMs are listed from time to time. */
export interface Sweep {
  /** Name of the definition whose account it is. */
  readonly definition: string;
  /** When the last whole list came; undefined = there was none yet. */
  readonly sweptAtMs: EpochMs | undefined;
}

/** What the leader knows. */
export interface FleetSources {
  readonly ledger: { readonly state: Snapshot };
  readonly clock: Clock;
  readonly catalog: CloudCatalog;
  readonly epoch: number;
  /** Absent where nothing is carried out. */
  readonly work?: { slotUse(): SlotUse; sweeps(): readonly Sweep[] };
}

/** One moment of it. */
export interface FleetMoment {
  readonly snapshot: Snapshot;
  readonly catalog: CloudCatalog;
  readonly nowMs: EpochMs;
  readonly windows: WindowCache;
}

/** What is not in the rows. */
export interface LastPlan {
  readonly staging: readonly StagingPosition[];
  /** When it became durable; 0 = there was none. */
  readonly atMs: EpochMs;
}

export type FleetSample = Sample<FleetMetrics>;
