/** The `headroom` command as a child process, with nothing of this process's environment that could change it. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/until";
import { removeFolder } from "../support/remove-folder";
import { newOpenFolder } from "../support/open-folder";

const entry = join(__dirname, "..", "..", "runtime", "cli", "main.js");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function environment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("HEADROOM_"));
  return { ...Object.fromEntries(kept), ...extra };
}

/** Runs one command to its end. */
export function headroom(args: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], { env: environment(extra), timeout: 60_000 });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => (stdout += String(data)));
    child.stderr.on("data", (data) => (stderr += String(data)));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** What runtimes on one database must have in common, beside the backend. */
export const sharedFiles = ["passphrase", "encryption-salt", "node-token-secret", "secrets-key"] as const;

export function shareSecrets(from: string, to: string, files: readonly string[] = sharedFiles): void {
  mkdirSync(to, { recursive: true });
  for (const file of files) copyFileSync(join(from, file), join(to, file));
}

/** A runtime of its own in a child process. */
export class Served {
  output = "";
  readonly exited: Promise<number | null>;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on("data", (data) => (this.output += String(data)));
    child.stderr?.on("data", (data) => (this.output += String(data)));
    this.exited = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  }

  /**
   * Starts it and hands it over with its URL. It never stays behind; what `use` does not end is killed, and the error of a
   * `use` that fails ends with what the runtime said last.
   */
  static async run<Result>(
    args: readonly string[],
    extra: Readonly<Record<string, string>>,
    use: (served: Served, url: string) => Promise<Result>,
  ): Promise<Result> {
    const served = new Served(
      spawn(process.execPath, [entry, "serve", "--allow-local", ...args], { env: environment(extra) }),
    );
    try {
      return await use(served, await served.url());
    } catch (error) {
      if (error instanceof Error) error.message += `\nthe runtime said last:\n${served.output.slice(-2000)}`;
      throw error;
    } finally {
      if (served.isRunning) await served.end("SIGKILL");
    }
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The URL of the start-up line. */
  private async url(): Promise<string> {
    const find = (): string | undefined => /https?:\/\/127\.0\.0\.1:\d+$/m.exec(this.output)?.[0];
    await until("the start-up line is there", () => !this.isRunning || find() !== undefined);
    return find() ?? assert.fail(`ended with ${this.child.exitCode ?? this.child.signalCode} before its start-up line`);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

/** A folder that is gone after `use`. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = newOpenFolder("headroom-cli-");
  try {
    return await use(folder);
  } finally {
    removeFolder(folder);
  }
}
