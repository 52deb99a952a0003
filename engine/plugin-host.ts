/**
 * Finds and starts provider plugins: attached ones (PULUMI_DEBUG_PROVIDERS), then `plugins:` of Pulumi.yaml, then the
 * script that ships with `@pulumi/pulumi` for dynamic resources, then PATH, then the plugin cache (exact version).
 * The rules kept: nothing is downloaded; a plugin is its own process group, so that Ctrl-C reaches only the engine;
 * every plugin started is ended when the engine ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CommandFailure, messageOf, NotSupported } from "./failure";
import { pulumiHome } from "./home";
import type { Project } from "./project";
import { RemoteProvider } from "./provider";
import { dial } from "./rpc";

/** Time a plugin has to answer the first connection; official Pulumi gives it the same. */
const connectMs = 10_000;
/** Time a plugin has to end after being asked to. */
const closeMs = 5000;

export interface PluginHostOptions {
  project: Project;
  /** Decrypted configuration, `PACKAGE:KEY` → value. */
  config: ReadonlyMap<string, string>;
  engineAddress: () => string;
  warn: (message: string) => void;
  /** A line a plugin wrote to its output. */
  output: (line: string) => void;
}

export class PluginHost {
  private readonly open: RemoteProvider[] = [];

  constructor(private readonly options: PluginHostOptions) {}

  /** Starts or attaches to the plugin of a package. */
  async load(packageName: string, version: string | undefined): Promise<RemoteProvider> {
    const engineAddress = this.options.engineAddress();
    const port = attachedPort(packageName);
    let provider: RemoteProvider;
    if (port !== undefined) {
      const client = dial(ResourceProviderClient, `127.0.0.1:${port}`);
      await waitForConnection(client, packageName);
      const close = (): Promise<void> => Promise.resolve(client.close());
      provider = await RemoteProvider.connect({ client, engineAddress, folder: undefined, close });
    } else {
      provider = await this.start(packageName, this.find(packageName, version));
    }
    this.open.push(provider);
    if (version && !isAtLeast(provider.version, version)) {
      this.options.warn(
        `resource plugin ${packageName} is expected to have version >=${version}, but has ${provider.version}; ` +
          `the wrong version may be on your path, or this may be a bug in the plugin`,
      );
    }
    return provider;
  }

  /** Asks every provider to stop. */
  async cancel(): Promise<void> {
    await Promise.all(this.open.map((provider) => provider.cancel()));
  }

  async close(): Promise<void> {
    await Promise.all(this.open.map((provider) => provider.close()));
  }

  private find(packageName: string, version: string | undefined): string {
    const executable = `pulumi-resource-${packageName}`;
    const { project } = this.options;
    for (const plugin of project.plugins) {
      if (plugin.name !== packageName || (plugin.version && version && plugin.version !== version)) continue;
      const path = resolve(project.folder, plugin.path);
      const file = existsSync(path) && statSync(path).isDirectory() ? join(path, executable) : path;
      if (isExecutable(file)) return file;
      throw new NotSupported(`the plugin at ${path}: it is no executable (plugins from source need a language host)`);
    }
    const bundled = packageName === "pulumi-nodejs" ? dynamicProviderScript(project.programFolder) : undefined;
    const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, executable));
    const found = [...(bundled ? [bundled] : []), ...onPath, ...cachedPlugins(packageName, version)].find(isExecutable);
    if (found) return found;
    const wanted = version ? `${packageName}-v${version}` : packageName;
    throw new CommandFailure(
      `no resource plugin 'pulumi-resource-${wanted}' found in the workspace, on your $PATH or in the plugin cache ` +
        `(the embedded engine downloads none)`,
    );
  }

  private async start(packageName: string, file: string): Promise<RemoteProvider> {
    const { project, config, engineAddress } = this.options;
    const own = [...config].filter(([key]) => key.startsWith(`${packageName}:`));
    const packageConfig = Object.fromEntries(own.map(([key, value]) => [key.slice(packageName.length + 1), value]));
    const child = spawn(file, [engineAddress()], {
      cwd: project.programFolder,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...process.env,
        ...(packageName === "pulumi-nodejs" ? { PULUMI_NODEJS_PROJECT: project.name } : {}),
        PULUMI_PROJECT: project.name,
        PULUMI_CONFIG: JSON.stringify(packageConfig),
      },
    });
    const port = await readPort(child, file, this.options.output);
    const client = dial(ResourceProviderClient, `127.0.0.1:${port}`);
    const close = (): Promise<void> => {
      client.close();
      return end(child);
    };
    return RemoteProvider.connect({ client, engineAddress: engineAddress(), folder: dirname(file), close });
  }
}

