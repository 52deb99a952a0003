/** The commands that run an operation: up, preview, refresh, destroy. */
import { availableParallelism } from "node:os";
import { type FlagTable, parseArgs, type ParsedArgs } from "./args";
import { openStack } from "./cli-context";
import { CommandFailure, exitCodes, NotSupported } from "./failure";
import type { OperationRequest } from "./operation-request";
import { readPassphrase } from "./secrets";

const commonFlags: FlagTable = {
  stack: "value",
  client: "value",
  "event-log": "value",
  "exec-kind": "value",
  "exec-agent": "ignored-value",
  "config-file": "value",
  config: "list",
  message: "value",
  parallel: "value",
  "continue-on-error": "switch",
  "expect-no-changes": "switch",
  "suppress-outputs": "switch",
  "suppress-progress": "ignored-switch",
  "suppress-permalink": "ignored-value",
  "skip-plugin-pre-install": "ignored-switch",
  "show-config": "ignored-switch",
  "show-full-output": "ignored-switch",
  "show-replacement-steps": "ignored-switch",
  "show-sames": "ignored-switch",
  "show-reads": "ignored-switch",
  diff: "ignored-switch",
  debug: "ignored-switch",
  yes: "switch",
  "skip-preview": "switch",
  "run-program": "switch",
};
const flagTables: Record<string, FlagTable> = {
  up: {
    ...commonFlags,
    refresh: "value",
    replace: "list",
    "target-replace": "list",
    target: "list",
    "target-dependents": "switch",
    exclude: "list",
  },
  preview: { ...commonFlags, refresh: "value", replace: "list", target: "list", "target-dependents": "switch" },
  refresh: {
    ...commonFlags,
    target: "list",
    "target-dependents": "switch",
    "clear-pending-creates": "switch",
    "skip-pending-creates": "ignored-switch",
    "preview-only": "switch",
  },
  destroy: {
    ...commonFlags,
    refresh: "value",
    target: "list",
    "target-dependents": "switch",
    "exclude-protected": "switch",
    remove: "switch",
    "preview-only": "switch",
  },
};

export async function runOperationCommand(
  command: "up" | "preview" | "refresh" | "destroy",
  args: string[],
): Promise<void> {
  // `refresh` may come as a bare switch: `--refresh` means `--refresh=true`.
  const parsed = parseArgs(
    args.map((arg) => (arg === "--refresh" || arg === "-r" ? "--refresh=true" : arg)),
    flagTables[command] as FlagTable,
  );
  const isPreview = command === "preview" || parsed.isOn("preview-only");
  refuse(command, parsed, isPreview);
  const { backend, project, name } = openStack(parsed.value("stack"));
  readPassphrase();
  const { runOperation } = require("./operation") as typeof import("./operation");
  const request: OperationRequest = {
    backend,
    project,
    name,
    client: parsed.value("client"),
    eventLog: parsed.value("event-log"),
    configFile: parsed.value("config-file"),
    config: parsed.list("config"),
    message: parsed.value("message") ?? "",
    execKind: parsed.value("exec-kind") ?? "cli",
    clearPendingCreates: parsed.isOn("clear-pending-creates"),
    suppressOutputs: parsed.isOn("suppress-outputs"),
    expectNoChanges: parsed.isOn("expect-no-changes"),
    options: {
      kind: command === "up" || command === "preview" ? "update" : command,
      isPreview,
      parallel: parallelism(parsed.value("parallel")),
      continueOnError: parsed.isOn("continue-on-error"),
      refreshFirst: parsed.value("refresh") === "true",
      targets: parsed.list("target"),
      targetDependents: parsed.isOn("target-dependents"),
      replaceTargets: parsed.list("replace"),
      excludes: command === "up" ? parsed.list("exclude") : [],
      excludeProtected: parsed.isOn("exclude-protected"),
    },
  };
  await runOperation(request);
  if (parsed.isOn("remove") && !isPreview) {
    await backend.remove(name);
    process.stdout.write(`The resources in the stack have been deleted, and the stack is gone with its history.\n`);
  }
}

function refuse(command: string, parsed: ParsedArgs, isPreview: boolean): void {
  if (parsed.isOn("run-program")) throw new NotSupported("the flag --run-program");
  const isUpdate = command === "up" || command === "preview";
  if (isUpdate && parsed.list("target").length > 0)
    throw new NotSupported(`the flag --target of ${command} (only refresh and destroy)`);
  if (parsed.list("target-replace").length > 0) throw new NotSupported("the flag --target-replace");
  if (parsed.words.length > 0) throw new NotSupported(`programs from elsewhere (${parsed.words.join(" ")})`);
  if (parsed.isOn("exclude-protected") && parsed.list("target").length > 0) {
    throw new CommandFailure("You cannot specify --target and --exclude-protected", exitCodes.configuration);
  }
  if (!isPreview && !parsed.isOn("yes") && !parsed.isOn("skip-preview")) {
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
