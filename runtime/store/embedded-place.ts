/**
 * Which account runs the embedded server and in which folder its files are.
 *
 * PostgreSQL refuses to run as root. Started by root it therefore runs as an account that nothing else runs as: what runs
 * as the same one could read every file of it. Its files must be where that account can reach them: in the data folder if
 * possible, else below {@link sharedHome}, with a note in the data folder that says where.
 */
import { createHash } from "node:crypto";
import { constants, existsSync, lstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import { access, chmod, chown, lchown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { SetupError } from "../model/errors";
import { readIfThere, readPostmaster } from "./postmaster-file";

/** Where the server's files are when root's data folder is out of the account's reach. */
export const sharedHome = "/var/lib/headroom";

/** An account of this name is used where there is one. */
const accountName = "headroom";
/** A number needs no account; this one lies where systemd hands out numbers for a while, and nobody has it for good. */
const numberWithoutAccount = 61_471;

/**
 * Only `initdb` wants an account with a name: it makes the files, which are then given away. Older versions left them to
 * it, with all that other processes of that name can do.
 */
const creatorName = "nobody";

/** The file in the data folder that says where the database is, when it is not in the data folder itself. */
export const locationFile = "database.location";

/** The file in a home below {@link sharedHome} that says whose data it holds. */
const originFile = "data-folder";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Place {
  /** Holds everything of the server: data, log, password, socket. */
  readonly home: string;
  /** Undefined = our own account. */
  readonly account: Account | undefined;
  /** Who makes the files of a new database, and may own those of an old one; undefined = `account`. */
  readonly creator: Account | undefined;
  readonly canReach: (path: string) => boolean;
}

/** Decides and creates the place; nothing is moved once a database exists. */
export async function preparePlace(folder: string, sharedFolder: string = sharedHome): Promise<Place> {
  await makeFolder(folder);
  const real = realpathSync(folder);
  const chosen = process.getuid?.() === 0 ? unprivilegedAccount() : undefined;
  if (!chosen) return { home: real, account: chosen, creator: undefined, canReach: () => true };
  const creator = chosen.name === "" ? namedAccount(creatorName) : undefined;
  const home = await chooseHome(real, (path) => isReachable(path, chosen), sharedFolder);
  // One that runs already, as an older version started it, is left as it is until it ends.
  const isCreators = readPostmaster(join(home, "data")) !== undefined && ownerOf(join(home, "data")) === creator?.uid;
  const account = isCreators ? creator! : chosen;
  const canReach = (path: string): boolean => isReachable(path, account) && (!creator || isReachable(path, creator));
  await mkdir(home, { recursive: true });
  await chown(home, account.uid, account.gid);
  await chmod(home, 0o700);
  return { home, account, creator, canReach };
}

function ownerOf(folder: string): number {
  return statSync(folder).uid;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new SetupError(
      `the data folder ${folder} can't be written (${(cause as Error).message}); give another folder or change its rights`,
      { cause },
    );
  }
}

async function chooseHome(folder: string, canReach: (path: string) => boolean, shared: string): Promise<string> {
  const away = join(shared, createHash("sha256").update(folder).digest("hex").slice(0, 16));
  const note = join(folder, locationFile);
  if (existsSync(note)) {
    const noted = (await readFile(note, "utf8")).trim();
    if (noted === away && existsSync(away)) return away;
    throw new SetupError(
      `${note} says that the database is in ${noted}, ${noted === away ? "which is gone" : "which belongs to another data folder"}; put it back, or delete that file to start with an empty database`,
    );
  }
  const isReachable = canReach(folder);
  if (existsSync(join(folder, "data", "PG_VERSION")) && !isReachable) {
    throw new SetupError(
      `the unprivileged account that must run PostgreSQL can't reach ${folder}; give that account access to all folders above it (chmod o+x), or do not run as root`,
    );
  }
  if (isReachable) return folder;
  // The data folder was deleted and made again: what is left from before must not come back as its contents.
  if (existsSync(away)) {
    const leftover = readPostmaster(join(away, "data"));
    if (leftover) process.kill(leftover.pid, "SIGINT");
    await rm(`${away}.replaced`, { recursive: true, force: true });
    await rename(away, `${away}.replaced`);
  }
  await makeFolder(shared);
  await chmod(shared, 0o755);
  await removeAbandoned(shared);
  await mkdir(away, { recursive: true });
  await writeFile(join(away, originFile), `${folder}\n`);
  await writeFile(note, `${away}\n`);
  return away;
}

/**
 * Removes what belonged to data folders below the temporary folder that are gone, as tests and trials leave behind.
 * Other data folders may only be out of sight (an unmounted disk): what belongs to them stays.
 */
async function removeAbandoned(shared: string): Promise<void> {
  for (const name of await readdir(shared)) {
    const home = join(shared, name);
    const origin = readIfThere(join(home, originFile)).trim();
    if (!origin.startsWith(realpathSync(tmpdir()) + sep) || existsSync(origin)) continue;
    const leftover = readPostmaster(join(home, "data"));
    if (leftover) process.kill(leftover.pid, "SIGQUIT");
    await rm(home, { recursive: true, force: true });
  }
}

/** `name` is empty for the number without an account. */
function unprivilegedAccount(): Account {
  const named = namedAccount(accountName);
  if (named) return named;
  if (namedAccount(creatorName)) return { name: "", uid: numberWithoutAccount, gid: numberWithoutAccount };
  throw new SetupError(
    `PostgreSQL can't run as root and there is no account named ${accountName} or ${creatorName}; create one, or do not run as root`,
  );
}

function namedAccount(wanted: string): Account | undefined {
  const accounts = existsSync("/etc/passwd") ? readFileSync("/etc/passwd", "utf8").split("\n") : [];
  for (const line of accounts) {
    const [name, , uid, gid] = line.split(":");
    if (name === wanted && Number(uid) !== 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** True when the account may enter every folder above the path. By mode bits; the account's only group is its own. */
export function isReachable(path: string, { uid, gid }: Account): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid: owner, gid: group } = statSync(folder);
    const shift = owner === uid ? 6 : group === gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Whoever owns the file of an existing database runs it; a folder of somebody else is refused early and clearly. */
export async function checkOwner(dataFolder: string, { account, creator }: Place): Promise<void> {
  const expected = account?.uid ?? process.getuid?.();
  const { uid } = await stat(dataFolder);
  if (expected === undefined || uid === expected || uid === creator?.uid) return;
  throw new SetupError(
    `the database in ${dataFolder} belongs to user id ${uid} and this process would run it as user id ${expected}; start as the user who made it, or change the owner of that folder`,
  );
}

/** Gives a file, or a folder and all in it, to the account. */
export async function giveTree(path: string, account: Account): Promise<void> {
  await lchown(path, account.uid, account.gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of await readdir(path)) await giveTree(join(path, name), account);
}
