/**
 * How many updates run at the same time when nobody says (`--workers`). An engine that waits for its cloud costs memory
 * and hardly any time: about 110 MB for the official engine, 190 MB for its worker and 350 MB for a cloud's plugin, and
 * 0.45 s of a processor. So:
 *  - memory, less 1 GiB for the service, its database and the system, and less a tenth for updates opened ahead, holds so
 *    many engines of 0.65 GiB;
 *  - two thirds of them are slots, because the scheduler keeps some in reserve and spare workers wait beside;
 *  - at most 4 a core, so that engines that start at the same moment have all reached their cloud within 2 s;
 *  - at least 2, at most 64.
 * Examples: 4 GiB and 2 cores: 2; 8 GiB and 4 cores: 6; 16 GiB and 4 cores: 13; 64 GiB and 8 cores: 32.
 */
import { availableParallelism, totalmem } from "node:os";

const gib = 1024 ** 3;
const ownBytes = gib;
const openedShare = 0.1;
const updateBytes = 0.65 * gib;
const slotsPerCore = 4;
const slotsMin = 2;
const slotsMax = 64;

export function defaultSlots({ memoryBytes, cores }: { memoryBytes: number; cores: number }): number {
  const engines = Math.floor((memoryBytes * (1 - openedShare) - ownBytes) / updateBytes);
  return Math.max(slotsMin, Math.min(slotsMax, slotsPerCore * cores, Math.floor((engines * 2) / 3)));
}

/** For this machine, or for the container that this process may fill. */
export function slotsHere(): number {
  // 0 or more than there is: no limit is set.
  const limitBytes = process.constrainedMemory();
  const memoryBytes = limitBytes > 0 ? Math.min(limitBytes, totalmem()) : totalmem();
  return defaultSlots({ memoryBytes, cores: availableParallelism() });
}
