import assert from "node:assert/strict";
import { type Comparison, compareRecordings } from "./compare";
import { type Engine, embeddedEngine, officialEngine } from "./engines";
import type { Recording, Scenario } from "./notation";
import { givenRecordings, ownRecording, ownSeed } from "./recordings";
import { ScenarioRunner } from "./run-scenario";
import { scenarios } from "./scenarios";

/** A scenario waits for its turn, so only a suite that hangs comes near this. */
const testMsMax = 900_000;
/** A difference is explained by the first few; the rest mostly follow from them. */
const linesShownMax = 25;

/** The runs of the scenarios, each begun once and shared by the tests that compare it, and what the summary counts. */
class Suite {
  readonly embedded = embeddedEngine();
  readonly official = officialEngine();
  readonly given = new Map(givenRecordings().map((recording) => [recording.name, recording]));
  private readonly others = new Set<string>();
  private readonly runner = new ScenarioRunner();
  private readonly runs = new Map<string, Promise<Recording>>();
  private readonly counts = new Map<string, { points: number; differences: number; scenarios: number }>();

  engines(): Engine[] {
    return this.official === undefined ? [this.embedded] : [this.embedded, this.official];
  }

  /** The run of `scenario` with the engines of `commands` taking turns at its hand-overs. */
  run(scenario: Scenario, ...engines: readonly Engine[]): Promise<Recording> {
    const key = `${scenario.name} ${engines.map(({ name }) => name).join(" ")}`;
    const begun = this.runs.get(key) ?? this.begin(scenario, engines);
    this.runs.set(key, begun);
    return begun;
  }

  /** `scenario` from its first hand-over on, with the state that the official CLI left in the recording. */
  async runFromSeed(scenario: Scenario, recording: Recording, engine: Engine): Promise<Recording> {
    const seed = ownSeed(scenario.name);
    const [firstStep] = scenario.handOverAt ?? [];
    assert.ok(seed !== undefined && firstStep !== undefined, `no recorded state for ${scenario.name}`);
    const rest = await this.runner.runPlan(scenario, { commands: [engine.command], firstStep, seed });
    return { ...rest, steps: [...recording.steps.slice(0, firstStep), ...rest.steps] };
  }

  /** Fails when the two differ, with a line for each difference, and counts what was compared under `title`. */
  compare(title: string, expected: Recording, actual: Recording): void {
    const comparison = compareRecordings(expected, actual);
    const count = this.counts.get(title) ?? { points: 0, differences: 0, scenarios: 0 };
    this.counts.set(title, {
      points: count.points + comparison.points,
      differences: count.differences + comparison.differences.length,
      scenarios: count.scenarios + 1,
    });
    if (comparison.differences.length > 0) assert.fail(explain(title, comparison));
  }

  /** Which of the two right outcomes a run of the official engine had. */
  hadOther({ name, otherOutcome }: Scenario, actual: Recording): boolean {
    if (otherOutcome === undefined) return false;
    const other = ownRecording(name, otherOutcome);
    assert.ok(other !== undefined, `${name}, ${otherOutcome} is not recorded; see record.ts`);
    if (compareRecordings(other, actual).differences.length > 0) return false;
    this.others.add(`${name}: ${otherOutcome}`);
    return true;
  }

  summary(): string[] {
    const { embedded, official, given } = this;
    const missing =
      "the official CLI is missing (no HEADROOM_PULUMI, no pulumi on PATH): compared with its recordings only";
    return [
      `engines: embedded ${embedded.version}; ${official === undefined ? missing : `official ${official.version}`}`,
      ...[...this.others].map((other) => `the official engine had its other outcome: ${other}`),
      `given recordings: ${given.size === 0 ? "not there" : given.size}`,
      ...[...this.counts].map(
        ([title, { points, differences, scenarios: count }]) =>
          `${title}: ${count} scenarios, ${points} points compared, ${differences} differ`,
      ),
    ];
  }

