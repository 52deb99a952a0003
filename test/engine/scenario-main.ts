import { readFileSync, writeFileSync } from "node:fs";
import type { Scenario } from "./notation";
import { Sandbox } from "./sandbox";
import { type RunPlan, ScenarioRun } from "./scenario";
import { plantSeed } from "./seed";

/** What the suite hands to the process of one scenario, in a file. */
export interface ScenarioTask {
  readonly scenario: Scenario;
  readonly plan: RunPlan;
  /** An empty folder for everything the run leaves. */
  readonly base: string;
  /** Where the recording goes. */
  readonly result: string;
}

/** One process per scenario: programs that share a process see each other's stray errors. */
async function main(): Promise<void> {
  const task = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as ScenarioTask;
  const sandbox = new Sandbox(task.base);
  sandbox.prepare(task.scenario);
  sandbox.useEngine(task.plan.commands[task.plan.firstStep ?? 0] ?? task.plan.commands.at(-1) ?? "");
  if (task.plan.seed !== undefined) plantSeed(sandbox, task.plan.seed);
  const recording = await ScenarioRun.run(task.scenario, sandbox, task.plan);
  writeFileSync(task.result, JSON.stringify(recording));
  // Connections of a killed engine may linger; the recording is written, so nothing is waited for.
  process.exit(0);
}

void main();
