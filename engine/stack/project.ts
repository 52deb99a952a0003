/**
 * Pulumi.yaml, Pulumi.STACK.yaml and the selected stack. The rule kept: what these files may say and this engine does
 * not do (other languages, environments, other secrets providers, other backends) is refused when it is read.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CommandFailure, NotSupported } from "../failure";
import { pulumiHome } from "./home";
import { readJson } from "./json-file";
import type { Crypter } from "./secrets";

export interface Project {
  name: string;
  /** Folder of Pulumi.yaml. */
  folder: string;
  file: string;
  /** Folder of the program (`main:` may point elsewhere), and the file or "." in it that is run. */
  programFolder: string;
  entryPoint: string;
  runtime: string;
  runtimeOptions: Record<string, unknown>;
  plugins: { name: string; path: string; version?: string }[];
  /** Configuration that the project sets for all its stacks. */
  config: Record<string, unknown>;
  /** Folder of the stack configuration files. */
  stackFolder: string;
  backendUrl: string | undefined;
}

type Yaml = Record<string, unknown>;
const extensions = [".yaml", ".yml", ".json"];

/** Looks for the project from `folder` upwards. */
export function requireProject(folder: string): Project {
  for (let current = resolve(folder); ; current = dirname(current)) {
    const file = extensions.map((extension) => join(current, `Pulumi${extension}`)).find(existsSync);
    if (file) return readProject(file);
    if (dirname(current) === current) break;
  }
  throw new CommandFailure(
    `no Pulumi.yaml project file found (searching upwards from ${folder}). If you have not created a project yet, ` +
      `use \`pulumi new\` to do so`,
  );
}

function readProject(file: string): Project {
  const yaml = readYaml(file);
  const folder = dirname(file);
  const runtime = typeof yaml.runtime === "object" ? (yaml.runtime as Yaml) : { name: yaml.runtime };
  if (typeof yaml.name !== "string") throw new CommandFailure(`project file ${file} is missing a 'name' attribute`);
  const main = resolve(folder, typeof yaml.main === "string" ? yaml.main : ".");
  const isFile = /\.(c|m)?[jt]s$/.test(main);
  const plugins = ((yaml.plugins as Yaml | undefined)?.providers ?? []) as Project["plugins"];
  const refresh = (yaml.options as Yaml | undefined)?.refresh;
  if (refresh !== undefined) throw new NotSupported("`options: refresh` in Pulumi.yaml");
  return {
    name: yaml.name,
    folder,
    file,
    programFolder: isFile ? dirname(main) : main,
    entryPoint: isFile ? main : ".",
    runtime: String(runtime.name),
    runtimeOptions: (runtime.options as Yaml | undefined) ?? {},
    plugins,
    config: (yaml.config as Yaml | undefined) ?? {},
    stackFolder: resolve(folder, typeof yaml.stackConfigDir === "string" ? yaml.stackConfigDir : "."),
    backendUrl: (yaml.backend as { url?: string } | undefined)?.url,
  };
}

/** JSON, which the Headroom runtime writes, needs no YAML library: that takes longer to load than to use. */
function readYaml(file: string): Yaml {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text) as Yaml;
  } catch {
    return parseYaml(text, file);
  }
}

function parseYaml(text: string, file: string): Yaml {
  const document = yamlLibrary().parseDocument(text);
  const [error] = document.errors;
  const content: unknown = error === undefined ? (document.toJS() ?? {}) : undefined;
  if (typeof content === "object" && !Array.isArray(content)) return content as Yaml;
  // What the library says quotes the file, and there may be secrets in it.
  const where = error?.linePos === undefined ? "it holds no fields" : `see line ${error.linePos[0].line}`;
  throw new CommandFailure(`the file ${file} is cut or no YAML: ${where}`);
}

function yamlLibrary(): typeof import("yaml") {
  return require("yaml") as typeof import("yaml");
}

/** One configuration value as the file holds it: text, an object as JSON, secrets still encrypted inside. */
export interface ConfigValue {
  /** Plain text; for objects JSON. Undefined while the value is encrypted. */
  text: string | undefined;
  ciphertext: string | undefined;
  /** The object as written, with `{secure: ...}` inside. */
  object: unknown;
}

/** The configuration file of a stack. */
export class StackConfig {
  private constructor(
    private readonly file: string,
    private readonly content: Yaml,
  ) {}

  static read(project: Project, stack: string, file?: string): StackConfig {
    const candidates = extensions.map((extension) => join(project.stackFolder, `Pulumi.${stack}${extension}`));
    const path = file ? resolve(file) : (candidates.find(existsSync) ?? (candidates[0] as string));
    const content = existsSync(path) ? readYaml(path) : {};
    if (content.environment !== undefined) throw new NotSupported("`environment` in the stack configuration");
    const provider = content.secretsprovider;
    if (content.encryptedkey !== undefined || (provider && provider !== "passphrase" && provider !== "default")) {
      throw new NotSupported(`the secrets provider ${String(provider ?? "with an encrypted key")}`);
    }
    return new StackConfig(path, content);
  }