function waitForConnection(client: ResourceProviderClient, packageName: string): Promise<void> {
  return new Promise((done, reject) => {
    client.waitForReady(Date.now() + connectMs, (error) => {
      if (!error) return done();
      client.close();
      const what = `${packageName} (resource) plugin [${packageName}]`;
      reject(new CommandFailure(`${what} did not begin responding to RPC connections`));
    });
  });
}

function attachedPort(packageName: string): number | undefined {
  for (const entry of (process.env.PULUMI_DEBUG_PROVIDERS ?? "").split(",")) {
    const [name, port] = entry.split(":", 2);
    if (name !== packageName) continue;
    if (!/^\d+$/.test(port ?? "")) {
      throw new CommandFailure(`Expected a numeric port, got ${port ?? ""} in PULUMI_DEBUG_PROVIDERS`);
    }
    return Number(port);
  }
  return undefined;
}

function dynamicProviderScript(programFolder: string): string | undefined {
  try {
    const manifest = createRequire(join(programFolder, "index.js")).resolve("@pulumi/pulumi/package.json");
    return join(dirname(manifest), "pulumi-resource-pulumi-nodejs");
  } catch {
    return undefined;
  }
}

/** Without a version the highest cached one comes first. */
function cachedPlugins(packageName: string, version: string | undefined): string[] {
  const folder = join(pulumiHome(), "plugins");
  const prefix = `resource-${packageName}-v`;
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(prefix)) : [];
  const versions = names
    .map((name) => name.slice(prefix.length))
    .filter((name) => /^\d/.test(name) && !name.includes(".lock"));
  const wanted = version
    ? versions.filter((name) => name === version)
    : versions.sort((a, b) => (isAtLeast(a, b) ? -1 : 1));
  return wanted.map((name) => join(folder, prefix + name, `pulumi-resource-${packageName}`));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Compares the numeric parts only: enough for a warning and for taking the newest. */
function isAtLeast(version: string, wanted: string): boolean {
  const numbers = (text: string): number[] => text.replace(/^v/, "").split(/[.+-]/).slice(0, 3).map(Number);
  const [have, want] = [numbers(version), numbers(wanted)];
  for (const index of [0, 1, 2]) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return version !== "";
}

/** The first line a plugin prints is its port; everything after is for the user. */
function readPort(child: ChildProcess, file: string, output: (line: string) => void): Promise<number> {
  return new Promise((resolvePort, reject) => {
    let isReady = false;
    const errors: string[] = [];
    const fail = (reason: string): void => {
      if (!isReady) reject(new CommandFailure([`could not start plugin ${file}: ${reason}`, ...errors].join("\n")));
    };
    child.on("error", (error) => fail(messageOf(error)));
    child.on("exit", (code, signal) => fail(`it ended with ${signal ?? `exit code ${code}`} before it told its port`));
    if (child.stderr) {
      createInterface({ input: child.stderr }).on("line", (line) => (isReady ? output(line) : errors.push(line)));
    }
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (isReady) return output(line);
        if (!/^\d+\s*$/.test(line)) return fail(`it printed ${JSON.stringify(line)} instead of a port`);
        isReady = true;
        resolvePort(Number(line));
      });
    }
  });
}

/** Interrupts the plugin's process group, kills it when that does not help in time. */
function end(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolveEnd) => {
    const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), closeMs);
    child.on("exit", () => {
      clearTimeout(timer);
      resolveEnd();
    });
    signalGroup(pid, "SIGINT");
  });
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}
