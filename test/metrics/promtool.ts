/** Prometheus's own checker, out of Debian's package: it is a program without anything beside it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptGet } from "../support/apt-get";

/** Kept for the next run on this machine. */
const folder = join(tmpdir(), "headroom-promtool");

/** Path of the program, or why there is none here. Fetches it where that is allowed. */
export function findPromtool(): { readonly path: string } | { readonly missing: string } {
  if (spawnSync("which", ["promtool"]).status === 0) return { path: "promtool" };
  const path = join(folder, "usr", "bin", "promtool");
  if (existsSync(path)) return { path };
  mkdirSync(folder, { recursive: true });
  let fetched = aptGet(["download", "prometheus"], folder);
  if (fetched.status !== 0) {
    aptGet(["update"]);
    fetched = aptGet(["download", "prometheus"], folder);
  }
  const archive = readdirSync(folder).find((name) => name.endsWith(".deb"));
  if (archive !== undefined) spawnSync("dpkg", ["-x", archive, "."], { cwd: folder });
  if (existsSync(path)) return { path };
  const why = fetched.error?.message ?? fetched.stderr.trim().split("\n").at(-1);
  return { missing: `promtool is not here, and apt does not give it: ${why}` };
}
