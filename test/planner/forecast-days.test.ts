/** The forecast over weeks of generated demand: the objective, days on which the config is closed, the change of the clock. */
import assert from "node:assert/strict";
import { advise, emptyForecast, observe } from "../../runtime/planner/forecast/forecast";
import type { ForecastOptions, ForecastState } from "../../runtime/planner/forecast/forecast-types";
import { emptyGuard, judgeDay } from "../../runtime/planner/forecast/guard";
import { demandOf, kinds, type DemandKind } from "../support/demand";
import { ForecastPolicy } from "../../bench/score/forecast-policy";
import { play } from "../../bench/score/play";

const options: ForecastOptions = {
  timeZone: "Europe/Berlin",
  objectiveShare: 0.05,
  withinSeconds: 0,
  declaredSessions: 3,
  declaredBackoffSeconds: 900,
  bootSecondsAssumed: 300,
  isFollowed: false,
};
const nowhere = { free: 0, coming: 0, waiting: 0, busy: 0 };
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** A Monday, four weeks before the clock goes forward in Berlin on 2026-03-29. */
const mondayMs = Date.parse("2026-03-02T00:00:00+01:00");

interface Day {
  /** Of the local clock. */
  readonly date: string;
  readonly isOpen: boolean;
}

/** One session each minute from 09:00 to 10:00 by the clock on the wall, on days that are open. */
function playDays(state: ForecastState, days: readonly Day[]): void {
  for (const { date, isOpen } of days) {
    const [startMs, endMs] = [midnightMs(date, 0), midnightMs(date, 1)];
    const nineMs = Date.parse(`${date}T09:00:00${offsetOn(date)}`);
    for (let atMs = startMs; atMs < endMs; atMs += minuteMs) {
      observe(state, { kind: "tick", atMs, isOpen }, options);
      if (!isOpen || atMs < nineMs || atMs >= nineMs + 60 * minuteMs) continue;
      observe(state, { kind: "arrival", atMs: atMs + 1000 }, options);
      observe(state, { kind: "start", atMs: atMs + 1000, waitedSeconds: 0 }, options);
    }
  }
}

function offsetOn(date: string): string {
  return date >= "2026-03-29" ? "+02:00" : "+01:00";
}

function midnightMs(date: string, daysLater: number): number {
  const later = new Date(Date.parse(`${date}T00:00:00Z`) + daysLater * dayMs).toISOString().slice(0, 10);
  // The night of the change itself starts by the old clock.
  return Date.parse(`${later}T00:00:00${later === "2026-03-29" ? "+01:00" : offsetOn(later)}`);
}

function datesFrom(startMs: number, count: number): string[] {
  return Array.from({ length: count }, (_, day) =>
    new Date(startMs + 7_200_000 + day * dayMs).toISOString().slice(0, 10),
  );
}

function expectedAt(state: ForecastState, time: string, date: string): number {
  const copy = JSON.parse(JSON.stringify(state)) as ForecastState;
  const atMs = Date.parse(`${date}T${time}:00${offsetOn(date)}`);
  observe(copy, { kind: "tick", atMs, isOpen: true }, options);
  return advise(copy, atMs, nowhere, options).parts.arrivalsExpected;
}

