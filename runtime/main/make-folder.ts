/** Makes a folder and those above it. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * One level at a time: Node's own recursive way never ends where a file system answers "no such file" to every new
 * name, as `/proc` does. Returns the topmost folder that was made, undefined when all were there.
 */
export function makeFolder(path: string, mode: number): string | undefined {
  if (existsSync(path)) return undefined;
  const made = makeFolder(dirname(path), mode);
  mkdirSync(path, { mode });
  return made ?? path;
}
