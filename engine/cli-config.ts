/**
 * The `config` commands on the stack's configuration file. The rule kept: a secret is encrypted before it is written,
 * and shown only when asked for.
 */
import { parseArgs, type ParsedArgs } from "./args";
import { openStack, type StackContext } from "./cli-context";
import { CommandFailure, exitCodes, NotSupported } from "./failure";
import { printJson } from "./output";
import { type ConfigValue, plainConfigText, qualifiedKey, StackConfig } from "./project";
import { parsePath } from "./registration";
import { Crypter } from "./secrets";
import { deploymentSalt, parseCheckpoint } from "./state";

const flags = {
  stack: "value",
  "config-file": "value",
  json: "switch",
  "show-secrets": "switch",
  secret: "switch",
  plaintext: "switch",
  path: "switch",
  force: "switch",
} as const;

export async function config(args: string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined || name.startsWith("-")) return list(parseArgs(args, flags));
  switch (name) {
    case "get":
      return get(parseArgs(rest, flags));
    case "set":
      return set(parseArgs(rest, flags));
    case "set-all":
      return setAll(rest);
    case "rm":
    case "rm-all":
      return remove(parseArgs(rest, flags));
    case "refresh":
      return refresh(parseArgs(rest, flags));
    default:
      throw new NotSupported(`the command "config ${name}"`);
  }
}

interface Opened extends StackContext {
  file: StackConfig;
  crypter: () => Promise<Crypter>;
}

function open(parsed: ParsedArgs): Opened {
  const context = openStack(parsed.value("stack"));
  const { backend, project, name } = context;
  const stored = parseCheckpoint(backend.read(name));
  const file = StackConfig.read(project, name.stack, parsed.value("config-file"));
  const crypter = async (): Promise<Crypter> => {
    const salt = file.salt ?? (stored && deploymentSalt(stored));
    const made = salt === undefined ? await Crypter.create() : new Crypter(salt);
    await made.unlock();
    file.salt = made.salt;
    return made;
  };
  return { ...context, file, crypter };
}

async function list(parsed: ParsedArgs): Promise<void> {
  const opened = open(parsed);
  const values = opened.file.values();
  const isShown = parsed.isOn("show-secrets");
  const crypter = isShown && [...values.values()].some(isEncrypted) ? await opened.crypter() : undefined;
  const shown = Object.fromEntries([...values].map(([key, value]) => [key, shownValue(value, crypter)]));
  if (parsed.isOn("json")) return printJson(shown);
  process.stdout.write("KEY  VALUE\n");
  for (const [key, { value }] of Object.entries(shown)) process.stdout.write(`${key}  ${value ?? "[secret]"}\n`);
}

async function get(parsed: ParsedArgs): Promise<void> {
  const opened = open(parsed);
  const [key, path] = splitKey(parsed.words[0], opened, parsed.isOn("path"));
  const value = opened.file.values().get(key);
  const missing = new CommandFailure(
    `configuration key '${parsed.words[0] ?? ""}' not found for stack '${opened.name.stack}'`,
  );
  if (!value) throw missing;
  const text = plainConfigText(value, isEncrypted(value) ? await opened.crypter() : new Crypter(""));
  const found = path.length > 0 ? descend(JSON.parse(text), path) : text;
  if (found === undefined) throw missing;
  const plain = typeof found === "string" ? found : JSON.stringify(found);
  if (!parsed.isOn("json")) return void process.stdout.write(`${plain}\n`);
  const objectValue = value.object === undefined || path.length > 0 ? undefined : (JSON.parse(text) as unknown);
  printJson({ value: plain, objectValue, secret: isEncrypted(value) });
}

async function set(parsed: ParsedArgs): Promise<void> {
  const opened = open(parsed);
  const [key, text] = parsed.words;
  if (text === undefined) throw new CommandFailure("config set needs a key and a value", exitCodes.configuration);
  await put(opened, { key, text, isSecret: parsed.isOn("secret"), isPath: parsed.isOn("path") });
  opened.file.save();
}

