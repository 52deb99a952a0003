/** Plays variants in threads, as many at a time as there are cores. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { BugError, ConfigError } from "../model/errors";
import type { VariantResult } from "../simulate/result";
import type { VariantMessage, VariantWork } from "./simulate-variant";

/** @param onProgress How much of all of it is done, 0 to 1. */
export async function playVariants(
  work: readonly VariantWork[],
  onProgress: (share: number) => void,
): Promise<VariantResult[]> {
  const shares = work.map(() => 0);
  const results: VariantResult[] = [];
  let next = 0;
  const playOn = async (): Promise<void> => {
    while (next < work.length) {
      const index = next;
      next += 1;
      results[index] = await playOne(work[index]!, (share) => {
        shares[index] = share;
        onProgress(shares.reduce((sum, of) => sum + of, 0) / work.length);
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(work.length, availableParallelism()) }, playOn));
  return results;
}

function playOne(work: VariantWork, onProgress: (share: number) => void): Promise<VariantResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(__dirname, "simulate-variant.js"), { workerData: work });
    worker.on("message", (message: VariantMessage) => {
      if (message.kind === "progress") onProgress(message.share);
      else if (message.kind === "result") resolve(message.result);
      else reject(message.isOurs ? new BugError(message.message) : new ConfigError(message.message));
    });
    worker.on("error", reject);
    worker.on("exit", () => reject(new BugError("a thread that played a variant ended without a result")));
  });
}
