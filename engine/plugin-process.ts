/**
 * The processes of provider plugins. The rules kept: a plugin is its own process group, so that Ctrl-C reaches only the
 * engine; every plugin started is ended when the engine ends; one that was started ahead of time and could not start
 * is a failure only for who asks for it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import type { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CommandFailure, messageOf } from "./failure";
import type { Greeting } from "./greeting";
import { attachedPort, findPlugin } from "./plugin-files";
import type { Project } from "./project";

/** Time a plugin has to end after being asked to. */
const closeMs = 5000;

export class PluginProcess {
  /** Told by the first line it prints; everything after is for the user. */
  readonly port: Promise<number>;
  private readonly lines: string[] = [];
  private greeted: Promise<{ client: ResourceProviderClient; greeting: Greeting }> | undefined;
  private output: ((line: string) => void) | undefined;

  constructor(
    private readonly child: ChildProcess,
    private readonly file: string,
    private readonly engineAddress: string,
  ) {
    this.port = this.readPort();
    this.port.catch(() => undefined);
  }

  /** Connects and exchanges the first words, once. A plugin that does not take them is ended. */
  greet(): Promise<{ client: ResourceProviderClient; greeting: Greeting }> {
    this.greeted ??= this.port.then(async (port) => {
      const { ResourceProviderClient: Client } =
        require("@pulumi/pulumi/proto/provider_grpc_pb") as typeof import("@pulumi/pulumi/proto/provider_grpc_pb");
      const { dial } = require("./rpc") as typeof import("./rpc");
      const { greet } = require("./greeting") as typeof import("./greeting");
      const client = dial(Client, `127.0.0.1:${port}`);
      try {
        return { client, greeting: await greet(client, this.engineAddress, dirname(this.file)) };
      } catch (error) {
        client.close();
        await this.end();
        throw error;
      }
    });
    this.greeted.catch(() => undefined);
    return this.greeted;
  }

  get hasEnded(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Passes on what the plugin prints, beginning with what it has printed already. */
  onOutput(output: (line: string) => void): void {
    this.output = output;
    this.lines.splice(0).forEach(output);
  }

  private print(line: string): void {
    if (this.output) this.output(line);
    else this.lines.push(line);
  }

  private readPort(): Promise<number> {
    const { child, file } = this;
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
          if (isReady) this.print(line);
          else errors.push(line);
        });
      }
      if (child.stdout) {
        createInterface({ input: child.stdout }).on("line", (line) => {
          if (isReady) return this.print(line);
          if (!/^\d+\s*$/.test(line)) return fail(`it printed ${JSON.stringify(line)} instead of a port`);
          isReady = true;
          resolve(Number(line));
        });
      }
    });
  }

  /** Interrupts the plugin's process group, kills it when that does not help in time. */
  end(): Promise<void> {
    return this.stop("SIGINT");
  }

  /** Ends a plugin that nobody has called: there is nothing it could have to finish. */
  discard(): Promise<void> {
    return this.stop("SIGKILL");
  }

  private stop(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    const { pid } = child;
    if (pid === undefined || this.hasEnded) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), closeMs);
      child.on("exit", () => {
        clearTimeout(timer);
        resolve();
      });
      signalGroup(pid, signal);
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

export interface PluginStart {
  packageName: string;
  file: string;
  /** The package's part of the configuration, in plain text. */
  config: Record<string, string>;
}

function keyOf({ name, programFolder }: Project, packageName: string, file: string): string {
  return [packageName, file, name, programFolder].join("\n");
}

/** Starts plugins, also ahead of time. */
export class PluginStarter {
  /** Started and not yet asked for, by everything that made them what they are. */
  private readonly waiting = new Map<string, PluginProcess>();

  constructor(private readonly engineAddress: string) {}

  /** Starts the plugin of a package that will be asked for, without configuration of its own. */
  startEarly(project: Project, packageName: string): void {
    try {
      if (attachedPort(packageName) !== undefined) return;
      const file = findPlugin(project, packageName, undefined);
      const key = keyOf(project, packageName, file);
      if (!this.waiting.has(key)) this.waiting.set(key, this.spawn(project, { packageName, file, config: {} }));
    } catch {
      // Who really needs the plugin is told why there is none.
    }
  }

  /** Greets those that were started ahead of time. */
  greet(): void {
    for (const plugin of this.waiting.values()) void plugin.greet();
  }

  start(project: Project, plugin: PluginStart): PluginProcess {
    const key = keyOf(project, plugin.packageName, plugin.file);
    const early = this.waiting.get(key);
    if (!early || early.hasEnded || Object.keys(plugin.config).length > 0) return this.spawn(project, plugin);
    this.waiting.delete(key);
    return early;
  }

  /** Ends what nobody asked for. */
  async close(): Promise<void> {
    await Promise.all([...this.waiting.values()].map((plugin) => plugin.discard()));
  }

  private spawn(project: Project, { packageName, file, config }: PluginStart): PluginProcess {
    const child = spawn(file, [this.engineAddress], {
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
    return new PluginProcess(child, file, this.engineAddress);
  }
}
