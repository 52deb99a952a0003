/** `headroom worker`: runs updates for a service on another machine; `headroom workers`: who does. */
import { InvalidArgumentError, Option, type Command } from "commander";
import type { LogLevel } from "../../api/log";
import type { WorkerView } from "../../api/worker-contracts";
import { parseDuration } from "../../model/units";
import { globalOptions } from "../connection";
import { formatTable, print } from "../output";
import { show } from "./read";
import { engineOption, nextSignal, wholeNumber } from "./serve";

interface WorkerOptions {
  readonly database: string;
  readonly backend: string;
  readonly passphraseFile?: string;
  readonly engine: "auto" | "official" | "embedded";
  readonly slots?: number;
  readonly takeOver?: number;
  readonly allowLocal?: boolean;
  readonly logLevel: LogLevel;
}

export function addWorker(program: Command): void {
  program
    .command("worker")
    .summary("run updates of the node stacks for a service on another machine")
    .description(
      "Takes updates of the node stacks from the database of a service, and runs them here until SIGINT or SIGTERM.",
    )
    .addOption(
      new Option("--database <url>", "PostgreSQL of the service").env("HEADROOM_DATABASE_URL").makeOptionMandatory(),
    )
    .addOption(
      new Option("--backend <url>", "Pulumi backend of the node stacks, the service's own")
        .env("HEADROOM_BACKEND_URL")
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        "--passphrase-file <file>",
        "copy of the file passphrase of the service's data folder; default: the one in --data-folder",
      ).env("HEADROOM_PASSPHRASE_FILE"),
    )
    .addOption(engineOption())
    .option("--slots <number>", "updates at the same time; default: what memory and cores allow", wholeNumber(1, 64))
    .option(
      "--take-over <duration>",
      "without the database for so long others take its updates over; its engines are dead by then (default 45s)",
      takeOver,
    )
    .option("--allow-local", 'make VMs of kind "local" on this machine')
    .addOption(
      new Option("--log-level <level>", "least level to log, as JSON on standard error")
        .env("HEADROOM_LOG_LEVEL")
        .choices(["fatal", "error", "warn", "info", "debug", "silent"])
        .default("info"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  $ headroom worker --database postgresql://headroom@db/headroom --backend s3://stacks --passphrase-file /run/secrets/passphrase\n",
    )
    .action((options: WorkerOptions, command: Command) => work(options, globalOptions(command).dataFolder));
  program
    .command("workers")
    .summary("workers on other machines, and what they do")
    .description("Lists the workers on other machines that are registered, with the lanes that each has.")
    .addHelpText("after", "\nExample:\n  $ headroom workers\n")
    .action((_options: object, command: Command) => show(command, (client) => client.workers(), formatWorkers));
}

function takeOver(text: string): number {
  const seconds = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
  if (seconds !== undefined && seconds >= 3 && seconds <= 600) return seconds;
  throw new InvalidArgumentError("Use a duration from 3s to 10m.");
}

async function work(options: WorkerOptions, dataFolder: string): Promise<void> {
  const signalled = nextSignal();
  void signalled.then(nextSignal).then(() => process.exit(130));
  // Loaded here, so that the other commands start without the database client and the executor.
  const { startRemoteWorker } = require("../../main/remote-worker") as typeof import("../../main/remote-worker");
  const starting = startRemoteWorker({
    dataFolder,
    databaseUrl: options.database,
    backendUrl: options.backend,
    passphraseFile: options.passphraseFile,
    engine: options.engine,
    slots: options.slots,
    takeOverSeconds: options.takeOver,
    allowLocal: options.allowLocal,
    logLevel: options.logLevel,
  });
  // It may wait for its service for long.
  const worker = await Promise.race([starting, signalled]);
  if (worker === undefined) process.exit(0);
  print(worker.startLine);
  print("Stop with Ctrl-C: running updates end first.");
  await signalled;
  print("Stopping: running updates end first; a second signal leaves them to whoever takes them over.");
  await worker.stop();
}

function formatWorkers(workers: readonly WorkerView[]): string {
  if (workers.length === 0) return "no workers on other machines";
  const rows = workers.map((worker) => [
    worker.workerId,
    worker.state,
    worker.engine,
    `${worker.lanes.length} of ${worker.slots}`,
    `${Math.round(worker.silentMs / 1000)}s ago`,
    worker.lanes.join(", ") || "-",
  ]);
  return formatTable(["WORKER", "STATE", "ENGINE", "BUSY", "SEEN", "LANES"], rows);
}
