import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "./engines";
import type { Recording, Scenario, Seed } from "./notation";
import type { RunPlan } from "./scenario";
import type { ScenarioTask } from "./scenario-main";

/** Two scenarios at a time keep two cores busy; more only make the slow ones slower. */
const scenariosAtOnce = 2;
/** The longest scenario takes about 10 s, and twenty times as long on a machine that is busy with everything else. */
const scenarioMsMax = 300_000;

/** Runs scenarios, each in a process and a folder of its own, a few at a time. */
export class ScenarioRunner {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  /** Runs `scenario` with `engine` as soon as one of the few places is free. */
  run(scenario: Scenario, engine: Engine): Promise<Recording> {
    return this.runPlan(scenario, { commands: [engine.command] });
  }

  /** The same with engines that take turns, or from the middle. */
  async runPlan(scenario: Scenario, plan: RunPlan): Promise<Recording & { readonly seed?: Seed }> {
    if (this.running >= scenariosAtOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running += 1;
    const base = realpathSync(mkdtempSync(join(tmpdir(), "headroom-engine-")));
    try {
      return await runInProcess(scenario, plan, base);
    } finally {
      // A killed engine's plugin may still be writing.
      rmSync(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}

async function runInProcess(scenario: Scenario, plan: RunPlan, base: string): Promise<Recording> {
  const result = join(base, "recording.json");
  const task: ScenarioTask = { scenario, plan, base: join(base, "run"), result };
  const taskFile = join(base, "task.json");
  writeFileSync(taskFile, JSON.stringify(task));
  const child = spawn(process.execPath, [join(__dirname, "scenario-main.js"), taskFile], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: scenarioMsMax,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0)
    throw new Error(`scenario ${scenario.name} with ${plan.commands.join(", ")} ended with ${code}:\n${output}`);
  return JSON.parse(readFileSync(result, "utf8")) as Recording;
}
