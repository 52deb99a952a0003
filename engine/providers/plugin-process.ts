/**
 * The processes of provider plugins. The rules kept: a plugin is its own process group, so that Ctrl-C reaches only the
 * engine; every plugin started is ended when the engine ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { CommandFailure, messageOf } from "../failure";
import type { Project } from "../stack/project";

/** Time a plugin has to end after being asked to. */
const closeMs = 5000;

export interface PluginStart {
  packageName: string;
  file: string;
  /** The package's part of the configuration, in plain text. */
  config: Record<string, string>;
  engineAddress: string;
  /** Takes a line that the plugin printed after it told its port. */
  output: (line: string) => void;
}

export class PluginProcess {
  /** Told by the first line it prints; everything after is for the user. */
  readonly port: Promise<number>;
  private readonly child: ChildProcess;

  constructor(
    project: Project,
    private readonly plugin: PluginStart,
  ) {
    const { packageName, file, config, engineAddress } = plugin;
    this.child = spawn(file, [engineAddress], {
      cwd: project.programFolder,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...process.env,
        ...(packageName === "pulumi-nodejs" ? { PULUMI_NODEJS_PROJECT: project.name } : {}),
        PULUMI_PROJECT: project.name,
        PULUMI_CONFIG: JSON.stringify(config),
      },
    });
    this.port = this.readPort();
  }

  private readPort(): Promise<number> {
    const { child } = this;
    const { file, output } = this.plugin;
    return new Promise((resolve, reject) => {
      let isReady = false;
      const errors: string[] = [];
      const fail = (reason: string): void => {
        if (!isReady) reject(new CommandFailure([`could not start plugin ${file}: ${reason}`, ...errors].join("\n")));
      };
      child.on("error", (error) => fail(messageOf(error)));
      child.on("exit", (code, signal) =>
        fail(`it ended with ${signal ?? `exit code ${code}`} before it told its port`),
      );
      if (child.stderr) {
        createInterface({ input: child.stderr }).on("line", (line) => {
          if (isReady) output(line);
          else errors.push(line);
        });
      }
      if (child.stdout) {
        createInterface({ input: child.stdout }).on("line", (line) => {
          if (isReady) return output(line);
          if (!/^\d+\s*$/.test(line)) return fail(`it printed ${JSON.stringify(line)} instead of a port`);
          isReady = true;
          resolve(Number(line));
        });
      }
    });
  }

  /** Interrupts the plugin's process group, kills it when that does not help in time. */
  end(): Promise<void> {
    const { child } = this;
    const { pid } = child;
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), closeMs);
      child.on("exit", () => {
        clearTimeout(timer);
        resolve();
      });
      signalGroup(pid, "SIGINT");
    });
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
