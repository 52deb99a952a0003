/**
 * How many sessions a config should keep free so that at most a declared share of its sessions waits, learned from its own
 * history alone. Deterministic and without a clock: the same events in the same order give the same advice.
 *
 * What is expected within a boot is the usual demand of that time of the week (`season.ts`) times today's level
 * (`level.ts`), less the sessions that will end (`departures.ts`). How much to keep on top follows from the price of a wait
 * (`need.ts`), which is steered so that the objective is kept (`wait-price.ts`). Beside it runs what the forecast and what
 * plain standby would have done (`reckoned-pool.ts`), and a guard that compares them (`guard.ts`).
 *
 * The unit is a session. Who asks turns it into nodes, cores or slots. {@link observe} changes the state in place: a tick
 * takes some microseconds, every other event less. {@link advise} only reads.
 */
import type { EpochMs } from "../../model/clock";
import { emptyDepartures, sessionEnded, sessionStarted } from "./departures";
import type { Advice, AdviceReason, ForecastEvent, ForecastOptions, ForecastState, Position } from "./forecast-types";
import { emptyGuard } from "./guard";
import { emptyLevel } from "./level";
import { emptyZone } from "./local-time";
import { passMinute } from "./minute";
import { emptyOutcome, emptyPool, enforce, poolArrival, poolEnd } from "./reckoned-pool";
import { recordOf } from "./record";
import { forecastRule, plainRule } from "./rules";
import { emptySeason } from "./season";
import { usualLogPrice, nextLogPrice } from "./wait-price";

const version = 1;
const weekMs = 7 * 86_400_000;
const bootsMax = 50;
/** Until then the declared standby holds. */
const sessionsMin = 50;

/** A state that has seen nothing: its advice is the declared standby. */
export function emptyForecast(): ForecastState {
  return {
    version,
    sinceMs: 0,
    lastMs: 0,
    tickMs: 0,
    zone: emptyZone(),
    day: 0,
    season: emptySeason(),
    level: emptyLevel(),
    departures: emptyDepartures(),
    bin: { number: -1, arrivals: 0, expected: -1, isWhole: false },
    arrivalsSinceTick: 0,
    sessionsPerDay: 0,
    sessions: 0,
    boots: [],
    bootP90Seconds: 0,
    logPrice: 0,
    plan: { free: 0, ready: 0, arrivals: 0, ends: 0, level: 1 },
    forecastPool: emptyPool(),
    plainPool: emptyPool(),
    guard: emptyGuard(),
    today: emptyOutcome(),
    days: [],
  };
}

/** A state that was stored as JSON; undefined where it is none of this version, which then starts anew. */
export function storedForecast(stored: object): ForecastState | undefined {
  return "version" in stored && stored.version === version ? (stored as ForecastState) : undefined;
}

/** Takes one event into the state, which it changes. Events come in the order of their times; an older one counts as now. */
export function observe(state: ForecastState, event: ForecastEvent, options: ForecastOptions): void {
  const atMs = Math.max(event.atMs, state.lastMs);
  state.lastMs = atMs;
  if (state.sinceMs === 0) {
    state.sinceMs = atMs;
    state.bootP90Seconds = options.bootSecondsAssumed;
  }
  switch (event.kind) {
    case "arrival":
      return arrive(state, atMs, options);
    case "start":
      sessionStarted(state.departures, atMs);
      return served(state, atMs, event.waitedSeconds, options);
    case "gaveUp":
      return served(state, atMs, event.waitedSeconds, options);
    case "end":
      return end(state, atMs, event, options);
    case "boot":
      state.boots = [...state.boots, event.seconds].slice(-bootsMax);
      state.bootP90Seconds = [...state.boots].sort((a, b) => a - b)[Math.ceil(state.boots.length * 0.9) - 1]!;
      return;
    case "tick":
      passMinute(state, { ...event, atMs }, options);
      return enforceBoth(state, atMs, options);
    default:
      return event satisfies never;
  }
}

/** What to keep free now. Reads the state and nothing else; what it says is of the last tick. */
export function advise(state: ForecastState, nowMs: EpochMs, _position: Position, options: ForecastOptions): Advice {
  const reason = reasonOf(state, nowMs);
  const rule = reason === "forecast" ? forecastRule(state) : plainRule(state, options);
  return {
    freeSessions: rule.free,
    readySessions: rule.ready,
    backoffSeconds: rule.backoffSeconds,
    reason,
    parts: {
      bootSeconds: state.bootP90Seconds || options.bootSecondsAssumed,
      arrivalsExpected: state.plan.arrivals,
      endsExpected: state.plan.ends,
      forecastSessions: state.plan.free,
      todayLevel: state.plan.level,
      weeksKnown: state.sinceMs === 0 ? 0 : (nowMs - state.sinceMs) / weekMs,
    },
    record: recordOf(state),
  };
}

function reasonOf(state: ForecastState, nowMs: EpochMs): AdviceReason {
  const isYoung = state.sinceMs === 0 || nowMs - state.sinceMs < weekMs || state.sessions < sessionsMin;
  if (isYoung) return "learning";
  return state.guard.isSteppedBack ? "steppedBack" : "forecast";
}

function arrive(state: ForecastState, atMs: EpochMs, options: ForecastOptions): void {
  state.sessions += 1;
  state.arrivalsSinceTick += 1;
  state.bin.arrivals += 1;
  poolArrival(state.plainPool, atMs, options.withinSeconds);
  const waited = poolArrival(state.forecastPool, atMs, options.withinSeconds);
  enforceBoth(state, atMs, options);
  if (!isInCharge(state, atMs, options)) steer(state, atMs, waited, options);
}

/** A session got its place or gave up: how long it took is known for sure. */
function served(state: ForecastState, atMs: EpochMs, waitedSeconds: number, options: ForecastOptions): void {
  const waited = waitedSeconds > options.withinSeconds;
  state.today.sessions += 1;
  if (waited) state.today.waited += 1;
  if (isInCharge(state, atMs, options)) steer(state, atMs, waited, options);
}

function isInCharge(state: ForecastState, atMs: EpochMs, options: ForecastOptions): boolean {
  return options.isFollowed && reasonOf(state, atMs) === "forecast";
}

/** While it learns the price stays the usual one: who waits then, waits because nothing is known. */
function steer(state: ForecastState, atMs: EpochMs, waited: boolean, { objectiveShare }: ForecastOptions): void {
  const basis = { objectiveShare, bootSeconds: state.bootP90Seconds, sessionsPerDay: state.sessionsPerDay };
  const weeksKnown = (atMs - state.sinceMs) / weekMs;
  const isLearning = reasonOf(state, atMs) === "learning";
  state.logPrice = isLearning ? usualLogPrice(basis) : nextLogPrice(state.logPrice, { ...basis, waited, weeksKnown });
}

function end(
  state: ForecastState,
  atMs: EpochMs,
  { durationSeconds, waitedSeconds = 0 }: Extract<ForecastEvent, { kind: "end" }>,
  options: ForecastOptions,
): void {
  sessionEnded(state.departures, atMs, durationSeconds);
  const arrivedMs = atMs - (durationSeconds + waitedSeconds) * 1000;
  poolEnd(state.forecastPool, atMs, arrivedMs, durationSeconds * 1000);
  poolEnd(state.plainPool, atMs, arrivedMs, durationSeconds * 1000);
  enforceBoth(state, atMs, options);
}

function enforceBoth(state: ForecastState, atMs: EpochMs, options: ForecastOptions): void {
  enforce(state.forecastPool, atMs, forecastRule(state));
  enforce(state.plainPool, atMs, plainRule(state, options));
}