  private begin(scenario: Scenario, engines: readonly Engine[]): Promise<Recording> {
    const begun = this.runner.runPlan(scenario, { commands: commandsByStep(scenario, engines) });
    // A failed run is reported by the tests that wait for it, which may be much later.
    begun.catch(() => undefined);
    return begun;
  }
}

function commandsByStep(scenario: Scenario, engines: readonly Engine[]): string[] {
  return scenario.steps.map((_step, index) => {
    const handedOver = (scenario.handOverAt ?? []).filter((at) => at <= index).length;
    return engines[handedOver % engines.length]?.command ?? "";
  });
}

function explain(title: string, { points, differences }: Comparison): string {
  const shown = differences.slice(0, linesShownMax).map((line) => `  ${line}`);
  const rest = differences.length > shown.length ? [`  and ${differences.length - shown.length} more`] : [];
  return [`${title}: ${differences.length} of ${points} points differ`, ...shown, ...rest].join("\n");
}

describe("every engine does what the official CLI does", function () {
  this.timeout(testMsMax);
  const suite = new Suite();
  const { embedded, official, given } = suite;

  for (const engine of suite.engines()) {
    describe(`the ${engine.name} engine ${engine.version}`, () => {
      for (const [index, scenario] of scenarios.entries()) {
        it(`${scenario.name}: ${scenario.about}`, async () => {
          const running = suite.run(scenario, engine);
          const next = scenarios[index + 1];
          // One run ahead, so that no core waits for the end of a scenario.
          if (next !== undefined) void suite.run(next, engine);
          const actual = await running;
          if (scenario.embeddedRefuses !== undefined && engine === embedded) {
            const [step] = actual.steps;
            assert.equal(step?.result, "failed");
            assert.ok(JSON.stringify(step).includes(scenario.embeddedRefuses), JSON.stringify(step?.error));
            return;
          }

          const recording = ownRecording(scenario.name);
          assert.ok(recording !== undefined, `${scenario.name} is not recorded; see record.ts`);
          if (engine === official && suite.hadOther(scenario, actual)) return;
          suite.compare(`${engine.name} and our recordings`, recording, actual);
          const givenRecording = given.get(scenario.name);
          if (givenRecording !== undefined) {
            suite.compare(`${engine.name} and the given recordings`, givenRecording, actual);
          }
        });
      }
    });
  }

  describe("the embedded engine goes on with what the official CLI left", () => {
    for (const scenario of scenarios.filter(({ handOverAt }) => handOverAt !== undefined)) {
      it(`${scenario.name}, from the recorded state`, async () => {
        const recording = ownRecording(scenario.name);
        assert.ok(recording !== undefined, `${scenario.name} is not recorded; see record.ts`);

        const actual = await suite.runFromSeed(scenario, recording, embedded);

        suite.compare("embedded after a recorded hand-over", recording, actual);
      });

      for (const turns of official === undefined
        ? []
        : [
            [official, embedded],
            [embedded, official],
          ]) {
        it(`${scenario.name}: ${turns.map(({ name }) => name).join(", ")} and back`, async () => {
          const recording = ownRecording(scenario.name);
          assert.ok(recording !== undefined, `${scenario.name} is not recorded; see record.ts`);

          const actual = await suite.run(scenario, ...turns);

          suite.compare("engines taking turns", recording, actual);
        });
      }
    }
  });

  if (official !== undefined) {
    describe("both engines on this machine", () => {
      // What the embedded engine refuses by name is shown above.
      for (const scenario of scenarios.filter(({ embeddedRefuses }) => embeddedRefuses === undefined)) {
        it(`${scenario.name}: the same`, async () => {
          const [expected, actual] = [await suite.run(scenario, official), await suite.run(scenario, embedded)];
          // Each was held against its recordings above.
          if (suite.hadOther(scenario, expected)) return;

          suite.compare("embedded and official, run side by side", expected, actual);
        });
      }
    });
  }

  after(function () {
    for (const line of suite.summary()) process.stdout.write(`  ${line}\n`);
  });
});
