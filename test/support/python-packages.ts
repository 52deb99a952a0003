/**
 * A Python with packages that judge what we send: servers and descriptions that nobody here wrote. Installed once, outside of
 * the project, where the machine reaches PyPI; kept in the user's cache folder.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Longer than the largest of them takes on a busy machine. */
const installMsMax = 8 * 60_000;

/**
 * The executable; undefined where there is no Python 3, or PyPI can't be reached and they are not there yet.
 *
 * @param packages With versions, as pip takes them, e.g. `moto[ec2]==5.2.5`.
 */
export function pythonWith(...packages: readonly string[]): string | undefined {
  const root = process.env["HEADROOM_TEST_CACHE"] ?? join(homedir(), ".cache", "headroom-tests");
  const digest = createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 16);
  const folder = join(root, `python-${digest}`);
  const python = join(folder, "bin", "python");
  if (existsSync(python)) return python;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(root, { recursive: true });
  const isMade =
    run("python3", "-m", "venv", unfinished) &&
    run(join(unfinished, "bin", "python"), ...["-m", "pip", "install", "--quiet", "--retries", "1"], ...packages);
  // Whoever installed the same meanwhile was first; an environment that is moved still finds its own packages.
  if (isMade && !existsSync(folder)) renameSync(unfinished, folder);
  else rmSync(unfinished, { recursive: true, force: true });
  return existsSync(python) ? python : undefined;
}

function run(command: string, ...args: readonly string[]): boolean {
  const { status } = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"], timeout: installMsMax });
  return status === 0;
}
