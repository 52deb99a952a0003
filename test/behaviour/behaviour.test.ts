/**
 * `docs/behaviour.md` names a test for every rule. Here: every named test exists, and those of `npm test` or of
 * `npm run test:live` passed in that run. One that was skipped, because the machine lacks what it needs, is said.
 * A row is `| rule | area | suite › title |`; several tests of a rule stand in several rows.
 */
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..", "..", "..");

interface Row {
  readonly rule: string;
  readonly area: string;
  readonly test: string;
}

/** Titles, as `scripts/mocha-reporter.cjs` writes them. */
interface Results {
  readonly passed: readonly string[];
  readonly skipped: readonly string[];
}

function readRows(): Row[] {
  const lines = readFileSync(join(root, "docs", "behaviour.md"), "utf8").split("\n");
  return lines
    .filter((line) => line.startsWith("| ") && line.includes(" › "))
    .map((line) => {
      const [rule, area, test] = line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim());
      return { rule: rule!, area: area!, test: test!.replaceAll("`", "") };
    });
}

/** Titles of an area's tests, collected without running them. */
function titlesOf(area: string): Set<string> {
  const list = join(root, "scripts", "list-titles.cjs");
  const output = execFileSync(
    process.execPath,
    [
      join(root, "node_modules", "mocha", "bin", "mocha.js"),
      "--dry-run",
      "--reporter",
      list,
      join("dist", "test", area, "**", "*.test.js"),
    ],
    { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 },
  );
  return new Set(output.split("\n"));
}

describe("behaviour table", () => {
  const rows = readRows();

  it("names a test for many rules", () => {
    assert.ok(rows.length >= 80, `only ${rows.length} rows`);
    for (const { rule, area } of rows) assert.ok(rule && area, `a row without rule or area: "${rule}" in "${area}"`);
  });

  it("names only tests that exist", function () {
    // Every file of tests is loaded for it, once.
    this.timeout(600_000);
    const missing: string[] = [];
    for (const area of new Set(rows.map((row) => row.area))) {
      const titles = titlesOf(area);
      const unknown = rows.filter((row) => row.area === area && !titles.has(row.test));
      missing.push(...unknown.map(({ rule, test }) => `${area}: "${test}" (${rule})`));
    }
    assert.deepEqual(missing, []);
  });

  it("names only tests that ran and passed", function () {
    const folder = process.env["HEADROOM_TEST_RESULTS"];
    // Only a run without named areas knows.
    if (folder === undefined) return this.skip();
    const ran = new Set((process.env["HEADROOM_TEST_AREAS"] ?? "").split(","));
    assert.ok(rows.some(({ area }) => ran.has(area)));
    const missing: string[] = [];
    const skipped: string[] = [];
    for (const area of new Set(rows.map((row) => row.area).filter((name) => ran.has(name)))) {
      const file = join(folder, `${area}.json`);
      const results: Results = existsSync(file)
        ? (JSON.parse(readFileSync(file, "utf8")) as Results)
        : { passed: [], skipped: [] };
      const [passed, notHere] = [new Set(results.passed), new Set(results.skipped)];
      for (const { rule, test } of rows.filter((row) => row.area === area && !passed.has(row.test))) {
        (notHere.has(test) ? skipped : missing).push(`${area}: "${test}" (${rule})`);
      }
    }
    for (const one of skipped) console.log(`      not shown here, its test was skipped: ${one}`);
    assert.deepEqual(missing, []);
  });
});
