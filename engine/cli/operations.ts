/** The commands that run an operation: up, preview, refresh, destroy. */
import { availableParallelism } from "node:os";
import { CommandFailure, exitCodes, NotSupported } from "../failure";
import { runOperation } from "../operation/operation";
import { readPassphrase } from "../stack/secrets";
import { type FlagTable, parseArgs, type ParsedArgs } from "./args";
import { openStack } from "./context";

type Operation = "up" | "preview" | "refresh" | "destroy";

const commonFlags: FlagTable = {
  stack: "value",
  client: "value",
  "event-log": "value",
  "exec-kind": "value",
  "config-file": "value",
  parallel: "value",
  "continue-on-error": "switch",
  "suppress-outputs": "switch",
  "suppress-progress": "ignored-switch",
  yes: "switch",
  "skip-preview": "switch",
};
const ownFlags: Record<Operation, FlagTable> = {
  up: { refresh: "switch", exclude: "list" },
  preview: {},
  refresh: { target: "list", "clear-pending-creates": "switch" },
  destroy: { target: "list", "exclude-protected": "switch" },
};

export async function runOperationCommand(command: Operation, args: string[]): Promise<void> {
  const parsed = parseArgs(args, { ...commonFlags, ...ownFlags[command] });
  refuse(command, parsed);
  const stack = openStack(parsed.value("stack"));
  readPassphrase();
  await runOperation({
    ...stack,
    client: parsed.value("client"),
    eventLog: parsed.value("event-log"),
    configFile: parsed.value("config-file"),
    execKind: parsed.value("exec-kind") ?? "cli",
    clearPendingCreates: parsed.isOn("clear-pending-creates"),
    suppressOutputs: parsed.isOn("suppress-outputs"),
    options: {
      kind: command === "up" || command === "preview" ? "update" : command,
      isPreview: command === "preview",
      parallel: parallelism(parsed.value("parallel")),
      continueOnError: parsed.isOn("continue-on-error"),
      refreshFirst: parsed.isOn("refresh"),
      targets: parsed.list("target"),
      excludes: parsed.list("exclude"),
      excludeProtected: parsed.isOn("exclude-protected"),
    },
  });
}

function refuse(command: Operation, parsed: ParsedArgs): void {
  if (parsed.words.length > 0) throw new NotSupported(`programs from elsewhere (${parsed.words.join(" ")})`);
  if (parsed.isOn("exclude-protected") && parsed.list("target").length > 0) {
    throw new CommandFailure("You cannot specify --target and --exclude-protected", exitCodes.configuration);
  }
  if (command !== "preview" && !parsed.isOn("yes") && !parsed.isOn("skip-preview")) {
    throw new CommandFailure(
      "--yes or --skip-preview must be passed in to proceed when running in non-interactive mode",
      exitCodes.configuration,
    );
  }
}

/** How many steps may run side by side: four per processor by default, as official Pulumi does. */
function parallelism(text: string | undefined): number {
  if (text === undefined) return availableParallelism() * 4;
  if (!/^-?\d+$/.test(text))
    throw new CommandFailure(`invalid argument "${text}" for "--parallel"`, exitCodes.configuration);
  return Math.max(1, Number(text));
}
