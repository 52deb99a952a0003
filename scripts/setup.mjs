// Makes a fresh clone ready: installs the locked dependencies, then builds dist/ when a source is newer than it.
// `--sdks` also installs the cloud SDKs that are optional for users, in the versions the tests run against.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const sources = ["engine", "runtime", "provider", "components", "bench", "test", "examples", "tsconfig.json"];
const testedSdks = { "@pulumi/aws": "7.48.0" };

function run(what, command, args) {
  console.error(`headroom set-up: ${what} ...`);
  const done = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (done.status !== 0) {
    console.error(`headroom set-up: ${what} failed (${command} ${args.join(" ")}); the lines above say why.`);
    process.exit(done.status ?? 1);
  }
}

function newestChangeMs(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return path.endsWith(".ts") || path.endsWith(".json") ? stat.mtimeMs : 0;
  const inside = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules")
    .map((entry) => newestChangeMs(join(path, entry.name)));
  return Math.max(stat.mtimeMs, ...inside);
}

const installed = join(root, "node_modules", ".package-lock.json");
const lock = join(root, "package-lock.json");
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  run("installing dependencies", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

if (process.argv.includes("--sdks")) {
  const missing = Object.entries(testedSdks).filter(([name, version]) => {
    const manifest = join(root, "node_modules", name, "package.json");
    return !existsSync(manifest) || JSON.parse(readFileSync(manifest, "utf8")).version !== version;
  });
  if (missing.length > 0) {
    const packages = missing.map(([name, version]) => `${name}@${version}`);
    run(`installing ${packages.join(", ")} for the tests`, "npm", [
      "install",
      "--no-save",
      "--no-package-lock",
      // The SDKs are optional peers of this package, which npm would otherwise take for "nothing to do".
      "--legacy-peer-deps",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      ...packages,
    ]);
  }
}

const stamp = join(root, "dist", ".built");
const builtMs = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
if (Math.max(...sources.map((source) => newestChangeMs(join(root, source)))) > builtMs) {
  const startedMs = Date.now();
  // Types are checked by `npm run types`; the build itself must also work where no cloud SDK is installed.
  run("building", process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "--noCheck"]);
  writeFileSync(stamp, "");
  console.error(`headroom set-up: built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}
