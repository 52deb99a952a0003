import assert from "node:assert/strict";
import { findProblems, parseDefinition, weekdays, type Schedule } from "../../runtime/model/config";
import { WallClocks } from "../../runtime/model/wall-clock";
import type { ConfigState } from "../../runtime/model/state";
import * as planner from "../../runtime/planner/config/windows";
import { outlookOf } from "../../runtime/planner/explain/schedule-outlook";
import type { HotState } from "../../runtime/store/hot-state";
import { agentConfigDoc, aState, catalog, scheduleDoc, type AgentConfigDoc } from "../support/builders";

const minute = 60_000;

function aSchedule(doc: Parameters<typeof scheduleDoc>[0]): Schedule {
  return parseDefinition("schedule", scheduleDoc(doc));
}

/** 5 minutes of lead before the first boot. */
const config = parseDefinition("autoscaleConfig", agentConfigDoc());

const clocks = new WallClocks();

function windowAt(schedules: readonly Schedule[], atMs: number, state?: ConfigState): planner.Window {
  return planner.windowAt(schedules, atMs, planner.leadOf(config, state), clocks);
}

describe("schedule", () => {
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

  it("names the next opening and the next change", () => {
    const office = aSchedule({ days: ["mon"], start: "08:00", end: "18:00", timezone: "Europe/Berlin" });
    const extra = aSchedule({ name: "extra", days: ["mon"], start: "18:00", end: "20:00", timezone: "Europe/Berlin" });
    const mondayMs = Date.parse("2026-01-19T07:00:00Z");
    const lead = { autoSeconds: 0 };
    assert.equal(windowAt([office, extra], tuesday).opensAtMs, mondayMs);
    assert.equal(planner.nextChangeMs([office, extra], tuesday, lead), mondayMs);
    assert.equal(planner.nextChangeMs([office, extra], mondayMs, lead), mondayMs + 12 * 3600_000, "adjacent windows");
    assert.deepEqual(windowAt([], tuesday), { isActive: true, sinceMs: tuesday });
    assert.equal(planner.nextChangeMs([], tuesday, lead), undefined);
    const always = aSchedule({ days: [...weekdays], start: "00:00", end: "24:00" });
    assert.equal(planner.nextChangeMs([always], tuesday, lead), undefined, "never closes");
  });

  const activeHours = (schedules: Schedule[], from: string, hours: number): string[] =>
    Array.from({ length: hours }, (_, hour) => Date.parse(from) + hour * 3600_000)
      .filter((atMs) => windowAt(schedules, atMs).isActive)
      .map((atMs) => new Date(atMs).toISOString().slice(0, 13));

  it("opens on dates besides days, and on dates alone", () => {
    const night = { start: "23:00", end: "02:00" };
    const alone = aSchedule({ ...night, days: [], dates: ["2026-01-15", "2028-02-29"] });
    const expected = ["2026-01-15T23", "2026-01-16T00", "2026-01-16T01"];
    assert.deepEqual(activeHours([alone], "2026-01-13T00:00:00Z", 200), expected);
    assert.equal(windowAt([alone], Date.parse("2026-01-16T02:00:00Z")).opensAtMs, Date.parse("2028-02-29T23:00:00Z"));
    assert.deepEqual(windowAt([alone], Date.parse("2028-03-01T02:00:00Z")).opensAtMs, undefined, "never again");
    const besides = aSchedule({ ...night, days: ["tue"], dates: ["2026-01-15"] });
    assert.equal(activeHours([besides], "2026-01-13T00:00:00Z", 7 * 24).length, 6);
  });

  it("does not open on exceptDates; a window that started the evening before goes on", () => {
    const nights = aSchedule({ days: [...weekdays], start: "22:00", end: "03:00", exceptDates: ["2026-01-14"] });
    const before = ["2026-01-14T00", "2026-01-14T01", "2026-01-14T02"];
    assert.deepEqual(activeHours([nights], "2026-01-14T00:00:00Z", 46), before);
    assert.equal(windowAt([nights], Date.parse("2026-01-14T03:00:00Z")).opensAtMs, Date.parse("2026-01-15T22:00:00Z"));
  });

  it("finds the next opening behind any number of exceptDates", () => {
    const mondays = Array.from({ length: 300 }, (_, week) => tuesday - 86_400_000 + week * 7 * 86_400_000);
    const exceptDates = mondays.map((atMs) => new Date(atMs).toISOString().slice(0, 10));
    const schedule = aSchedule({ days: ["mon"], start: "08:00", end: "09:00", exceptDates });
    const expected = mondays[299]! + 7 * 86_400_000 + 8 * 3600_000;
    assert.equal(windowAt([schedule], tuesday).opensAtMs, expected);
  });

  it("opens a leadTime earlier, with floor and standby, and closes at its end", () => {
    const schedules = [aSchedule({ days: ["tue"], start: "13:00", end: "15:00", leadTime: "20m", minNodes: 30 })];
    const at = (time: string) => windowAt(schedules, tuesday + Date.parse(`1970-01-01T${time}Z`));
    assert.equal(at("12:39:59").isActive, false);
    assert.equal(at("12:39:59").opensAtMs, tuesday + 12 * 3600_000 + 40 * minute);
    assert.deepEqual([at("12:40:00").isActive, at("12:40:00").minNodes], [true, 30]);
    assert.equal(at("14:59:59").isActive, true);
    assert.equal(at("15:00:00").isActive, false);
  });

  it("leads by the 90th percentile of the measured boots with leadTime auto, by 5 minutes (Windows 10) before", () => {
    const leadOf = (bootSeconds: number[], doc: Partial<AgentConfigDoc> = {}) =>
      planner.leadOf(parseDefinition("autoscaleConfig", agentConfigDoc(doc)), {
        autoscaleConfig: "agents",
        bootSeconds,
      }).autoSeconds;
    assert.equal(leadOf([]), 300);
    assert.equal(leadOf([], { startupScript: { text: "", osType: "windows" } }), 600);
    assert.equal(leadOf([90]), 90);
    assert.equal(leadOf([10, 20, 30, 40, 50, 60, 70, 80, 90, 1000]), 90);
    assert.equal(leadOf(Array.from({ length: 20 }, (_, index) => 20 - index)), 18);
    assert.equal(leadOf([9000]), 3600, "at most an hour");
    const schedules = [aSchedule({ days: ["tue"], start: "13:00", end: "15:00", leadTime: "auto" })];
    const state = { autoscaleConfig: "agents", bootSeconds: [90] };
    const opensMs = tuesday + 13 * 3600_000 - 90_000;
    assert.equal(windowAt(schedules, opensMs - 1, state).isActive, false);
    assert.equal(windowAt(schedules, opensMs, state).isActive, true);
  });

  it("stays open early though quicker boots shorten the lead meanwhile", () => {
    const schedules = [aSchedule({ days: ["tue"], start: "13:00", end: "15:00", leadTime: "auto" })];
    const startMs = tuesday + 13 * 3600_000;
    const before = { autoscaleConfig: "agents" };
    const early = windowAt(schedules, startMs - 200_000, before);
    assert.deepEqual([early.isActive, early.earlyForMs], [true, startMs]);
    const quicker = { ...before, bootSeconds: [20] };
    assert.equal(windowAt(schedules, startMs - 100_000, quicker).isActive, false);
    const kept = windowAt(schedules, startMs - 100_000, { ...quicker, earlyForMs: startMs });
    assert.deepEqual([kept.isActive, kept.earlyForMs], [true, startMs]);
    const moved = [aSchedule({ days: ["tue"], start: "14:00", end: "15:00", leadTime: "auto" })];
    assert.equal(windowAt(moved, startMs - 100_000, { ...quicker, earlyForMs: startMs }).isActive, false);
  });

  it("keeps two windows in order that the repeated hour puts out of order", () => {
    // On 2026-10-25 the clock of Berlin goes from 03:00 back to 02:00, at 01:00 UTC.
    const schedule = aSchedule({ days: ["sat", "sun"], start: "02:40", end: "02:20", timezone: "Europe/Berlin" });
    const at = (time: string) => windowAt([schedule], Date.parse(`2026-10-25T${time}:00Z`));
    assert.equal(at("00:19").isActive, true);
    assert.deepEqual([at("00:30").isActive, at("00:30").opensAtMs], [false, Date.parse("2026-10-25T00:40:00Z")]);
    assert.equal(at("00:50").isActive, true);
    // The other schedule's start lies between them.
    const other = aSchedule({ name: "other", days: ["sun"], start: "00:50", end: "00:55" });
    const both = windowAt([other, schedule], Date.parse("2026-10-25T00:30:00Z"));
    assert.equal(both.opensAtMs, Date.parse("2026-10-25T00:40:00Z"));
  });

  it("answers from its cache only while the answer holds", () => {
    const cache = new planner.WindowCache();
    const world = (state?: Partial<ConfigState>, leadTime = "0s") => {
      const schedules = [scheduleDoc({ days: ["tue"], start: "08:00", end: "08:01", leadTime })];
      const row = { autoscaleConfig: "agents", ...state };
      return aState({ configs: [agentConfigDoc()], schedules, configStates: state ? [row] : [] });
    };
    const state = world();
    const at = (from: HotState, atMs: number) =>
      cache.at(from.autoscaleConfigs.get("agents")!, from, tuesday + 8 * 3600_000 + atMs).isActive;
    assert.equal(at(state, -1), false);
    assert.equal(at(state, 0), true);
    assert.equal(at(state, minute), false);
    assert.equal(at(state, 0), true, "the clock was set back");
    assert.equal(at(aState({ configs: [agentConfigDoc()] }), minute), true, "other schedules");
    assert.equal(at(world({}, "auto"), -200_000), true, "another lead");
    assert.equal(at(world({ bootSeconds: [60] }, "auto"), -200_000), false, "boots measured");
  });

  it("tells in words until when it is open or closed", () => {
    const schedules = [
      scheduleDoc({ days: ["tue"], start: "08:00", end: "18:00", timezone: "Asia/Kolkata", leadTime: "auto" }),
    ];
    const state = aState({ configs: [agentConfigDoc(), agentConfigDoc({ name: "always" })], schedules });
    const outlookAt = (time: string, name = "agents") =>
      outlookOf(state.autoscaleConfigs.get(name)!, state, Date.parse(`2026-01-13T${time}:00Z`));
    assert.deepEqual(outlookAt("02:00"), {
      isOpen: false,
      changesAtMs: Date.parse("2026-01-13T02:25:00Z"),
      text: "schedule closed until 2026-01-13 07:55 Asia/Kolkata",
    });
    const early = "schedule open, 3m before the window of 2026-01-13 08:00 Asia/Kolkata, until 2026-01-13 18:00";
    assert.equal(outlookAt("02:27")!.text, `${early} Asia/Kolkata`);
    assert.equal(outlookAt("02:30")!.text, "schedule open until 2026-01-13 18:00 Asia/Kolkata");
    assert.equal(outlookAt("02:30", "always"), undefined, "has no schedule");
  });

  it("refuses windows that never start, dates that do not exist, and contradictions, with the path", () => {
    const problem = (doc: Parameters<typeof scheduleDoc>[0]) => {
      const [first] = findProblems("schedule", scheduleDoc(doc), catalog);
      return first && `${first.path}: ${first.message}`;
    };
    assert.match(problem({ days: [] })!, /^days: got \[\]; name at least one day, or dates/);
    assert.match(problem({ days: undefined })!, /^days: .*name at least one day, or dates/);
    assert.equal(problem({ days: [], dates: ["2026-12-24"] }), undefined);
    assert.match(problem({ dates: ["2026-12-24", "2026-02-29"] })!, /^dates\[1\]: got "2026-02-29"; use dates such as/);
    assert.match(problem({ dates: ["2026-12-24", "2026-12-24"] })!, /^dates: .*each date once/);
    const both = { dates: ["2026-12-24"], exceptDates: ["2026-12-25", "2026-12-24"] };
    assert.match(problem(both)!, /^exceptDates\[1\]: .*is one of dates too/);
    assert.match(problem({ leadTime: "25h" })!, /^leadTime: got "25h"; use "auto" or .* at most 24h/);
    assert.match(problem({ days: ["tue", "tue"] })!, /^days: .*each day once/);
    for (const timezone of ["Mars/Base", "+01:00", "PST", "ACT", "", "UTC+1", "Europe/Berlin[u-ca=iso8601]"])
      assert.match(problem({ timezone })!, /^timezone: .*use an IANA time zone/, timezone);
    assert.equal(problem({ timezone: "Asia/Calcutta" }), undefined);
  });
});
