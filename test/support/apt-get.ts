/** Debian's packages, asked for by one process of the tests at a time: two would fail at each other's locks. */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

const lock = join(tmpdir(), "headroom-tests-apt.lock");
const limitMs = 300_000;

/** @param folder Where files are written. Default: that of the process. */
export function aptGet(args: readonly string[], folder?: string): SpawnSyncReturns<string> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = {
    env,
    encoding: "utf8",
    timeout: limitMs,
    ...(folder === undefined ? {} : { cwd: folder }),
  } as const;
  return spawnSync("flock", ["--wait", String(limitMs / 1000), lock, "apt-get", "-qq", ...args], options);
}
