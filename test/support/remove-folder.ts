import { rmSync } from "node:fs";

const triesMax = 100;
const pauseMs = 50;

/**
 * A process that was told to end may still write its last file there, so that the folder is not empty when its turn comes.
 * Node's own retries do not look again at what is in it.
 */
export function removeFolder(folder: string): void {
  for (let tries = 1; ; tries += 1) {
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY" || tries === triesMax) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
