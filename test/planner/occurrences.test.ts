/** The windows of a calendar are those by which configs open: one truth, whatever clocks do. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDefinition, weekdays } from "../../runtime/model/config";
import { showLocalTime } from "../../runtime/model/wall-clock";
import { occurrencesOf } from "../../runtime/planner/config/occurrences";
import { windowAt } from "../../runtime/planner/config/windows";
import { scheduleDoc } from "../support/builders";
import { check } from "./worlds";

const dayMs = 86_400_000;
const minuteMs = 60_000;
const parse = (doc: object) => parseDefinition("schedule", scheduleDoc(doc));

const two = (part: number) => String(part).padStart(2, "0");
const time = fc.nat(24 * 60 - 1).map((of) => `${two(Math.floor(of / 60))}:${two(of % 60)}`);
const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"];
/** Days around changes of clocks in 2026, and others. */
const dates = ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01", "2026-07-01"];

const cases = fc.record({
  days: fc.subarray([...weekdays], { minLength: 1 }),
  exceptDates: fc.subarray(dates),
  start: time,
  end: time,
  timezone: fc.constantFrom(...zones),
  leadTime: fc.constantFrom("0s", "10m", "3h", "auto"),
  near: fc.constantFrom(...dates),
  atMinute: fc.integer({ min: -4 * 24 * 60, max: 4 * 24 * 60 }),
});

describe("occurrences of a schedule", () => {
  it("are open exactly when the config is, in every zone and on the days on which clocks change", () => {
    check(cases, ({ near, atMinute, ...doc }) => {
      const schedule = parse(doc);
      const lead = { autoSeconds: 420 };
      const middleMs = Date.parse(`${near}T00:00:00Z`);
      const atMs = middleMs + atMinute * minuteMs;

      const found = occurrencesOf(schedule, { startMs: middleMs - 5 * dayMs, endMs: middleMs + 5 * dayMs }, lead);

      const isIn = found.some((each) => !each.isExcepted && each.opensAtMs <= atMs && atMs < each.endsAtMs);
      assert.equal(isIn, windowAt([schedule], atMs, lead).isActive, new Date(atMs).toISOString());
    });
  });

  it("are told for any part of the time as for the whole", () => {
    check(cases, ({ near, atMinute, ...doc }) => {
      const schedule = parse(doc);
      const lead = { autoSeconds: 420 };
      const middleMs = Date.parse(`${near}T00:00:00Z`);
      const cutMs = middleMs + atMinute * minuteMs;
      const [startMs, endMs] = [middleMs - 6 * dayMs, middleMs + 6 * dayMs];

      const whole = occurrencesOf(schedule, { startMs, endMs }, lead);
      const parts = [
        ...occurrencesOf(schedule, { startMs, endMs: cutMs }, lead),
        ...occurrencesOf(schedule, { startMs: cutMs, endMs }, lead),
      ];

      const distinct = new Map(parts.map((each) => [`${each.startsAtMs}`, each]));
      assert.deepEqual([...distinct.values()], whole);
    });
  });

  it("name the days that are left out, and stand on the schedule's own clock", () => {
    const doc = { days: ["sun"], exceptDates: ["2026-03-22"], start: "08:00", end: "18:00", timezone: "Europe/Berlin" };
    const span = { startMs: Date.UTC(2026, 2, 16), endMs: Date.UTC(2026, 2, 30) };

    const found = occurrencesOf(parse(doc), span, { autoSeconds: 0 });

    assert.deepEqual(
      found.map(({ isExcepted, startsAtMs }) => [isExcepted, showLocalTime("Europe/Berlin", startsAtMs)]),
      [
        [true, "2026-03-22T08:00:00+01:00"],
        [false, "2026-03-29T08:00:00+02:00"],
      ],
    );
  });

  it("skip an hour that is skipped and repeat one that is repeated", () => {
    const hour = (timezone: string, start: string, end: string) => parse({ days: [...weekdays], start, end, timezone });
    const on = (year: number, month: number, day: number) => {
      const startMs = Date.UTC(year, month, day) - 12 * 3_600_000;
      return { startMs, endMs: startMs + 2 * dayMs };
    };
    const countOn = (schedule: ReturnType<typeof parse>, day: string, span: { startMs: number; endMs: number }) =>
      occurrencesOf(schedule, span, { autoSeconds: 0 }).filter(
        (each) => new Date(each.day * dayMs).toISOString().slice(0, 10) === day,
      ).length;

    assert.equal(countOn(hour("Europe/Berlin", "02:00", "03:00"), "2026-03-29", on(2026, 2, 29)), 0);
    assert.equal(countOn(hour("America/New_York", "01:15", "01:45"), "2026-11-01", on(2026, 10, 1)), 2);
    assert.equal(countOn(hour("Europe/Berlin", "02:15", "02:45"), "2026-10-25", on(2026, 9, 25)), 2);
  });
});
