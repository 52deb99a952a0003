import assert from "node:assert/strict";
import { parseDefinition, type Schedule } from "../../runtime/model/config";
import { nextOpeningMs, WindowCache, windowAt } from "../../runtime/planner/schedule";
import { scheduleDoc } from "../support/builders";

const minute = 60_000;
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function aSchedule(doc: Parameters<typeof scheduleDoc>[0]): Schedule {
  return parseDefinition("schedule", scheduleDoc(doc));
}

interface WallMinute {
  readonly atMs: number;
  readonly day: string;
  readonly second: number;
}

/** Every minute of some days on the wall clock of a zone, as Intl sees it. */
function wallMinutes(timezone: string, fromMs: number, days: number): WallMinute[] {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const minutes: WallMinute[] = [];
  for (let atMs = fromMs; atMs < fromMs + days * 86_400_000; atMs += minute) {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const second = Number(parts.get("hour")) * 3600 + Number(parts.get("minute")) * 60;
    minutes.push({ atMs, day: parts.get("weekday")!.toLowerCase(), second });
  }
  return minutes;
}

/** The rules of a window, written down anew. */
function isOpenOn({ days, start, end }: Schedule, { day, second }: WallMinute): boolean {
  const named = (name: string) => (days as string[]).includes(name);
  const before = dayNames[(dayNames.indexOf(day) + 6) % 7]!;
  const last = end >= 86_340 && start !== end ? 86_400 : end;
  if (start < last && start !== end) return named(day) && second >= start && second < last;
  return (named(day) && second >= start) || (named(before) && second < last);
}

const windows = [
  { days: ["mon", "wed", "sun"], start: "08:00", end: "18:00" },
  { days: ["tue", "sat"], start: "21:00", end: "05:00" },
  { days: ["sun"], start: "02:30", end: "03:30" },
  { days: ["sun", "sat"], start: "01:00", end: "02:00" },
  { days: ["fri"], start: "15:00", end: "23:59" },
  { days: ["thu"], start: "06:00", end: "06:00" },
  { days: ["sat"], start: "00:00", end: "24:00" },
] as const;

/** Around the days on which the clocks change. */
const spans = [
  { timezone: "Europe/Berlin", from: "2026-03-27T00:00:00Z" },
  { timezone: "Europe/Berlin", from: "2026-10-23T00:00:00Z" },
  { timezone: "America/New_York", from: "2026-03-06T00:00:00Z" },
  { timezone: "America/New_York", from: "2026-10-30T00:00:00Z" },
  { timezone: "Australia/Lord_Howe", from: "2026-04-03T00:00:00Z" },
  { timezone: "Asia/Kathmandu", from: "2026-06-01T00:00:00Z" },
  { timezone: "Pacific/Chatham", from: "2026-09-25T00:00:00Z" },
  { timezone: "UTC", from: "2026-12-30T00:00:00Z" },
];

