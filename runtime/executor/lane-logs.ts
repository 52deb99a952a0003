/** What the engines of a lane have printed, as far as this machine still has it. */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { EpochMs } from "../model/clock";

export interface LaneLog {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAtMs: EpochMs;
}

/** The newest last. */
export async function logsIn(folder: string): Promise<LaneLog[]> {
  const names = (await orNothing(readdir(folder))) ?? [];
  const logs = names.filter((name) => name.endsWith(".log")).sort();
  const found = await Promise.all(
    logs.map(async (name) => {
      // Old ones are removed at any time.
      const facts = await orNothing(stat(join(folder, name)));
      return facts && { name, bytes: facts.size, modifiedAtMs: Math.round(facts.mtimeMs) };
    }),
  );
  return found.filter((log) => log !== undefined);
}

/** From the start of a line on, so that no word is cut in two; undefined = there is no such file. */
export async function endOfLog(folder: string, name: string, bytesMax: number): Promise<string | undefined> {
  const file = await orNothing(open(join(folder, name), "r"));
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, bytesMax));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    const text = buffer.subarray(0, bytesRead).toString("utf8");
    return size > bytesMax ? text.slice(text.indexOf("\n") + 1 || text.length) : text;
  } finally {
    await file.close();
  }
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
