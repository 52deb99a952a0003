/**
 * The executor's part of the data folder:
 *
 *   passphrase               of all lane stacks; only the engine and the workers read it
 *   encryption-salt          one for all lane stacks
 *   state/                   the default backend, Pulumi's own layout
 *   engine-home/             PULUMI_HOME: plugins, engine logs
 *   lanes/<lane id>/         Pulumi.yaml, Pulumi.<stack>.yaml, logs and the record of the running engine
 */
import { randomBytes, scrypt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Engine } from "./engine-choice";
import { writeDurably } from "./durable-file";
import { SetupError } from "../model/errors";
import { PassphraseCrypter } from "./passphrase";

export const projectName = "headroom-nodes";

/** What a worker must know; plain data, sent to it when it starts. */
export interface Installation {
  readonly dataFolder: string;
  readonly packageRoot: string;
  readonly engine: Engine;
  /** Any backend of Pulumi, e.g. `file:///var/lib/headroom/state` or `s3://bucket`. */
  readonly backendUrl: string;
  /** Plugins that are neither bundled nor installed by Pulumi: this package's own. */
  readonly plugins: readonly PluginFolder[];
  /** Added to the engine's environment, over everything else. */
  readonly engineEnvironment: Readonly<Record<string, string>>;
  /** Updates of one lane whose logs and history are kept. Default 5: enough to look at the last failures. */
  readonly historyKept: number;
}

export interface PluginFolder {
  readonly name: string;
  readonly path: string;
}

export interface InstallationOptions {
  readonly dataFolder: string;
  readonly packageRoot: string;
  readonly engine: Engine;
  readonly backendUrl?: string;
  readonly plugins?: readonly PluginFolder[];
  readonly engineEnvironment?: Readonly<Record<string, string>>;
  readonly historyKept?: number;
}

/** Makes the folders, the passphrase and the salt where they are missing. Safe to call again. */
export async function prepareInstallation(options: InstallationOptions): Promise<Installation> {
  const dataFolder = resolve(options.dataFolder);
  const installation: Installation = {
    dataFolder,
    packageRoot: options.packageRoot,
    engine: options.engine,
    backendUrl: options.backendUrl ?? `file://${join(dataFolder, "state")}`,
    plugins: options.plugins ?? [{ name: "headroom", path: join(options.packageRoot, "provider", "bin") }],
    engineEnvironment: options.engineEnvironment ?? {},
    historyKept: options.historyKept ?? 5,
  };
  for (const folder of ["lanes", "engine-home", "state"]) {
    await mkdir(join(dataFolder, folder), { recursive: true, mode: 0o700 });
  }
  if (!existsSync(passphraseFile(installation))) {
    await writeDurably(passphraseFile(installation), randomBytes(32).toString("base64url"));
  }
  if (!existsSync(saltFile(installation))) {
    const crypter = await PassphraseCrypter.create(readPassphrase(installation));
    await writeDurably(saltFile(installation), crypter.salt);
  }
  return installation;
}

export function passphraseFile({ dataFolder }: Installation): string {
  return join(dataFolder, "passphrase");
}

/** The installation's crypter; takes the time of one key derivation. */
export function openCrypter(installation: Installation): Promise<PassphraseCrypter> {
  return PassphraseCrypter.open(readPassphrase(installation), readSalt(installation));
}

/** Keys that come from the passphrase and the salt of the stacks, and that say nothing about either. */
export interface PassphraseKeys {
  /** Shows whether another runtime has the same two. */
  readonly fingerprintKey: Uint8Array;
  /** Seals what must not stand in the database in clear. */
  readonly sealingKey: Uint8Array;
}

const keyBytes = 32;

/** Slow enough that a passphrase somebody chose is not guessed from a fingerprint, about 50 ms. */
export async function derivePassphraseKeys(installation: Installation): Promise<PassphraseKeys> {
  const derive = promisify<string, string, number, Buffer>(scrypt);
  const bytes = await derive(readPassphrase(installation), `headroom ${readSalt(installation)}`, 2 * keyBytes);
  return { fingerprintKey: bytes.subarray(0, keyBytes), sealingKey: bytes.subarray(keyBytes) };
}

export function laneFolder({ dataFolder }: Installation, laneId: string): string {
  return join(dataFolder, "lanes", laneId);
}

function saltFile({ dataFolder }: Installation): string {
  return join(dataFolder, "encryption-salt");
}

function readPassphrase(installation: Installation): string {
  return readWhole(passphraseFile(installation));
}

/** Value of `encryptionsalt` in every stack's configuration; no secret. */
export function readSalt(installation: Installation): string {
  return readWhole(saltFile(installation));
}

function readWhole(file: string): string {
  const text = readFileSync(file, "utf8").trim();
  if (text !== "") return text;
  throw new SetupError(`${file} is empty; restore it from a backup: nothing else opens the stacks`);
}

/** Pulumi.yaml, the same for every lane. */
export function projectText({ packageRoot, plugins }: Installation): string {
  return yamlText({
    name: projectName,
    description: "VMs that the Headroom runtime declares, one stack for every lane",
    runtime: "nodejs",
    main: join(packageRoot, "dist", "provider", "program.js"),
    plugins: { providers: plugins.map(({ name, path }) => ({ name, path })) },
  });
}

/** JSON is YAML too, and quickly written and read. */
export function yamlText(content: unknown): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
