/** Folders with an embedded database, and tests that need root, for the tests of the embedded server. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { withFolder } from "./temporary-folder";

const isRoot = process.getuid?.() === 0;

/** A test that only means something when run by root; says so when it is skipped. */
export function itAsRoot(name: string, run: () => Promise<void>): void {
  if (isRoot) it(name, run);
  else it.skip(`${name} (skipped: needs root)`, run);
}

/** Runs a test on a folder with an empty database: a copy of one, as creating it takes seconds on a busy disk. */
export async function withDatabaseFolder(run: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    templateFolder ??= await makeTemplate();
    copyTemplate(folder);
    await run(folder);
  });
}

export function copyTemplate(folder: string): void {
  const copied = spawnSync("cp", ["-a", `${templateFolder}/.`, folder]);
  assert.equal(copied.status, 0, String(copied.stderr));
}

let templateFolder: string | undefined;

async function makeTemplate(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "headroom-test-store-"));
  await (await startEmbeddedPostgres({ folder })).stop();
  return folder;
}

after(() => {
  if (templateFolder) rmSync(templateFolder, { recursive: true, force: true });
});
