/**
 * The runtime's windows against the oracle, for every time zone that changes its clock in 2024 to 2030. Zones that
 * change alike are one group. By default each group is walked minute by minute around every change and through days
 * spread over the seven years, and each zone of it around every change. `HEADROOM_ORACLE=full` walks every minute of all
 * years for every group. `HEADROOM_SEED` repeats a run.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDefinition, weekdays, type AutoscaleConfig } from "../../runtime/model/config";
import type { ConfigState } from "../../runtime/model/state";
import { WallClocks } from "../../runtime/model/wall-clock";
import { leadOf, nextChangeMs, WindowCache, type Window } from "../../runtime/planner/config/windows";
import { agentConfigDoc, scheduleDoc } from "../support/builders";
import { Clock, dayMs, minuteMs, Minutes, Rules, type ScheduleDoc } from "./schedule-oracle";

const [fromMs, toMs] = [Date.UTC(2024, 0, 1), Date.UTC(2031, 0, 1)];
const isFull = process.env["HEADROOM_ORACLE"] === "full";
const seed = Number(process.env["HEADROOM_SEED"] ?? Date.now() % 1_000_000_000);
const hour = 60;

interface Group {
  readonly zones: Clock[];
  readonly changes: readonly { readonly atMs: number; readonly aheadMs: number }[];
}

function groupsOfZones(): Group[] {
  const groups = new Map<string, Group>();
  for (const timezone of Intl.supportedValuesOf("timeZone")) {
    const clock = new Clock(timezone);
    const changes = clock.changes(fromMs, toMs);
    if (changes.length === 0) continue;
    const key = JSON.stringify([clock.aheadMs(fromMs), changes]);
    const group = groups.get(key) ?? { zones: [], changes };
    group.zones.push(clock);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A schedule with what its lead goes by, in minutes. */
interface Case {
  readonly doc: ScheduleDoc;
  readonly leadMinutes: number;
}

const two = (part: number) => String(part).padStart(2, "0");
const anyTime = fc.nat(24 * 60 - 1).map((of) => `${two(Math.floor(of / 60))}:${two(of % 60)}`);
/** Where clocks are set, and where days end. */
const start = fc.oneof(
  anyTime,
  fc.constantFrom("00:00", "00:30", "01:00", "01:30", "02:00", "02:30", "03:00", "23:30"),
);
const end = fc.oneof(anyTime, start, fc.constantFrom("23:59", "23:59:59", "24:00", "02:15:20"));

/** Dates near the changes are the interesting ones. */
function casesFor({ zones, changes }: Group): fc.Arbitrary<Case> {
  const near = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -2, max: 2 }));
  const date = fc
    .oneof(
      near.map(([{ atMs }, days]) => atMs + days * dayMs),
      fc.integer({ min: fromMs, max: toMs }),
    )
    .map((atMs) => new Date(atMs).toISOString().slice(0, 10));
  const dates = fc.uniqueArray(date, { maxLength: 12 });
  return fc
    .record({ days: fc.subarray([...weekdays]), dates, exceptDates: dates, start, end, lead: leads })
    .filter(({ days, dates: single }) => days.length + single.length > 0)
    .map(({ lead: [leadTime, leadMinutes], exceptDates, ...doc }) => {
      const others = exceptDates.filter((one) => !doc.dates.includes(one));
      return {
        doc: scheduleDoc({ ...doc, exceptDates: others, leadTime, timezone: zones[0]!.timezone }),
        leadMinutes,
      };
    });
}

const leads = fc.oneof(
  fc.constant(["0s", 0] as const),
  fc.constantFrom(["90m", 90] as const, ["24h", 24 * hour] as const, ["600s", 10] as const),
  fc.integer({ min: 1, max: 60 }).map((minutes) => ["auto", minutes] as const),
);

/** The runtime's answers for one case, asked as the runtime asks: through its cache, with time going on. */
class Subject {
  private readonly cache = new WindowCache();
  private readonly clocks = new WallClocks();
  private readonly config: AutoscaleConfig = parseDefinition("autoscaleConfig", agentConfigDoc());
  private readonly schedules;
  private readonly state: ConfigState;
  private readonly snapshot;

  constructor({ doc, leadMinutes }: Case, timezone: string) {
    this.schedules = [parseDefinition("schedule", { ...doc, timezone })];
    this.state = { autoscaleConfig: "agents", bootSeconds: [leadMinutes * 60] };
    this.snapshot = { schedulesOf: () => this.schedules, configStates: new Map([["agents", this.state]]) };
  }

  at(atMs: number): Window {
    return this.cache.at(this.config, this.snapshot, atMs);
  }

  nextChangeMs(atMs: number): number | undefined {
    return nextChangeMs(this.schedules, atMs, leadOf(this.config, this.state), this.clocks);
  }
}

let minutesJudged = 0;
let changesJudged = 0;

