import { compareRecordings } from "./compare";
import { type Engine, officialEngine } from "./engines";
import type { Recording, Scenario } from "./notation";
import { ownRecording, writeOwnRecording, writeOwnSeed } from "./recordings";
import { ScenarioRunner } from "./run-scenario";
import type { RunPlan } from "./scenario";
import { scenarios } from "./scenarios";

/** An outcome that depends on which of two things comes first is waited for so long; on a busy machine it comes soon. */
const runsMax = 60;

/**
 * Records what the official CLI does: `node dist/test/engine/record.js [SCENARIO...]`, with HEADROOM_PULUMI naming the CLI.
 * A scenario is run twice and recorded only when both runs mean the same, so that no recording holds what came by chance.
 */
async function main(names: readonly string[]): Promise<void> {
  const engine = officialEngine();
  if (engine === undefined) throw new Error("recording needs the official CLI: set HEADROOM_PULUMI to its path");
  const chosen = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`no such scenario: ${unknown.join(", ")}`);
  const runner = new ScenarioRunner();
  const recorded = await Promise.all(chosen.map((scenario) => recordOne(runner, scenario, engine)));
  const failed = recorded.filter((isRecorded) => !isRecorded).length;
  process.stdout.write(`${recorded.length - failed} recorded with ${engine.version}, ${failed} not\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function recordOne(runner: ScenarioRunner, scenario: Scenario, engine: Engine): Promise<boolean> {
  try {
    const { otherOutcome } = scenario;
    // Two runs don't tell which of the two it is: the first one is recorded anew only when its file was removed.
    if (otherOutcome !== undefined && ownRecording(scenario.name) !== undefined) {
      return await recordOther(runner, scenario, otherOutcome, engine);
    }
    const plan: RunPlan = { commands: [engine.command], ...seedBefore(scenario) };
    const [first, second] = await Promise.all([runner.runPlan(scenario, plan), runner.runPlan(scenario, plan)]);
    const { points, differences } = compareRecordings(first, second);
    if (differences.length === 0) {
      const { seed, ...recording } = first;
      writeOwnRecording(recording);
      if (seed !== undefined) writeOwnSeed(scenario.name, seed);
    }
    process.stdout.write(`${scenario.name}: ${points} points, ${differences.length} differ between two runs\n`);
    for (const line of differences) process.stdout.write(`    ${line}\n`);
    return differences.length === 0;
  } catch (error) {
    process.stdout.write(`${scenario.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

/** Runs the scenario until its other outcome came twice. */
async function recordOther(
  runner: ScenarioRunner,
  scenario: Scenario,
  outcome: string,
  engine: Engine,
): Promise<boolean> {
  const usual = ownRecording(scenario.name);
  const others: Recording[] = [];
  for (let runs = 1; runs <= runsMax; runs += 1) {
    const run = await runner.run(scenario, engine);
    if (usual === undefined || compareRecordings(usual, run).differences.length === 0) continue;
    const isSeenTwice = others.some((other) => compareRecordings(other, run).differences.length === 0);
    others.push(run);
    if (!isSeenTwice) continue;
    writeOwnRecording(run, outcome);
    process.stdout.write(`${scenario.name}, ${outcome}: seen twice in ${runs} runs\n`);
    return true;
  }
  process.stdout.write(`${scenario.name}, ${outcome}: not seen twice in ${runsMax} runs\n`);
  return false;
}

function seedBefore(scenario: Scenario): Pick<RunPlan, "seedBefore"> {
  const [first] = scenario.handOverAt ?? [];
  return first === undefined ? {} : { seedBefore: first };
}

void main(process.argv.slice(2));
