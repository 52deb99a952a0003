// Bundles dashboard/ into dist/dashboard/site when one of its sources is newer than that. Names hold hashes of contents, so
// that browsers keep what has not changed.
import { buildSync } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "dashboard");
const site = join(root, "dist", "dashboard", "site");

/** False when nothing had to be done. */
export function buildDashboard() {
  const page = join(site, "index.html");
  if (existsSync(page) && statSync(page).mtimeMs > newestChangeMs()) return false;
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: [join(source, "main.tsx"), join(source, "styles", "main.css"), join(source, "mark.svg")],
    outdir: join(site, "assets"),
    entryNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    metafile: true,
    target: ["chrome111", "firefox115", "safari16.4"],
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".svg": "copy" },
    legalComments: "none",
    logLevel: "warning",
  });
  const outputs = Object.keys(metafile.outputs).map((output) => basename(output));
  const named = (start, end) => outputs.find((name) => name.startsWith(start) && name.endsWith(end));
  const text = readFileSync(join(source, "index.html"), "utf8")
    .replace("{{script}}", `assets/${named("main-", ".js")}`)
    .replace("{{style}}", `assets/${named("main-", ".css")}`)
    .replace("{{mark}}", `assets/${named("mark-", ".svg")}`);
  writeFileSync(page, text);
  return true;
}

function newestChangeMs() {
  const files = readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const changes = files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return Math.max(statSync(fileURLToPath(import.meta.url)).mtimeMs, ...changes);
}
