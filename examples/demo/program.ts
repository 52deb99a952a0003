/** The demo's Pulumi program and its stack: an ordinary user's stack, on the same engine, in a backend of its own. */
import * as automation from "@pulumi/pulumi/automation";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Runtime } from "../../runtime/main";
import { overnightWindow } from "./day";
import { declareEverything } from "./declarations";
import { automationCommand } from "../../runtime/executor/automation-command";

const packageRoot = resolve(__dirname, "..", "..", "..");

export class DemoProgram {
  private stack: automation.Stack | undefined;

  constructor(
    private readonly folder: string,
    private readonly runtime: Runtime,
  ) {}

  /** @param nightEndsInSeconds when the night lab's window closes, from now */
  async up(nightEndsInSeconds: number): Promise<void> {
    const settings = {
      upstreamAuthAddress: new URL(this.runtime.url).host,
      night: overnightWindow(Date.now(), nightEndsInSeconds),
    };
    const program = async () => declareEverything(settings);
    this.stack ??= await this.makeStack(program);
    this.stack.workspace.program = program;
    await this.stack.up();
  }

  private async makeStack(program: () => Promise<void>): Promise<automation.Stack> {
    const { runtime } = this;
    const workDir = this.makeProjectFolder();
    const pulumiCommand = await automationCommand(runtime.engine, this.folder);
    return automation.LocalWorkspace.createOrSelectStack(
      { stackName: "demo", projectName: "campus", program },
      {
        workDir,
        pulumiCommand,
        envVars: {
          PULUMI_BACKEND_URL: `file://${join(this.folder, "program-state")}`,
          PULUMI_HOME: join(this.folder, "program-home"),
          PULUMI_CONFIG_PASSPHRASE: "demo",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          // Where official distributions do not have it beside the CLI: the script that runs dynamic resources.
          PATH: `${process.env["PATH"]}:${join(packageRoot, "node_modules", "@pulumi", "pulumi")}`,
          HEADROOM_ENDPOINT: runtime.url,
          HEADROOM_API_KEY: runtime.adminKey,
        },
      },
    );
  }

  async destroy(): Promise<void> {
    await this.stack?.destroy();
  }

  /** As a user's folder looks after `npm install pulumi-headroom`. */
  private makeProjectFolder(): string {
    const workDir = join(this.folder, "program");
    mkdirSync(join(workDir, "node_modules"), { recursive: true });
    mkdirSync(join(this.folder, "program-state"), { recursive: true });
    symlinkSync(packageRoot, join(workDir, "node_modules", "pulumi-headroom"));
    symlinkSync(join(packageRoot, "node_modules", "@pulumi"), join(workDir, "node_modules", "@pulumi"));
    return workDir;
  }
}
