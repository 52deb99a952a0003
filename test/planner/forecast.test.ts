/** The forecast of demand: what it keeps free, and that only the past decides. `HEADROOM_SEED` repeats a run. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { advise, emptyForecast, observe, storedForecast } from "../../runtime/planner/forecast/forecast";
import type {
  Advice,
  ForecastEvent,
  ForecastOptions,
  ForecastState,
} from "../../runtime/planner/forecast/forecast-types";
import { check } from "./worlds";

const options: ForecastOptions = {
  timeZone: "Europe/Berlin",
  objectiveShare: 0.05,
  withinSeconds: 0,
  declaredSessions: 4,
  declaredBackoffSeconds: 900,
  bootSecondsAssumed: 300,
  isFollowed: false,
};
const empty = { free: 0, coming: 0, waiting: 0, busy: 0 };
const minuteMs = 60_000;
const startMs = Date.parse("2026-03-02T00:00:00+01:00");

/** Arrivals and ends by the minute, ticks between them: `counts[i]` sessions are asked for in minute i. */
function eventsOf(counts: readonly number[], fromMs = startMs): ForecastEvent[] {
  const events: ForecastEvent[] = [];
  for (const [minute, count] of counts.entries()) {
    const atMs = fromMs + minute * minuteMs;
    events.push({ kind: "tick", atMs, isOpen: true });
    for (let one = 0; one < count; one += 1) {
      const arrivedMs = atMs + 1000 + one * 100;
      const waitedSeconds = one === 2 ? 30 : 0;
      const durationSeconds = (45 + one) * 60;
      events.push({ kind: "arrival", atMs: arrivedMs });
      events.push({ kind: "start", atMs: arrivedMs + waitedSeconds * 1000, waitedSeconds });
      const atEndMs = arrivedMs + (waitedSeconds + durationSeconds) * 1000;
      events.push({ kind: "end", atMs: atEndMs, durationSeconds, waitedSeconds });
    }
  }
  return events.sort((a, b) => a.atMs - b.atMs);
}

/** The advice after each tick. */
function play(events: readonly ForecastEvent[], state: ForecastState, isFollowed: boolean): Advice[] {
  const advices: Advice[] = [];
  for (const event of events) {
    observe(state, event, { ...options, isFollowed });
    if (event.kind === "tick") advices.push(advise(state, event.atMs, empty, options));
  }
  return advices;
}

function copyOf(state: ForecastState): ForecastState {
  return storedForecast(JSON.parse(JSON.stringify(state)) as object)!;
}

/** Nine days with two busy hours and a lazy evening each. */
const learnedDays = 9;
const learned = emptyForecast();
const usualDay = Array.from({ length: 1440 }, (_, minute) => {
  const hour = Math.floor(minute / 60);
  if (hour === 9 || hour === 13) return minute % 3;
  return hour > 7 && minute % 11 === 0 ? 1 : 0;
});

const demand = fc.array(fc.nat(4), { minLength: 30, maxLength: 120 });
const isFollowed = fc.boolean();

describe("forecast", () => {
  const morningMs = startMs + learnedDays * 86_400_000 + 8 * 3_600_000;
  before(() => {
    const days = Array.from({ length: learnedDays }, () => usualDay).flat();
    play(
      eventsOf([...days, ...usualDay.slice(0, 480)]).filter(({ atMs }) => atMs < morningMs),
      learned,
      false,
    );
  });

  it("keeps the declared standby while it knows nothing", () => {
    const [advice] = play(eventsOf([1]), emptyForecast(), true);

    assert.deepEqual([advice!.freeSessions, advice!.backoffSeconds, advice!.reason], [4, 900, "learning"]);
  });

  it("keeps more free for the busy hour of the days before, before it comes", () => {
    const [quiet, ...later] = play(eventsOf(usualDay.slice(480, 545), morningMs), copyOf(learned), false);

    assert.equal(quiet!.reason, "forecast");
    assert.ok(later[58]!.freeSessions > quiet!.freeSessions, `${later[58]!.freeSessions} > ${quiet!.freeSessions}`);
    assert.ok(later[58]!.parts.arrivalsExpected > 2 * quiet!.parts.arrivalsExpected);
  });

  it("decides by the past alone: another future changes no advice before it", () => {
    const rule = fc.tuple(demand, demand, demand, isFollowed);
    check(rule, ([past, future, other, follows]) => {
      const changeMs = morningMs + past.length * minuteMs;
      const before = (counts: readonly number[]): Advice[] =>
        play(eventsOf([...past, ...counts], morningMs), copyOf(learned), follows).slice(0, past.length);
      const cut = eventsOf(past, morningMs).filter(({ atMs }) => atMs < changeMs);

      assert.deepEqual(before(future), before(other));
      assert.deepEqual(before(future), play(cut, copyOf(learned), follows));
    });
  });

  it("gives the same advice when it is stored and read again in between", () => {
    check(fc.tuple(demand, fc.nat(1000), isFollowed), ([counts, at, follows]) => {
      const events = eventsOf(counts, morningMs);
      const cut = Math.floor((at * events.length) / 1000);
      const state = copyOf(learned);
      const first = play(events.slice(0, cut), state, follows);

      const all = [...first, ...play(events.slice(cut), copyOf(state), follows)];

      assert.deepEqual(all, play(events, copyOf(learned), follows));
    });
  });

  it("starts anew with what another version stored", () => {
    assert.equal(storedForecast({ version: 0 }), undefined);
  });
});
