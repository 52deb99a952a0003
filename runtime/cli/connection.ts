/** How a command reaches the runtime: endpoint and key from options, environment, or the data folder of this machine. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { HeadroomClient } from "../api/client";
import { SetupError, UnauthorizedError } from "../model/errors";

export const defaultEndpoint = "http://127.0.0.1:8700";
export const defaultDataFolder = ".headroom";
/** In the data folder; written by the first start of a runtime. */
export const adminKeyFile = "admin-key";

export interface GlobalOptions {
  readonly endpoint: string;
  readonly key?: string;
  readonly tlsCa?: string;
  readonly dataFolder: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

export function connect(command: Command): HeadroomClient {
  const { endpoint, key, dataFolder, tlsCa } = globalOptions(command);
  const apiKey = key ?? localKey(endpoint, dataFolder);
  return new HeadroomClient({ endpoint, apiKey, tlsCa: readTlsCa(tlsCa), retries: 1, timeoutMs: 15_000 });
}

/** The certificates in the file of `--tls-ca`. */
export function readTlsCa(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(file, "utf8");
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (cause) {
    throw new SetupError(`${file} can't be read; name a file with certificates in PEM with --tls-ca`, { cause });
  }
  throw new SetupError(`${file} holds no certificate; name a file with certificates in PEM with --tls-ca`);
}

/** What to do about a refused key, when none was given. */
export function explainRefusal(error: unknown, command: Command): unknown {
  const { endpoint, key, dataFolder } = globalOptions(command);
  if (!(error instanceof UnauthorizedError) || (key ?? localKey(endpoint, dataFolder)) !== undefined) return error;
  const advice = "give a key with --key or HEADROOM_API_KEY, or name the runtime's data folder with --data-folder";
  return new UnauthorizedError(`${endpoint} needs an API key; ${advice}`, { cause: error });
}

/** The admin key of this machine's runtime, for endpoints on this machine only: it is sent nowhere else. */
function localKey(endpoint: string, dataFolder: string): string | undefined {
  const isLocal = URL.canParse(endpoint) && localHosts.includes(new URL(endpoint).hostname);
  const file = join(resolve(dataFolder), adminKeyFile);
  if (!isLocal || !existsSync(file)) return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new SetupError(`${file} can't be read; give a key with --key or HEADROOM_API_KEY`, { cause });
  }
}

const localHosts = ["127.0.0.1", "localhost", "[::1]"];
