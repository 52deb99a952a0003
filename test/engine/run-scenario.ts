import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "./engines";
import type { Recording, Scenario } from "./notation";
import type { ScenarioTask } from "./scenario-main";

/** Two scenarios at a time keep two cores busy; more only make the slow ones slower. */
const scenariosAtOnce = 2;
/** The longest scenario takes about 20 s on a loaded machine. */
const scenarioMsMax = 180_000;

/** Runs scenarios, each in a process and a folder of its own, a few at a time. */
export class ScenarioRunner {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  /** Runs `scenario` with `engine` as soon as one of the few places is free. */
  async run(scenario: Scenario, engine: Engine): Promise<Recording> {
    if (this.running >= scenariosAtOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running += 1;
    const base = realpathSync(mkdtempSync(join(tmpdir(), "headroom-engine-")));
    try {
      return await runInProcess(scenario, engine, base);
    } finally {
      rmSync(base, { recursive: true, force: true });
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}

async function runInProcess(scenario: Scenario, engine: Engine, base: string): Promise<Recording> {
  const result = join(base, "recording.json");
  const task: ScenarioTask = { scenario, command: engine.command, base: join(base, "run"), result };
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
    throw new Error(`scenario ${scenario.name} with the ${engine.name} engine ended with ${code}:\n${output}`);
  return JSON.parse(readFileSync(result, "utf8")) as Recording;
}
