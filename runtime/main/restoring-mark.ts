/**
 * The file `restoring` of a data folder: there from before a restore writes anything until all of it is there. A folder with it
 * is served by nobody, so that nothing half-restored ever decides; the same restore once more finishes it.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../executor/durable-file";
import { SetupError } from "../model/errors";

export const restoringMarkFile = "restoring";

export interface RestoringMark {
  /** Of this one restore: by it the database knows whether it was done. */
  readonly restoreId: string;
  /** Which backup it was. */
  readonly digest: string;
}

export function readRestoringMark(dataFolder: string): RestoringMark | undefined {
  const file = join(dataFolder, restoringMarkFile);
  if (!existsSync(file)) return undefined;
  const mark = parseJson(readFileSync(file, "utf8"));
  if (typeof mark?.restoreId === "string" && typeof mark.digest === "string") return mark as RestoringMark;
  throw new SetupError(`${file} is damaged; delete the data folder and restore into a new one`);
}

export async function setRestoringMark(dataFolder: string, digest: string): Promise<RestoringMark> {
  const mark = { restoreId: randomUUID(), digest };
  await writeDurably(join(dataFolder, restoringMarkFile), JSON.stringify(mark));
  return mark;
}

export async function removeRestoringMark(dataFolder: string): Promise<void> {
  await rm(join(dataFolder, restoringMarkFile), { force: true });
}

/** Refuses to serve what is half-restored. */
export function requireRestored(dataFolder: string): void {
  if (!existsSync(join(dataFolder, restoringMarkFile))) return;
  throw new SetupError(
    `a restore into the data folder ${dataFolder} was cut off; run the same headroom restore again, which finishes it`,
  );
}

function parseJson(text: string): Partial<RestoringMark> | undefined {
  try {
    return JSON.parse(text) as Partial<RestoringMark>;
  } catch {
    return undefined;
  }
}
