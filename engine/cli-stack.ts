/** The `stack` commands and `cancel`. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs, type ParsedArgs } from "./args";
import { type FileBackend, parseStackName, qualifiedName, type StackName } from "./backend";
import { currentProject, openBackend, openStack, type StackContext } from "./cli-context";
import { hideSecrets } from "./display";
import { CommandFailure, exitCodes, messageOf, NotSupported } from "./failure";
import { integrityProblem, manifestProblem } from "./integrity";
import { openState } from "./open-state";
import { printJson } from "./output";
import { plainConfigText, requireProject, selectedStack, selectStack, StackConfig } from "./project";
import { Crypter } from "./secrets";
import {
  checkFormat,
  checkpointText,
  decodeDeployment,
  deploymentSalt,
  encodeDeployment,
  encodeValue,
  parseCheckpoint,
  stateFormat,
  type Stored,
} from "./state";
import { rootStackType } from "./urn";
import { type PropertyMap, unwrapSecrets } from "./values";

type Subcommand = (args: string[]) => Promise<void> | void;

const subcommands: Record<string, Subcommand> = {
  init,
  select,
  unselect,
  ls,
  rm,
  output,
  export: exportState,
  import: importState,
  history,
};

export async function stack(args: string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined || name.startsWith("-")) return show(args);
  const subcommand = subcommands[name];
  if (!subcommand) throw new NotSupported(`the command "stack ${name}"`);
  await subcommand(rest);
}

function show(args: string[]): void {
  const parsed = parseArgs(args, {
    stack: "value",
    "show-urns": "ignored-switch",
    "show-ids": "ignored-switch",
    "show-name": "switch",
  });
  const { backend, name } = openStack(parsed.value("stack"));
  const stored = parseCheckpoint(backend.read(name));
  if (parsed.isOn("show-name")) return void process.stdout.write(`${name.stack}\n`);
  const resources = (stored?.resources ?? []) as Stored[];
  process.stdout.write(
    `Current stack is ${name.stack}:\n    Managed by the embedded engine\nCurrent stack resources (${resources.length}):\n`,
  );
  for (const { type, urn } of resources)
    process.stdout.write(`    ${String(type)}  ${String(urn).split("::").slice(3).join("::")}\n`);
}

async function init(args: string[]): Promise<void> {
  const parsed = parseArgs(args, {
    stack: "value",
    "secrets-provider": "value",
    "no-select": "switch",
    description: "ignored-value",
  });
  const provider = parsed.value("secrets-provider") ?? "default";
  if (provider !== "default" && provider !== "passphrase") throw new NotSupported(`the secrets provider "${provider}"`);
  const project = requireProject(process.cwd());
  const backend = openBackend(project);
  const text = parsed.words[0] ?? parsed.value("stack");
  if (text === undefined) throw new CommandFailure("missing stack name", exitCodes.configuration);
  const name = parseStackName(text, project.name);
  if (backend.exists(name)) throw alreadyExists(name);
  const config = StackConfig.read(project, name.stack);
  const crypter = config.salt === undefined ? await Crypter.create() : new Crypter(config.salt);
  await crypter.unlock();
  await backend.lock(name);
  try {
    if (backend.exists(name)) throw alreadyExists(name);
    await backend.write(name, checkpointText(qualifiedName(name), undefined));
    const empty = encodeDeployment({ resources: [], pendingOperations: [], salt: crypter.salt }, crypter);
    await backend.write(name, checkpointText(qualifiedName(name), empty));
  } finally {
    backend.unlock(name);
  }
  if (config.salt === undefined) {
    config.salt = crypter.salt;
    config.save();
  }
  if (!parsed.isOn("no-select")) selectStack(project, backend.url, qualifiedName(name));
  process.stderr.write(`Created stack '${name.stack}'\n`);
}

function alreadyExists(name: StackName): CommandFailure {
  return new CommandFailure(`stack '${qualifiedName(name)}' already exists`);
}

async function select(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", create: "switch", "secrets-provider": "value" });
  const project = requireProject(process.cwd());
  const backend = openBackend(project);
  const text = parsed.value("stack") ?? parsed.words[0];
  if (text === undefined)
    throw new CommandFailure("must specify stack name when running in non-interactive mode", exitCodes.configuration);
  const name = parseStackName(text, project.name);
  if (!backend.exists(name) && parsed.isOn("create")) return init([text]);
  backend.read(name);
  selectStack(project, backend.url, qualifiedName(name));
}

function unselect(args: string[]): void {
  parseArgs(args, {});
  const project = requireProject(process.cwd());
  selectStack(project, openBackend(project).url, undefined);
}

function ls(args: string[]): void {
  const parsed = parseArgs(args, { json: "switch", all: "switch", project: "value" });
  const project = currentProject();
  const backend = openBackend(project);
  const selected = project && selectedStack(project, backend.url);
  const wanted = parsed.value("project") ?? (parsed.isOn("all") ? undefined : project?.name);
  const list = backend.list(wanted).map((name) => summary(backend, name, project?.name, selected));
  if (parsed.isOn("json")) return printJson(list);
  process.stdout.write("NAME  LAST UPDATE  RESOURCE COUNT\n");
  for (const item of list)
    process.stdout.write(
      `${item.name}${item.current ? "*" : ""}  ${item.lastUpdate ?? "n/a"}  ${item.resourceCount ?? "n/a"}\n`,
    );
}

function summary(backend: FileBackend, name: StackName, project: string | undefined, selected: string | undefined) {
  const latest = parseCheckpoint(backend.read(name));
  const time = (latest?.manifest as { time?: string } | undefined)?.time;
  const isCurrent = selected === qualifiedName(name) || (selected === name.stack && name.project === project);
  return {
    name: name.project === project ? name.stack : qualifiedName(name),
    current: isCurrent,
    lastUpdate: time && new Date(time).toISOString(),
    resourceCount: latest && ((latest.resources ?? []) as unknown[]).length,
  };
}

async function rm(args: string[]): Promise<void> {
  const parsed = parseArgs(args, {
    stack: "value",
    yes: "switch",
    force: "switch",
    "preserve-config": "switch",
    "remove-backups": "switch",
  });
  if (parsed.isOn("remove-backups")) throw new NotSupported("the flag --remove-backups");
  if (!parsed.isOn("yes"))
    throw new CommandFailure("must pass --yes to remove a stack in non-interactive mode", exitCodes.configuration);
  const { backend, project, name } = openStack(parsed.words[0] ?? parsed.value("stack"));
  const shown = name.stack;
  backend.read(name);
  await backend.lock(name);
  try {
    const resources = (parseCheckpoint(backend.read(name))?.resources ?? []) as Stored[];
    const isEmpty = resources.every(({ type }) => type === rootStackType);
    if (!isEmpty && !parsed.isOn("force")) {
      throw new CommandFailure(
        `'${shown}' still has resources; removal rejected. Possible actions:\n` +
          `- Make sure that '${shown}' is the stack that you want to destroy\n` +
          `- Run \`pulumi destroy\` to delete the resources, then run \`pulumi stack rm\`\n` +
          `- Run \`pulumi stack rm --force\` to override this error`,
      );
    }
    await backend.remove(name);
  } finally {
    backend.unlock(name);
  }
  if (!parsed.isOn("preserve-config")) rmSync(StackConfig.read(project, name.stack).path, { force: true });
  selectStack(project, backend.url, undefined);
  process.stdout.write(`Stack '${shown}' has been removed!\n`);
}

async function output(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", json: "switch", "show-secrets": "switch" });
  const context = openStack(parsed.value("stack"));
  const outputs = await stackOutputs(context, parsed.isOn("show-secrets"));
  const [wanted] = parsed.words;
  if (wanted !== undefined) {
    if (!(wanted in outputs)) throw new CommandFailure(`current stack does not have output property '${wanted}'`);
    const value = outputs[wanted];
    if (parsed.isOn("json")) return printJson(value);
    return void process.stdout.write(`${typeof value === "string" ? value : JSON.stringify(value)}\n`);
  }
  if (parsed.isOn("json")) return printJson(outputs);
  process.stdout.write(`Current stack outputs (${Object.keys(outputs).length}):\n`);
  for (const [key, value] of Object.entries(outputs))
    process.stdout.write(`    ${key}  ${typeof value === "string" ? value : JSON.stringify(value)}\n`);
}

/** Outputs of a stack as plain JSON; without `showSecrets` nothing has to be decrypted. */
async function stackOutputs(
  { backend, project, name }: StackContext,
  showSecrets: boolean,
): Promise<Record<string, unknown>> {
  let outputs: PropertyMap;
  if (showSecrets) {
    const { state } = await openState(backend, name, StackConfig.read(project, name.stack));
    outputs = state.resources.find(({ type, delete: isGone }) => type === rootStackType && !isGone)?.outputs ?? {};
  } else {
    const stored = parseCheckpoint(backend.read(name));
    const blind = decodeDeployment(
      { resources: ((stored?.resources ?? []) as Stored[]).filter(({ type }) => type === rootStackType) },
      () => '"[secret]"',
    );
    outputs = blind.resources[0]?.outputs ?? {};
  }
  return hideSecrets(encodeValue(showPlain(outputs, showSecrets), "blinded")) as Record<string, unknown>;
}

