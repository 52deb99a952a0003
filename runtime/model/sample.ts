/**
 * A sample: the numbers of one minute, by autoscale config. All numbers are of that moment, none is a sum over time, so
 * that series can be added up and minutes averaged.
 */
import type { EpochMs } from "./clock";

/** In the order in which they are kept. Never reorder; new ones are added at the end. */
export const sampleValueNames = [
  /** Sessions that hold room on its nodes, and those that wait for it. */
  "demandSessions",
  "demandCores",
  /** Sessions that wait for it. */
  "waiting",
  /** Nodes that run. */
  "nodesReady",
  /** Asked for, or made and not ready. */
  "nodesComing",
  /** Draining or being destroyed. */
  "nodesLeaving",
  /** Missing, dead or failed. */
  "nodesTroubled",
  /** Nodes that it may have, by its own limit and those of its VM provider configs. */
  "nodesMax",
  /** Room on nodes that run and may take sessions: of servers in sessions, of docker agents in cores. */
  "sessionsFree",
  "coresFree",
  /** All that those nodes have. */
  "sessionsTotal",
  "coresTotal",
  /** What is to be free beyond the demand, as its schedules say now. */
  "standbySessions",
  "standbyCores",
  /** Sessions of the workspace of its standby slots that could start at once, and how many are wanted. */
  "slotsFree",
  "standbySlots",
  /** VMs that exist, and which of them have a session, are kept ready, are more than needed, boot, or leave. */
  "vms",
  "vmsInUse",
  "vmsStandby",
  "vmsExcess",
  "vmsBooting",
  "vmsLeaving",
  /**
   * What its VMs cost in an hour, as far as they have a price; null = none of its VM provider configs has one, or the
   * installation's prices are in different currencies, which are never added up.
   */
  "costPerHour",
  /** VMs without a price: `costPerHour` lacks them. */
  "vmsUnpriced",
] as const;
export type SampleValueName = (typeof sampleValueNames)[number];

/** Null = it has no such number. */
export type SampleValues = Readonly<Record<SampleValueName, number | null>>;

export interface SampleSeries {
  /** Absent: the static members of the pool in the zone; without a pool: sessions that wait for no config. */
  readonly autoscaleConfig?: string;
  readonly pool?: string;
  readonly zone?: string;
  readonly values: SampleValues;
}

export interface Sample {
  /** Start of its minute. */
  readonly atMs: EpochMs;
  readonly series: readonly SampleSeries[];
}

export const minuteMs = 60_000;

export function minuteOf(atMs: EpochMs): EpochMs {
  return Math.floor(atMs / minuteMs) * minuteMs;
}
