/** `headroom simulate`: demand against definitions, in virtual time. Changes nothing anywhere. */
import { writeFileSync } from "node:fs";
import { Option, type Command } from "commander";
import type { HeadroomClient } from "../../api/client";
import type { CloudCatalog } from "../../model/config";
import { ConfigError, messageOf, SetupError } from "../../model/errors";
import { formatCount } from "../../model/units";
import type { BootRange } from "../../simulate/boots";
import type { Demand } from "../../simulate/demand";
import type { PlayedDefinition } from "../../simulate/played-definitions";
import type { DefinitionChange, SimulationResult, VariantResult } from "../../simulate/result";
import { connect, explainRefusal, globalOptions } from "../connection";
import { print, printJson, printOver } from "../output";
import { formatSimulation } from "../simulate-table";

interface SimulateOptions {
  readonly trace?: string;
  readonly demand: readonly string[];
  readonly workspace?: string;
  readonly days?: number;
  readonly from: string;
  readonly timeZone: string;
  readonly definitions?: string;
  readonly set: readonly string[];
  readonly boot?: string;
  readonly seed: number;
  readonly suggest?: string;
  readonly keep: string;
  readonly html?: string;
}

export function addSimulate(program: Command): void {
  program
    .command("simulate")
    .summary("play demand against definitions: waits, VM-hours, cost")
    .description(
      "Plays demand against definitions with the runtime's own broker, planner and lanes in virtual time, and tells who " +
        "would have waited, what the VMs would have done, and what that would have cost. Changes nothing.",
    )
    .option("--trace <file>", "demand of a file: CSV with arrival_s,duration_s, plain or gzip")
    .option("--demand <text>", "demand in words; may be given several times", collect, [])
    .option("--workspace <name>", "what the sessions run; needed where several are declared")
    .addOption(
      new Option("--days <number>", "so many days; default: all of a trace, 7 of demand in words").argParser(positive),
    )
    .option("--from <date>", "first day of demand in words", "2026-01-05")
    .option("--time-zone <name>", "of demand in words", "UTC")
    .option("--definitions <file>", "JSON or YAML as the API answers it; default: those of the runtime")
    .option("--set <name.field=value>", "a change; a field given twice makes variants", collect, [])
    .option("--boot <duration>", "from a node's request until it is ready, such as 120s or 90s..240s; default: 120s")
    .addOption(new Option("--seed <number>", "of chance; the same gives the same result").argParser(whole).default(1))
    .option(
      "--suggest <config>",
      "search the standby and back-off of this autoscale config that keep --keep at least cost",
    )
    .option("--keep <wait>", "what a suggestion keeps", "5% within 0s")
    .option("--html <file>", "also write a report with charts: one file that opens anywhere")
    .addHelpText(
      "after",
      '\nExample:\n  $ headroom simulate --demand "30 students, Mondays 13:00, 90 minutes, within 5 minutes" ' +
        "--set desktops.minimumAvailableSessions=5 --set desktops.minimumAvailableSessions=8\n",
    )
    .action((options: SimulateOptions, command: Command) => simulate(options, command));
}

async function simulate(options: SimulateOptions, command: Command): Promise<void> {
  const parts = load();
  const { changes, registry } = parts;
  const catalog = parts.played.playedCatalog(registry.cloudCatalog());
  const definitions = options.definitions
    ? parts.files.readDefinitions(options.definitions)
    : await ofRuntime(connect(command), command);
  const demand = demandOf(options, definitions, parts);
  const boot = options.boot === undefined ? undefined : parts.boots.parseBoot(options.boot);
  const keep = parts.keep.parseKeep(options.keep);
  const asked = changes.variantsOf(options.set.map(changes.parseChange));
  const isJson = globalOptions(command).json ?? false;
  const play = (variants: readonly (readonly DefinitionChange[])[]): Promise<VariantResult[]> =>
    playAll(variants, { definitions, demand, boot, seed: options.seed, catalog, isJson }, parts);
  const results = await play([[], ...asked]);
  const suggestion = options.suggest === undefined ? undefined : await search(options.suggest, results[0]!);
  const variants = suggestion && !results.includes(suggestion.variant) ? [...results, suggestion.variant] : results;
  const result: SimulationResult = {
    version: 1,
    options: {
      ...{ demand: demand.text, definitions: options.definitions ?? "definitions of the runtime" },
      ...{ fromMs: demand.fromMs, toMs: demand.toMs, seed: options.seed, boot: options.boot ?? "120s" },
    },
    variants,
    ...(suggestion ? { suggestion: { ...suggestion, variant: variants.indexOf(suggestion.variant) } } : {}),
  };
  if (options.html !== undefined) writeReport(options.html, parts.report.htmlReport(result));
  if (isJson) printJson(result);
  else print(formatSimulation(result));

  async function search(name: string, declared: VariantResult) {
    const config = definitions.find((of) => of.kind === "autoscaleConfig" && of.name === name);
    const known = definitions.filter(({ kind }) => kind === "autoscaleConfig").map((of) => of.name);
    if (!config) throw refused("--suggest", `no autoscale config is called "${name}"; there are: ${known.join(", ")}`);
    return { ...(await parts.suggest.suggest({ config, keep, declared, play })), keep: keep.text };
  }
}

