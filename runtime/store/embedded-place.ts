/**
 * Which account runs the embedded server and in which folder its files are.
 *
 * PostgreSQL refuses to run as root. Started by root it therefore runs as an unprivileged account, and its files must be
 * where that account can reach them: in the data folder if possible, else below {@link sharedHome}, with a note in the
 * data folder that says where.
 */
import { createHash } from "node:crypto";
import { constants, existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { access, chmod, chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { SetupError } from "../model/errors";
import { readIfThere, readPostmaster } from "./postmaster-file";

/** Where the server's files are when root's data folder is out of the account's reach. */
export const sharedHome = "/var/lib/headroom";

/** Accounts tried in this order when started by root: make one named headroom to have it to yourself. */
const accountNames = ["headroom", "nobody"];

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
  readonly canReach: (path: string) => boolean;
}

/** Decides and creates the place; nothing is moved once a database exists. */
export async function preparePlace(folder: string, sharedFolder: string = sharedHome): Promise<Place> {
  await makeFolder(folder);
  const real = realpathSync(folder);
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : undefined;
  if (!account) return { home: real, account, canReach: () => true };
  const canReach = (path: string): boolean => isReachable(path, account);
  const home = await chooseHome(real, canReach, sharedFolder);
  await mkdir(home, { recursive: true });
  await chown(home, account.uid, account.gid);
  await chmod(home, 0o700);
  return { home, account, canReach };
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

function unprivilegedAccount(): Account {
  const accounts = existsSync("/etc/passwd") ? readFileSync("/etc/passwd", "utf8").split("\n") : [];
  for (const wanted of accountNames) {
    for (const line of accounts) {
      const [name, , uid, gid] = line.split(":");
      if (name === wanted && Number(uid) !== 0) return { name, uid: Number(uid), gid: Number(gid) };
    }
  }
  throw new SetupError(
    `PostgreSQL can't run as root and there is no account named ${accountNames.join(" or ")}; create one, or do not run as root`,
  );
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
export async function checkOwner(dataFolder: string, account: Account | undefined): Promise<void> {
  const expected = account?.uid ?? process.getuid?.();
  const { uid } = await stat(dataFolder);
  if (expected === undefined || uid === expected) return;
  throw new SetupError(
    `the database in ${dataFolder} belongs to user id ${uid} and this process would run it as user id ${expected}; start as the user who made it, or change the owner of that folder`,
  );
}
