/** What a run is asked for: demand in words and in files, changes, waits to keep; and what is refused, with its place. */
import assert from "node:assert/strict";
import { parseTrace, traceStartAssumed } from "../../runtime/model/demand-trace";
import { SeededRng } from "../../runtime/sim/rng";
import { simCatalog } from "../../runtime/sim/site";
import { parseBoot } from "../../runtime/simulate/boots";
import { parseChange, variantsOf, withChanges } from "../../runtime/simulate/changes";
import { parseDefinitions } from "../../runtime/simulate/definitions-file";
import { describedSessions, parseDemand, realSpan } from "../../runtime/simulate/described-demand";
import { parseKeep } from "../../runtime/simulate/keep";
import { traceDemand } from "../../runtime/simulate/trace-demand";
import { serverSite } from "./site";

function sessionsOf(text: string, days: number, timeZone = "UTC") {
  const span = { firstDay: "2026-03-23", days, timeZone };
  return describedSessions([parseDemand(text)], span, { rng: new SeededRng(1), onlyWorkspace: "desktop" });
}

describe("demand in words", () => {
  it("brings so many people, on these days, within that time, for so long", () => {
    const sessions = sessionsOf("30 students, Mondays and Thursdays 13:00, 90 minutes, within 5 minutes", 14);

    assert.equal(sessions.length, 4 * 30);
    for (const { atMs, holdMs } of sessions) {
      const at = new Date(atMs);
      assert.ok([1, 4].includes(at.getUTCDay()) && at.getUTCHours() === 13 && at.getUTCMinutes() < 5);
      assert.equal(holdMs, 90 * 60_000);
    }
    assert.equal(new Set(sessions.slice(0, 30).map(({ userId }) => userId)).size, 30);
  });

  it("keeps to the wall clock when daylight saving begins", () => {
    const hours = sessionsOf("1 user, daily 13:00, 1 hour", 8, "Europe/Berlin").map(({ atMs }) =>
      new Date(atMs).getUTCHours(),
    );

    assert.deepEqual(hours, [12, 12, 12, 12, 12, 12, 11, 11]);
    const { fromMs, toMs } = realSpan({ firstDay: "2026-03-29", days: 1, timeZone: "Europe/Berlin" });
    assert.equal(toMs - fromMs, 23 * 3_600_000);
  });

  for (const text of [
    "",
    "students",
    "0 students, Mondays 13:00, 90 minutes",
    "30 students, Moondays 13:00, 90 minutes",
    "30 students, Mondays 25:00, 90 minutes",
    "30 students, Mondays 13:00, 90",
    "30 students, Mondays 13:00, 90 minutes, in 5 minutes",
    "30 students, Mondays 13:00, 90 minutes, within 5 minutes, desktop",
  ]) {
    it(`refuses "${text}" and tells what would be understood`, () => {
      assert.throws(() => parseDemand(text), /--demand: .* is not understood; say how many, when, how long/);
    });
  }
});

describe("demand of a trace", () => {
  const trace = (rows: string, start = traceStartAssumed) =>
    traceDemand({
      path: "t.csv",
      sessions: parseTrace(`arrival_s,duration_s,user\n${rows}`, "t.csv"),
      start,
      workspaceOf: () => "desktop",
    });

  it("is played at the times of its rows", () => {
    const { fromMs, sessions } = trace("60,600,ann\n90,30,\n");

    assert.deepEqual(
      sessions.map(({ atMs, holdMs, userId }) => [atMs - fromMs, holdMs, userId]),
      [
        [60_000, 600_000, "ann"],
        [90_000, 30_000, "row-2"],
      ],
    );
  });

  it("keeps to its own wall clock when daylight saving begins", () => {
    const start = { localMs: Date.UTC(2026, 2, 28, 12), timeZone: "Europe/Berlin" };
    const { fromMs, sessions } = trace("0,60,\n86400,60,\n", start);

    assert.deepEqual([fromMs, sessions[1]!.atMs - fromMs], [Date.UTC(2026, 2, 28, 11), 23 * 3_600_000]);
  });
});

