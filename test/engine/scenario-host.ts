import { PulumiCommand } from "@pulumi/pulumi/automation";
import { openStack, runWithEvents } from "./automation";
import type { Program, RunStep, Scenario } from "./notation";
import { Sandbox } from "./sandbox";

interface HostTask {
  readonly base: string;
  readonly scenario: Scenario;
  readonly program: Program;
  readonly step: RunStep;
  readonly port?: number;
}

/** The process that hosts a program and is killed in the middle of its engine's work. */
async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? "") as HostTask;
  const sandbox = new Sandbox(task.base);
  // Only the run itself may write to the output file, not the commands that open the stack.
  const output = process.env["HEADROOM_ENGINE_OUTPUT"] ?? "";
  delete process.env["HEADROOM_ENGINE_OUTPUT"];
  const command = await PulumiCommand.get({ root: sandbox.engineRoot });
  const { scenario, port } = task;
  const stack = await openStack({ scenario, sandbox, command, port, isNew: false });
  process.env["HEADROOM_ENGINE_OUTPUT"] = output;
  await runWithEvents(stack, scenario, task.program, task.step, {});
}

void main();