function showPlain(outputs: PropertyMap, showSecrets: boolean): PropertyMap {
  return showSecrets ? (unwrapSecrets(outputs) as PropertyMap) : outputs;
}

async function exportState(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", "show-secrets": "switch", file: "value", version: "value" });
  if (parsed.value("version") !== undefined) throw new NotSupported("the flag --version of stack export");
  const { backend, project, name } = openStack(parsed.value("stack"));
  let deployment = parseCheckpoint(backend.read(name)) ?? {};
  if (parsed.isOn("show-secrets")) {
    const { state } = await openState(backend, name, StackConfig.read(project, name.stack));
    deployment = { ...encodeDeployment(state, "plaintext"), manifest: deployment.manifest };
  }
  const text = `${JSON.stringify({ ...stateFormat(deployment.resources), deployment }, null, 4)}\n`;
  const file = parsed.value("file");
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
}

async function importState(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", file: "value", force: "switch" });
  const { backend, project, name } = openStack(parsed.value("stack"));
  const text = readInput(parsed.value("file"));
  const given = JSON.parse(text) as { version?: number; features?: string[]; deployment?: Stored };
  checkFormat(given.version, given.features);
  const deployment = given.deployment ?? {};
  backend.read(name);
  const config = StackConfig.read(project, name.stack);
  const { crypter } = await openState(backend, name, config);
  const givenSalt = deploymentSalt(deployment);
  const reader = givenSalt === undefined || givenSalt === crypter.salt ? crypter : new Crypter(givenSalt);
  if (text.includes("ciphertext")) await reader.unlock();
  const state = decodeDeployment(deployment, (ciphertext) => reader.decrypt(ciphertext));
  if (!parsed.isOn("force")) checkImport(deployment, state.resources, name);
  for (const { resource, type } of state.pendingOperations) {
    process.stderr.write(`warning: removing pending operation '${type}' on '${resource.urn}' from snapshot\n`);
  }
  if (text.includes("ciphertext") || text.includes("plaintext")) await crypter.unlock();
  await backend.lock(name);
  try {
    const { resources } = state;
    const stored = encodeDeployment({ resources, pendingOperations: [], salt: crypter.salt }, crypter);
    await backend.write(name, checkpointText(qualifiedName(name), stored));
  } finally {
    backend.unlock(name);
  }
  process.stdout.write("Import complete.\n");
}

