/** A project folder with a state of its own, in which one engine runs programs of a test. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineEvent, PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { LocalWorkspace, PulumiCommand, Stack as AutomationStack } from "@pulumi/pulumi/automation";
import { embeddedEngine, officialEngine } from "../engine/engines";
import { removeFolder } from "../support/remove-folder";
import { newOpenFolder } from "../support/open-folder";

const repositoryRoot = join(__dirname, "..", "..", "..");

/** The engines of this machine: the embedded one, and the official one when there is one. */
export function enginesPresent(): { name: string; command: string }[] {
  const official = officialEngine();
  return [embeddedEngine(), ...(official === undefined ? [] : [official])];
}

/** Resources of the state as the engine keeps them, secrets encrypted. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly parent?: string;
  readonly dependencies?: readonly string[];
}

export class Workbench {
  readonly folder = newOpenFolder("headroom-doors-");
  readonly project = join(this.folder, "project");
  readonly localRoot = join(this.folder, "local");

  constructor(
    readonly engine: { name: string; command: string },
    private readonly environment: Record<string, string> = {},
  ) {
    const modules = join(this.project, "node_modules");
    for (const folder of [modules, join(this.folder, "state"), join(this.folder, "engine", "bin")]) {
      mkdirSync(folder, { recursive: true });
    }
    // As `npm install pulumi-headroom` leaves it: the package beside what it depends on.
    symlinkSync(repositoryRoot, join(modules, "pulumi-headroom"));
    for (const name of ["@pulumi", "@grpc", "google-protobuf"]) {
      symlinkSync(join(repositoryRoot, "node_modules", name), join(modules, name));
    }
    symlinkSync(engine.command, join(this.folder, "engine", "bin", "pulumi"));
    const plugin = join(modules, "pulumi-headroom", "provider", "bin");
    const lines = [
      "name: lab",
      "runtime: nodejs",
      "plugins:",
      "  providers:",
      "    - name: headroom",
      `      path: ${plugin}`,
    ];
    writeFileSync(join(this.project, "Pulumi.yaml"), `${lines.join("\n")}\n`);
  }

  async stack(program: PulumiFn): Promise<Stack> {
    const workspace = await LocalWorkspace.create({
      workDir: this.project,
      program,
      pulumiCommand: await PulumiCommand.get({ root: join(this.folder, "engine"), skipVersionCheck: true }),
      envVars: {
        PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "correct horse",
        PULUMI_HOME: join(this.folder, "home"),
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        HEADROOM_LOCAL_ROOT: this.localRoot,
        ...this.environment,
      },
    });
    return AutomationStack.createOrSelect("organization/lab/dev", workspace);
  }

  /** Runs `up` and returns the outputs. */
  async up(program: PulumiFn): Promise<Record<string, { value: unknown; secret: boolean }>> {
    return (await (await this.stack(program)).up()).outputs;
  }

  /** Every error that the engine reports for a preview; empty when it goes through. */
  async previewErrors(program: PulumiFn): Promise<string> {
    return this.errorsOf(async (onEvent) => (await this.stack(program)).preview({ onEvent }));
  }

  /** Every line that the engine tells about a preview that goes through, with its severity. */
  async previewLines(program: PulumiFn): Promise<string[]> {
    const lines: string[] = [];
    await (
      await this.stack(program)
    ).preview({
      onEvent: ({ diagnosticEvent }) => {
        if (diagnosticEvent) lines.push(`${diagnosticEvent.severity}: ${diagnosticEvent.message}`);
      },
    });
    return lines;
  }

  async upErrors(program: PulumiFn): Promise<string> {
    return this.errorsOf(async (onEvent) => (await this.stack(program)).up({ onEvent }));
  }

  async resources(): Promise<StateResource[]> {
    const stack = await this.stack(async () => undefined);
    const exported = (await stack.exportStack()) as { deployment: { resources?: StateResource[] } };
    return exported.deployment.resources ?? [];
  }

  remove(): void {
    removeFolder(this.folder);
  }

  private async errorsOf(run: (onEvent: (event: EngineEvent) => void) => Promise<unknown>): Promise<string> {
    const messages: string[] = [];
    try {
      await run(({ diagnosticEvent }) => {
        if (diagnosticEvent?.severity === "error") messages.push(diagnosticEvent.message);
      });
      return "";
    } catch (error) {
      return messages.length > 0 ? messages.join("\n") : String(error);
    }
  }
}
