import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { JsonObject, Scenario } from "./notation";

export const projectName = "proj";
export const stackName = "dev";
/** The repository's root, seen from the compiled files in dist/test/engine. */
export const repositoryRoot = join(__dirname, "..", "..", "..");

/** The folders of one scenario run, all below `base`. */
export class Sandbox {
  readonly project: string;
  readonly backend: string;
  readonly world: string;
  readonly engineRoot: string;
  /** The stack's settings file. */
  readonly settings: string;
  private readonly home: string;
  private readonly pidFile: string;

  constructor(readonly base: string) {
    this.project = join(base, "project");
    this.settings = join(this.project, `Pulumi.${stackName}.yaml`);
    this.backend = join(base, "state");
    this.world = join(base, "world");
    this.engineRoot = join(base, "engine");
    this.home = join(base, "home");
    this.pidFile = join(base, "engine.pid");
  }

  /** Makes the folders and the project of `scenario`. */
  prepare(scenario: Scenario): void {
    for (const folder of [this.project, this.backend, this.world, this.home]) mkdirSync(folder, { recursive: true });
    symlinkSync(join(repositoryRoot, "node_modules"), join(this.project, "node_modules"));
    if (scenario.program === "local") {
      const program = JSON.stringify(join(__dirname, "program.js"));
      writeFileSync(join(this.project, "package.json"), JSON.stringify({ name: projectName, main: "index.js" }));
      writeFileSync(
        join(this.project, "index.js"),
        `module.exports = require(${program}).declareProgramFile(require("node:path").join(__dirname, "program.json"));\n`,
      );
    }
    if (scenario.provider === "plugin") {
      const plugin = join(this.base, "plugin");
      mkdirSync(plugin);
      const main = JSON.stringify(join(__dirname, "toy-plugin.js"));
      writeExecutable(join(plugin, "pulumi-resource-toy"), `#!${process.execPath}\nrequire(${main});\n`);
    }
  }

  /**
   * Puts a launcher for the engine at `command` where the Automation API finds it. It leaves the engine's process id in a file,
   * and sends its output to the file named by HEADROOM_ENGINE_OUTPUT when that is set.
   */
  useEngine(command: string): void {
    mkdirSync(join(this.engineRoot, "bin"), { recursive: true });
    const lines = [
      "#!/bin/sh",
      `echo $$ > '${this.pidFile}'`,
      `if [ -n "$HEADROOM_ENGINE_OUTPUT" ]; then exec '${command}' "$@" > "$HEADROOM_ENGINE_OUTPUT" 2>&1; fi`,
      `exec '${command}' "$@"`,
    ];
    writeExecutable(this.launcher(), `${lines.join("\n")}\n`);
  }

  launcher(): string {
    return join(this.engineRoot, "bin", "pulumi");
  }

  /** The process started last by the launcher. */
  enginePid(): number {
    return Number(readFileSync(this.pidFile, "utf8"));
  }

  /** Environment of every engine process; nothing in it reaches beyond this machine or this folder. */
  environment(): Record<string, string> {
    return {
      PULUMI_BACKEND_URL: `file://${this.backend}`,
      PULUMI_CONFIG_PASSPHRASE: "correct horse",
      PULUMI_HOME: this.home,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
      PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL: "true",
      TOY_WORLD: this.world,
    };
  }

  /** The stack's checkpoint without times, source positions and manifest; null when there is no stack. */
  state(): JsonObject | null {
    const file = join(this.backend, ".pulumi", "stacks", projectName, `${stackName}.json`);
    if (!existsSync(file)) return null;
    const parsed = JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest?: JsonObject } };
    return parsed.checkpoint.latest ?? null;
  }

  /** How many files of each kind the backend holds, as `COUNT PATH` with changing parts named. */
  files(): string[] {
    const root = join(this.backend, ".pulumi");
    const counts = new Map<string, number>();
    for (const entry of existsSync(root) ? readdirSync(root, { recursive: true, withFileTypes: true }) : []) {
      // The official engine keeps checksums beside its files; nothing needs them.
      if (!entry.isFile() || entry.name.endsWith(".attrs")) continue;
      const path = `./${relative(root, join(entry.parentPath, entry.name))}`;
      const named = path.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID").replace(/\d{15,}/g, "NANOS");
      counts.set(named, (counts.get(named) ?? 0) + 1);
    }
    return [...counts.keys()].sort().map((path) => `${counts.get(path)} ${path}`);
  }

  lockFolder(): string {
    return join(this.backend, ".pulumi", "locks");
  }
}

function writeExecutable(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}
