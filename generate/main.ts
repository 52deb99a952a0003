/** `npm run generate`: writes what is made of the clouds' settings schemas, and says which files changed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { clouds } from "../provider/registry";
import { generatedFiles } from "./generated-files";

async function main(): Promise<void> {
  const root = resolve(__dirname, "..", "..");
  for (const [file, text] of await generatedFiles(root, clouds)) {
    const path = join(root, file);
    if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote ${file}`);
  }
}

void main();
