/** How a command reaches the runtime: endpoint and key from options, environment, or the data folder of this machine. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { HeadroomClient } from "../api/client";
import { UnauthorizedError } from "../model/errors";

export const defaultEndpoint = "http://127.0.0.1:8700";
export const defaultDataFolder = ".headroom";

export interface GlobalOptions {
  readonly endpoint: string;
  readonly key?: string;
  readonly data: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

export function connect(command: Command): HeadroomClient {
  const { endpoint, key, data } = globalOptions(command);
  return new HeadroomClient({ endpoint, apiKey: key ?? localKey(endpoint, data), retries: 1, timeoutMs: 15_000 });
}

/** The admin key of this machine's runtime, for endpoints on this machine only: it is sent nowhere else. */
function localKey(endpoint: string, dataFolder: string): string | undefined {
  // The client says what is wrong with it.
  if (!URL.canParse(endpoint)) return undefined;
  const file = join(resolve(dataFolder), "admin-key");
  const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(endpoint).hostname);
  const advice = "give a key with --key or HEADROOM_API_KEY";
  if (!isLocal) throw new UnauthorizedError(`${endpoint} needs an API key; ${advice}`);
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new UnauthorizedError(`there is no admin key in ${file}; ${advice}, or name the data folder with --data`, {
      cause,
    });
  }
}
