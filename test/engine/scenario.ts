import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PulumiCommand, type Stack } from "@pulumi/pulumi/automation";
import { type Outcome, attachTo, openStack, runWithEvents } from "./automation";
import { applyEdit } from "./edit";
import type {
  CliStep,
  JsonObject,
  Observation,
  OutsideStep,
  Program,
  Recording,
  RunStep,
  Scenario,
  Seed,
  Step,
} from "./notation";
import { observeEvent, withoutMachine, withoutStackFrames, withoutVolatileFields } from "./observe";
import { type Sandbox, stackName } from "./sandbox";
import { takeSeed } from "./seed";
import { type RunningToyProvider, serveToyProvider } from "./toy-provider";
import { ToyWorld } from "./toy-world";

const sdkVersion = (require("@pulumi/pulumi/package.json") as { version: string }).version;
/** The provider counts as busy when calls run and none has arrived for so long. */
const quietMs = 400;
/** Waiting for the provider to become busy or idle, or for an engine to end, fails after so long. */
const waitMsMax = 100_000;

type Seen = Outcome & Pick<Observation, "cli" | "second" | "events">;

/** Which engine does which steps, and where the run begins and stops. */
export interface RunPlan {
  /** Path of the `pulumi` command for each step; the last one also for those after it. */
  readonly commands: readonly string[];
  /** Leaves out the steps before this one; `seed` is what they left. */
  readonly firstStep?: number;
  readonly seed?: Seed;
  /** Takes a seed before this step. */
  readonly seedBefore?: number;
}

/** Where a scenario runs: its folders, its world, and the provider and stack that its steps share. */
export class ScenarioRun {
  private readonly world: ToyWorld;
  private program: Program = { resources: [] };
  private callsSeen = 0;

  private constructor(
    private readonly scenario: Scenario,
    private readonly sandbox: Sandbox,
    private readonly provider: RunningToyProvider | undefined,
    private readonly silentPort: number,
    private readonly stack: Stack,
    private readonly command: PulumiCommand,
  ) {
    this.world = new ToyWorld(sandbox.world);
  }

  /** Runs all steps of `scenario` with the engine that `sandbox` was prepared for. */
  static async run(scenario: Scenario, sandbox: Sandbox, plan: RunPlan): Promise<Recording & { seed?: Seed }> {
    const silent = createServer(() => undefined);
    const silentPort = await new Promise<number>((resolve) => {
      silent.listen(0, "127.0.0.1", () => resolve((silent.address() as { port: number }).port));
    });
    const provider = scenario.provider === "plugin" ? undefined : await serveToyProvider(new ToyWorld(sandbox.world));
    const command = await PulumiCommand.get({ root: sandbox.engineRoot });
    const isNew = plan.seed === undefined;
    const stack = await openStack({ scenario, sandbox, command, port: provider?.port, isNew });
    for (const [key, value] of Object.entries(scenario.config ?? {})) await stack.setConfig(key, value);
    const run = new ScenarioRun(scenario, sandbox, provider, silentPort, stack, command);
    const steps: Observation[] = [];
    let seed: Seed | undefined;
    for (const [index, step] of scenario.steps.entries()) {
      if (index === plan.seedBefore) seed = takeSeed(sandbox);
      if (index < (plan.firstStep ?? 0)) continue;
      sandbox.useEngine(plan.commands[Math.min(index, plan.commands.length - 1)] ?? "");
      steps.push(await run.perform(step));
    }
    provider?.close();
    silent.close();
    run.endPlugins();
    const { name, about } = scenario;
    return {
      name,
      about,
      engine: String(command.version),
      sdk: sdkVersion,
      steps,
      ...(seed === undefined ? {} : { seed }),
    };
  }

  private async perform(step: Step): Promise<Observation> {
    const seen = await this.act(step);
    await this.waitUntil("the provider is idle", () => this.world.calls().running.length === 0);
    const calls = this.world.calls().calls.slice(this.callsSeen);
    this.callsSeen += calls.length;
    const state = this.sandbox.state();
    const observation: Observation = {
      step,
      ...seen,
      ...("do" in step || calls.length > 0 ? { calls } : {}),
      state: state === null ? null : (withoutVolatileFields(state) as JsonObject),
      files: this.sandbox.files(),
      world: this.world.ids(),
    };
    return { ...withoutMachine(observation, this.sandbox.base), step };
  }

  private async act(step: Step): Promise<Seen> {
    if ("cli" in step) return this.runCommandLine(step);
    if (!("do" in step)) return this.changeOutside(step);
    if (step.program !== undefined) this.program = step.program;
    if (this.scenario.program === "local") {
      writeFileSync(join(this.sandbox.project, "program.json"), JSON.stringify(this.program));
    }
    if (step.hostKilled) return this.runInKilledHost(step);
    return this.runEngine(step);
  }

  private async runEngine(step: RunStep): Promise<Seen> {
    const events: JsonObject[] = [];
    const isDisturbed = step.interrupt !== undefined || step.second !== undefined;
    if (isDisturbed) this.world.hold();
    const running = runWithEvents(this.stack, this.scenario, this.program, step, {
      event: (event) => events.push(observeEvent(event)),
      hook: (call) => this.world.beginCall(call)({}),
    });
    const beside = Promise.all([this.interrupt(step), this.runSecond(step)]).finally(() => this.world.release());
    const outcome = await running;
    const [, second] = await beside;
    return { ...(second === undefined ? {} : { second }), ...outcome, events };
  }