function readInput(file: string | undefined): string {
  try {
    return readFileSync(file ?? 0, "utf8");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CommandFailure(
      `could not open file: open ${file}: ${isMissing ? "no such file or directory" : messageOf(error)}`,
    );
  }
}

/** What speaks against taking a state over; `--force` says that it does not matter. */
function checkImport(deployment: Stored, resources: Parameters<typeof integrityProblem>[0], name: StackName): void {
  const problems: string[] = [];
  const stranger = resources.find(({ urn }) => !urn.startsWith(`urn:pulumi:${name.stack}::`));
  if (stranger)
    problems.push(
      `resource '${stranger.urn}' is from a different stack ('${stranger.urn.split(":")[2] ?? ""}' != '${name.stack}')`,
    );
  const broken = manifestProblem(deployment.manifest) ?? integrityProblem(resources);
  if (broken) problems.push(`state file contains errors: ${broken}`);
  if (problems.length === 0) return;
  problems.push("importing this file could be dangerous; rerun with --force to proceed anyway");
  const list = problems.map((problem, index) => `\n    ${index + 1}) ${problem}`);
  throw new CommandFailure(`${problems.length} errors occurred:${list.join("")}`);
}

interface HistoryEntry {
  kind: string;
  startTime: number;
  endTime: number;
  message: string;
  environment: Record<string, string>;
  config: Record<string, string | { value?: string; secure?: string | boolean; object?: boolean }>;
  version: number;
  result: string;
  resourceChanges?: Record<string, number>;
}

