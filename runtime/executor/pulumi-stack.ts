/**
 * One lane's stack through the Automation API, with one engine process for each operation: the stack's name is fully
 * qualified (no `select`), its configuration is written by us (no `config set`), and results come from events and the
 * state (no `output`, no `history`). The only file that uses the Automation API.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { LocalWorkspace, Stack, type EngineEvent } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { writeDurably } from "./durable-file";
import { asPulumiCommand, EngineFailure, runDetached, type EngineRun } from "./engine-command";
import { engineEnvironment } from "./engine-environment";
import type { FileBackend } from "./file-backend";
import type { Installation } from "./installation";
import type { LaneFolder } from "./lane-folder";
import { deploymentSchema, stateFormat, type Deployment } from "./stack-state";

/** Creates wait for a cloud, not for this machine: all of a lane's nodes go at once. */
const parallelSteps = 64;
const exportSchema = z.object({ version: z.int(), deployment: deploymentSchema });

export interface StackOptions {
  readonly installation: Installation;
  readonly backend: FileBackend | undefined;
  readonly folder: LaneFolder;
  readonly revision: number;
  readonly isOffline: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly onStarted: EngineRun["onStarted"];
  /** Asked right before whatever changes the stack; fails when it may not be. */
  readonly permit: () => Promise<void>;
  readonly abort: AbortSignal;
}

export class PulumiStack {
  private readonly env: NodeJS.ProcessEnv;

  constructor(private readonly options: StackOptions) {
    const { installation, folder, environment, isOffline } = options;
    this.env = engineEnvironment(installation, environment, { laneId: folder.laneId, isOffline });
  }

  /** Makes the stack if it is not there. */
  async initialise(): Promise<void> {
    const { backend, folder } = this.options;
    const marker = this.initialisedFile();
    // It names the backend: in another one the stack may be missing.
    const mark = createHash("sha256").update(this.options.installation.backendUrl).digest("hex");
    const isMade = backend?.hasStack(folder.stack) ?? (existsSync(marker) && readFileSync(marker, "utf8") === mark);
    if (isMade) return;
    await this.options.permit();
    if (backend) return backend.initialiseStack(folder.stack);
    try {
      await this.run("init", [
        "stack",
        "init",
        folder.qualifiedStack,
        "--no-select",
        "--secrets-provider",
        "passphrase",
      ]);
    } catch (error) {
      if (!(error instanceof EngineFailure && error.output.includes("already exists"))) throw error;
    }
    await writeDurably(marker, mark);
  }

  /** @param work.exclude URNs that stay as they are, whatever the program declares. */
  async up(
    {
      program,
      exclude = [],
    }: { readonly program: () => Promise<void>; readonly exclude?: readonly string[] | undefined },
    onEvent: (event: EngineEvent) => void = () => undefined,
  ): Promise<void> {
    const { folder, abort, permit } = this.options;
    const { stack, hasEnded } = await this.automation("up", program);
    await permit();
    try {
      await stack.up({
        continueOnError: true,
        exclude: [...exclude],
        parallel: parallelSteps,
        suppressOutputs: true,
        suppressProgress: true,
        color: "never",
        configFile: folder.configFile,
        signal: abort,
        onEvent,
      });
    } catch (error) {
      // After the engine's own success only the program's process can complain, about promises it still holds.
      if (error instanceof EngineFailure || !hasEnded()) throw error;
    }
  }

  /** Runs a program that changes nothing; takes no lock. */
  async preview(program: () => Promise<void>, onEvent: (event: EngineEvent) => void = () => undefined): Promise<void> {
    const { folder, abort } = this.options;
    const { stack, hasEnded } = await this.automation("preview", program);
    try {
      await stack.preview({
        configFile: folder.configFile,
        suppressProgress: true,
        color: "never",
        signal: abort,
        onEvent,
      });
    } catch (error) {
      if (error instanceof EngineFailure || !hasEnded()) throw error;
    }
  }

  /** Reads these resources from the cloud into the state. */
  async refresh(urns: readonly string[]): Promise<void> {
    const targets = urns.flatMap((urn) => ["--target", urn]);
    await this.options.permit();
    await this.run("refresh", ["refresh", "--yes", "--skip-preview", ...this.selection(), ...targets]);
  }

  /** The state as it is now; undefined when nothing was ever deployed. */
  async readDeployment(): Promise<Deployment | undefined> {
    const { backend, folder } = this.options;
    if (backend) return backend.readDeployment(folder.stack);
    const file = join(folder.path, "export.json");
    try {
      await this.run("export", ["stack", "export", "--file", file, "--stack", folder.qualifiedStack]);
      return exportSchema.parse(JSON.parse(await readFile(file, "utf8"))).deployment;
    } catch (error) {
      if (!(error instanceof EngineFailure && error.isStackMissing)) throw error;
      await rm(this.initialisedFile(), { force: true });
      return undefined;
    } finally {
      await rm(file, { force: true });
    }
  }

  /** Replaces the state. The engine checks it, and takes the lock meanwhile. */
  async writeDeployment(deployment: Deployment): Promise<void> {
    const file = join(this.options.folder.path, "import.json");
    try {
      await writeDurably(file, JSON.stringify({ ...stateFormat(deployment), deployment }));
      await this.options.permit();
      await this.run("import", ["stack", "import", "--file", file, "--stack", this.options.folder.qualifiedStack]);
    } finally {
      await rm(file, { force: true });
    }
  }

  /** Removes all locks of the stack, whoever holds them. */
  async cancel(): Promise<void> {
    await this.options.permit();
    await this.run("cancel", ["cancel", "--yes", this.options.folder.qualifiedStack]);
  }

  /**
   * The caller knows that nothing is left but Pulumi providers, which no cloud knows of. A stack that is gone already is
   * no failure.
   */
  async remove(): Promise<void> {
    const { permit, folder } = this.options;
    await permit();
    try {
      await this.run("remove", ["stack", "rm", "--yes", "--force", "--preserve-config", folder.qualifiedStack]);
    } catch (error) {
      if (!(error instanceof EngineFailure && error.isStackMissing)) throw error;
    }
  }

  private initialisedFile(): string {
    return join(this.options.folder.path, "initialised");
  }

  private selection(): string[] {
    const { folder } = this.options;
    return ["--stack", folder.qualifiedStack, "--config-file", folder.configFile];
  }

  private async run(operation: string, args: readonly string[]): Promise<string> {
    const { installation, folder, abort } = this.options;
    return runDetached({
      command: installation.engine.command,
      args: [...args, "--non-interactive"],
      cwd: folder.path,
      env: this.env,
      run: await this.newRun(operation),
      abort,
    });
  }

  private async newRun(operation: string): Promise<EngineRun> {
    const { folder, revision, onStarted } = this.options;
    return { logFile: await folder.newLogFile(operation, revision), onStarted };
  }

  private async automation(
    operation: string,
    program: () => Promise<void>,
  ): Promise<{ stack: Stack; hasEnded: () => boolean }> {
    const { installation, folder } = this.options;
    const run = await this.newRun(operation);
    let ended = false;
    const command = asPulumiCommand(installation.engine, this.env, run, () => (ended = true));
    const workspace = await LocalWorkspace.create({ workDir: folder.path, program, pulumiCommand: command });
    // The stack exists already: selecting it would cost a process and change a file that others read.
    Object.assign(workspace, { createStack: () => Promise.resolve() });
    const stack = await Stack.create(folder.qualifiedStack, workspace);
    // Two processes each, for what the events and the state already told.
    Object.assign(stack, { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) });
    return { stack, hasEnded: () => ended };
  }
}
