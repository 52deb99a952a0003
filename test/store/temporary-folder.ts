/** Folders that go away with the test. Open to be entered, as the embedded server of root is not run by root. */
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeFolder } from "../support/remove-folder";

export async function withFolder<Result>(run: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "headroom-test-store-"));
  chmodSync(folder, 0o755);
  try {
    return await run(folder);
  } finally {
    removeFolder(folder);
  }
}