async function history(args: string[]): Promise<void> {
  const parsed = parseArgs(args, {
    stack: "value",
    json: "switch",
    "show-secrets": "switch",
    "page-size": "value",
    page: "value",
    "full-dates": "ignored-switch",
  });
  const { backend, project, name } = openStack(parsed.value("stack"));
  backend.read(name);
  const size = Number(parsed.value("page-size") ?? 10);
  const start = size > 0 ? (Math.max(1, Number(parsed.value("page") ?? 1)) - 1) * size : 0;
  const entries = backend.history(name) as HistoryEntry[];
  const chosen = size > 0 ? entries.slice(start, start + size) : entries;
  const hasSecrets = chosen.some(({ config }) => JSON.stringify(config ?? {}).includes('"secure":'));
  const salt = StackConfig.read(project, name.stack).salt;
  const crypter = parsed.isOn("show-secrets") && hasSecrets && salt !== undefined ? new Crypter(salt) : undefined;
  await crypter?.unlock();
  const shown = chosen.map((entry) => ({
    ...entry,
    startTime: new Date(entry.startTime * 1000).toISOString(),
    config: Object.fromEntries(
      Object.entries(entry.config ?? {}).map(([key, value]) => [key, shownConfig(value, crypter)]),
    ),
    endTime: new Date(entry.endTime * 1000).toISOString(),
  }));
  if (parsed.isOn("json")) return printJson(shown);
  if (shown.length === 0) process.stdout.write("Stack has never been updated\n");
  for (const { kind, result, endTime } of shown) process.stdout.write(`${endTime}  ${kind}  ${result}\n`);
}

/** Configuration in the history: text, `{secure: ciphertext}` or an object. */
function shownConfig(value: HistoryEntry["config"][string], crypter: Crypter | undefined): object {
  if (typeof value === "string") return { value, secret: false };
  const ciphertext = typeof value.secure === "string" ? value.secure : undefined;
  if (ciphertext === undefined) return { value: value.value ?? JSON.stringify(value), secret: false };
  if (!crypter) return { secret: true };
  return { value: plainConfigText({ text: undefined, ciphertext, object: undefined }, crypter), secret: true };
}

export async function cancel(args: string[]): Promise<void> {
  const parsed: ParsedArgs = parseArgs(args, { stack: "value", yes: "switch" });
  const { backend, name } = openStack(parsed.words[0] ?? parsed.value("stack"));
  if (!parsed.isOn("yes")) throw new CommandFailure("confirmation required: pass --yes", exitCodes.configuration);
  backend.read(name);
  await backend.cancel(name);
  process.stdout.write(`The currently running update for '${name.stack}' has been canceled!\n`);
}
