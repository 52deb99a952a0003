/**
 * Lets engines find the plugin `pulumi-resource-headroom` of an installed npm package. They look into Pulumi.yaml, on PATH
 * and into the plugin cache, never into a program's node_modules: so a program that needs the plugin puts a script into the
 * cache that starts the one beside it.
 */
import { accessSync, chmodSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { homeFolder } from "./frame/home-folder";
import type { Manifest } from "./kernel/package-facts";

const executable = "pulumi-resource-headroom";

export function readManifest(packageRoot: string): Manifest {
  return JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as Manifest;
}

/**
 * Puts the script there when the plugin is not on PATH and the cache has another one or none. A script that an engine is
 * about to start is replaced as a whole, so it is never half written.
 *
 * @returns Why it can't be put there, as a sentence; undefined = it is there. It may still be named in Pulumi.yaml.
 */
export function linkPlugin({
  packageRoot,
  version,
  environment,
}: {
  /** Of this package, where it is installed. */
  readonly packageRoot: string;
  readonly version: string;
  readonly environment: NodeJS.ProcessEnv;
}): string | undefined {
  if (isOnPath(environment["PATH"])) return undefined;
  const folder = join(environment["PULUMI_HOME"] || join(homeFolder("PULUMI_HOME"), ".pulumi"), "plugins");
  const place = join(folder, `resource-headroom-v${version}`);
  const text = scriptFor(packageRoot);
  try {
    if (readIfThere(join(place, executable)) === text) return undefined;
    mkdirSync(place, { recursive: true });
    const next = join(place, `.${executable}.${process.pid}`);
    try {
      writeFileSync(next, text);
      chmodSync(next, 0o755);
      renameSync(next, join(place, executable));
    } finally {
      rmSync(next, { force: true });
    }
    return undefined;
  } catch (error) {
    return (
      `the plugin ${executable} can't be put into the plugin cache ${folder} (${(error as Error).message}); ` +
      `name ${join(packageRoot, "provider", "bin")} under plugins.providers in Pulumi.yaml, or put it on PATH`
    );
  }
}

/** A script that survives the package: then it says where the package was. */
function scriptFor(packageRoot: string): string {
  const plugin = JSON.stringify(join(packageRoot, "dist", "provider", "plugin.js"));
  return `#!/usr/bin/env node
// Put here by a program that uses the npm package pulumi-headroom: starts the plugin of that package.
if (!require("node:fs").existsSync(${plugin})) {
  console.error("the package pulumi-headroom is not at " + ${plugin} + " any more; install it there, or run a program that has it");
  process.exit(1);
}
require(${plugin});
`;
}

function isOnPath(path = ""): boolean {
  return path.split(delimiter).some((folder) => {
    if (folder === "") return false;
    try {
      accessSync(join(folder, executable), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
