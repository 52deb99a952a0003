/** What the forecast of a config's demand is told, what it keeps and what it answers. */
import type { EpochMs } from "../../model/clock";
import type { DeparturesState } from "./departures";
import type { GuardState } from "./guard";
import type { LevelState } from "./level";
import type { ZoneState } from "./local-time";
import type { Outcome, PoolState } from "./reckoned-pool";
import type { SeasonState } from "./season";

/** Of the config as it is declared. May change at any time; what was learned stays. */
export interface ForecastOptions {
  /** IANA name of the time zone whose days and weeks the demand follows, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
  /** Sessions that may wait, as a share of all: 0.05 = one in twenty. From 0.001 to 0.5. */
  readonly objectiveShare: number;
  /** A session that waited at most this long did not wait. Unit: seconds. 0 = any wait counts. */
  readonly withinSeconds: number;
  /** Sessions that the declared standby keeps free: kept while too little is known, and stepped back to. */
  readonly declaredSessions: number;
  /** The declared `downscaleBackoff`. Unit: seconds; `auto` = 900. */
  readonly declaredBackoffSeconds: number;
  /** Boot time until one was measured. Unit: seconds. */
  readonly bootSecondsAssumed: number;
  /**
   * The advice decides (mode `replace`): what sessions really wait says how well it does. Otherwise somebody else's standby
   * is behind the real waits, and the reckoned ones count.
   */
  readonly isFollowed: boolean;
}

/** Times never go back: an event that is older than the newest one counts as being of that time. */
export type ForecastEvent =
  /** Somebody asked for a session. */
  | { readonly kind: "arrival"; readonly atMs: EpochMs }
  /** A session got its place, after it waited so long since its arrival; 0 = there was a free one. */
  | { readonly kind: "start"; readonly atMs: EpochMs; readonly waitedSeconds: number }
  /** A session ended, and its place is free; the duration counts from its start, before which it waited so long: 0 unless given. */
  | { readonly kind: "end"; readonly atMs: EpochMs; readonly durationSeconds: number; readonly waitedSeconds?: number }
  /** One that waited went away without a place. */
  | { readonly kind: "gaveUp"; readonly atMs: EpochMs; readonly waitedSeconds: number }
  /** A new node is ready, so long after it was asked for. */
  | { readonly kind: "boot"; readonly atMs: EpochMs; readonly seconds: number }
  /**
   * A minute passed; told once a minute also when nothing happens. `isOpen` is false while no schedule of the config is
   * open: that nobody comes then says nothing of the demand. `changesAtMs` is when that changes next, if it does.
   */
  | { readonly kind: "tick"; readonly atMs: EpochMs; readonly isOpen: boolean; readonly changesAtMs?: EpochMs };

/** How much room there is now, in sessions. */
export interface Position {
  /** Could start at once. */
  readonly free: number;
  /** On nodes that are not ready yet. */
  readonly coming: number;
  /** Asked for and without a place. */
  readonly waiting: number;
  readonly busy: number;
}

/** Why the advice is what it is. */
export type AdviceReason =
  /** Too little is known: the declared standby. */
  | "learning"
  | "forecast"
  /** Its own recent record is worse than plain standby's would have been: plain standby, until it is better again. */
  | "steppedBack";

export interface Advice {
  /** Sessions to keep free, those on nodes that are coming included, those that wait taken off. */
  readonly freeSessions: number;
  /**
   * Of places on nodes that are ready so many stay free, even where there are more than `freeSessions` with those that are
   * coming: a place that is ready serves now. 0 = the same rule for all.
   */
  readonly readySessions: number;
  /** How long a node beyond both stays idle before it may go. Unit: seconds. */
  readonly backoffSeconds: number;
  readonly reason: AdviceReason;
  readonly parts: AdviceParts;
  readonly record: ForecastRecord;
}

/** The numbers of the advice, for people who ask why. */
export interface AdviceParts {
  /** Nine of ten boots were at most this long. Unit: seconds. */
  readonly bootSeconds: number;
  /** Sessions expected to be asked for within a boot. */
  readonly arrivalsExpected: number;
  /** Sessions expected to end within a boot. */
  readonly endsExpected: number;
  /** What the forecast alone would keep free, also while it is not followed. */
  readonly forecastSessions: number;
  /** Today's demand against that of other such days: 1 = as usual. */
  readonly todayLevel: number;
  /** Weeks of history, up to now. */
  readonly weeksKnown: number;
}

/** What happened lately, as far as it is remembered: at most the last seven days. */
export interface ForecastRecord {
  /** Days that the record covers. */
  readonly days: number;
  readonly sessions: number;
  /** Share of them that waited longer than `withinSeconds`. */
  readonly waitingShare: number;
  /** The same of the forecast and of plain standby, as they would have done on the same days, both reckoned. */
  readonly forecast?: ReckonedRecord;
  readonly plain?: ReckonedRecord;
}

export interface ReckonedRecord {
  readonly sessions: number;
  readonly waitingShare: number;
  /** Idle or booting. Unit: hours of one session's place. */
  readonly idleHours: number;
}

/** What the last plan of a minute came to. */
export interface MinutePlan {
  free: number;
  ready: number;
  arrivals: number;
  ends: number;
  level: number;
}

/** What has been asked for since the bin of five minutes began. */
export interface OpenBin {
  /** Since 1970 by the local clock; -1 = none has begun. */
  number: number;
  arrivals: number;
  /** What was expected when it began; -1 = nothing was known. */
  expected: number;
  /** Seen from its start, without a gap, and the config was open. */
  isWhole: boolean;
}

/** Plain data of bounded size that survives `JSON.stringify`: below 64 kB. Nobody but the forecast looks into it. */
export interface ForecastState {
  /** Of the layout; a state of another one is started anew. */
  version: number;
  /** 0 = nothing happened yet. */
  sinceMs: EpochMs;
  lastMs: EpochMs;
  tickMs: EpochMs;
  zone: ZoneState;
  /** Day since 1970 by the local clock. */
  day: number;
  season: SeasonState;
  level: LevelState;
  departures: DeparturesState;
  bin: OpenBin;
  arrivalsSinceTick: number;
  /** Smoothed over about a week; 0 = no day is over yet. */
  sessionsPerDay: number;
  sessions: number;
  /** The last boots. Unit: seconds. */
  boots: number[];
  bootP90Seconds: number;
  logPrice: number;
  plan: MinutePlan;
  forecastPool: PoolState;
  plainPool: PoolState;
  guard: GuardState;
  /** What happened since the day began, and on the days before. */
  today: Outcome;
  days: DayRecord[];
}

/** One day, as it was and as both rules would have made it. */
export interface DayRecord {
  readonly actual: Outcome;
  readonly forecast: Outcome;
  readonly plain: Outcome;
}
