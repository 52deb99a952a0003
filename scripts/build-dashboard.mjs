// Bundles dashboard/ into dist/dashboard/site when one of its sources is newer than that. Names hold hashes of contents, so
// that browsers keep what has not changed.
import { buildSync } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "dashboard");
const site = join(root, "dist", "dashboard", "site");

const bundling = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  target: ["chrome111", "firefox115", "safari16.4"],
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
};

/** False when nothing had to be done. */
export function buildDashboard() {
  const page = join(site, "index.html");
  if (existsSync(page) && statSync(page).mtimeMs > newestChangeMs()) return false;
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  const { metafile } = buildSync({
    ...bundling,
    entryPoints: [join(source, "main.tsx"), join(source, "styles", "main.css"), join(source, "mark.svg")],
    outdir: join(site, "assets"),
    entryNames: "[name]-[hash]",
    metafile: true,
    loader: { ".svg": "copy" },
  });
  const outputs = Object.keys(metafile.outputs).map((output) => basename(output));
  const named = (start, end) => outputs.find((name) => name.startsWith(start) && name.endsWith(end));
  const text = readFileSync(join(source, "index.html"), "utf8")
    .replace("{{script}}", `assets/${named("main-", ".js")}`)
    .replace("{{style}}", `assets/${named("main-", ".css")}`)
    .replace("{{mark}}", `assets/${named("mark-", ".svg")}`);
  buildReport();
  writeFileSync(page, text);
  return true;
}

/** One file with all that it needs, in which `runtime/simulate/report.ts` puts a run. */
function buildReport() {
  const { outputFiles } = buildSync({
    ...bundling,
    entryPoints: [join(source, "report", "main.tsx"), join(source, "styles", "main.css")],
    outdir: join(root, "dist", "dashboard", "report"),
    write: false,
  });
  const named = (end) => outputFiles.find(({ path }) => path.endsWith(end)).text.trim();
  const hash = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
  // A script in a page ends where its text says so.
  const [script, style] = [named(".js").replaceAll("</script", "<\\/script"), named(".css")];
  const hashes = { scriptHash: hash(script), styleHash: hash(style) };
  const elements = {
    script: `<script type="module">${script}</script>`,
    style: `<style>${style}</style>`,
    run: '<script type="application/json" id="run">{{run}}</script>',
  };
  const page = readFileSync(join(source, "report", "report.html"), "utf8");
  const text = page
    .replace(/<!-- \{\{(\w+)\}\} -->/g, (_found, name) => elements[name])
    .replace(/\{\{(\w+Hash)\}\}/g, (_found, name) => hashes[name]);
  writeFileSync(join(root, "dist", "dashboard", "report.html"), text);
}

function newestChangeMs() {
  const files = readdirSync(source, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const changes = files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return Math.max(statSync(fileURLToPath(import.meta.url)).mtimeMs, ...changes);
}
