/** Tables and moments as people read them. */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { formatMoment, formatTable } from "../../runtime/cli/output";

describe("a table", () => {
  const word = fc.stringMatching(/^[a-z0-9=.]{1,16}$/);
  const sentence = fc.array(word, { minLength: 1, maxLength: 40 }).map((words) => words.join(" "));

  it("breaks its last column between words within the terminal's width, and loses none (property)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, sentence), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 60, max: 200 }),
        (rows, width) => {
          const lines = formatTable(["WHAT", "WHY"], rows, width).split("\n");
          ok(
            lines.every((line) => line.length <= width),
            lines.join("\n"),
          );
          deepEqual(lines.slice(1).join(" ").split(/\s+/).filter(Boolean), rows.flat().join(" ").split(" "));
        },
      ),
    );
  });

  it("is not broken where no terminal is, or where too little room is left", () => {
    const rows = [["x".repeat(50), "one two three four five six seven eight nine ten"]];
    for (const width of [undefined, 60]) equal(formatTable(["WHAT", "WHY"], rows, width).split("\n").length, 2);
    ok(formatTable(["WHAT", "WHY"], rows, 80).split("\n").length > 2);
  });
});

describe("a moment", () => {
  const nowMs = Date.UTC(2026, 10, 22, 14, 5, 10);
  for (const [atMs, text] of [
    [nowMs + 40_000, "14:05:50 UTC (in 40s)"],
    [nowMs, "14:05:10 UTC (in 0s)"],
    [nowMs - 192_000, "14:01:58 UTC (3m12s ago)"],
    [nowMs + 12 * 3_600_000, "2026-11-23 02:05:10 UTC (in 12h00m)"],
  ] as const) {
    it(`is ${text}`, () => equal(formatMoment(atMs, nowMs), text));
  }
});
