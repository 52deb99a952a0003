/** Looks at the machine itself, not at the runtime's books: what must not be left when everything was deleted. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { findLocalLeftovers } from "../../provider/local-vm/find-local-vms";

export function findLeftovers({ dataFolder, localRoot }: { dataFolder: string; localRoot: string }): string[] {
  const locks = filesBelow(join(dataFolder, "state", ".pulumi", "locks"));
  const stacks = filesBelow(join(dataFolder, "state", ".pulumi", "stacks")).filter((file) => file.endsWith(".json"));
  return [
    ...findLocalLeftovers(localRoot).map((what) => `left over: ${what}`),
    ...locks.filter((file) => file.endsWith(".json")).map((file) => `lock file ${file} is left`),
    ...stacks.map((file) => `stack ${file} is left`),
  ];
}

function filesBelow(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
}
