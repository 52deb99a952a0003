/**
 * Connects to provider plugins, attached or started.
 * The rule kept: every plugin is asked to stop before it is ended.
 */
import { dirname } from "node:path";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CommandFailure } from "../failure";
import type { Project } from "../stack/project";
import { greet } from "./handshake";
import { attachedPort, findPlugin, isAtLeast } from "./plugin-files";
import { PluginProcess } from "./plugin-process";
import { RemoteProvider } from "./provider";
import { dial } from "./rpc";

/** Time a plugin has to answer the first connection; official Pulumi gives it the same. */
const connectMs = 10_000;

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
      const close = (): Promise<void> => Promise.resolve(client.close());
      await waitForConnection(client, packageName);
      const greeting = await greet(client, engineAddress, undefined).catch(async (error: unknown) => {
        await close();
        throw error;
      });
      provider = new RemoteProvider({ client, greeting, close });
    } else {
      provider = await this.start(packageName, findPlugin(this.options.project, packageName, version));
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

  private async start(packageName: string, file: string): Promise<RemoteProvider> {
    const { project, config, output } = this.options;
    const engineAddress = this.options.engineAddress();
    const own = [...config].filter(([key]) => key.startsWith(`${packageName}:`));
    const packageConfig = Object.fromEntries(own.map(([key, value]) => [key.slice(packageName.length + 1), value]));
    const plugin = new PluginProcess(project, { packageName, file, config: packageConfig, engineAddress, output });
    const client = dial(ResourceProviderClient, `127.0.0.1:${await plugin.port}`);
    const close = (): Promise<void> => {
      client.close();
      return plugin.end();
    };
    try {
      const greeting = await greet(client, engineAddress, dirname(file));
      return new RemoteProvider({ client, greeting, close });
    } catch (error) {
      await close();
      throw error;
    }
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