describe("forecast over weeks", () => {
  it("follows the clock on the wall when daylight saving begins", () => {
    const state = emptyForecast();
    playDays(
      state,
      datesFrom(mondayMs, 28).map((date) => ({ date, isOpen: true })),
    );

    const [before, at, after] = ["07:58", "09:20", "10:40"].map((time) => expectedAt(state, time, "2026-03-30"));

    assert.ok(at! > 3, `${at} expected in a boot of five minutes at 09:20`);
    assert.ok(before! < 0.5 && after! < 0.5, `${before} and ${after} an hour before and after`);
  });

  it("takes a day on which the config was closed for no evidence of low demand", () => {
    const [closed, empty] = [false, true].map((isOpen) => {
      const state = emptyForecast();
      playDays(state, [
        ...datesFrom(mondayMs, 7).map((date) => ({ date, isOpen: true })),
        ...datesFrom(mondayMs + 7 * dayMs, 7).map((date) => ({ date, isOpen: false })),
      ]);
      const nobody = emptyForecast();
      playDays(
        nobody,
        datesFrom(mondayMs, 7).map((date) => ({ date, isOpen: true })),
      );
      for (let atMs = mondayMs + 7 * dayMs; atMs < mondayMs + 14 * dayMs; atMs += minuteMs) {
        observe(nobody, { kind: "tick", atMs, isOpen: true }, options);
      }
      return expectedAt(isOpen ? nobody : state, "09:20", "2026-03-16");
    });

    assert.ok(closed! > 2 * empty!, `${closed} after a closed week, ${empty} after one in which nobody came`);
  });

  it("expects nobody before the config opens", () => {
    const state = emptyForecast();
    playDays(
      state,
      datesFrom(mondayMs, 14).map((date) => ({ date, isOpen: true })),
    );
    const atMs = Date.parse("2026-03-16T09:20:00+01:00");
    const expected = [undefined, atMs + 2 * minuteMs].map((changesAtMs) => {
      const copy = JSON.parse(JSON.stringify(state)) as ForecastState;
      const tick = { kind: "tick", atMs, isOpen: false } as const;
      observe(copy, { ...tick, ...(changesAtMs === undefined ? {} : { changesAtMs }) }, options);
      return advise(copy, atMs, nowhere, options).parts.arrivalsExpected;
    });

    assert.equal(expected[0], 0);
    assert.ok(expected[1]! > 0);
  });

  it("stays below 64 kB, whatever comes", () => {
    const state = emptyForecast();
    for (let minute = 0; minute < 720; minute += 1) {
      const atMs = mondayMs + minute * minuteMs;
      observe(state, { kind: "tick", atMs, isOpen: true }, options);
      for (let one = 0; one < 60; one += 1) {
        observe(state, { kind: "arrival", atMs: atMs + one }, options);
        observe(state, { kind: "start", atMs: atMs + one, waitedSeconds: one }, options);
        observe(state, { kind: "boot", atMs: atMs + one, seconds: 123.456 + one }, options);
      }
    }

    const bytes = JSON.stringify(state).length;

    assert.ok(bytes < 64 * 1024, `${bytes} bytes`);
  });

  for (const kind of Object.keys(kinds) as DemandKind[]) {
    it(`keeps the objective on ${kind} demand`, () => {
      const sessions = demandOf(kind, { days: 84, seed: 7 });
      const start = { localMs: Date.UTC(2026, 0, 5), timeZone: "UTC" };
      const of = { start, bootSeconds: 300, objectiveShare: 0.05, withinSeconds: 0, declaredSessions: 4 };
      const score = play(sessions, new ForecastPolicy(of), {
        bootSeconds: 300,
        warmUpSeconds: 28 * 86_400,
        withinSeconds: 0,
      });

      assert.ok(score.waitingShare <= 0.05 * 1.15, `${(score.waitingShare * 100).toFixed(2)} % waited`);
    });
  }
});

describe("guard of the forecast", () => {
  const wait = { price: 1000, objectiveShare: 0.05 };
  const outcome = (idleSeconds: number, waited: number) => ({ sessions: 1000, waited, idleSeconds });
  const judge = (days: readonly (readonly [forecast: number, plain: number])[]): boolean[] => {
    const guard = emptyGuard();
    return days.map(([forecast, plain]) => {
      judgeDay(guard, outcome(forecast, 10), outcome(plain, 10), wait);
      return guard.isSteppedBack;
    });
  };
  const [bad, good, even]: (readonly [number, number])[] = [
    [300_000, 100_000],
    [100_000, 300_000],
    [110_000, 100_000],
  ];

  it("steps back after four days in a row that were clearly worse, not after three", () => {
    assert.deepEqual(judge([bad!, bad!, bad!, good!, bad!, bad!, bad!, bad!]), [
      ...[false, false, false, false, false, false, false],
      true,
    ]);
  });

  it("returns after three days in a row that were no worse, and not for one", () => {
    assert.deepEqual(judge([bad!, bad!, bad!, bad!, good!, bad!, good!, good!, good!]).slice(3), [
      ...[true, true, true, true, true],
      false,
    ]);
  });

  it("does not go to and fro where both are about the same", () => {
    assert.ok(!judge([even!, even!, even!, even!, even!]).includes(true));
    assert.ok(!judge([bad!, bad!, bad!, bad!, even!, even!, even!, even!]).slice(3).includes(false));
  });

  it("counts a wait beyond the objective at its price, and one within it for nothing", () => {
    const [allowed, beyond] = [50, 300].map((waited) => {
      const guard = emptyGuard();
      for (let day = 0; day < 4; day += 1) judgeDay(guard, outcome(100_000, waited), outcome(150_000, 0), wait);
      return guard.isSteppedBack;
    });

    assert.deepEqual([allowed, beyond], [false, true]);
  });

  it("judges nothing by a spoilt record, nor by a few sessions", () => {
    const guard = emptyGuard();
    for (let day = 0; day < 9; day += 1) {
      judgeDay(guard, { ...outcome(900_000, 900), isSpoilt: true }, outcome(1, 0), wait);
      judgeDay(guard, { sessions: 5, waited: 5, idleSeconds: 900_000 }, outcome(1, 0), wait);
    }

    assert.equal(guard.isSteppedBack, false);
  });
});
