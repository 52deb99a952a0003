/** What is read of the past: the journal by filters, and samples of the state. None of it is in memory. */
import type { EpochMs } from "../model/clock";
import type { Decision } from "../model/state";
import type { SampleRow } from "./sample-rows";

/** Which entries of the journal; what is absent filters nothing. */
export interface DecisionFilters {
  readonly subject?: Decision["subject"] | undefined;
  readonly event?: string | undefined;
  /** Of the reason. */
  readonly code?: string | undefined;
  /** About this autoscale config, or with its name among the numbers of the reason, or about one of `configNodes`. */
  readonly config?: string | undefined;
  readonly configNodes?: readonly string[] | undefined;
  /** About this node, or with its id among the numbers; likewise the others. */
  readonly node?: string | undefined;
  readonly session?: string | undefined;
  readonly lane?: string | undefined;
  /** In the sentence of the reason, or in the id of what it is about; whatever the case. */
  readonly text?: string | undefined;
}

export interface DecisionSearch extends DecisionFilters {
  readonly order: "newest" | "oldest";
  /** An id: entries before it with `newest`, behind it with `oldest`. Absent = from the end that `order` begins with. */
  readonly from?: string | undefined;
  /** 1 to 1000. */
  readonly limit: number;
}

export interface FoundDecisions {
  readonly decisions: Decision[];
  /** `from` of the next search; undefined = there are no more. */
  readonly next: string | undefined;
}

/** Entries that one search looks at: one that finds nothing ends, and the next goes on where it stopped. */
export const searchedEntriesMax = 50_000;

/** Entries that are counted at most, the newest ones. */
export const countedEntriesMax = 200_000;

export interface DecisionCounting extends DecisionFilters {
  readonly fromMs: EpochMs;
  /** Not included. */
  readonly toMs: EpochMs;
  readonly stepMs: number;
}

export interface DecisionCounts {
  /** Entries of one event within one step: `fromMs + step * stepMs` is its start. */
  readonly counts: readonly { readonly step: number; readonly event: string; readonly count: number }[];
  /** Earlier ones are not counted, because there were too many; undefined = all are. */
  readonly countedFromMs: EpochMs | undefined;
}

/** A session that got its node, as the journal tells it. */
export interface Placement {
  readonly atMs: EpochMs;
  readonly sessionId: string;
  readonly autoscaleConfig: string | undefined;
  /** From its request; undefined = an older version wrote the entry, and did not say. */
  readonly waitedMs: number | undefined;
}

/** @param autoscaleConfig as the numbers of the entry have it, likewise `waitedMs`; anything may stand there */
export function placementOf(atMs: EpochMs, sessionId: string, autoscaleConfig: unknown, waitedMs: unknown): Placement {
  return {
    ...{ atMs, sessionId },
    autoscaleConfig: typeof autoscaleConfig === "string" ? autoscaleConfig : undefined,
    waitedMs: typeof waitedMs === "number" ? waitedMs : undefined,
  };
}

export interface FoundPlacements {
  /** The newest first. */
  readonly placements: readonly Placement[];
  /** Earlier ones were not looked at, because there were too many entries; undefined = all were. */
  readonly fromMs: EpochMs | undefined;
}

export interface HistoryStore {
  /** From `fromMs` (included) to `toMs` (not included), among the newest {@link countedEntriesMax} entries of that time. */
  placements(span: { readonly fromMs: EpochMs; readonly toMs: EpochMs }): Promise<FoundPlacements>;
  searchDecisions(search: DecisionSearch): Promise<FoundDecisions>;
  countDecisions(counting: DecisionCounting): Promise<DecisionCounts>;
  /** Written only while the lease is ours; else it fails with `UnavailableError`. One of that minute stays as it is. */
  addSample(row: SampleRow): Promise<void>;
  /** In time, from `fromMs` (included) to `toMs` (not included); at most `limit`, the first ones. */
  samples(span: { readonly fromMs: EpochMs; readonly toMs: EpochMs; readonly limit: number }): Promise<SampleRow[]>;
  /** When the oldest sample was taken; undefined = there is none. */
  firstSampleMs(): Promise<EpochMs | undefined>;
  /** Removes what was taken before that time. Returns how many rows went. */
  dropSamples(beforeMs: EpochMs): Promise<number>;
}
