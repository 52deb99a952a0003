/**
 * Finds provider plugins: attached ones (PULUMI_DEBUG_PROVIDERS), then `plugins:` of Pulumi.yaml, then the script that
 * ships with `@pulumi/pulumi` for dynamic resources, then PATH, then the plugin cache (exact version), then, for our own
 * package, the plugin beside this engine.
 * The rule kept: nothing is downloaded.
 */
import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";
import { CommandFailure, NotSupported } from "../failure";
import { pulumiHome } from "../stack/home";
import type { Project } from "../stack/project";

/** The executable of a package's plugin, or an error that says where it was looked for. */
export function findPlugin(project: Project, packageName: string, version: string | undefined): string {
  const executable = `pulumi-resource-${packageName}`;
  for (const plugin of project.plugins) {
    if (plugin.name !== packageName || (plugin.version && version && plugin.version !== version)) continue;
    const path = resolve(project.folder, plugin.path);
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, executable) : path;
    if (isExecutable(file)) return file;
    throw new NotSupported(`the plugin at ${path}: it is no executable (plugins from source need a language host)`);
  }
  const bundled = packageName === "pulumi-nodejs" ? dynamicProviderScript(project.programFolder) : undefined;
  const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, executable));
  const own = packageName === "headroom" ? [join(__dirname, "..", "..", "..", "provider", "bin", executable)] : [];
  const found = [...(bundled ? [bundled] : []), ...onPath, ...cachedPlugins(packageName, version), ...own].find(
    isExecutable,
  );
  if (found) return found;
  const wanted = version ? `${packageName}-v${version}` : packageName;
  throw new CommandFailure(
    `no resource plugin 'pulumi-resource-${wanted}' found in the workspace, on your $PATH or in the plugin cache ` +
      `(the embedded engine downloads none)`,
  );
}

/** Port of a plugin that runs already and is named in the environment. */
export function attachedPort(packageName: string): number | undefined {
  for (const entry of (process.env.PULUMI_DEBUG_PROVIDERS ?? "").split(",")) {
    const [name, port] = entry.split(":", 2);
    if (name !== packageName) continue;
    if (!/^\d+$/.test(port ?? "")) {
      throw new CommandFailure(`Expected a numeric port, got ${port ?? ""} in PULUMI_DEBUG_PROVIDERS`);
    }
    return Number(port);
  }
  return undefined;
}

function dynamicProviderScript(programFolder: string): string | undefined {
  try {
    const manifest = createRequire(join(programFolder, "index.js")).resolve("@pulumi/pulumi/package.json");
    return join(dirname(manifest), "pulumi-resource-pulumi-nodejs");
  } catch {
    return undefined;
  }
}

/** Without a version the highest cached one comes first. */
function cachedPlugins(packageName: string, version: string | undefined): string[] {
  const folder = join(pulumiHome(), "plugins");
  const prefix = `resource-${packageName}-v`;
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(prefix)) : [];
  const versions = names
    .map((name) => name.slice(prefix.length))
    .filter((name) => /^\d/.test(name) && !name.includes(".lock"));
  const wanted = version
    ? versions.filter((name) => name === version)
    : versions.sort((a, b) => (isAtLeast(a, b) ? -1 : 1));
  return wanted.map((name) => join(folder, prefix + name, `pulumi-resource-${packageName}`));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Compares the numeric parts only: enough for a warning and for taking the newest. */
export function isAtLeast(version: string, wanted: string): boolean {
  const numbers = (text: string): number[] => text.replace(/^v/, "").split(/[.+-]/).slice(0, 3).map(Number);
  const [have, want] = [numbers(version), numbers(wanted)];
  for (const index of [0, 1, 2]) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return version !== "";
}
