/**
 * The real deciding half of the runtime in a simulated world, with every rule checked after every event: seeds that once
 * failed, and some fresh ones. `HEADROOM_SEED` gives the first fresh seed.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { faultKinds, type FaultKind } from "../../runtime/sim/faults";
import { simulate, type SimulationOptions, type SimulationReport } from "../../runtime/sim/simulation";

const root = join(__dirname, "..", "..", "..");

interface CorpusEntry {
  readonly seed: number;
  readonly events: number;
  readonly without?: readonly FaultKind[];
  readonly only?: readonly string[];
  readonly note: string;
}

const corpus = JSON.parse(readFileSync(join(root, "test", "sim", "corpus.json"), "utf8")) as CorpusEntry[];
const freshSeeds = 4;
const freshEvents = 8_000;

async function expectNoViolation(options: SimulationOptions): Promise<SimulationReport> {
  const report = await simulate(options);
  const command = `npm run sim -- --seed ${options.seed} --events ${options.events}`;
  assert.deepEqual(report.violations, [], `${command} breaks a rule`);
  return report;
}

describe("simulation", () => {
  for (const { seed, events, without = [], only, note } of corpus) {
    it(`keeps every rule with seed ${seed}, which once did not: ${note}`, async () => {
      await expectNoViolation({ seed, events, without: new Set(without), ...(only ? { only: new Set(only) } : {}) });
    });
  }

  const { HEADROOM_SEED: chosen } = process.env;
  const first = chosen === undefined ? Date.now() % 1_000_000_000 : Number(chosen);
  it(`keeps every rule and comes to rest, seeds ${first} to ${first + freshSeeds - 1}`, async () => {
    let sessions = 0;
    for (let seed = first; seed < first + freshSeeds; seed += 1) {
      const report = await expectNoViolation({ seed, events: freshEvents });
      sessions += report.sessions;
    }
    assert.ok(sessions > 0, "nobody asked for anything");
  });

  it("sees that nobody is served when no node token is accepted", async () => {
    const rules = new Set<string>();
    for (let seed = 1; seed <= 6; seed += 1) {
      const { violations } = await simulate({ seed, events: 1_500, areTokensVoid: true });
      for (const { rule } of violations) rules.add(rule);
    }

    assert.ok(rules.has("a serviceable session is served"), `broken: ${[...rules].join(", ") || "nothing"}`);
  });

  it("has each of its kinds of trouble described in docs/simulation.md, and no others", () => {
    const page = readFileSync(join(root, "docs", "simulation.md"), "utf8");
    const table = page.slice(page.indexOf("| --- |"), page.indexOf("## What is checked"));
    const named = [...table.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(
      ([, cell = ""]) => cell.match(/\w+/g) ?? [],
    );

    assert.deepEqual(named.toSorted(), faultKinds.toSorted());
  });

  it("replays a seed to the same hash, also in another process", async () => {
    const here = await simulate({ seed: first, events: 4_000 });
    const command = [
      join(root, "dist", "runtime", "sim", "main.js"),
      "--seed",
      String(first),
      "--events",
      "4000",
      "--json",
    ];
    const there = JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" })) as SimulationReport;

    assert.equal(there.hash, here.hash);
    assert.equal(there.events, here.events);
    const other = await simulate({ seed: first + 1, events: 4_000 });
    assert.notEqual(other.hash, here.hash);
  });
});
