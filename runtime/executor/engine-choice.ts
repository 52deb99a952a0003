/**
 * Which `pulumi` command runs the updates: Pulumi's own CLI, or the embedded engine of this package. Chosen once at
 * start and passed on, so that every update of a process is made by the same engine and every record can name it.
 */
import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { messageOf, SetupError } from "../model/errors";

export const engineWishes = ["auto", "official", "embedded"] as const;
/** `auto` takes the official CLI when it is found, else the embedded engine. */
export type EngineWish = (typeof engineWishes)[number];

export interface Engine {
  readonly kind: "official" | "embedded";
  /** Absolute path of the `pulumi` command. */
  readonly command: string;
  /** The folder that holds `bin/pulumi`, as the Automation API wants it. */
  readonly root: string;
  /** Without the leading `v`, e.g. `3.260.0`. */
  readonly version: string;
  /** For people: `Pulumi 3.260.0` or `embedded engine 3.260.0`. */
  readonly name: string;
}

export interface EngineSearch {
  readonly wish: EngineWish;
  /** Folder of this package; holds `engine/bin/pulumi` after the build. */
  readonly packageRoot: string;
  /** Path of the official `pulumi` command, or of a folder with `bin/pulumi`: variable `HEADROOM_PULUMI`. */
  readonly officialPath?: string;
  /** Folders to look in, as in the variable `PATH`. */
  readonly searchPath?: string;
}

/** Every command answers `version` in well under a second; a longer wait means that it is none. */
const versionTimeoutMs = 20_000;

/** Finds the engine, or fails with one sentence that says what to do. */
export async function chooseEngine(search: EngineSearch): Promise<Engine> {
  if (search.wish !== "embedded") {
    const command = findOfficial(search);
    if (command !== undefined) return describe("official", command);
    if (search.wish === "official") {
      throw new SetupError(
        "the Pulumi CLI was not found; install it (https://www.pulumi.com/docs/install/), put it on PATH or set " +
          "HEADROOM_PULUMI to its path, or choose the embedded engine",
      );
    }
  }
  const command = join(search.packageRoot, "engine", "bin", "pulumi");
  if (!isExecutable(command) || !isFile(join(search.packageRoot, "dist", "engine", "main.js"))) {
    throw new SetupError(
      `the embedded engine is not built (no ${command} with dist/engine); run "npm run build" first`,
    );
  }
  return describe("embedded", command);
}

function findOfficial(search: EngineSearch): string | undefined {
  if (search.officialPath) {
    const named = resolve(search.officialPath);
    const command = [join(named, "bin", "pulumi"), join(named, "pulumi"), named].find(isExecutable);
    if (command === undefined) {
      throw new SetupError(
        `HEADROOM_PULUMI is "${search.officialPath}", where no pulumi command is; give the path of the command or of ` +
          `the folder that holds bin/pulumi`,
      );
    }
    return command;
  }
  const folders = (search.searchPath ?? "").split(delimiter).filter((folder) => folder !== "");
  const launcher = join(search.packageRoot, "node_modules", ".bin");
  const embedded = join(search.packageRoot, "engine", "bin");
  return [...folders, launcher]
    .map((folder) => join(resolve(folder), "pulumi"))
    .find((command) => dirname(command) !== embedded && isExecutable(command));
}

async function describe(kind: Engine["kind"], command: string): Promise<Engine> {
  const version = (await askVersion(command)).replace(/^v/, "");
  const root = resolve(dirname(command), "..");
  return { kind, command, root, version, name: `${kind === "official" ? "Pulumi" : "embedded engine"} ${version}` };
}

async function askVersion(command: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, ["version"], {
      timeout: versionTimeoutMs,
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    const version = stdout.trim().split("\n").at(-1) ?? "";
    if (/^v?\d+\.\d+\.\d+/.test(version)) return version;
    throw new SetupError(`"${command} version" answered "${version}", which is no version; is it a Pulumi CLI?`);
  } catch (cause) {
    if (cause instanceof SetupError) throw cause;
    throw new SetupError(`"${command} version" failed: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}