async function setAll(args: string[]): Promise<void> {
  const pairs: { text: string; isSecret: boolean }[] = [];
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const [flag, joined] = splitOnce(args[index] as string);
    if (flag !== "--secret" && flag !== "--plaintext") rest.push(args[index] as string);
    else pairs.push({ text: joined ?? (args[++index] as string), isSecret: flag === "--secret" });
  }
  const parsed = parseArgs(rest, { ...flags, json: "value" });
  const opened = open(parsed);
  for (const { text, isSecret } of pairs) {
    const [key, value = ""] = splitOnce(text);
    await put(opened, { key, text: value, isSecret, isPath: parsed.isOn("path") });
  }
  const json = JSON.parse(parsed.value("json") ?? "{}") as Record<
    string,
    { value: string; objectValue?: unknown; secret?: boolean }
  >;
  for (const [key, { value, objectValue, secret }] of Object.entries(json)) {
    if (objectValue !== undefined && secret !== true) opened.file.set(qualifiedKey(key, opened.project), objectValue);
    else await put(opened, { key, text: value, isSecret: secret === true, isPath: false });
  }
  opened.file.save();
}

function splitOnce(text: string): [string, string | undefined] {
  const index = text.indexOf("=");
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

interface Put {
  key: string | undefined;
  text: string;
  isSecret: boolean;
  isPath: boolean;
}

async function put(opened: Opened, { key, text, isSecret, isPath }: Put): Promise<void> {
  const [qualified, path] = splitKey(key, opened, isPath);
  const value = isSecret ? { secure: (await opened.crypter()).encrypt(text) } : text;
  if (path.length === 0) return opened.file.set(qualified, value);
  const before = opened.file.values().get(qualified)?.object ?? {};
  opened.file.set(qualified, withValue(before, path, isSecret ? value : typedText(text)));
}

/** Inside objects numbers and booleans keep their type, as official Pulumi does with `--path`. */
function typedText(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^(0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}

function withValue(container: unknown, [step, ...rest]: (string | number)[], value: unknown): unknown {
  if (step === undefined) return value;
  const inner =
    typeof container === "object" && container !== null ? (container as Record<string, unknown>)[step] : undefined;
  const next = withValue(inner, rest, value);
  if (typeof step !== "number") return { ...(container as object | undefined), [step]: next };
  const list = Array.isArray(container) ? [...(container as unknown[])] : [];
  list[step] = next;
  return list;
}

function descend(value: unknown, path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Record<string, unknown> | undefined)?.[step], value);
}

function remove(parsed: ParsedArgs): void {
  const opened = open(parsed);
  for (const word of parsed.words) {
    const [key, path] = splitKey(word, opened, parsed.isOn("path"));
    if (path.length > 0) throw new NotSupported("config rm --path of a part of an object");
    opened.file.remove(key);
  }
  opened.file.save();
}

/** Takes over the configuration of the last update. */
function refresh(parsed: ParsedArgs): void {
  const opened = open(parsed);
  const [last] = opened.backend.history(opened.name) as { config?: Record<string, unknown> }[];
  if (!last) throw new CommandFailure("no previous deployment");
  for (const key of opened.file.values().keys()) opened.file.remove(key);
  for (const [key, value] of Object.entries(last.config ?? {})) opened.file.set(key, value);
  opened.file.save();
}

/** `key` or, with `--path`, `key.inner[0]`. */
function splitKey(text: string | undefined, { project }: Opened, isPath: boolean): [string, (string | number)[]] {
  if (text === undefined) throw new CommandFailure("missing configuration key", exitCodes.configuration);
  if (!isPath) return [qualifiedKey(text, project), []];
  const colon = text.indexOf(":");
  const [first, ...rest] = parsePath(text.slice(colon + 1));
  return [qualifiedKey(text.slice(0, colon + 1) + String(first), project), rest];
}

function isEncrypted(value: ConfigValue): boolean {
  return value.text === undefined;
}

function shownValue(
  value: ConfigValue,
  crypter: Crypter | undefined,
): { value?: string; objectValue?: unknown; secret: boolean } {
  const secret = isEncrypted(value);
  if (secret && !crypter) return { secret };
  const text = plainConfigText(value, crypter ?? new Crypter(""));
  return value.object === undefined
    ? { value: text, secret }
    : { value: text, objectValue: JSON.parse(text) as unknown, secret };
}
