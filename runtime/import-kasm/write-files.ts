/** Writes the files of a program: all of them, or none. */
import { existsSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ConfigError, messageOf, SetupError } from "../model/errors";

export interface Target {
  readonly folder: string;
  /** Replace files that are there. Without it they are left alone, and nothing is written. */
  readonly force: boolean;
}

export function writeFiles(files: ReadonlyMap<string, string>, { folder, force }: Target): void {
  const root = resolve(folder);
  const present = [...files.keys()].filter((file) => existsSync(join(root, file)));
  if (present.length > 0 && !force) {
    const message = `${present.join(", ")} ${present.length === 1 ? "is" : "are"} there already; use --force to replace, or another --out`;
    throw ConfigError.of([{ path: folder, message }]);
  }
  try {
    mkdirSync(dirname(root), { recursive: true });
    // Beside the folder, so that a rename is enough to put a file in its place.
    const beside = mkdtempSync(join(dirname(root), `.${basename(root)}-`));
    try {
      for (const [file, text] of files) {
        mkdirSync(dirname(join(beside, file)), { recursive: true });
        writeFileSync(join(beside, file), text);
      }
      moveInto(root, beside, [...files.keys()]);
    } finally {
      rmSync(beside, { recursive: true, force: true });
    }
  } catch (cause) {
    throw new SetupError(`${folder} can't be written: ${messageOf(cause)}`, { cause });
  }
}

function moveInto(root: string, beside: string, files: readonly string[]): void {
  const folders = [...new Set(files.map((file) => dirname(join(root, file))))];
  for (const place of folders) {
    mkdirSync(place, { recursive: true });
    // A link would lead the files to where nobody meant them to go.
    if (place !== root && lstatSync(place).isSymbolicLink()) throw new Error(`${place} is a link`);
  }
  const blocked = files.filter((file) => existsSync(join(root, file)) && lstatSync(join(root, file)).isDirectory());
  if (blocked.length > 0) throw new Error(`${blocked.join(", ")} is a folder`);
  for (const file of files) renameSync(join(beside, file), join(root, file));
}