describe("changes", () => {
  it("make a variant for each value of a path that is given twice, in all combinations", () => {
    const changes = ["a.x=1", "a.y=2", "a.x=3"].map(parseChange);

    assert.deepEqual(
      variantsOf(changes).map((variant) => variant.map(({ path, value }) => `${path}=${String(value)}`)),
      [
        ["a.x=1", "a.y=2"],
        ["a.x=3", "a.y=2"],
      ],
    );
    assert.deepEqual(variantsOf([]), []);
  });

  it("change the definition that they name and no other", () => {
    const site = serverSite();
    const changed = withChanges(site, [parseChange("desktops.minimumAvailableSessions=5")], simCatalog);

    const differing = changed.filter((definition, index) => definition !== site[index]);
    assert.deepEqual(
      differing.map(({ name, doc }) => [name, doc["minimumAvailableSessions"]]),
      [["desktops", 5]],
    );
  });

  for (const [change, wanted] of [
    ["desktops", /--set: got "desktops"/],
    ["nobody.minNodes=1", /--set nobody.minNodes: nothing, or more than one thing, .*autoscaleConfig\/desktops/],
    ["desktops.minimumAvailableSessions=-1", /--set desktops.minimumAvailableSessions: minimumAvailableSessions/],
    ["desktops.downscaleBackoff=soon", /--set desktops.downscaleBackoff: downscaleBackoff/],
    ["desktops.standbyy=1", /standbyy/],
  ] as const) {
    it(`refuse ${change}`, () => {
      assert.throws(() => withChanges(serverSite(), [parseChange(change)], simCatalog), wanted);
    });
  }
});

describe("other inputs of a simulation", () => {
  it("are definitions as the API answers them, in JSON or YAML", () => {
    const list = [{ kind: "zone", name: "eu", doc: { name: "eu" } }];

    assert.deepEqual(parseDefinitions(JSON.stringify({ definitions: list }), "d.json"), list);
    assert.deepEqual(parseDefinitions("- { kind: zone, name: eu, doc: { name: eu } }", "d.yaml"), list);
    assert.throws(
      () => parseDefinitions("- { kind: zon, name: eu, doc: {} }", "d.yaml"),
      /d.yaml: definitions\[0\].kind/,
    );
    assert.throws(() => parseDefinitions("7", "d.yaml"), /d.yaml: use a list/);
    assert.throws(() => parseDefinitions("{", "d.yaml"), /d.yaml is neither JSON nor YAML/);
  });

  it("are boots, one or a range", () => {
    assert.deepEqual(parseBoot("90s..4m"), { lowSeconds: 90, highSeconds: 240 });
    assert.deepEqual(parseBoot("120s"), { lowSeconds: 120, highSeconds: 120 });
    for (const text of ["", "fast", "4m..90s", "1s..2s..3s"]) assert.throws(() => parseBoot(text), /--boot: got/);
  });

  it("are waits to keep; whoever is not served was not served in time", () => {
    const waits = { served: 100, refused: 0, unfinished: 0, shareWaited: 0.05, p95Seconds: 30 };
    const isKept = (text: string, more: object) => parseKeep(text).isKept({ ...waits, ...more } as never);

    assert.deepEqual([isKept("5% within 0s", {}), isKept("5%", { shareWaited: 0.051 })], [true, false]);
    assert.deepEqual([isKept("p95 <= 30s", {}), isKept("p95<=29s", {})], [true, false]);
    assert.deepEqual([isKept("p95 <= 30s", { refused: 1 }), isKept("5%", { unfinished: 1 })], [false, false]);
    for (const text of ["", "p95", "p90 <= 30s", "5% within 10s"]) assert.throws(() => parseKeep(text), /--keep: got/);
  });
});
