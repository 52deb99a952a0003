/** The `headroom` command as a child process, with nothing of this process's environment that could change it. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

/** A runtime of its own in a child process. */
export class Served {
  output = "";
  readonly exited: Promise<number | null>;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on("data", (data) => (this.output += String(data)));
    child.stderr?.on("data", (data) => (this.output += String(data)));
    this.exited = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  }

  static start(args: readonly string[], extra: Readonly<Record<string, string>> = {}): Served {
    return new Served(spawn(process.execPath, [entry, "serve", ...args], { env: environment(extra) }));
  }

  /** The URL of the start-up line; fails with all output when the process ends first. */
  async url(): Promise<string> {
    const find = (): string | undefined => /http:\/\/127\.0\.0\.1:\d+$/m.exec(this.output)?.[0];
    const deadline = Date.now() + 60_000;
    while (find() === undefined) {
      const next = new Promise<void>((resolve) => {
        this.child.stdout?.once("data", () => resolve());
        void this.exited.then(() => resolve());
      });
      await next;
      if (this.child.exitCode !== null || Date.now() > deadline) throw new Error(`no start-up line: ${this.output}`);
    }
    return find()!;
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

/** A folder that is gone after `use`. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "headroom-cli-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
