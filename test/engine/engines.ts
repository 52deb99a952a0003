import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { repositoryRoot } from "./sandbox";

/** An engine of this machine that the suite runs. */
export interface Engine {
  readonly name: "embedded" | "official";
  readonly version: string;
  /** Absolute path of its `pulumi` command. */
  readonly command: string;
}

/** Names the official CLI: the path of its `pulumi` command, or of a folder that holds `bin/pulumi`. */
const officialVariable = "HEADROOM_PULUMI";

/** The embedded engine, which is always there once the project is built. */
export function embeddedEngine(): Engine {
  const command = join(repositoryRoot, "engine", "bin", "pulumi");
  return { name: "embedded", version: versionOf(command), command };
}

/** The official CLI, when HEADROOM_PULUMI names it or `pulumi` is on PATH. */
export function officialEngine(): Engine | undefined {
  const command = officialCommand();
  return command === undefined ? undefined : { name: "official", version: versionOf(command), command };
}

function officialCommand(): string | undefined {
  const named = process.env[officialVariable];
  if (named !== undefined && named !== "") {
    const command = existsSync(named) && statSync(named).isDirectory() ? join(named, "bin", "pulumi") : named;
    if (!existsSync(command)) throw new Error(`${officialVariable}=${named}: there is no ${command}`);
    return command;
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, "pulumi")).find((command) => existsSync(command));
}

function versionOf(command: string): string {
  return execFileSync(command, ["version"], {
    encoding: "utf8",
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  }).trim();
}
