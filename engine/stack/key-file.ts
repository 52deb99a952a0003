/**
 * Keys that were derived before, one JSON line each, in the file that PULUMI_EMBEDDED_KEY_FILE names. Whoever can read
 * it can read the secrets, as with PULUMI_CONFIG_PASSPHRASE_FILE.
 * The rules kept: without the variable nothing is stored; a file that others may read is not used; a file that cannot
 * be read or written costs time, never the operation.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

interface Entry {
  salt: string;
  /** Base64. */
  key: string;
}

/** Newest last; what installations and tests leave behind must not grow without end. */
const entriesMax = 32;
const othersMask = 0o077;

/** The stored key of a salt for which `fits` holds. */
export function storedKey(salt: string, fits: (key: Buffer) => boolean): Buffer | undefined {
  return readEntries()
    .filter((entry) => entry.salt === salt)
    .map(({ key }) => Buffer.from(key, "base64"))
    .find(fits);
}

export function storeKey(salt: string, key: Buffer): void {
  const file = process.env.PULUMI_EMBEDDED_KEY_FILE;
  if (!file) return;
  const others = readEntries().filter((entry) => entry.salt !== salt);
  const entries: Entry[] = [...others.slice(1 - entriesMax), { salt, key: key.toString("base64") }];
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""), { mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    rmSync(temporary, { force: true });
  }
}

function readEntries(): Entry[] {
  const file = process.env.PULUMI_EMBEDDED_KEY_FILE;
  if (!file) return [];
  try {
    if ((statSync(file).mode & othersMask) !== 0) return [];
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.flatMap((line) => {
      const entry = line === "" ? undefined : (JSON.parse(line) as Partial<Entry>);
      return typeof entry?.salt === "string" && typeof entry.key === "string" ? [entry as Entry] : [];
    });
  } catch {
    return [];
  }
}
