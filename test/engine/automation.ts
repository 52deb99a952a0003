import {
  type EngineEvent,
  LocalWorkspace,
  type PreviewResult,
  type PulumiCommand,
  type Stack,
  type UpOptions,
  type UpResult,
} from "@pulumi/pulumi/automation";
import type { JsonObject, Observation, Program, RunStep, Scenario } from "./notation";
import { withoutStackFrames } from "./observe";
import { declareProgram } from "./program";
import { type Sandbox, projectName, stackName } from "./sandbox";

/** What the Automation API tells of a run. */
export type Outcome = Pick<Observation, "result" | "errorClass" | "error" | "returned">;
/** What {@link openStack} needs to know. */
export interface StackOpening {
  readonly scenario: Scenario;
  readonly sandbox: Sandbox;
  readonly command: PulumiCommand;
  /** Where the attached provider listens. */
  readonly port: number | undefined;
  /** Whether the stack has to be made. */
  readonly isNew: boolean;
}

type PulumiReturned = Partial<UpResult & PreviewResult>;

/** Opens the scenario's stack through the Automation API, without the extra engine runs that ask for outputs and history. */
export async function openStack(opening: StackOpening): Promise<Stack> {
  const { scenario, sandbox, command, port, isNew } = opening;
  const plugins =
    scenario.provider === "plugin" ? { plugins: { providers: [{ name: "toy", path: "../plugin" }] } } : {};
  const options = {
    workDir: sandbox.project,
    pulumiCommand: command,
    projectSettings: { name: projectName, runtime: "nodejs", ...plugins },
    envVars: { ...sandbox.environment(), ...attachTo(port) },
  };
  const local = { stackName, workDir: sandbox.project };
  const inline = { stackName, projectName, program: async () => ({}) };
  const stack = isNew
    ? await (scenario.program === "local"
        ? LocalWorkspace.createStack(local, options)
        : LocalWorkspace.createStack(inline, options))
    : await (scenario.program === "local"
        ? LocalWorkspace.selectStack(local, options)
        : LocalWorkspace.selectStack(inline, options));
  if (!scenario.stock) {
    stack.outputs = async () => ({});
    stack.info = async () => undefined;
  }
  return stack;
}

/** Runs one step of a scenario and says how it ended. */
export async function runWithEvents(
  stack: Stack,
  scenario: Scenario,
  program: Program,
  step: RunStep,
  on: { readonly event?: (event: EngineEvent) => void; readonly hook?: (call: JsonObject) => void },
): Promise<Outcome> {
  const inline = scenario.program === "local" ? {} : { program: () => declareProgram(program, on.hook) };
  const options = {
    ...inline,
    suppressProgress: true,
    onEvent: on.event ?? (() => undefined),
    ...step.options,
    target: [...(step.options?.target ?? [])],
    exclude: [...(step.options?.exclude ?? [])],
  };
  try {
    const returned = await runOnce(stack, step, options);
    return { result: "succeeded", ...(scenario.stock ? { returned: observeReturned(returned) } : {}) };
  } catch (error) {
    const { name, message } = describeError(error);
    return { result: "failed", errorClass: name, error: withoutStackFrames(message) };
  }
}

function runOnce(stack: Stack, step: RunStep, options: UpOptions): Promise<PulumiReturned> {
  switch (step.do) {
    case "up":
      return stack.up(options);
    case "preview":
      return stack.preview(options);
    case "refresh":
      return stack.refresh(withoutProgram(options));
    case "destroy":
      return stack.destroy(withoutProgram(options));
    default:
      return step.do satisfies never;
  }
}

function observeReturned({ summary, outputs, changeSummary }: PulumiReturned): JsonObject {
  const { kind, result, message, resourceChanges } = summary ?? {};
  const config = Object.fromEntries(
    Object.entries(summary?.config ?? {}).map(([key, { value, secret }]) => [key, { value, secret }]),
  );
  return JSON.parse(
    JSON.stringify({ kind, result, message, resourceChanges, config, outputs, changeSummary }),
  ) as JsonObject;
}

/** Refresh and destroy would run the program if they were given one. */
function withoutProgram(options: UpOptions): Omit<UpOptions, "program"> {
  const rest = { ...options };
  delete rest.program;
  return rest;
}

function describeError(error: unknown): { name: string; message: string } {
  return error instanceof Error
    ? { name: error.constructor.name, message: error.message }
    : { name: typeof error, message: String(error) };
}

/** Environment that makes an engine use the provider at `port` instead of starting one. */
export function attachTo(port: number | undefined): Record<string, string> {
  return port === undefined ? {} : { PULUMI_DEBUG_PROVIDERS: `toy:${port}` };
}
