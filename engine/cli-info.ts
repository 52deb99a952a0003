/** Commands that tell what this is: version, about, whoami, plugin ls. */
import { userInfo } from "node:os";
import { parseArgs } from "./args";
import { currentProject, openBackend } from "./cli-context";
import { NotSupported } from "./failure";
import { printJson } from "./output";
import { pulumiVersion } from "./state";

/** The first line is what the Automation API parses. */
export function version(args: string[]): void {
  const isVerbose = parseArgs(args, { verbose: "switch" }).isOn("verbose");
  process.stdout.write(`v${pulumiVersion}\n${isVerbose ? "embedded engine\n" : ""}`);
}

export function about(args: string[]): void {
  const parsed = parseArgs(args, { json: "switch", stack: "value", transitive: "ignored-switch" });
  const cliAbout = {
    version: pulumiVersion,
    goVersion: "",
    goCompiler: "",
    embedded: true,
    nodeVersion: process.version,
  };
  if (parsed.isOn("json")) return printJson({ cliAbout });
  process.stdout.write(`CLI\nVersion  ${pulumiVersion}\nEngine   embedded engine\nNode     ${process.version}\n`);
}

export function whoami(args: string[]): void {
  const parsed = parseArgs(args, { json: "switch" });
  const user = userInfo().username;
  if (!parsed.isOn("json")) return void process.stdout.write(`${user}\n`);
  printJson({ user, organizations: [], url: openBackend(currentProject()).url });
}

export function plugin(args: string[]): void {
  const parsed = parseArgs(args, { json: "switch", yes: "ignored-switch", project: "ignored-switch" });
  if (parsed.words[0] !== "ls") throw new NotSupported(`the command "plugin ${parsed.words[0] ?? ""}"`);
  if (parsed.isOn("json")) printJson([]);
}