/** Every minute of the span, for every case. */
function judge(clock: Clock, cases: readonly Case[], spanFromMs: number, count: number): void {
  const beyond = Math.max(...cases.map(({ leadMinutes }) => leadMinutes));
  const minutes = new Minutes(clock, spanFromMs, count, beyond);
  for (const one of cases) {
    const active = minutes.activity(new Rules(one.doc), one.leadMinutes);
    const flips = nextFlips(active);
    const subject = new Subject(one, clock.timezone);
    let last: Window | undefined;
    for (let index = 0; index < count; index += 1) {
      const atMs = spanFromMs + index * minuteMs;
      const window = subject.at(atMs);
      if (window.isActive !== (active[index] === 1)) fail(one, clock, atMs, `isActive ${window.isActive}`);
      if (window !== last) judgeChange({ one, subject, clock, flips, spanFromMs, index });
      last = window;
    }
  }
  minutesJudged += count * cases.length;
}

/** For each minute the next one that differs; -1 = none in sight. */
function nextFlips(active: Uint8Array): Int32Array {
  const flips = new Int32Array(active.length).fill(-1);
  for (let index = active.length - 2; index >= 0; index -= 1) {
    flips[index] = active[index] === active[index + 1] ? flips[index + 1]! : index + 1;
  }
  return flips;
}

/** The next change that the runtime tells is the next one that the oracle sees; it may lie within a minute. */
function judgeChange(found: {
  readonly one: Case;
  readonly subject: Subject;
  readonly clock: Clock;
  readonly flips: Int32Array;
  readonly spanFromMs: number;
  readonly index: number;
}): void {
  const { one, subject, clock, flips, spanFromMs, index } = found;
  const flip = flips[index]!;
  const atMs = spanFromMs + index * minuteMs;
  const changeMs = subject.nextChangeMs(atMs) ?? Infinity;
  const told = Math.ceil(changeMs / minuteMs) * minuteMs;
  const endMs = spanFromMs + (flips.length - one.leadMinutes) * minuteMs;
  const seen = flip < 0 ? Infinity : spanFromMs + flip * minuteMs;
  if (seen >= endMs ? told < endMs : told !== seen) fail(one, clock, atMs, `next change ${told}, seen ${seen}`);
  changesJudged += 1;
}

function fail(one: Case, { timezone }: Clock, atMs: number, said: string): never {
  assert.fail(`${timezone} at ${new Date(atMs).toISOString()}: ${said}; seed ${seed}, ${JSON.stringify(one)}`);
}

describe("schedule, against an oracle", () => {
  const groups = groupsOfZones();
  const casesOf = new Map(
    groups.map((group, index) => [group, fc.sample(casesFor(group), { seed: seed + index, numRuns: 6 })]),
  );
  after(() => {
    const zones = groups.reduce((sum, group) => sum + group.zones.length, 0);
    const changes = groups.reduce((sum, group) => sum + group.changes.length, 0);
    console.log(
      `      seed ${seed}, ${isFull ? "every minute of 2024-2030" : "around every change and on days in between"}: ` +
        `${zones} zones in ${groups.length} groups with ${changes} changes of the clock; ` +
        `${minutesJudged} minutes and ${changesJudged} next changes judged`,
    );
  });

  it("knows the zones that change their clock", () => {
    const names = new Set(groups.flatMap(({ zones }) => zones.map(({ timezone }) => timezone)));
    for (const known of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
      assert.ok(names.has(known), known);
    assert.ok(!names.has("Asia/Tokyo") && names.size > 100, String(names.size));
  });

  it("is active exactly when the wall clock says so, around every change of the clock in every group of zones", function () {
    this.timeout(600_000);
    for (const [{ zones, changes }, cases] of casesOf) {
      for (const { atMs } of changes) judge(zones[0]!, cases, atMs - 2 * dayMs, 4 * 24 * hour);
    }
  });

  it("is active exactly when the wall clock says so, around every change of the clock in every zone", function () {
    this.timeout(600_000);
    for (const [{ zones, changes }, cases] of casesOf) {
      const short = cases.filter(({ leadMinutes }) => leadMinutes <= 90).slice(0, 2);
      for (const clock of zones.slice(1)) {
        for (const { atMs } of changes) judge(clock, short, atMs - 2 * hour * minuteMs, 4 * hour);
      }
    }
  });

  it(`is active exactly when the wall clock says so, ${isFull ? "every minute" : "on days spread over"} 2024 to 2030`, function () {
    this.timeout(0);
    for (const [{ zones }, cases] of casesOf) {
      const stepMs = isFull ? 20 * dayMs : 97 * dayMs;
      const lengthMs = isFull ? stepMs : 1.5 * dayMs;
      for (let spanMs = fromMs; spanMs < toMs; spanMs += stepMs) {
        judge(zones[0]!, cases, spanMs, Math.min(lengthMs, toMs - spanMs) / minuteMs);
      }
    }
  });
});