function writeReport(file: string, html: string): void {
  try {
    writeFileSync(file, html);
  } catch (cause) {
    throw new SetupError(`--html: ${file} can't be written: ${messageOf(cause)}`, { cause });
  }
}

interface PlayAllOptions {
  readonly definitions: readonly PlayedDefinition[];
  readonly demand: Demand;
  readonly boot: BootRange | undefined;
  readonly seed: number;
  readonly catalog: CloudCatalog;
  readonly isJson: boolean;
}

async function playAll(
  variants: readonly (readonly DefinitionChange[])[],
  { definitions, demand, boot, seed, catalog, isJson }: PlayAllOptions,
  { changes, variants: threads }: Parts,
): Promise<VariantResult[]> {
  const work = variants.map((made) => ({
    ...{ name: made.length === 0 ? "as declared" : changes.describeChanges(made), changes: made, demand, seed },
    definitions: changes.withChanges(definitions, made, catalog),
    ...(boot ? { boot } : {}),
  }));
  const isShown = process.stdout.isTTY && !isJson;
  const results = await threads.playVariants(work, (share) => {
    if (isShown)
      printOver(
        `${bar(share)} ${Math.floor(share * 100)} % of ${formatCount(work.length, "variant")}, ${formatCount(demand.sessions.length, "session")} each`,
      );
  });
  if (isShown) printOver("");
  return results;
}

function bar(share: number): string {
  const full = Math.floor(share * 30);
  return `[${"#".repeat(full)}${" ".repeat(30 - full)}]`;
}

function demandOf(options: SimulateOptions, definitions: readonly PlayedDefinition[], parts: Parts): Demand {
  const { trace, demand: texts, days, seed } = options;
  if ((trace === undefined) === (texts.length === 0)) {
    throw refused("--trace", "give either --trace FILE or --demand TEXT: whose sessions are to be played");
  }
  const workspaces = definitions.filter(({ kind }) => kind === "workspace").map(({ name }) => name);
  const only = options.workspace ?? (workspaces.length === 1 ? workspaces[0] : undefined);
  if (options.workspace !== undefined && !workspaces.includes(options.workspace)) {
    throw refused(
      "--workspace",
      `"${options.workspace}" is not declared; there are: ${workspaces.join(", ") || "none"}`,
    );
  }
  if (trace !== undefined) {
    if (only === undefined) throw refused("--workspace", `say which of ${workspaces.join(", ") || "none"} they run`);
    const { path, sessions, start } = parts.traceFile.readTrace(trace);
    return parts.trace.traceDemand({ path, sessions, start, days, workspaceOf: () => only });
  }
  const { described } = parts;
  const span = { firstDay: options.from, days: days ?? 7, timeZone: options.timeZone };
  if (Number.isNaN(Date.parse(`${options.from}T00:00:00Z`))) throw refused("--from", "use a date such as 2026-01-05");
  const realSpan = described.realSpan(span);
  const rng = new parts.rng.SeededRng(seed).fork("demand");
  const demands = texts.map(described.parseDemand);
  for (const { workspace } of demands) {
    if (workspace === undefined || workspaces.includes(workspace)) continue;
    throw refused("--demand", `workspace "${workspace}" is not declared; there are: ${workspaces.join(", ")}`);
  }
  const sessions = described.describedSessions(demands, span, { rng, onlyWorkspace: only });
  return { text: texts.join("; "), ...realSpan, sessions: sessions.filter(({ atMs }) => atMs < realSpan.toMs) };
}

async function ofRuntime(client: HeadroomClient, command: Command): Promise<PlayedDefinition[]> {
  try {
    const { definitionKinds } = require("../../model/config") as typeof import("../../model/config");
    const answers = await Promise.all(definitionKinds.map((kind) => client.definitions(kind)));
    return answers.flat().map(({ kind, name, doc }) => ({ kind, name, doc }));
  } catch (error) {
    throw explainRefusal(error, command);
  }
}

/** Only when the command runs: the other commands need none of it. */
function load() {
  return {
    registry: require("../../../provider/registry") as typeof import("../../../provider/registry"),
    played: require("../../simulate/played-definitions") as typeof import("../../simulate/played-definitions"),
    files: require("../../simulate/definitions-file") as typeof import("../../simulate/definitions-file"),
    boots: require("../../simulate/boots") as typeof import("../../simulate/boots"),
    changes: require("../../simulate/changes") as typeof import("../../simulate/changes"),
    keep: require("../../simulate/keep") as typeof import("../../simulate/keep"),
    suggest: require("../../simulate/suggest") as typeof import("../../simulate/suggest"),
    described: require("../../simulate/described-demand") as typeof import("../../simulate/described-demand"),
    trace: require("../../simulate/trace-demand") as typeof import("../../simulate/trace-demand"),
    traceFile: require("../../simulate/trace-file") as typeof import("../../simulate/trace-file"),
    report: require("../../simulate/report") as typeof import("../../simulate/report"),
    rng: require("../../sim/rng") as typeof import("../../sim/rng"),
    variants: require("../simulate-variants") as typeof import("../simulate-variants"),
  };
}
type Parts = ReturnType<typeof load>;

function refused(path: string, message: string): ConfigError {
  return ConfigError.of([{ path, message }]);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 3660) throw refused("--days", `got "${text}"; use 1 to 3660`);
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw refused("--seed", `got "${text}"; use a whole number from 0`);
  return value;
}
