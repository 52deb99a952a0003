/**
 * The data folder of one runtime, and what is secret in it:
 *
 *   admin-key           the first API key of a new database, scope admin, or one that `--accept admin-key` has made good;
 *                       written at the first start, used by the CLI on this machine
 *   node-token-secret   signs the tokens of nodes
 *   secrets-key         seals what is secret in the database, see `secrets-keys.ts`
 *   restoring           a restore into this folder is not done, see `restoring-mark.ts`
 *   runtime.lock        a socket on which the runtime that uses the folder answers
 *   database/           the embedded PostgreSQL
 *   (passphrase, state/, lanes/, engine-home/: see `executor/installation.ts`)
 *
 * Every secret is a file of its own with mode 0600. Runtimes that stand by for each other on one database need the same
 * `node-token-secret`, `secrets-key`, `passphrase` and `encryption-salt`, and a backend that all of them reach: one that
 * differs does not lead, see `own-installation.ts`.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, chmod, open, readFile, realpath, rename, stat, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { messageOf, SetupError } from "../model/errors";
import { takeFolderLock, type FolderLock } from "../store/folder-lock";
import { makeFolder } from "./make-folder";
import { requireRestored } from "./restoring-mark";

export const adminKeyFile = "admin-key";
const tokenSecretFile = "node-token-secret";

export interface DataFolder {
  readonly path: string;
  /** Frees the folder for another runtime. */
  release(): Promise<void>;
}

/**
 * Makes the folder where it is missing and keeps other runtimes out until released, also by the death of this process.
 * One that a restore was cut off in is refused, unless it is opened for a restore.
 */
export async function openDataFolder(folder: string, use: "serving" | "restoring" = "serving"): Promise<DataFolder> {
  const path = resolve(folder);
  try {
    // The embedded database of a root process runs as another user, who must be able to pass through.
    makeFolder(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    const probe = join(path, `.write-test-${process.pid}`);
    await (await open(probe, "w", 0o600)).close();
    await unlink(probe);
  } catch (cause) {
    const why = messageOf(cause);
    throw new SetupError(
      `the data folder ${path} can't be written (${why}); choose another with --data-folder or change its rights`,
      { cause },
    );
  }
  const lock = await lockFolder(await realpath(path));
  try {
    if (use === "serving") requireRestored(path);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return { path, release: () => lock.release() };
}

async function lockFolder(path: string): Promise<FolderLock> {
  const lock = await takeFolderLock(path, "runtime.lock").catch((cause: Error) => {
    throw new SetupError(
      `the data folder ${path} can't hold the socket that keeps other runtimes out (${cause.message}); choose a folder of a local file system with --data-folder`,
      { cause },
    );
  });
  if (lock) return lock;
  throw new SetupError(
    `another runtime of this machine uses the data folder ${path}, maybe in a container of its own; stop it or choose another folder with --data-folder`,
  );
}

/** The text of a secret file; made by `create` and synced to the disk when there is none. Its mode is put right. */
export async function keepSecret(folder: string, file: string, create: () => string): Promise<string> {
  const path = join(folder, file);
  const kept = await readSecret(path);
  if (kept !== undefined) {
    if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
    return kept;
  }
  const secret = create();
  const handle = await open(`${path}.new`, "w", 0o600);
  await handle.writeFile(`${secret}\n`);
  await handle.sync();
  await handle.close();
  await rename(`${path}.new`, path);
  return secret;
}

async function readSecret(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, "utf8")).trim();
    return text === "" ? undefined : text;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    const why = messageOf(error);
    throw new SetupError(`${path} can't be read (${why}); give this user the right to read it`, { cause: error });
  }
}

/** 256 bits from which the tokens of nodes are signed. */
export async function keepTokenSecret(folder: string): Promise<Uint8Array> {
  const text = await keepSecret(folder, tokenSecretFile, () => randomBytes(32).toString("base64url"));
  const secret = Buffer.from(text, "base64url");
  if (secret.length < 32) {
    throw new SetupError(
      `${join(folder, tokenSecretFile)} is damaged; restore it, or delete it and start once with --accept token-secret, which makes all tokens void`,
    );
  }
  return secret;
}
