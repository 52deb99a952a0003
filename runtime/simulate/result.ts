/**
 * What a simulated run tells, as JSON: of `headroom simulate --json`, of its HTML report, and of the dashboard's "what if".
 * Times are milliseconds since 1970 by the simulated clock; waits are seconds; shares are 0 to 1.
 */
import type { EpochMs } from "../model/clock";

export interface SimulationResult {
  /** Of this shape; another one is another number. */
  readonly version: 1;
  readonly options: ResultOptions;
  /** The first is the one as declared; then one for each change that was asked for. At least one. */
  readonly variants: readonly VariantResult[];
  /** Only of a search: what it found. */
  readonly suggestion?: Suggestion;
}

/** With what it was asked for: the same options give the same result. */
export interface ResultOptions {
  /** Where the demand comes from, in words, e.g. `trace library.csv.gz`. */
  readonly demand: string;
  /** Where the definitions come from, in words. */
  readonly definitions: string;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly seed: number;
  /** How long a node takes from its request until it is ready, in words, e.g. `120s`. */
  readonly boot: string;
}

export interface VariantResult {
  /** `as declared`, or its changes. */
  readonly name: string;
  readonly changes: readonly DefinitionChange[];
  readonly waits: Waits;
  readonly vmHours: VmHours;
  readonly cost: RunCost;
  /** The most VMs at the same time, whatever they did. */
  readonly peakNodes: number;
  /** The most sessions that ran at the same time. */
  readonly peakSessions: number;
  /** Sessions that came to nothing, by code of the reason, the most frequent first. */
  readonly refusals: readonly Refusals[];
  /** The times at which most was waited, the worst first; at most {@link worstMomentsMax}. */
  readonly worstMoments: readonly WorstMoment[];
  readonly series: Series;
}

export const worstMomentsMax = 10;

export interface DefinitionChange {
  /** `<config>.<field>`, e.g. `desktops.minimumAvailableSessions`. */
  readonly path: string;
  readonly value: unknown;
}

export interface Waits {
  /** Requests; `served + refused + unfinished` of them. */
  readonly sessions: number;
  /** Got a node. */
  readonly served: number;
  readonly refused: number;
  /** Still waiting when the run ended. */
  readonly unfinished: number;
  /** Of the served, those that did not get their node at once. */
  readonly waited: number;
  /** `waited / served`; 0 when none was served. */
  readonly shareWaited: number;
  /** Over all served sessions, those that did not wait included. */
  readonly p50Seconds: number;
  readonly p95Seconds: number;
  readonly p99Seconds: number;
  readonly longestSeconds: number;
  /** By workspace, the one with the most waiting first. */
  readonly byWorkspace: readonly WorkspaceWaits[];
  /** Users who waited longest in one session; at most 10. */
  readonly longest: readonly LongestWait[];
}

export interface WorkspaceWaits {
  readonly workspace: string;
  readonly sessions: number;
  readonly waited: number;
  readonly longestSeconds: number;
}

export interface LongestWait {
  readonly userId: string;
  readonly workspace: string;
  readonly requestedAtMs: EpochMs;
  readonly seconds: number;
}

/** Hours of VMs by what they did; their sum is `total`, the VMs' lives from the order to the cloud until they are gone. */
export interface VmHours {
  readonly total: number;
  /** With at least one session that somebody has. */
  readonly session: number;
  /** Ready, for whoever comes. */
  readonly standby: number;
  /** Made and not ready yet. */
  readonly booting: number;
  /** Ready and more than needed, until the back-off is over. */
  readonly excess: number;
  /** Without a session and on the way out, or failed. */
  readonly leaving: number;
}

export interface RunCost {
  /** By currency; `""` for prices that name none. Empty = no price is known. */
  readonly amounts: Readonly<Record<string, number>>;
  /** VM-hours of which no price is known; the amounts lack them. */
  readonly unpricedHours: number;
  /** VM provider configs without a price that had VMs. */
  readonly unpriced: readonly string[];
}

export interface Refusals {
  /** Of the reason, e.g. `queueTimeout`. */
  readonly code: string;
  readonly sessions: number;
  /** The first one's reason. */
  readonly text: string;
}

/** One stretch of time in which somebody waited without a break. */
export interface WorstMoment {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly sessions: number;
  readonly longestSeconds: number;
  /** All waits together. */
  readonly waitedSeconds: number;
  /** What the longest of them was told while it waited. */
  readonly reason: string;
}

/** Means over steps of equal length; all arrays are as long as there are steps. */
export interface Series {
  readonly fromMs: EpochMs;
  readonly stepSeconds: number;
  /** Sessions that run or wait. */
  readonly demand: readonly number[];
  /** Sessions that wait. */
  readonly waiting: readonly number[];
  /** Nodes that take sessions or have some. */
  readonly ready: readonly number[];
  readonly booting: readonly number[];
  /** Nodes without a session, those in excess included. */
  readonly standby: readonly number[];
}

export interface Suggestion {
  /** Whether anything that was tried keeps the wait that was asked for. */
  readonly isKept: boolean;
  /** What was asked for, in words. */
  readonly keep: string;
  /** Index into `variants`. */
  readonly variant: number;
  /** Lines of the program, in TypeScript, to paste. */
  readonly lines: readonly string[];
  /** Runs that were played to find it. */
  readonly tried: number;
}
