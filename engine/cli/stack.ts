/** The commands that make, choose, list and remove stacks, and `cancel`. */
import { rmSync } from "node:fs";
import { CommandFailure, exitCodes, NotSupported } from "../failure";
import { type FileBackend, parseStackName, qualifiedName, type StackName } from "../stack/backend";
import { requireProject, selectedStack, selectStack, StackConfig } from "../stack/project";
import { Crypter } from "../stack/secrets";
import { checkpointText, encodeDeployment, parseCheckpoint, type Stored } from "../state/stored-state";
import { rootStackType } from "../state/urn";
import { parseArgs } from "./args";
import { openBackend, openStack } from "./context";
import { printJson } from "./output";
import { history } from "./stack-history";
import { output } from "./stack-output";
import { exportState, importState } from "./stack-transfer";

type Subcommand = (args: string[]) => Promise<void> | void;

const subcommands: Record<string, Subcommand> = {
  init,
  select,
  ls,
  rm,
  output,
  export: exportState,
  import: importState,
  history,
};

export async function stack([name = "", ...args]: string[]): Promise<void> {
  const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (!subcommand) throw new NotSupported(`the command "${`stack ${name}`.trim()}"`);
  await subcommand(args);
}

async function init(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", "secrets-provider": "value", "no-select": "switch" });
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
  await backend.withLock(name, async () => {
    if (backend.exists(name)) throw alreadyExists(name);
    await backend.write(name, checkpointText(qualifiedName(name), undefined));
    const empty = encodeDeployment({ resources: [], pendingOperations: [], salt: crypter.salt }, crypter);
    await backend.write(name, checkpointText(qualifiedName(name), empty));
  });
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

function select(args: string[]): void {
  const parsed = parseArgs(args, { stack: "value" });
  const project = requireProject(process.cwd());
  const backend = openBackend(project);
  const text = parsed.value("stack") ?? parsed.words[0];
  if (text === undefined)
    throw new CommandFailure("must specify stack name when running in non-interactive mode", exitCodes.configuration);
  const name = parseStackName(text, project.name);
  backend.read(name);
  selectStack(project, backend.url, qualifiedName(name));
}

function ls(args: string[]): void {
  const parsed = parseArgs(args, { json: "switch" });
  const project = requireProject(process.cwd());
  const backend = openBackend(project);
  const selected = selectedStack(project, backend.url);
  const list = backend.list(project.name).map((name) => summary(backend, name, selected));
  if (parsed.isOn("json")) return printJson(list);
  process.stdout.write("NAME  LAST UPDATE  RESOURCE COUNT\n");
  for (const item of list)
    process.stdout.write(
      `${item.name}${item.current ? "*" : ""}  ${item.lastUpdate ?? "n/a"}  ${item.resourceCount ?? "n/a"}\n`,
    );
}

function summary(backend: FileBackend, name: StackName, selected: string | undefined) {
  const latest = parseCheckpoint(backend.read(name), backend.stackFile(name));
  const time = (latest?.manifest as { time?: string } | undefined)?.time;
  return {
    name: name.stack,
    current: selected === qualifiedName(name) || selected === name.stack,
    lastUpdate: time && new Date(time).toISOString(),
    resourceCount: latest && ((latest.resources ?? []) as unknown[]).length,
  };
}

async function rm(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", yes: "switch", force: "switch", "preserve-config": "switch" });
  if (!parsed.isOn("yes"))
    throw new CommandFailure("must pass --yes to remove a stack in non-interactive mode", exitCodes.configuration);
  const { backend, project, name } = openStack(parsed.words[0] ?? parsed.value("stack"));
  await backend.withLock(name, async () => {
    if (!parsed.isOn("force")) refuseWithResources(name, parseCheckpoint(backend.read(name), backend.stackFile(name)));
    await backend.remove(name);
  });
  if (!parsed.isOn("preserve-config")) rmSync(StackConfig.read(project, name.stack).path, { force: true });
  selectStack(project, backend.url, undefined);
  process.stdout.write(`Stack '${name.stack}' has been removed!\n`);
}

function refuseWithResources({ stack: shown }: StackName, state: Stored | undefined): void {
  const resources = (state?.resources ?? []) as Stored[];
  if (resources.every(({ type }) => type === rootStackType)) return;
  throw new CommandFailure(
    `'${shown}' still has resources; removal rejected. Possible actions:\n` +
      `- Make sure that '${shown}' is the stack that you want to destroy\n` +
      `- Run \`pulumi destroy\` to delete the resources, then run \`pulumi stack rm\`\n` +
      `- Run \`pulumi stack rm --force\` to override this error`,
  );
}

export async function cancel(args: string[]): Promise<void> {
  const parsed = parseArgs(args, { stack: "value", yes: "switch" });
  const { backend, name } = openStack(parsed.words[0] ?? parsed.value("stack"));
  if (!parsed.isOn("yes")) throw new CommandFailure("confirmation required: pass --yes", exitCodes.configuration);
  await backend.cancel(name);
  process.stdout.write(`The currently running update for '${name.stack}' has been canceled!\n`);
}