  get salt(): string | undefined {
    return this.content.encryptionsalt as string | undefined;
  }
  set salt(value: string) {
    this.content.encryptionsalt = value;
  }

  /** Fully qualified key → value. */
  values(): Map<string, ConfigValue> {
    const config = (this.content.config as Yaml | undefined) ?? {};
    return new Map(Object.entries(config).map(([key, value]) => [key, configValue(value)]));
  }

  set(key: string, value: unknown): void {
    this.content.config = { ...(this.content.config as Yaml | undefined), [key]: value };
  }

  save(): void {
    const text = this.file.endsWith(".json")
      ? JSON.stringify(this.content, null, 4)
      : yamlLibrary().stringify(this.content);
    writeFileSync(`${this.file}.tmp`, text);
    renameSync(`${this.file}.tmp`, this.file);
  }

  /** Where the configuration is kept, for removing it with its stack. */
  get path(): string {
    return this.file;
  }
}

function configValue(value: unknown): ConfigValue {
  if (typeof value !== "object" || value === null) {
    return { text: value === null ? "" : String(value), ciphertext: undefined, object: undefined };
  }
  const secure = secureText(value);
  if (secure !== undefined) return { text: undefined, ciphertext: secure, object: undefined };
  const hasSecrets = JSON.stringify(value).includes('{"secure":');
  return { text: hasSecrets ? undefined : JSON.stringify(value), ciphertext: undefined, object: value };
}

function secureText(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { secure, ...rest } = value as Yaml;
  return typeof secure === "string" && Object.keys(rest).length === 0 ? secure : undefined;
}

/** The configuration a program sees: all values in plain text, and which of them are secret. */
export interface PlainConfig {
  values: Map<string, string>;
  secretKeys: string[];
  /** The texts that are encrypted in the file, also those inside objects. */
  secretTexts: string[];
}

/** Joins the project's and the stack's configuration; derives the key only when a value is encrypted. */
export async function readConfig(project: Project, stack: StackConfig, crypter: Crypter): Promise<PlainConfig> {
  const merged = new Map<string, ConfigValue>();
  for (const [key, setting] of Object.entries(project.config)) {
    const typed = setting as { value?: unknown; default?: unknown } | null;
    const isTyped = typeof setting === "object" && setting !== null && !Array.isArray(setting);
    const value = isTyped ? (typed?.value ?? typed?.default) : setting;
    if (value !== undefined) merged.set(qualifiedKey(key, project), configValue(value));
  }
  for (const [key, value] of stack.values()) merged.set(qualifiedKey(key, project), value);
  const result: PlainConfig = { values: new Map(), secretKeys: [], secretTexts: [] };
  for (const [key, value] of merged) {
    if (value.text === undefined) {
      await crypter.unlock();
      result.secretKeys.push(key);
    }
    const text = plainConfigText(value, {
      decrypt: (ciphertext) => {
        const secret = crypter.decrypt(ciphertext);
        result.secretTexts.push(secret);
        return secret;
      },
    });
    result.values.set(key, text);
  }
  return result;
}

function plainConfigText(value: ConfigValue, crypter: Pick<Crypter, "decrypt">): string {
  if (value.text !== undefined) return value.text;
  if (value.ciphertext !== undefined) return crypter.decrypt(value.ciphertext);
  return JSON.stringify(value.object, (_key, item: unknown) => {
    const secure = secureText(item);
    return secure === undefined ? item : crypter.decrypt(secure);
  });
}

/** `key` → `PROJECT:key`; `ns:config:key`, the oldest form, → `ns:key`. */
export function qualifiedKey(key: string, project: Project): string {
  const parts = key.split(":");
  if (parts.length === 1) return `${project.name}:${key}`;
  if (parts.length === 3 && parts[1] === "config") return `${parts[0]}:${parts[2]}`;
  if (parts.length > 2) throw new CommandFailure(`could not parse ${key} as a configuration key`);
  return key;
}

/** Where Pulumi remembers the selected stack of a project. */
function workspaceFile(project: Project): string {
  const hash = createHash("sha1").update(project.file).digest("hex");
  return join(pulumiHome(), "workspaces", `${project.name}-${hash}-workspace.json`);
}

export function selectedStack(project: Project, backendUrl: string): string | undefined {
  if (process.env.PULUMI_STACK) return process.env.PULUMI_STACK;
  const file = workspaceFile(project);
  if (!existsSync(file)) return undefined;
  const settings = readJson<{ stack?: string; stacks?: Record<string, string> }>(file);
  return settings.stacks?.[backendUrl] ?? settings.stack;
}

export function selectStack(project: Project, backendUrl: string, stack: string | undefined): void {
  const file = workspaceFile(project);
  mkdirSync(dirname(file), { recursive: true });
  const settings = existsSync(file) ? readJson<Yaml>(file) : {};
  delete settings.stack;
  // What is undefined is left out of the file.
  settings.stacks = { ...(settings.stacks as Yaml | undefined), [backendUrl]: stack };
  writeFileSync(`${file}.tmp`, JSON.stringify(settings));
  renameSync(`${file}.tmp`, file);
}
