/** `headroom backup` and `headroom restore`: an installation as one file, and a new one from it. */
import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { BackupReport } from "../../backup/back-up";
import type { RestoreReport } from "../../backup/restore";
import { ConfigError, messageOf, SetupError } from "../../model/errors";
import { formatCount, formatMemory } from "../../model/units";
import { globalOptions } from "../connection";
import { formatCounts, print, printJson } from "../output";

interface CommonOptions {
  readonly database?: string;
  readonly backend?: string;
  readonly passwordFile?: string;
}

export function addBackup(program: Command): void {
  const backup = program
    .command("backup")
    .summary("write everything that the installation is into one file")
    .description(
      "Writes the database, the state of the stacks where the Pulumi backend is a folder, and the secrets of the data folder, " +
        "sealed with a password of yours, into one file. The runtime may serve meanwhile. Run it as the user that the runtime " +
        "runs as. VMs are not in it.",
    )
    .argument("<file>", "the file to write; one that is there is not replaced")
    .option("--without-secrets", "leave the secrets of the data folder out; keep its files elsewhere");
  addCommon(backup)
    .addHelpText(
      "after",
      "\nExample:\n  $ headroom backup headroom.backup --password-file /etc/headroom/backup-password\n",
    )
    .action(async (file: string, options: CommonOptions & { withoutSecrets?: boolean }, command: Command) => {
      const { backUp } = require("../../backup/back-up") as typeof import("../../backup/back-up");
      const password = options.withoutSecrets ? undefined : readPassword(options, isRequired);
      const report = await backUp({ file, password, ...common(options, command), nowMs: Date.now() });
      tell(command, report, formatBackup);
    });
  const restoring = program
    .command("restore")
    .summary("make an installation anew from a backup")
    .description(
      "Makes the installation of a backup anew in a data folder and a database that are new or empty. The runtime that the " +
        "backup was made from must be stopped for good before this one is started: both would decide about the same VMs. " +
        "Cut off, run it again.",
    )
    .argument("<file>", "a file that headroom backup wrote")
    .option("--dry-run", "check the file and the target, and change nothing");
  addCommon(restoring)
    .addHelpText(
      "after",
      "\nExample:\n  $ headroom restore headroom.backup --password-file /etc/headroom/backup-password --dry-run\n",
    )
    .action(async (file: string, options: CommonOptions & { dryRun?: boolean }, command: Command) => {
      const { restore } = require("../../backup/restore") as typeof import("../../backup/restore");
      const isDry = options.dryRun ?? false;
      const report = await restore({ file, password: readPassword(options), ...common(options, command), isDry });
      tell(command, report, (told) => formatRestore(told, options));
    });
}

const isRequired = true;

function addCommon(command: Command): Command {
  return command
    .addOption(
      new Option("--database <url>", "PostgreSQL to use instead of the embedded one").env("HEADROOM_DATABASE_URL"),
    )
    .addOption(
      new Option("--backend <url>", "folder with the stacks, file:///..., if it is not where the installation has it"),
    )
    .addOption(
      new Option("--password-file <file>", "file whose first line is the password that seals the secrets")
        .env("HEADROOM_BACKUP_PASSWORD_FILE")
        .argParser((text) => {
          if (text !== "") return text;
          throw new InvalidArgumentError("Name a file.");
        }),
    );
}

function common({ database, backend }: CommonOptions, command: Command) {
  const { dataFolder, json } = globalOptions(command);
  const { packageVersion } = require("../../main") as typeof import("../../main");
  const onPart = json ? undefined : (part: string): void => print(`${part} ...`);
  return { dataFolder, databaseUrl: database, backendUrl: backend, version: packageVersion(), onPart };
}

/** Never from the command line, which others can read. */
function readPassword({ passwordFile }: CommonOptions, isNeeded = false): string | undefined {
  const { passwordMin } = require("../../backup/sealed-secrets") as typeof import("../../backup/sealed-secrets");
  if (passwordFile === undefined) {
    if (!isNeeded) return undefined;
    throw new ConfigError(
      "the secrets need a password: name a file with it by --password-file, or leave them out with --without-secrets",
    );
  }
  let text: string;
  try {
    text = readFileSync(passwordFile, "utf8").split(/\r?\n/)[0] ?? "";
  } catch (cause) {
    throw new SetupError(`${passwordFile} can't be read: ${messageOf(cause)}`, { cause });
  }
  if (text.length >= passwordMin) return text;
  throw new ConfigError(
    `the password in ${passwordFile} has ${formatCount(text.length, "character")}; use ${passwordMin} or more`,
  );
}

function tell<Report extends object>(command: Command, report: Report, format: (report: Report) => string): void {
  if (globalOptions(command).json) printJson(report);
  else print(format(report));
}

function formatBackup({ file, size, installationId, backend, stacks, rows, hasSecrets }: BackupReport): string {
  return [
    `wrote ${file}, ${formatMemory(size)}: installation ${installationId}`,
    `rows: ${formatCounts(rows)}`,
    stacks === undefined
      ? `the state of the stacks stays in ${backend}, which has to have backups of its own`
      : `state: ${formatCount(stacks, "stack")}`,
    hasSecrets
      ? "secrets: sealed with your password; without it the backup is worth nothing"
      : "secrets: left out; keep passphrase, encryption-salt, node-token-secret and secrets-key of the data folder elsewhere",
  ].join("\n");
}

function formatRestore(report: RestoreReport, { database }: CommonOptions): string {
  const { installationId, createdAtMs, version, backend, stacks, rows, isDry } = report;
  return [
    `${isDry ? "would restore" : "restored"} installation ${installationId} as of ${new Date(createdAtMs).toISOString()}, from headroom ${version}`,
    `rows: ${formatCounts(rows)}`,
    `stacks: ${stacks === 0 ? `in ${backend}` : `${stacks} to ${backend}`}`,
    ...(isDry ? ["nothing was changed"] : []),
    "stop the runtime that the backup was made from for good before you start this one: both would decide about the same VMs",
    `then: headroom serve${database === undefined ? "" : " --database ..."} --backend ${backend}`,
  ].join("\n");
}
