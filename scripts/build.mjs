// Builds dist/: each TypeScript file becomes one CommonJS file at the same path. Types are checked by `npm run types`, and
// `isolatedModules` in tsconfig.json holds each file to what can be built without looking at another.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Folders of the project that hold TypeScript. */
export const sourceFolders = [
  ...["engine", "runtime", "provider", "components", "generate", "bench", "test", "examples"],
  // The rest of the dashboard is bundled for browsers, see build-dashboard.mjs; this part has tests without one.
  "dashboard/model",
];

export async function buildSources(root) {
  const { build } = await import("esbuild");
  const files = sourceFolders.flatMap((folder) => filesOf(root, folder, ".ts"));
  await build({
    absWorkingDir: root,
    entryPoints: files,
    outbase: root,
    outdir: join(root, "dist"),
    format: "cjs",
    platform: "node",
    target: "node20.19",
    sourcemap: true,
    sourcesContent: false,
    logLevel: "error",
  });
  removeWithoutSource(root, new Set(files.map((file) => file.slice(0, -".ts".length))));
}

/** What was built from a file that is gone meanwhile: a test without its source would still run. */
function removeWithoutSource(root, sources) {
  const dist = join(root, "dist");
  for (const folder of sourceFolders.filter((name) => existsSync(join(dist, name)))) {
    for (const file of filesOf(dist, folder, ".js")) {
      const name = file.slice(0, -".js".length);
      if (sources.has(name)) continue;
      for (const end of [".js", ".js.map", ".d.ts"]) rmSync(join(dist, name + end), { force: true });
    }
  }
}

/** Relative to `base`. */
function filesOf(base, folder, end) {
  return readdirSync(join(base, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesOf(base, path, end);
    return entry.name.endsWith(end) && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}
