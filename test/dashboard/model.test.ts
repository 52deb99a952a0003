/** What the dashboard works out, without a browser: parts of lists, days, folded entries, charts, problems, places. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { chartOf, describeChart, newestOf } from "../../dashboard/model/chart-data";
import {
  formatClock,
  formatCount,
  formatDistance,
  formatNumber,
  formatSpan,
  nameZone,
} from "../../dashboard/model/clock-text";
import { foldDecisions } from "../../dashboard/model/fold";
import { heard, isStale, missed, neverHeard } from "../../dashboard/model/freshness";
import { lifeOf, widthsOf } from "../../dashboard/model/node-life";
import { linkTo, pages, readPlace } from "../../dashboard/model/place";
import { lookOf } from "../../dashboard/model/states";
import { daysFrom, partOfDay, startOfDay } from "../../dashboard/model/week";
import { columnsIn, moveFocus, windowOf } from "../../dashboard/model/window";
import type { DecisionView } from "../../runtime/api/contracts";
import { nodeStatuses, sessionStatuses } from "../../runtime/model/state";

const hourMs = 3_600_000;

describe("the part of a list that is drawn", () => {
  it("covers what can be seen, never more than a little around it, whatever the list and the scroll (property)", () => {
    const size = fc.integer({ min: 1, max: 2000 });
    fc.assert(
      fc.property(
        fc.nat(20_000),
        fc.integer({ min: 1, max: 12 }),
        size,
        fc.nat(900_000),
        size,
        (items, columns, rowHeight, scrolled, height) => {
          const { firstRow, endRow, rows, offset, fullHeight } = windowOf({
            items,
            columns,
            rowHeight,
            scrolled,
            height,
          });
          assert.equal(rows, Math.ceil(items / columns));
          assert.equal(fullHeight, rows * rowHeight);
          assert.equal(offset, firstRow * rowHeight);
          assert.ok(firstRow >= 0 && endRow <= rows);
          assert.ok(endRow - firstRow <= height / rowHeight + 15, "too much is drawn");
          const end = Math.max(0, fullHeight - height);
          const seenFrom = Math.min(scrolled, end);
          if (scrolled > end || rows === 0) return;
          assert.ok(offset <= seenFrom, "white above");
          assert.ok(endRow * rowHeight >= Math.min(fullHeight, seenFrom + height), "white below");
        },
      ),
    );
  });

  it("is left by no arrow key, and every item is reached by them (property)", () => {
    const key = fc.constantFrom("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End");
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(key, { maxLength: 40 }),
        (items, columns, keys) => {
          let at = 0;
          for (const pressed of keys) {
            at = moveFocus(pressed, at, { items, columns, rowsSeen: 4 })!;
            assert.ok(at >= 0 && at < items, `${pressed} led to ${at} of ${items}`);
          }
        },
      ),
    );
    assert.equal(moveFocus("a", 3, { items: 9, columns: 3, rowsSeen: 1 }), undefined);
    assert.equal(moveFocus("ArrowDown", 7, { items: 9, columns: 3, rowsSeen: 1 }), 7);
    assert.deepEqual([columnsIn(0, 100), columnsIn(350, 100)], [1, 3]);
  });
});

describe("days of the calendar", () => {
  it("have 23, 24 or 25 hours, or half of one more or less, and follow each other without a gap", () => {
    const cases = [
      ["Europe/Berlin", "2026-03-26T12:00:00Z", [24, 24, 24, 23, 24, 24, 24]],
      ["Europe/Berlin", "2026-10-22T12:00:00Z", [24, 24, 24, 25, 24, 24, 24]],
      ["America/New_York", "2026-03-05T12:00:00Z", [24, 24, 24, 23, 24, 24, 24]],
      ["Australia/Lord_Howe", "2026-04-02T03:00:00Z", [24, 24, 24, 24.5, 24, 24, 24]],
      ["Asia/Kathmandu", "2026-06-01T12:00:00Z", [24, 24, 24, 24, 24, 24, 24]],
      ["UTC", "2026-10-22T23:59:59Z", [24, 24, 24, 24, 24, 24, 24]],
    ] as const;
    for (const [zone, from, hours] of cases) {
      const days = daysFrom(Date.parse(from), 7, zone);
      assert.deepEqual(
        days.map(({ fromMs, toMs }) => (toMs - fromMs) / hourMs),
        hours,
        zone,
      );
      for (const [index, day] of days.entries()) {
        if (index > 0) assert.equal(day.fromMs, days[index - 1]!.toMs, zone);
        assert.match(formatClock(day.fromMs, day.fromMs, zone), /^00:00:00$/, zone);
      }
    }
  });

  it("begin at the same instant for every time in them (property)", () => {
    const zone = fc.constantFrom("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC");
    fc.assert(
      fc.property(zone, fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }), (timeZone, atMs) => {
        const start = startOfDay(atMs, timeZone);
        assert.ok(start <= atMs && atMs - start < 26 * hourMs);
        assert.equal(startOfDay(start, timeZone), start);
        assert.notEqual(startOfDay(start - 1, timeZone), start);
      }),
      { numRuns: 60 },
    );
  });

  it("show the part of a window that lies in them, each part once", () => {
    const days = daysFrom(Date.parse("2026-10-24T12:00:00Z"), 3, "Europe/Berlin");
    const night = { fromMs: days[0]!.toMs - 2 * hourMs, toMs: days[0]!.toMs + 6 * hourMs };
    const parts = days.map((day) => partOfDay(night, day));
    assert.deepEqual(parts, [{ start: 22 / 24, end: 1 }, { start: 0, end: 6 / 25 }, undefined]);
  });
});

function decision(changes: Partial<DecisionView> & { text?: string; code?: string }): DecisionView {
  const { text = "placed on node-1", code = "placed", ...rest } = changes;
  const reason = { code, text, numbers: {} };
  return { decisionId: "1", atMs: 1, subject: "session", subjectId: "s1", event: "placed", reason, ...rest };
}

describe("folded journal entries", () => {
  it("are one line where only ids and numbers differ, and two where the event, the reason or the words do", () => {
    const entries = [
      decision({ decisionId: "5", atMs: 5, text: "placed on node-7", subjectId: "s5" }),
      decision({ decisionId: "4", atMs: 4, text: "placed on node-2", subjectId: "s4" }),
      decision({ decisionId: "3", atMs: 3, text: "its turn came on node-2", subjectId: "s3" }),
      decision({ decisionId: "2", atMs: 2, event: "ended", code: "released", text: "released" }),
    ];
    const folded = foldDecisions(entries).map(({ newest, oldest, count }) => [
      newest.decisionId,
      oldest.decisionId,
      count,
    ]);
    assert.deepEqual(folded, [
      ["5", "4", 2],
      ["3", "3", 1],
      ["2", "2", 1],
    ]);
  });

  it("lose none, keep the order, and never hide a failure (property)", () => {
    const entry = fc.record({
      event: fc.constantFrom("placed", "failed", "refused", "ended", "dead"),
      text: fc.constantFrom("node 1 of 2", "node 2 of 2", "because of the schedule"),
      subject: fc.constantFrom("node", "session", "config") as fc.Arbitrary<DecisionView["subject"]>,
      subjectId: fc.constantFrom("a", "b"),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (given) => {
        const entries = given.map((each, index) =>
          decision({ ...each, decisionId: String(index), atMs: 1000 - index }),
        );
        const folded = foldDecisions(entries);
        assert.equal(
          folded.reduce((sum, { count }) => sum + count, 0),
          entries.length,
        );
        assert.deepEqual(
          folded.map(({ newest }) => newest.atMs),
          folded.map(({ newest }) => newest.atMs).toSorted((a, b) => b - a),
        );
        for (const { newest, count } of folded) {
          if (["failed", "refused", "dead"].includes(newest.event)) assert.equal(count, 1);
        }
      }),
    );
  });
});

describe("charts of the history", () => {
  const history = (values: Record<string, (number | null)[]>) => ({
    ...{ nowMs: 3, fromMs: 0, toMs: 180_000, stepSeconds: 60, timesMs: [0, 60_000, 120_000], minutes: [1, 0, 1] },
    series: [{ values }],
  });

  it("break where nothing is known, also in sums, and leave out what was never known", () => {
    const { times, lines } = chartOf(
      history({ nodesReady: [1, null, 3], nodesComing: [2, null, 0], nodesMax: [null, null, null] }),
      "nodes",
    );
    assert.deepEqual(times, [0, 60, 120]);
    assert.deepEqual(
      lines.map(({ label, values }) => [label, values]),
      [
        ["ready", [1, null, 3]],
        ["ready + starting", [3, null, 3]],
      ],
    );
  });

  it("are told in words with what is known last and most", () => {
    const text = describeChart(chartOf(history({ nodesReady: [1, 5, null] }), "nodes"));
    assert.equal(text, "ready: 5 now, at most 5");
    assert.match(describeChart(chartOf(history({}), "cores")), /nothing is known/);
    assert.deepEqual(newestOf({ values: { a: [1, null], b: [null, null] } }), { a: 1 });
  });
});

describe("times, spans and counts", () => {
  it("are told in the zone that is asked for, with the day where it is another one", () => {
    const atMs = Date.parse("2026-11-26T23:30:00Z");
    assert.equal(formatClock(atMs, atMs, "UTC"), "23:30:00");
    assert.equal(formatClock(atMs, atMs + 3_600_000, "UTC"), "Thu 26 Nov, 23:30".replace("Nov,", "Nov,"));
    assert.equal(formatClock(atMs, atMs + 3_600_000, "Europe/Berlin"), "00:30:00");
    assert.equal(nameZone("Europe/Berlin", atMs), "Europe/Berlin (UTC+1)");
    assert.equal(nameZone("Europe/Berlin", Date.parse("2026-07-01T00:00:00Z")), "Europe/Berlin (UTC+2)");
    assert.equal(nameZone("UTC", atMs), "UTC");
  });

  it("have a unit that fits, and what is not known is never 0", () => {
    assert.deepEqual([0, 59_400, 119_000, 120_000, 7_199_000, 7_200_000, 172_800_000].map(formatSpan), [
      "0 s",
      "59 s",
      "119 s",
      "2 min",
      "120 min",
      "2 h",
      "2 days",
    ]);
    assert.deepEqual([formatDistance(2000, 1000), formatDistance(1000, 2000)], ["in 1 s", "1 s ago"]);
    assert.deepEqual(
      [formatCount(1, "node"), formatCount(2, "entry"), formatCount(0, "session")],
      ["1 node", "2 entries", "0 sessions"],
    );
    assert.deepEqual([formatNumber(undefined), formatNumber(null), formatNumber(0)], ["–", "–", "0"]);
  });
});

describe("how old data is", () => {
  it("turns grey with the third answer that did not come, and is well with the next that did", () => {
    let freshness = heard(1000);
    for (const expected of [false, false, true]) {
      freshness = missed(freshness, "no answer");
      assert.equal(isStale(freshness), expected);
    }
    assert.deepEqual([freshness.heardAtMs, freshness.why], [1000, "no answer"]);
    assert.equal(isStale(heard(2000)), false);
    assert.equal(isStale(neverHeard), false);
  });
});

describe("places in the dashboard", () => {
  it("are read from their own links, whatever a name or a filter holds (property)", () => {
    const page = fc.constantFrom(...pages.filter((each) => each !== "overview"));
    const text = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
    fc.assert(
      fc.property(
        page,
        fc.option(text, { nil: undefined }),
        fc.dictionary(text, text, { maxKeys: 3 }),
        (of, id, filters) => {
          fc.pre(!Object.keys(filters).includes("__proto__"));
          const place = readPlace(linkTo(of, id, filters));
          assert.deepEqual([place.page, place.id], [of, id]);
          assert.deepEqual({ ...place.filters }, { ...filters });
        },
      ),
    );
    assert.equal(readPlace("#/nonsense/x").page, "overview");
    assert.equal(readPlace("#/nodes/%zz").id, "%zz");
  });
});

describe("states", () => {
  it("each have a shape and a word of their own among nodes and among sessions", () => {
    for (const statuses of [nodeStatuses, sessionStatuses]) {
      const looks = statuses.map(lookOf);
      assert.equal(new Set(looks.map(({ word }) => word)).size, statuses.length);
      assert.equal(
        new Set(looks.map(({ shape }) => shape)).size,
        statuses.length,
        looks.map(({ shape }) => shape).join(),
      );
    }
    assert.equal(lookOf("toString").word, "toString");
  });
});

describe("a node's life", () => {
  it("has a part for each state in its order, the last until now, and no part of width 0", () => {
    const journal = [
      decision({ event: "requested", atMs: 0 }),
      decision({ event: "progress", atMs: 500 }),
      decision({ event: "starting", atMs: 1000 }),
      decision({ event: "running", atMs: 3000 }),
    ];
    const life = lifeOf(journal, { status: "running", statusSinceMs: 3000 });
    assert.deepEqual(life, [
      { status: "requested", fromMs: 0, toMs: 1000 },
      { status: "starting", fromMs: 1000, toMs: 3000 },
      { status: "running", fromMs: 3000, toMs: undefined },
    ]);
    const widths = widthsOf(life, 10_000_000);
    assert.ok(widths.every((width) => width > 0) && Math.abs(widths.reduce((sum, width) => sum + width, 0) - 1) < 1e-9);
    assert.deepEqual(lifeOf([], { status: "dead", statusSinceMs: 7 }), [
      { status: "dead", fromMs: 7, toMs: undefined },
    ]);
    assert.equal(lifeOf(journal).at(-1)!.toMs, 3000);
  });
});
