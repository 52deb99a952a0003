import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Seed } from "./notation";
import type { Sandbox } from "./sandbox";
import { ToyWorld } from "./toy-world";

/** Stands in a seed for the sandbox's folder. */
const basePlaceholder = "SANDBOX";

/** Takes what an engine has left so far. */
export function takeSeed(sandbox: Sandbox): Seed {
  const backend: Record<string, string> = {};
  for (const entry of readdirSync(sandbox.backend, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith(".attrs")) continue;
    const file = join(entry.parentPath, entry.name);
    const text = readFileSync(file, "utf8").replaceAll(sandbox.base, basePlaceholder);
    backend[relative(sandbox.backend, file)] = withoutOrigin(text);
  }
  const world = new ToyWorld(sandbox.world);
  return {
    backend,
    settings: existsSync(sandbox.settings) ? readFileSync(sandbox.settings, "utf8") : "",
    things: world.ids().flatMap((id) => world.get(id) ?? []),
    numbersUsed: world.numbersUsed(),
  };
}

/** Puts a seed where the engine of `sandbox` finds it. */
export function plantSeed(sandbox: Sandbox, seed: Seed): void {
  for (const [path, text] of Object.entries(seed.backend)) {
    const file = join(sandbox.backend, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text.replaceAll(basePlaceholder, sandbox.base));
  }
  if (seed.settings !== "") writeFileSync(sandbox.settings, seed.settings);
  const world = new ToyWorld(sandbox.world);
  for (const thing of seed.things) world.put(thing);
  for (let used = 0; used < seed.numbersUsed; used += 1) world.nextNumber();
}

/** Source positions and the author of a lock name the machine of the recording. */
function withoutOrigin(text: string): string {
  return text
    .replace(/"sourcePosition":"[^"]*"/g, '"sourcePosition":""')
    .replace(/"(username|hostname)":"[^"]*"/g, '"$1":"somebody"');
}