describe("schedule", () => {
  for (const { timezone, from } of spans) {
    it(`agrees with the wall clock minute by minute: ${timezone}, four days from ${from.slice(0, 10)}`, () => {
      const minutes = wallMinutes(timezone, Date.parse(from), 4);
      for (const window of windows) {
        const schedule = aSchedule({ ...window, days: [...window.days], timezone });
        const cache = new WindowCache();
        const schedules = [schedule];
        for (const wall of minutes) {
          const { isActive } = cache.at("agents", schedules, wall.atMs);
          const shown = `${JSON.stringify(window)} at ${new Date(wall.atMs).toISOString()}`;
          assert.equal(isActive, isOpenOn(schedule, wall), shown);
        }
      }
    });
  }

  const tuesday = Date.parse("2026-01-13T00:00:00Z");
  for (const { name, doc, at, isActive } of [
    { name: "start inclusive", doc: { start: "08:00", end: "18:00" }, at: "08:00:00", isActive: true },
    { name: "before start", doc: { start: "08:00", end: "18:00" }, at: "07:59:59", isActive: false },
    { name: "last second", doc: { start: "08:00", end: "18:00" }, at: "17:59:59", isActive: true },
    { name: "end exclusive", doc: { start: "08:00", end: "18:00" }, at: "18:00:00", isActive: false },
    { name: "23:59 is the end of the day", doc: { start: "08:00", end: "23:59" }, at: "23:59:30", isActive: true },
    {
      name: "23:59:59 is the end of the day",
      doc: { start: "08:00", end: "23:59:59" },
      at: "23:59:59",
      isActive: true,
    },
    { name: "24:00 is the end of the day", doc: { start: "08:00", end: "24:00" }, at: "23:59:59", isActive: true },
    { name: "overnight, in the evening", doc: { start: "21:00", end: "05:00" }, at: "21:00:00", isActive: true },
    {
      name: "overnight of an unnamed day before",
      doc: { start: "21:00", end: "05:00" },
      at: "04:59:59",
      isActive: false,
    },
    { name: "start = end, after start", doc: { start: "06:00", end: "06:00" }, at: "06:00:00", isActive: true },
    { name: "start = end, before start", doc: { start: "06:00", end: "06:00" }, at: "05:59:59", isActive: false },
  ]) {
    it(`H: ${name}`, () => {
      const schedule = aSchedule({ ...doc, days: ["tue"] });
      assert.equal(windowAt([schedule], tuesday + Date.parse(`1970-01-01T${at}Z`)).isActive, isActive);
    });
  }

  it("H: overnight windows end on the following day, which need not be named", () => {
    const schedule = aSchedule({ days: ["tue", "thu"], start: "21:00", end: "05:00" });
    const wednesday = tuesday + 86_400_000;
    assert.equal(windowAt([schedule], wednesday + 5 * 3600_000 - 1).isActive, true);
    assert.equal(windowAt([schedule], wednesday + 5 * 3600_000).isActive, false);
    assert.equal(windowAt([schedule], wednesday + 22 * 3600_000).isActive, false);
  });

  it("H: windows that meet at midnight leave no hole", () => {
    const schedules = [
      aSchedule({ name: "a", days: ["tue"], start: "15:00", end: "23:59" }),
      aSchedule({ name: "b", days: ["wed"], start: "00:00", end: "23:59" }),
      aSchedule({ name: "c", days: ["thu"], start: "00:00", end: "11:00" }),
    ];
    for (let atMs = tuesday + 15 * 3600_000; atMs < tuesday + 59 * 3600_000; atMs += minute) {
      assert.equal(windowAt(schedules, atMs).isActive, true, new Date(atMs).toISOString());
    }
    assert.equal(windowAt(schedules, tuesday + 59 * 3600_000).isActive, false);
  });

  it("a window inside the skipped hour never opens, one over the repeated hour is open for two", () => {
    const count = (doc: Parameters<typeof scheduleDoc>[0], from: string) => {
      const schedule = aSchedule({ days: ["sun"], timezone: "Europe/Berlin", ...doc });
      const fromMs = Date.parse(from);
      let minutes = 0;
      for (let atMs = fromMs; atMs < fromMs + 86_400_000; atMs += minute)
        minutes += windowAt([schedule], atMs).isActive ? 1 : 0;
      return minutes;
    };
    assert.equal(count({ start: "02:10", end: "02:50" }, "2026-03-28T23:00:00Z"), 0);
    assert.equal(count({ start: "02:30", end: "03:30" }, "2026-03-28T23:00:00Z"), 30);
    assert.equal(count({ start: "02:00", end: "03:00" }, "2026-10-24T22:00:00Z"), 120);
  });

  it("without schedules is always active; with several, when any is; the highest override counts", () => {
    assert.equal(windowAt([], tuesday).isActive, true);
    const schedules = [
      aSchedule({ name: "a", days: ["tue"], start: "08:00", end: "12:00", minNodes: 2, standbyCores: 8 }),
      aSchedule({ name: "b", days: ["tue"], start: "10:00", end: "14:00", minNodes: 5 }),
    ];
    const at = (hours: number) => windowAt(schedules, tuesday + hours * 3600_000);
    assert.deepEqual([at(9).minNodes, at(9).standbyCores], [2, 8]);
    assert.deepEqual([at(11).minNodes, at(11).standbyCores], [5, 8]);
    assert.deepEqual([at(13).minNodes, at(13).standbyCores], [5, undefined]);
    assert.equal(at(14).isActive, false);
  });

  it("names the next opening", () => {
    const schedule = aSchedule({ days: ["mon"], start: "08:00", end: "18:00", timezone: "Europe/Berlin" });
    assert.equal(nextOpeningMs([schedule], tuesday), Date.parse("2026-01-19T07:00:00Z"));
    assert.equal(nextOpeningMs([], tuesday), undefined);
  });

  it("answers from its cache only while the answer holds", () => {
    const schedule = aSchedule({ days: ["tue"], start: "08:00", end: "08:01" });
    const cache = new WindowCache();
    const schedules = [schedule];
    assert.equal(cache.at("agents", schedules, tuesday + 8 * 3600_000 - 1).isActive, false);
    assert.equal(cache.at("agents", schedules, tuesday + 8 * 3600_000).isActive, true);
    assert.equal(cache.at("agents", schedules, tuesday + 8 * 3600_000 + minute).isActive, false);
    assert.equal(cache.at("agents", [], tuesday + 8 * 3600_000 + minute).isActive, true, "other schedules");
  });
});
