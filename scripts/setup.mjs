// Makes a fresh clone ready: installs the locked dependencies, then builds dist/ when a source is newer than it.
// `--sdks` also installs the cloud SDKs that are optional for users, in the versions the tests run against.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { copyApiPage } from "./api-page.mjs";
import { buildSources, sourceFolders } from "./build.mjs";
import { say, toldRun } from "./told-run.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const sources = [...sourceFolders, "scripts", "tsconfig.json"];

/** `npm ci`, told by how often the registry has answered. */
async function install(what, more = []) {
  await toldRun(what, "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=http", ...more], {
    cwd: root,
    count: { matches: (line) => line.startsWith("npm http "), noun: "answers of the registry" },
  });
}

/**
 * Installs the SDKs of test/sdks/package.json beside the other packages. npm counts optional peers as nothing to do, so
 * they are installed in a folder of their own, and what is not there yet is moved up: one copy of each package remains.
 */
async function installSdks() {
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
  const what = `installing ${Object.keys(wanted).join(", ")} for the tests`;
  await install(what, ["--prefix", folder, "--ignore-scripts"]);
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
  if (!stat.isDirectory()) return /\.(ts|json|mjs)$/.test(path) ? stat.mtimeMs : 0;
  const inside = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules")
    .map((entry) => newestChangeMs(join(path, entry.name)));
  return Math.max(stat.mtimeMs, ...inside);
}

if (!isInstalled()) {
  await install("installing dependencies");
}

if (process.argv.includes("--sdks")) await installSdks();

const stamp = join(root, "dist", ".built");
const builtMs = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
if (Math.max(...sources.map((source) => newestChangeMs(join(root, source)))) > builtMs) {
  const startedMs = Date.now();
  say("building ...");
  await buildSources(root);
  copyApiPage(root);
  writeFileSync(stamp, "");
  // What was changed while it was built is built next time.
  utimesSync(stamp, startedMs / 1000, startedMs / 1000);
  say(`built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}

// Only now: a fresh clone has no bundler before.
const { buildDashboard } = await import("./build-dashboard.mjs");
if (buildDashboard()) say("built the dashboard");
const { buildDocs } = await import("./build-docs.mjs");
if (buildDocs()) say("built the documentation");
