#!/usr/bin/env node
/**
 * The `headroom` command. Exit codes: 0 done, 1 a fault of ours, 2 bad input, 3 the environment (unreachable, port
 * taken, no engine), 4 refused by the runtime.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { addBackup } from "./commands/backup";
import { addCompletion } from "./commands/completion";
import { addDoctor } from "./commands/doctor";
import { addImport } from "./commands/import";
import { addLanes } from "./commands/lanes";
import { addNodes } from "./commands/nodes";
import { addBudgets } from "./commands/budgets";
import { addOrphans } from "./commands/orphans";
import { addReadCommands } from "./commands/read";
import { addSecrets } from "./commands/secrets";
import { addServe } from "./commands/serve";
import { addSimulate } from "./commands/simulate";
import { addSession } from "./commands/session";
import { addWorker } from "./commands/worker";
import { withDirectLoopback } from "../model/direct-loopback";
import { defaultDataFolder, defaultEndpoint, globalOptions } from "./connection";
import { commanderOutput, reportError } from "./output";
import { refusingUnknown } from "./unknown-command";

/** @param given The environment before ours was made of it. */
export function createProgram(given: NodeJS.ProcessEnv): Command {
  const manifest = join(__dirname, "..", "..", "..", "package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const program = new Command("headroom")
    .description("Keeps the right number of VMs ready for session work, declared and provisioned with Pulumi.")
    .version(version)
    .addOption(
      new Option("--endpoint <url>", "where the runtime answers").env("HEADROOM_ENDPOINT").default(defaultEndpoint),
    )
    .addOption(
      new Option("--key <key>", "API key; on the runtime's own machine the admin key of --data-folder is used").env(
        "HEADROOM_API_KEY",
      ),
    )
    .addOption(
      new Option("--tls-ca <file>", "take an https endpoint's certificate only if signed by one of these (PEM)").env(
        "HEADROOM_TLS_CA",
      ),
    )
    .addOption(
      new Option("--data, --data-folder <folder>", "everything durable of the runtime of this machine")
        .env("HEADROOM_DATA_FOLDER")
        .default(defaultDataFolder),
    )
    .option("--json", "print one JSON value")
    .option("--verbose", "print where an error came from")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput(commanderOutput)
    .addHelpText("after", "\nExample:\n  $ headroom serve\n  $ headroom status\n");
  addServe(program);
  addWorker(program);
  addReadCommands(program);
  addNodes(program);
  addLanes(program);
  addOrphans(program);
  addBudgets(program);
  addSession(program);
  addSimulate(program);
  addSecrets(program);
  addBackup(program);
  addDoctor(program, given);
  addImport(program);
  addCompletion(program);
  // Settings are inherited only by commands added after them; errors of commander end in `main` from everywhere.
  const prepare = (command: Command): void => {
    command.exitOverride().configureOutput(commanderOutput).configureHelp({ showGlobalOptions: true });
    command.commands.forEach(prepare);
  };
  prepare(program);
  return program;
}

async function main(): Promise<void> {
  const given = { ...process.env };
  Object.assign(process.env, withDirectLoopback(given));
  const program = createProgram(given);
  try {
    await program.parseAsync(refusingUnknown(program, process.argv.slice(2)), { from: "user" });
  } catch (error) {
    process.exitCode =
      error instanceof CommanderError
        ? error.exitCode === 0
          ? 0
          : 2
        : reportError(error, { isVerbose: globalOptions(program).verbose ?? false });
  }
}

if (require.main === module) {
  // A reader that closes the pipe early, as `head` does, is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  void main();
}
