// Makes a fresh clone ready: installs the locked dependencies, then builds dist/ when a source is newer than it.
// `--sdks` also installs the cloud SDKs that are optional for users, in the versions the tests run against.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const sources = [
  "engine",
  "runtime",
  "provider",
  "components",
  "generate",
  "bench",
  "test",
  "examples",
  "tsconfig.json",
];

function run(what, command, args) {
  console.error(`headroom set-up: ${what} ...`);
  const done = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (done.status !== 0) {
    console.error(`headroom set-up: ${what} failed (${command} ${args.join(" ")}); the lines above say why.`);
    process.exit(done.status ?? 1);
  }
}

/**
 * Installs the SDKs of test/sdks/package.json beside the other packages. npm counts optional peers as nothing to do, so
 * they are installed in a folder of their own, and what is not there yet is moved up: one copy of each package remains.
 */
function installSdks() {
  const manifests = join(root, "test", "sdks");
  const wanted = JSON.parse(readFileSync(join(manifests, "package.json"), "utf8")).dependencies;
  const isThere = ([name, version]) => {
    const manifest = join(root, "node_modules", name, "package.json");
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === version;
  };
  if (Object.entries(wanted).every(isThere)) return;
  const folder = join(root, "node_modules", ".sdks");
  rmSync(folder, { recursive: true, force: true });
  cpSync(manifests, folder, { recursive: true });
  run(`installing ${Object.keys(wanted).join(", ")} for the tests`, "npm", [
    "ci",
    "--prefix",
    folder,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);
  for (const name of packagesIn(join(folder, "node_modules"))) {
    const target = join(root, "node_modules", name);
    if (name in wanted) rmSync(target, { recursive: true, force: true });
    else if (existsSync(target)) continue;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(folder, "node_modules", name), target);
  }
  rmSync(folder, { recursive: true });
}

/** Names such as `mime` and `@pulumi/aws`. */
function packagesIn(folder) {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith(".")) return [];
    return name.startsWith("@") ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name];
  });
}

/** Whether every package that the lock names is there in its version. Optional ones may be for other machines. */
function isInstalled() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages).every(([path, { version, optional }]) => {
    if (path === "") return true;
    const manifest = join(root, path, "package.json");
    if (!existsSync(manifest)) return optional === true;
    return JSON.parse(readFileSync(manifest, "utf8")).version === version;
  });
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

if (!isInstalled()) {
  run("installing dependencies", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

if (process.argv.includes("--sdks")) installSdks();

const stamp = join(root, "dist", ".built");
const builtMs = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
if (Math.max(...sources.map((source) => newestChangeMs(join(root, source)))) > builtMs) {
  const startedMs = Date.now();
  // Types are checked by `npm run types`; the build itself must also work where no cloud SDK is installed.
  run("building", process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "--noCheck"]);
  writeFileSync(stamp, "");
  console.error(`headroom set-up: built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}
