import { rmSync } from "node:fs";

/** A process that was told to end may still write its last file there: tries again for some seconds. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 100, retryDelay: 50 });
}
