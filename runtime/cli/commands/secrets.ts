/** `headroom secrets`: the key with which what is secret in the database is sealed. */
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { HeadroomClient } from "../../api/client";
import type { SecretsStateView } from "../../api/secrets-contracts";
import { show } from "./read";

/** How often a rotation that goes on is looked at. Unit: milliseconds. */
const lookEveryMs = 500;

export function addSecrets(program: Command): void {
  const secrets = program
    .command("secrets")
    .summary("the key that seals secrets in the database; rotate it")
    .description("Tells with which key the secrets of the database are sealed, and how many rows wait for it.")
    .addHelpText("after", "\nExample:\n  $ headroom secrets\n  $ headroom secrets rotate\n")
    .action((_options: object, command: Command) => show(command, (client) => client.secrets(), formatSecrets));
  secrets
    .command("rotate")
    .summary("seals everything with a new key")
    .description(
      "Makes a new key in the file secrets-key of the runtime's data folder, seals every secret of the database with it " +
        "while the runtime serves, and removes the old key when nothing needs it. Waits until that is done; cut off, the " +
        "runtime goes on by itself. Afterwards copy the file to the other runtimes on this database, and keep it with " +
        "your backups: an older backup of the database needs the older file.",
    )
    .option("--dry-run", "only tell what would be sealed anew")
    .addHelpText("after", "\nExample:\n  $ headroom secrets rotate --dry-run\n  $ headroom secrets rotate\n")
    .action(({ dryRun = false }: { dryRun?: boolean }, command: Command) =>
      dryRun
        ? show(command, (client) => client.secrets(), formatDryRun)
        : show(
            command,
            rotate,
            ({ keyId, rows }) => `done: ${rows} rows are sealed with key ${keyId}, the old key is gone`,
          ),
    );
}

async function rotate(client: HeadroomClient): Promise<SecretsStateView> {
  let state = await client.rotateSecrets();
  while (state.olderKeyIds.length > 0) {
    await delay(lookEveryMs);
    state = await client.secrets();
  }
  return state;
}

function formatDryRun(state: SecretsStateView): string {
  if (state.olderKeyIds.length > 0) return formatSecrets(state);
  return `a rotation would seal ${state.rows} rows with a new key and then remove key ${state.keyId}; nothing was changed`;
}

function formatSecrets({ keyId, olderKeyIds, rows, toSeal }: SecretsStateView): string {
  const done = `${rows - toSeal} of ${rows} rows are sealed with key ${keyId}`;
  return olderKeyIds.length === 0 ? done : `${done}; a rotation goes on, key ${olderKeyIds.join(", ")} goes at its end`;
}
