/**
 * Starts the engine so that it outlives its worker: in a session of its own, with its output in a file. With a pipe it
 * would die with the worker at its next line and leave VMs behind that nobody knows; with a file it finishes the creates
 * in flight, records them and releases its lock. The file is also the update's log.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, fstatSync } from "node:fs";
import type { PulumiCommand } from "@pulumi/pulumi/automation";
import { hidePasswordsInAddresses } from "../model/secret-paths";
import { failureReason } from "./failure-reason";
import { signal as sendSignal } from "./processes";

/** The engine ended with an error. */
export class EngineFailure extends Error {
  constructor(
    /** Undefined when a signal ended it. */
    readonly exitCode: number | undefined,
    readonly endedBy: NodeJS.Signals | undefined,
    /** The last part of what it printed, without the password of the backend's address, which engines quote. */
    readonly output: string,
  ) {
    super(failureReason(output) ?? `the engine ended with ${endedBy ?? `exit code ${exitCode}`}`);
  }

  get isLocked(): boolean {
    return /the stack is currently locked by|\[409\] Conflict: Another update is currently in progress/.test(
      this.output,
    );
  }

  get isStackMissing(): boolean {
    return /no stack named.*found/.test(this.output);
  }
}

export interface EngineRun {
  /** Its output goes here. */
  readonly logFile: string;
  /** Called when the process exists, before it can have done anything but start. */
  readonly onStarted: (pid: number) => void;
}

/** What the error of a failed run quotes: enough for every diagnostic of 25 nodes. */
const outputBytesKept = 64 * 1024;

/**
 * The part of the Automation API's `PulumiCommand` that it uses of a command given to it. Its `run` is not in the
 * published types; {@link asPulumiCommand} is the one place that knows.
 */
class DetachedCommand {
  /** Stands for the parsed version, of which only the text is used. */
  readonly version: { toString(): string };

  constructor(
    readonly command: string,
    version: string,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly nextRun: EngineRun,
    private readonly onSuccess: () => void,
  ) {
    this.version = { toString: () => version };
  }

  async run(
    args: string[],
    cwd: string,
    additional: Record<string, string>,
    _onOutput?: (text: string) => void,
    _onError?: (text: string) => void,
    abort?: AbortSignal,
  ): Promise<{ stdout: string; stderr: string; code: number }> {
    const all = args.includes("--non-interactive") ? args : [...args, "--non-interactive"];
    const env = { ...this.environment, ...additional };
    const stdout = await runDetached({ command: this.command, args: all, cwd, env, run: this.nextRun, abort });
    this.onSuccess();
    return { stdout, stderr: "", code: 0 };
  }
}

export function asPulumiCommand(
  engine: { readonly command: string; readonly version: string },
  environment: NodeJS.ProcessEnv,
  run: EngineRun,
  onSuccess: () => void,
): PulumiCommand {
  return new DetachedCommand(engine.command, engine.version, environment, run, onSuccess) as unknown as PulumiCommand;
}

/** Resolves with the output, or fails with {@link EngineFailure}. */
export async function runDetached(start: {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly run: EngineRun;
  readonly abort?: AbortSignal | undefined;
}): Promise<string> {
  const child = startEngine(start.command, start.args, { ...start, logFile: start.run.logFile });
  if (child.pid !== undefined) start.run.onStarted(child.pid);
  const interrupt = () => void (child.pid !== undefined && sendSignal(child.pid, "SIGINT"));
  if (start.abort?.aborted) interrupt();
  start.abort?.addEventListener("abort", interrupt, { once: true });
  try {
    const ended = await new Promise<{ code: number | null; endedBy: NodeJS.Signals | null }>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, endedBy) => resolve({ code, endedBy }));
    });
    if (ended.code === 0) return readFileSync(start.run.logFile, "utf8");
    throw new EngineFailure(
      ended.code ?? undefined,
      ended.endedBy ?? undefined,
      hidePasswordsInAddresses(readEnd(start.run.logFile)),
    );
  } finally {
    start.abort?.removeEventListener("abort", interrupt);
  }
}

/** In a session of its own, with its output in a file. */
function startEngine(
  command: string,
  args: readonly string[],
  where: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly logFile: string },
): ChildProcess {
  const output = openSync(where.logFile, "a", 0o600);
  try {
    const { cwd, env } = where;
    return spawn(command, [...args], { cwd, env, detached: true, stdio: ["ignore", output, output] });
  } finally {
    closeSync(output);
  }
}

function readEnd(file: string): string {
  const handle = openSync(file, "r");
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, outputBytesKept));
    readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8");
  } finally {
    closeSync(handle);
  }
}
