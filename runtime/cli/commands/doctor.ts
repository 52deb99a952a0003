/** `headroom doctor`: looks at everything a runtime needs on this machine; each line says ok, or what to do. */
import { accessSync, constants, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { HeadroomClient } from "../../api/client";
import type { StatusView } from "../../api/contracts";
import type { EngineWish } from "../../executor/engine-choice";
import { adviseOnProxies } from "../../model/direct-loopback";
import { messageOf, SetupError } from "../../model/errors";
import { makeFolder } from "../../main/make-folder";
import { adminKeyFile, globalOptions, readTlsCa } from "../connection";
import { formatTable, print, printJson } from "../output";
import { engineOption } from "./serve";

interface Finding {
  readonly check: string;
  readonly isGood: boolean;
  /** What was found, or what is wrong and what to do. */
  readonly detail: string;
}

/** How the runtime is asked. */
interface Reach {
  readonly endpoint: string;
  readonly tlsCa: string | undefined;
}

interface DoctorOptions {
  readonly engine: EngineWish;
  readonly database?: string;
}

const nodeVersionMin = [20, 19] as const;

/** @param environment As the command was started with it. */
export function addDoctor(program: Command, environment: NodeJS.ProcessEnv): void {
  program
    .command("doctor")
    .summary("check this machine: engine, database, folder, port, keys")
    .description("Checks what a runtime needs on this machine. Exit code 3 when something must be put right.")
    .addOption(engineOption())
    .option("--database <url>", "also connect to this PostgreSQL", process.env["HEADROOM_DATABASE_URL"])
    .addHelpText("after", "\nExample:\n  $ headroom doctor --data-folder /var/lib/headroom\n")
    .action(async (options: DoctorOptions, command: Command) => {
      const { json, dataFolder, endpoint, tlsCa } = globalOptions(command);
      const reach = { endpoint, tlsCa: readTlsCa(tlsCa) };
      const findings = await examine(options, { folder: resolve(dataFolder), environment, ...reach });
      if (json) printJson({ findings }, 2);
      else print(format(findings));
      if (findings.some(({ isGood }) => !isGood)) process.exitCode = 3;
    });
}

function format(findings: readonly Finding[]): string {
  return formatTable(
    ["", "CHECK", "FOUND"],
    findings.map(({ isGood, check, detail }) => [isGood ? "ok" : "fail", check, detail]),
  );
}

async function examine(
  options: DoctorOptions,
  { folder, environment, ...reach }: Reach & { folder: string; environment: NodeJS.ProcessEnv },
): Promise<Finding[]> {
  return [
    await inspect("node", checkNode),
    await inspect("engine", () => checkEngine(options.engine)),
    await inspect("plugin", checkPlugin),
    await inspect("proxy", () => checkProxy(environment)),
    await inspect("database", () => checkDatabase(options.database)),
    await inspect("data folder", () => checkFolder(folder)),
    await inspect("keys", () => checkKeys(folder)),
    await inspect("runtime", () => checkRuntime(reach)),
    await inspect("definitions", () => checkDefinitions(reach, folder)),
    await inspect("accounts", () => checkAccounts(reach, folder)),
  ];
}

/** A check answers with what it found, or throws an error whose message says what to do. */
async function inspect(check: string, look: () => string | Promise<string>): Promise<Finding> {
  try {
    return { check, isGood: true, detail: await look() };
  } catch (error) {
    return { check, isGood: false, detail: messageOf(error) };
  }
}

function checkNode(): string {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [majorMin, minorMin] = nodeVersionMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return process.version;
  throw new SetupError(`Node ${process.version} is too old; install ${majorMin}.${minorMin} or newer`);
}

async function checkEngine(wish: EngineWish): Promise<string> {
  const { findEngine } = require("../../main") as typeof import("../../main");
  const engine = await findEngine(wish);
  return `${engine.name} (${engine.command})`;
}

function checkPlugin(): string {
  const { packageRoot } = require("../../main") as typeof import("../../main");
  const shim = join(packageRoot, "provider", "bin", "pulumi-resource-headroom");
  const built = join(packageRoot, "dist", "provider", "plugin.js");
  for (const file of [shim, built]) {
    if (!existsSync(file)) throw new SetupError(`${file} is missing; run "npm run build" or install the package again`);
  }
  try {
    accessSync(shim, constants.X_OK);
  } catch (cause) {
    throw new SetupError(`${shim} is not executable; run chmod +x on it`, { cause });
  }
  return shim;
}

function checkProxy(environment: NodeJS.ProcessEnv): string {
  const { isHarmful, text } = adviseOnProxies(environment);
  if (isHarmful) throw new SetupError(text);
  return text;
}

async function checkDatabase(url: string | undefined): Promise<string> {
  if (url === undefined) {
    const { findBinaries } = require("../../store/embedded-binaries") as typeof import("../../store/embedded-binaries");
    const { version, folder } = findBinaries();
    return `embedded PostgreSQL ${version} (${folder})`;
  }
  const connection = require("../../store/postgres-connection") as typeof import("../../store/postgres-connection");
  const client = await connection.connect(url);
  try {
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version");
    return `PostgreSQL ${rows[0]?.version ?? ""} at ${connection.describeTarget(url)}`;
  } finally {
    await client.end();
  }
}

/** Writes a file and removes it again, together with the folders that had to be made for it. */
function checkFolder(folder: string): string {
  const isNew = !existsSync(folder);
  const probe = join(folder, `.doctor-${process.pid}`);
  try {
    const made = makeFolder(folder, 0o700);
    writeFileSync(probe, "");
    rmSync(made ?? probe, { recursive: true });
  } catch (cause) {
    throw new SetupError(`${folder} can't be written; choose another with --data-folder or change its rights`, {
      cause,
    });
  }
  return isNew ? `${folder} (made by the first start)` : folder;
}

function checkKeys(folder: string): string {
  const files = ["admin-key", "node-token-secret", "passphrase"].map((name) => join(folder, name));
  const present = files.filter((file) => existsSync(file));
  const open = present.find((file) => (statSync(file).mode & 0o077) !== 0);
  if (open) throw new SetupError(`${open} can be read by others; run chmod 600 on it`);
  return present.length === 0 ? "none yet (made by the first start)" : `${present.length} secret files, mode 600`;
}

/** Whether the runtime can read all that its store holds; only with this machine's own admin key. */
async function checkDefinitions(reach: Reach, folder: string): Promise<string> {
  const status = await statusOf(reach, folder);
  if (typeof status === "string") return status;
  if (status.unreadable.length > 0) throw new SetupError(status.unreadable.join("; "));
  return "all can be read";
}

/** What the clouds said of the accounts, and of the images, networks, sizes and keys in them, and what directories said. */
async function checkAccounts(reach: Reach, folder: string): Promise<string> {
  const status = await statusOf(reach, folder);
  if (typeof status === "string") return status;
  const accounts = [
    ...status.accounts.map(({ vmProvider: name, ...verdict }) => ({ what: "VM provider config", name, ...verdict })),
    ...(status.directories ?? []).map(({ ldapConfig: name, ...verdict }) => ({
      what: "LDAP config",
      name,
      ...verdict,
    })),
  ];
  const troubles = accounts.flatMap(({ what, name, troubles: own }) => own.map((text) => `${what} "${name}": ${text}`));
  if (troubles.length > 0) throw new SetupError(troubles.join("; "));
  const unknown = accounts.filter(({ state }) => state === "unknown").map(({ name }) => name);
  const asked = `${accounts.length - unknown.length} of ${accounts.length} in order`;
  return unknown.length === 0 ? asked : `${asked}; not asked yet: ${unknown.join(", ")}`;
}

/** Why there is none, as text. */
async function statusOf(reach: Reach, folder: string): Promise<StatusView | string> {
  const keyFile = join(folder, adminKeyFile);
  if (!existsSync(keyFile)) return "no runtime of this folder to ask";
  const apiKey = readFileSync(keyFile, "utf8").trim();
  const client = new HeadroomClient({ ...reach, apiKey, retries: 0, timeoutMs: 3000 });
  return client.status().catch(() => "no runtime of this folder leads");
}

/** Either a runtime answers at the endpoint, or its port is free to start one. */
async function checkRuntime(reach: Reach): Promise<string> {
  const { endpoint } = reach;
  try {
    const health = await new HeadroomClient({ ...reach, retries: 0, timeoutMs: 3000 }).health();
    return `${health.status} ${health.version} at ${endpoint}`;
  } catch (cause) {
    const { hostname, port } = new URL(endpoint);
    if (!["127.0.0.1", "localhost"].includes(hostname)) throw cause;
    const isFree = await new Promise<boolean>((done) => {
      const server = createServer();
      server.once("error", () => done(false));
      server.listen(Number(port || 80), "127.0.0.1", () => server.close(() => done(true)));
    });
    if (isFree) return `none runs at ${endpoint}; its port is free (start one with headroom serve)`;
    throw new SetupError(`port ${port} is taken by something that is no Headroom runtime; choose another with --port`, {
      cause,
    });
  }
}
