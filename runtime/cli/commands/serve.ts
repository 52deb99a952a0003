/** `headroom serve`: the runtime in the foreground until a signal ends it. */
import { InvalidArgumentError, Option, type Command } from "commander";
import type { RuntimeOptions } from "../../main";
import { acceptable, type Acceptable } from "../../main/own-installation";
import { adminKeyFile, globalOptions } from "../connection";
import { formatDuration, parseDuration } from "../../model/units";
import { print } from "../output";

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly trustProxy?: string;
  readonly advertiseUrl?: string;
  readonly replicaCa?: string;
  readonly database?: string;
  readonly engine: "auto" | "official" | "embedded";
  readonly backend?: string;
  readonly workers?: number;
  readonly openAhead?: number;
  readonly tick?: number;
  readonly journalRetention?: number;
  readonly requestsPerMinute?: number;
  readonly queuePerUser?: number;
  readonly requestsPerMinuteOfUser?: number;
  readonly allowLocal?: boolean;
  readonly guacamoleKeyFile?: string;
  readonly otlpEndpoint?: string;
  readonly accept?: readonly Acceptable[];
  readonly logLevel: RuntimeOptions["logLevel"];
}

export function addServe(program: Command): void {
  program
    .command("serve")
    .summary("run the runtime until SIGINT or SIGTERM")
    .description(
      "Runs the runtime: API, planning, and updates of the node stacks. Everything durable is in --data-folder.",
    )
    .addOption(
      new Option("--port <number>", "port to listen on; 0 = any free one")
        .env("HEADROOM_PORT")
        .default(8700)
        .argParser(wholeNumber(0, 65_535)),
    )
    .addOption(new Option("--host <address>", "address to listen on").env("HEADROOM_HOST").default("127.0.0.1"))
    .addOption(
      new Option(
        "--tls-cert <file>",
        "serve https with this certificate (PEM); a new one in it is taken as it comes",
      ).env("HEADROOM_TLS_CERT"),
    )
    .addOption(new Option("--tls-key <file>", "private key of the certificate (PEM)").env("HEADROOM_TLS_KEY"))
    .addOption(
      new Option(
        "--trust-proxy <proxies>",
        "believe X-Forwarded-For and -Proto of so many proxies in front, or of these addresses (10.0.0.5,192.168.0.0/16)",
      ).env("HEADROOM_TRUST_PROXY"),
    )
    .addOption(
      new Option(
        "--advertise-url <url>",
        "where other replicas on the same database reach this one (default: where it listens)",
      ).env("HEADROOM_ADVERTISE_URL"),
    )
    .addOption(
      new Option("--replica-ca <file>", "who signed the certificates of other replicas (PEM)").env(
        "HEADROOM_REPLICA_CA",
      ),
    )
    .addOption(
      new Option("--database <url>", "PostgreSQL to use instead of the embedded one").env("HEADROOM_DATABASE_URL"),
    )
    .addOption(engineOption())
    .addOption(new Option("--backend <url>", "Pulumi backend of the node stacks").env("HEADROOM_BACKEND_URL"))
    .option(
      "--workers <number>",
      "updates at the same time on this machine; default: what memory and cores allow; 0 = only headroom worker runs them",
      wholeNumber(0, 64),
    )
    .option(
      "--open-ahead <number>",
      "updates that may wait for nodes (default: a tenth of the memory at 600 MiB each, at least 1 from 2 GiB on)",
      wholeNumber(0, 64),
    )
    .option("--tick <duration>", "plan at least this often, e.g. 5s", duration(1, 3600))
    .option(
      "--journal-retention <duration>",
      "keep the decision journal this long (default 14d)",
      duration(3600, 3650 * 86_400),
    )
    .option("--allow-local", 'take definitions of kind "local": whoever may declare them runs programs on this machine')
    .option(
      "--guacamole-key-file <file>",
      "json-secret-key of an Apache Guacamole that takes users into their sessions",
    )
    .addOption(
      new Option(
        "--otlp-endpoint <url>",
        "send traces to this OpenTelemetry collector (OTLP over HTTP), e.g. http://127.0.0.1:4318",
      ).env("OTEL_EXPORTER_OTLP_ENDPOINT"),
    )
    .option("--requests-per-minute <number>", "most requests of one address or API key", wholeNumber(1, 100_000_000))
    .option(
      "--queue-per-user <number>",
      "sessions of one user that may wait at the same time (default 20); 0 = any number",
      wholeNumber(0, 20_000),
    )
    .option(
      "--requests-per-minute-of-user <number>",
      "most session requests for one user (default 6000)",
      wholeNumber(1, 100_000_000),
    )
    .addOption(
      new Option(
        "--accept <what...>",
        "once: make this runtime's own the installation's, though it is another one than before",
      ).choices(acceptable),
    )
    .addOption(
      new Option("--log-level <level>", "least level to log, as JSON on standard error")
        .env("HEADROOM_LOG_LEVEL")
        .choices(["fatal", "error", "warn", "info", "debug", "silent"])
        .default("info"),
    )
    .addHelpText("after", "\nExample:\n  $ headroom serve --port 8700 --data-folder /var/lib/headroom\n")
    .action((options: ServeOptions, command: Command) => serve(options, globalOptions(command).dataFolder));
}

export function engineOption(): Option {
  return new Option("--engine <which>", "engine that runs the updates")
    .env("HEADROOM_ENGINE")
    .choices(["auto", "official", "embedded"])
    .default("auto");
}

export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`Use a whole number from ${from} to ${to}.`);
  };
}

function duration(fromSeconds: number, toSeconds: number): (text: string) => number {
  return (text) => {
    const seconds = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
    if (seconds !== undefined && seconds >= fromSeconds && seconds <= toSeconds) return seconds;
    throw new InvalidArgumentError(`Use a duration from ${fromSeconds}s to ${formatDuration(toSeconds)}.`);
  };
}

async function serve(options: ServeOptions, dataFolder: string): Promise<void> {
  // From here on a signal ends the runtime in good order, also while it still starts; a second one at once.
  const signalled = nextSignal();
  void signalled.then(nextSignal).then(() => process.exit(130));
  // Loaded here, so that the other commands start without the database client and the executor.
  const { startRuntime } = require("../../main") as typeof import("../../main");
  const runtime = await startRuntime({
    dataFolder,
    port: options.port,
    host: options.host,
    tlsCert: options.tlsCert,
    tlsKey: options.tlsKey,
    trustProxy: options.trustProxy,
    advertiseUrl: options.advertiseUrl,
    replicaCa: options.replicaCa,
    databaseUrl: options.database,
    engine: options.engine,
    backendUrl: options.backend,
    workers: options.workers,
    openAhead: options.openAhead,
    tickSeconds: options.tick,
    journalRetentionSeconds: options.journalRetention,
    requestsPerMinute: options.requestsPerMinute,
    queuePerUser: options.queuePerUser,
    requestsPerMinuteOfUser: options.requestsPerMinuteOfUser,
    accept: options.accept,
    logLevel: options.logLevel,
    allowLocal: options.allowLocal,
    guacamoleKeyFile: options.guacamoleKeyFile,
    otlpEndpoint: options.otlpEndpoint,
  });
  print(runtime.startLine);
  if (runtime.standbyReason !== undefined) print(`It stands by: ${runtime.standbyReason}.`);
  print(`Admin key in ${runtime.dataFolder}/${adminKeyFile}; stop with Ctrl-C.`);
  await signalled;
  print("Stopping: running updates end first; a second signal leaves them to themselves.");
  await runtime.stop();
}

export function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}
