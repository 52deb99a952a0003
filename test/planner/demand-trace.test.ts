/** Traces of demand that are not as they should be are refused with path and line. */
import assert from "node:assert/strict";
import { parseTrace, parseTraceStart } from "../../runtime/model/demand-trace";

describe("demand trace", () => {
  const header = "arrival_s,duration_s,cores,memory_mib,gpus,user\n";

  it("reads rows in order, blank cells as unknown", () => {
    const sessions = parseTrace(`${header}0,60,2,,,ada\r\n0,5,,,,\n7.5,0,,1024,1,\n`, "day.csv");

    assert.deepEqual(sessions, [
      { arrivalSeconds: 0, durationSeconds: 60, cores: 2, user: "ada" },
      { arrivalSeconds: 0, durationSeconds: 5 },
      { arrivalSeconds: 7.5, durationSeconds: 0, memoryMib: 1024, gpus: 1 },
    ]);
  });

  for (const [rows, told] of [
    ["5,1,,,,\n4,1,,,,", /^day\.csv:3: arrival_s 4 comes after 5; sort/],
    ["5,-1,,,,", /^day\.csv:2: duration_s -1 is negative/],
    ["-5,1,,,,", /^day\.csv:2: arrival_s -5 is negative/],
    ["5,,,,,", /^day\.csv:2: duration_s "" is not a number/],
    ["5,soon,,,,", /^day\.csv:2: duration_s "soon" is not a number/],
    ["5,1", /^day\.csv:2: 2 values, but 6 columns/],
    ["2014-08-18T00:00:00+02:00,1,,,,", /^day\.csv:2: arrival_s ".*" is a date or has a time zone/],
    ["1408320000,1,,,,", /^day\.csv:2: arrival_s 1408320000 is more than ten years/],
    ["", /^day\.csv: no sessions/],
  ] as const) {
    it(`refuses ${JSON.stringify(rows)}`, () => {
      assert.throws(() => parseTrace(header + rows, "day.csv"), { message: told });
    });
  }

  it("refuses a file without the columns", () => {
    assert.throws(() => parseTrace("start,end\n1,2", "day.csv"), {
      message: /^day\.csv:1: no column arrival_s, duration_s/,
    });
  });

  it("reads where second 0 lies, and refuses what contradicts itself", () => {
    const sidecar = { start_local: "2026-01-19T00:00:00", time_zone: "Europe/Berlin", start_weekday: "Monday" };
    const start = parseTraceStart(sidecar, "day.json");

    assert.deepEqual(start, { localMs: Date.UTC(2026, 0, 19), timeZone: "Europe/Berlin" });
    for (const [change, told] of [
      [{ start_local: "2026-01-19T00:00:00Z" }, /^day\.json: start_local .* is not a local time/],
      [{ time_zone: "Mars/Olympus" }, /^day\.json: time_zone "Mars\/Olympus" is not the name of a time zone/],
      [{ start_weekday: "Sunday" }, /^day\.json: start_weekday "Sunday", but .* is a Monday/],
    ] as const) {
      assert.throws(() => parseTraceStart({ ...sidecar, ...change }, "day.json"), { message: told });
    }
  });
});