  private async interrupt(step: RunStep): Promise<void> {
    if (step.interrupt === undefined) return;
    await this.waitUntilBusy(step);
    const pid = this.sandbox.enginePid();
    const cancels = this.countCalls("cancel");
    process.kill(pid, step.interrupt.signal);
    if (step.interrupt.signal === "SIGKILL") return;
    await this.waitUntil("the provider is told to cancel", () => this.countCalls("cancel") > cancels);
    if (step.interrupt.againAfterMs === undefined) return;
    await sleep(step.interrupt.againAfterMs);
    process.kill(pid, step.interrupt.signal);
    await this.waitUntil("the engine has ended", () => !isAlive(pid));
  }

  private async runSecond(step: RunStep): Promise<Observation["second"]> {
    if (step.second === undefined) return undefined;
    await this.waitUntilBusy(step);
    return this.spawnEngine(["up", "--yes", "--skip-preview", "--stack", stackName], this.provider?.port);
  }

  /** The engine's host dies, the engine lives on: its output file is the only witness of its result. */
  private async runInKilledHost(step: RunStep): Promise<Seen> {
    const output = join(this.sandbox.base, "engine.log");
    const task = {
      base: this.sandbox.base,
      scenario: this.scenario,
      program: this.program,
      step,
      port: this.provider?.port,
    };
    this.world.hold();
    const host = spawn(process.execPath, [join(__dirname, "scenario-host.js"), JSON.stringify(task)], {
      stdio: "inherit",
      env: { ...process.env, HEADROOM_ENGINE_OUTPUT: output },
    });
    await this.waitUntilBusy(step);
    const pid = this.sandbox.enginePid();
    const hasEnded = new Promise((resolve) => host.once("close", resolve));
    host.kill("SIGKILL");
    await hasEnded;
    await sleep(quietMs);
    this.world.release();
    await this.waitUntil("the engine has ended", () => !isAlive(pid));
    return { error: withoutStackFrames(readFileSync(output, "utf8")) };
  }

  private async runCommandLine(step: CliStep): Promise<Seen> {
    const port = step.attached ? this.provider?.port : this.silentPort;
    let args = [...step.cli];
    if (step.edit !== undefined) {
      const file = join(this.sandbox.base, "edited.json");
      const exported = await this.spawnEngine(["stack", "export", "--stack", stackName], port);
      writeFileSync(file, JSON.stringify(applyEdit(JSON.parse(exported.stdout) as JsonObject, step.edit)));
      args = args.map((argument) => (argument === "FILE" ? file : argument));
    }
    return { cli: await this.spawnEngine(args, port) };
  }

  private async spawnEngine(
    args: readonly string[],
    port: number | undefined,
  ): Promise<NonNullable<Observation["cli"]>> {
    const child = spawn(this.command.command, args, {
      cwd: this.sandbox.project,
      env: { ...process.env, ...this.sandbox.environment(), ...attachTo(port) },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: waitMsMax,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, stdout: withoutTimesInJson(stdout), stderr: withoutStackFrames(stderr) };
  }

  private changeOutside(step: OutsideStep): Seen {
    if ("unlock" in step) rmSync(this.sandbox.lockFolder(), { recursive: true, force: true });
    else if (step.world === "change") {
      // Ids depend on the order of creation, so a step may mean all things.
      for (const id of step.id === "*" ? this.world.ids() : [step.id]) this.world.change(id, step.set);
    } else if (step.world === "add") this.world.put({ id: step.id, inputs: step.inputs, outputs: { ...step.inputs } });
    else for (const id of step.ids) this.world.remove(id);
    return {};
  }

  private countCalls(name: string): number {
    return this.world.calls().calls.filter(({ call }) => call === name).length;
  }

  private async waitUntilBusy({ busyCalls = 1 }: RunStep): Promise<void> {
    let count = -1;
    let sinceMs = Date.now();
    await this.waitUntil("the provider is busy", () => {
      const { calls, running } = this.world.calls();
      if (running.length < busyCalls || calls.length !== count) {
        count = calls.length;
        sinceMs = Date.now();
        return false;
      }
      return Date.now() - sinceMs >= quietMs;
    });
  }

  private async waitUntil(what: string, isSo: () => boolean): Promise<void> {
    const untilMs = Date.now() + waitMsMax;
    while (!isSo()) {
      if (Date.now() > untilMs) throw new Error(`${this.scenario.name}: after ${waitMsMax} ms still not so: ${what}`);
      await sleep(20);
    }
  }

  /** Plugins outlive a killed engine; the ones of this world are ended by their process ids. */
  private endPlugins(): void {
    const file = join(this.sandbox.world, "pids");
    for (const line of existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []) {
      if (isAlive(Number(line))) process.kill(Number(line), "SIGKILL");
    }
  }
}

function withoutTimesInJson(text: string): string {
  try {
    return JSON.stringify(withoutVolatileFields(JSON.parse(text) as JsonObject));
  } catch {
    return text;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A dead process that nobody has waited for still takes signals.
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) [ZX] /.test(readFileSync(stat, "utf8"));
}
